"""What an image is, as one row: platforms, configuration, layers, attestations.

Works on any store that manifests and blobs are read from, a registry's repository or a directory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any, Protocol, runtime_checkable

from hubcli import oci
from hubcli.errors import IntegrityFailure, NotFound
from hubcli.oci import Descriptor, Manifest, Platform
from hubcli.parallel import in_order
from hubcli.stores import Source

Row = dict[str, Any]

_DEEPEST = 4
"""How many indexes may stand inside each other on the way to an image."""

_WORKERS = 4
_REFERS_TO = "vnd.docker.reference.digest"
_PREDICATE = "in-toto.io/predicate-type"


@runtime_checkable
class _HasReferrers(Protocol):
    def referrers(self, digest: str, artifact_type: str | None = None) -> Iterator[Descriptor]: ...


class Picked:
    """The image that a manifest stands for on some platform; its configuration is read late."""

    def __init__(self, source: Source, manifest: Manifest, told: Platform | None) -> None:
        self._source = source
        self._told = told
        self.manifest = manifest

    @cached_property
    def config(self) -> Mapping[str, Any]:
        """The image's configuration; empty for an artifact that is no image."""
        return read_config(self._source, self.manifest)

    @property
    def platform(self) -> Platform | None:
        """What the index, or else the configuration, says that it is for."""
        return self._told or oci.config_platform(self.config)

    @property
    def size(self) -> int:
        return self.manifest.content_size


def inspect(
    source: Source,
    identifier: str,
    *,
    reference: str,
    platform: Platform | None = None,
    sizes: Callable[[], Mapping[str, int]] = dict,
) -> Row:
    """The row of the image at `identifier`.

    Of an index `platforms` has all images; configuration, layers and size are those of
    `platform`, else of this machine's, else of the first. `sizes` may know the bytes of an
    index's images by their digest: for all others their manifests are read.
    """
    top = source.manifest(identifier)
    picked = pick(source, top, platform)
    return {
        "reference": reference,
        "digest": top.digest,
        "media_type": top.media_type,
        "size": picked.size,
        "platforms": _platforms(source, top, picked, sizes),
        "platform": None if picked.platform is None else str(picked.platform),
        "created": oci.created(picked.manifest, picked.config),
        "config": _config(picked.config) if picked.manifest.is_image else None,
        "layers": _layers(picked),
        "annotations": {**picked.manifest.annotations, **top.annotations},
        "attestations": list(_attestations(source, top, picked.manifest)),
    }


def pick(source: Source, top: Manifest, platform: Platform | None = None) -> Picked:
    """The image for `platform` (this machine's by default) that `top` is or leads to.

    NotFound where an index, or an image, is for others only; without a wish, the first will do.
    """
    manifest, told = top, None
    for _ in range(_DEEPEST):
        if not manifest.is_index:
            return _checked(Picked(source, manifest, told), platform, told)
        entry = entry_for(manifest, platform)
        told = entry.platform or told
        manifest = source.manifest(entry.digest)
    raise IntegrityFailure(f"indexes stand more than {_DEEPEST} deep inside each other")


def entry_for(index: Manifest, platform: Platform | None) -> Descriptor:
    """The entry of an index for `platform`, else (without a wish) this machine's, or the first."""
    entries = [entry for entry in index.manifests if not entry.is_attestation]
    wanted = platform or oci.host()
    found = oci.entry_for(entries, wanted)
    if found is None and platform is None and entries:
        found = entries[0]
    if found is None:
        offered = ", ".join(str(entry.platform) for entry in entries if entry.platform)
        raise NotFound(f"there is no image for {wanted} in it; it has {offered or 'none at all'}")
    return found


def read_config(source: Source, manifest: Manifest) -> Mapping[str, Any]:
    """An image's configuration (image-spec, config); empty for an artifact that is no image."""
    config = manifest.config
    if config is None or not manifest.is_image:
        return {}
    if config.size > oci.LARGEST_MANIFEST:
        raise IntegrityFailure(f"the image's configuration has {config.size} bytes")
    return oci.parse_object(source.blobs.read(config), "the image's configuration")


def _checked(picked: Picked, wanted: Platform | None, told: Platform | None) -> Picked:
    """`picked`, unless it is no part of an index and for another platform than `wanted`."""
    own = picked.platform if wanted is not None and told is None else None
    if wanted is not None and own is not None and not own.matches(wanted):
        raise NotFound(f"there is no image for {wanted} in it; it is for {own}")
    return picked


def _platforms(
    source: Source, top: Manifest, picked: Picked, sizes: Callable[[], Mapping[str, int]]
) -> list[Row]:
    if not top.is_index:
        only = Descriptor(top.media_type, top.digest, len(top.content), platform=picked.platform)
        return [_platform(only, picked.size)]
    entries = [entry for entry in top.manifests if not entry.is_attestation]
    known = {picked.manifest.digest: picked.size}
    if any(entry.digest not in known for entry in entries):
        known = {**sizes(), **known}

    def size(entry: Descriptor) -> int | None:
        if entry.digest in known:
            return known[entry.digest]
        child = _there(source, entry)
        return None if child is None or child.is_index else child.content_size

    found = in_order(size, entries, _WORKERS)
    return [_platform(entry, bytes_) for entry, bytes_ in zip(entries, found, strict=True)]


def _there(source: Source, entry: Descriptor) -> Manifest | None:
    """The manifest that an index names; None where it is not there, as in a sparse index."""
    try:
        return source.manifest(entry.digest)
    except NotFound:
        return None


def _platform(entry: Descriptor, size: int | None) -> Row:
    platform = entry.platform
    return {
        "os": platform and platform.os,
        "architecture": platform and platform.architecture,
        "variant": platform and platform.variant,
        "digest": entry.digest,
        "size": size,
    }


def _config(document: Mapping[str, Any]) -> Row:
    """The part of a configuration that says how the image runs; members of a wrong type are
    unknown."""
    run = document.get("config")
    run = run if isinstance(run, dict) else {}
    return {
        "env": _strings(run.get("Env")),
        "entrypoint": _strings(run.get("Entrypoint")),
        "cmd": _strings(run.get("Cmd")),
        "labels": {
            key: value for key, value in _members(run, "Labels").items() if isinstance(value, str)
        },
        "user": _text(run.get("User")),
        "workdir": _text(run.get("WorkingDir")),
        "ports": sorted(_members(run, "ExposedPorts")),
        "volumes": sorted(_members(run, "Volumes")),
    }


def _layers(picked: Picked) -> list[Row]:
    steps = _steps(picked.config)
    layers = picked.manifest.layers
    if len(steps) != len(layers):
        steps = [None] * len(layers)
    return [
        {
            "digest": layer.digest,
            "size": layer.size,
            "media_type": layer.media_type,
            "created_by": step,
        }
        for layer, step in zip(layers, steps, strict=True)
    ]


def _steps(config: Mapping[str, Any]) -> list[str | None]:
    """What made each layer, by the history; steps that made none are left out."""
    history = config.get("history")
    if not isinstance(history, list):
        return []
    return [
        _text(step.get("created_by"))
        for step in history
        if isinstance(step, dict) and not step.get("empty_layer")
    ]


def _attestations(source: Source, top: Manifest, image: Manifest) -> Iterator[Row]:
    """BuildKit's attestation manifests inside the index, and the referrers of what was asked for.

    What an attestation says is read for the image whose configuration is shown only.
    """
    seen = set()
    for entry in top.manifests:
        if entry.is_attestation and entry.digest not in seen:
            seen.add(entry.digest)
            subject = entry.annotations.get(_REFERS_TO)
            of_image = subject == image.digest
            manifest = _there(source, entry) if of_image else None
            yield _attestation(entry, subject, _predicates(manifest) if manifest else None)
    if isinstance(source, _HasReferrers):
        for referrer in source.referrers(top.digest):
            if referrer.digest not in seen:
                yield _attestation(referrer, top.digest, None)


def _attestation(entry: Descriptor, subject: str | None, predicates: list[str] | None) -> Row:
    return {
        "digest": entry.digest,
        "size": entry.size,
        "media_type": entry.media_type,
        "artifact_type": entry.artifact_type,
        "subject": subject,
        "predicate_types": predicates,
    }


def _predicates(manifest: Manifest) -> list[str]:
    named = (layer.annotations.get(_PREDICATE) for layer in manifest.layers)
    return list(dict.fromkeys(name for name in named if name))


def _members(document: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = document.get(name)
    return value if isinstance(value, dict) else {}


def _strings(value: object) -> list[str] | None:
    if not isinstance(value, list):
        return None
    return [item for item in value if isinstance(item, str)]


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
