"""Images as bytes and what they say: descriptors, manifests, indexes, platforms.

OCI image-spec 1.1 and Docker schema 2. Documents are kept as received and never re-serialised;
everything read from them is checked first, since any server may have written them.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import platform as host_platform
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from hubcli import jsonreading, timestamps
from hubcli.errors import IntegrityFailure, UsageError

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_EMPTY = "application/vnd.oci.empty.v1+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
OCTET_STREAM = "application/octet-stream"

INDEX_TYPES = frozenset({OCI_INDEX, DOCKER_LIST})
IMAGE_TYPES = frozenset({OCI_MANIFEST, DOCKER_MANIFEST})
MANIFEST_TYPES = (OCI_INDEX, OCI_MANIFEST, DOCKER_LIST, DOCKER_MANIFEST)
"""Every manifest type that is asked for; `*/*` would not do for distribution 2.8."""

CONFIG_TYPES = frozenset({OCI_CONFIG, DOCKER_CONFIG})
_LARGEST_SIZE = (1 << 63) - 1
LARGEST_MANIFEST = 16 << 20
"""Bytes of a manifest, index or image config that are read before it is refused."""

_ALGORITHMS = {"sha256": hashlib.sha256, "sha384": hashlib.sha384, "sha512": hashlib.sha512}
_DIGEST = re.compile(r"(sha256:[a-f0-9]{64}|sha384:[a-f0-9]{96}|sha512:[a-f0-9]{128})")


def digest_of(content: bytes, algorithm: str = "sha256") -> str:
    """`algorithm:hex` of `content`."""
    return f"{algorithm}:{_ALGORITHMS[algorithm](content).hexdigest()}"


def is_digest(text: object) -> bool:
    """Whether `text` is a digest by an algorithm that can be verified here."""
    return isinstance(text, str) and _DIGEST.fullmatch(text) is not None


class Hasher:
    """Tells the digest and size of content that streams by."""

    def __init__(self, algorithm: str = "sha256") -> None:
        self.size = 0
        self._algorithm = algorithm
        self._hash = _ALGORITHMS[algorithm]()

    def update(self, chunk: bytes | memoryview) -> None:
        self.size += len(chunk)
        self._hash.update(chunk)

    @property
    def digest(self) -> str:
        return f"{self._algorithm}:{self._hash.hexdigest()}"


class Verifier:
    """Hashes and counts content as it streams by, and says whether it is what was promised."""

    def __init__(self, digest: str, size: int | None = None) -> None:
        if not is_digest(digest):
            raise IntegrityFailure(f"the digest {digest[:160]!r} cannot be verified")
        self.digest = digest
        self.size = size
        self.seen = 0
        self._hash = _ALGORITHMS[digest.partition(":")[0]]()

    def update(self, chunk: bytes | memoryview) -> None:
        """Take the next bytes; more than were promised fail at once."""
        self.seen += len(chunk)
        if self.size is not None and self.seen > self.size:
            raise IntegrityFailure(f"{self.digest} is longer than its {self.size} bytes")
        self._hash.update(chunk)

    def finish(self) -> None:
        """Fail unless exactly the promised bytes went by."""
        if self.size is not None and self.seen != self.size:
            raise IntegrityFailure(
                f"{self.digest} has {self.seen} bytes where {self.size} were promised"
            )
        found = self._hash.hexdigest()
        if found != self.digest.partition(":")[2]:
            algorithm = self.digest.partition(":")[0]
            raise IntegrityFailure(f"{self.digest} was promised, {algorithm}:{found} came")


def verify(content: bytes, digest: str, size: int | None = None) -> None:
    """IntegrityFailure unless `content` is what `digest` and `size` promise."""
    verifier = Verifier(digest, size)
    verifier.update(content)
    verifier.finish()


@dataclass(frozen=True, slots=True)
class Platform:
    """An operating system and processor, `os/arch[/variant]`."""

    os: str
    architecture: str
    variant: str | None = None
    os_version: str | None = None

    def __str__(self) -> str:
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)

    @property
    def unknown(self) -> bool:
        """`unknown/unknown`: how BuildKit marks an attestation inside an index."""
        return self.os == "unknown" or self.architecture == "unknown"

    def matches(self, wanted: Platform) -> bool:
        """Whether an image for this platform is what somebody who asked for `wanted` means."""
        if (self.os, self.architecture) != (wanted.os, wanted.architecture):
            return False
        return wanted.variant is None or _variant(self) == _variant(wanted)


_IMPLIED_VARIANTS = {"arm64": "v8", "arm": "v7"}
_OLDER_ARMS = ("v8", "v7", "v6", "v5")


def _variant(platform: Platform) -> str | None:
    return platform.variant or _IMPLIED_VARIANTS.get(platform.architecture)


_MACHINES = {
    "x86_64": ("amd64", None),
    "amd64": ("amd64", None),
    "aarch64": ("arm64", None),
    "arm64": ("arm64", None),
    "armv7l": ("arm", "v7"),
    "armv6l": ("arm", "v6"),
    "i386": ("386", None),
    "i686": ("386", None),
}


def host() -> Platform:
    """The platform whose images run on this machine: Linux ones, except on Windows."""
    machine = host_platform.machine().lower()
    architecture, variant = _MACHINES.get(machine, (machine or "amd64", None))
    system = "windows" if host_platform.system() == "Windows" else "linux"
    return Platform(system, architecture, variant)


def parse_platform(text: str) -> Platform:
    """Read `os/arch[/variant]`, or an architecture alone for Linux; UsageError otherwise."""
    parts = text.lower().split("/")
    if not all(re.fullmatch(r"[a-z0-9._-]+", part) for part in parts) or len(parts) > 3:
        raise UsageError(f"invalid platform {text!r}: it looks like linux/arm64 or linux/arm/v7")
    if len(parts) == 1:
        parts = ["linux", *parts]
    architecture, variant = _MACHINES.get(parts[1], (parts[1], None))
    return Platform(parts[0], architecture, parts[2] if len(parts) > 2 else variant)


@dataclass(frozen=True, slots=True)
class Descriptor:
    """What content is, by media type, digest and size in bytes (image-spec, descriptor)."""

    media_type: str
    digest: str
    size: int
    platform: Platform | None = None
    annotations: Mapping[str, str] = field(default_factory=dict)
    artifact_type: str | None = None
    urls: tuple[str, ...] = ()
    data: bytes | None = None

    @property
    def is_manifest(self) -> bool:
        return self.media_type in MANIFEST_TYPES

    @property
    def is_index(self) -> bool:
        return self.media_type in INDEX_TYPES

    @property
    def is_attestation(self) -> bool:
        """A BuildKit attestation manifest inside an index."""
        if self.annotations.get("vnd.docker.reference.type") == "attestation-manifest":
            return True
        return self.platform is not None and self.platform.unknown

    @property
    def is_foreign(self) -> bool:
        """A layer that registries do not carry, only name by URL."""
        return ".foreign." in self.media_type or ".nondistributable." in self.media_type

    def to_json(self) -> dict[str, Any]:
        """The descriptor as image-spec writes it, unset members left out."""
        document: dict[str, Any] = {
            "mediaType": self.media_type,
            "digest": self.digest,
            "size": self.size,
        }
        if self.urls:
            document["urls"] = list(self.urls)
        if self.annotations:
            document["annotations"] = dict(self.annotations)
        if self.data is not None:
            document["data"] = base64.b64encode(self.data).decode()
        if self.platform is not None:
            document["platform"] = _platform_json(self.platform)
        if self.artifact_type:
            document["artifactType"] = self.artifact_type
        return document


def entry_for(entries: Sequence[Descriptor], wanted: Platform) -> Descriptor | None:
    """Of an index's images the one for a platform, if there is one.

    As docker does it, an ARM that finds no image of its own variant takes an older one.
    """
    for platform in _acceptable(wanted):
        fitting = [one for one in entries if one.platform and one.platform.matches(platform)]
        exact = [one for one in fitting if str(one.platform) == str(platform)]
        if fitting:
            return (exact or fitting)[0]
    return None


def _acceptable(wanted: Platform) -> Iterator[Platform]:
    yield wanted
    if wanted.architecture == "arm" and wanted.variant in _OLDER_ARMS:
        for variant in _OLDER_ARMS[_OLDER_ARMS.index(wanted.variant) + 1 :]:
            yield replace(wanted, variant=variant)


def _platform_json(platform: Platform) -> dict[str, str]:
    members = {
        "architecture": platform.architecture,
        "os": platform.os,
        "os.version": platform.os_version,
        "variant": platform.variant,
    }
    return {name: value for name, value in members.items() if value}


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest or index: the bytes as received, and what they say.

    `manifests` are an index's entries; `config` and `layers` an image's or artifact's content.
    """

    content: bytes
    media_type: str
    digest: str
    document: Mapping[str, Any]
    config: Descriptor | None = None
    layers: tuple[Descriptor, ...] = ()
    manifests: tuple[Descriptor, ...] = ()
    subject: Descriptor | None = None

    @property
    def is_index(self) -> bool:
        return self.media_type in INDEX_TYPES

    @property
    def descriptor(self) -> Descriptor:
        return Descriptor(self.media_type, self.digest, len(self.content))

    @property
    def annotations(self) -> dict[str, str]:
        return _strings(self.document.get("annotations"))

    @property
    def artifact_type(self) -> str | None:
        """Its own artifact type, else its config's media type (distribution-spec, referrers)."""
        own = self.document.get("artifactType")
        if isinstance(own, str) and own:
            return own
        return self.config.media_type if self.config else None

    @property
    def is_image(self) -> bool:
        """Whether it is something to run: its config is an image's."""
        return self.config is not None and self.config.media_type in CONFIG_TYPES

    @property
    def is_artifact(self) -> bool:
        """Whether it holds files rather than the layers of an image: by its config, or, where that
        is an image's as cosign's are, by layers none of which is a tar."""
        if self.is_index:
            return False
        if not self.is_image:
            return True
        return bool(self.layers) and not any(
            ".tar" in layer.media_type or layer.is_foreign for layer in self.layers
        )

    def children(self) -> Iterator[Descriptor]:
        """What it refers to and needs, in the document's order; the subject is not among it."""
        if self.config is not None:
            yield self.config
        yield from self.layers
        yield from self.manifests

    @property
    def content_size(self) -> int:
        """Bytes of what it refers to, each part once: of an image, what pulling it takes."""
        return sum({child.digest: child.size for child in self.children()}.values())

    def platforms(self) -> list[Platform]:
        """The platforms an index offers; attestations are none."""
        return [
            entry.platform
            for entry in self.manifests
            if entry.platform is not None and not entry.is_attestation
        ]


def parse_manifest(content: bytes, media_type: str | None, digest: str | None = None) -> Manifest:
    """Read a manifest or index; IntegrityFailure for bytes that are none.

    `media_type` is what the server said, parameters and all; the document's own `mediaType` must
    agree with it where both name a manifest type (image-spec, distribution-spec "Pulling
    manifests").
    """
    document = parse_object(content, "the manifest")
    if "manifests" in document and ("config" in document or "layers" in document):
        # CVE-2021-41190: what it is would depend on who reads it.
        raise IntegrityFailure("the manifest is both an index and an image")
    told = (media_type or "").partition(";")[0].strip().lower()
    own = document.get("mediaType")
    found = _media_type(told, own if isinstance(own, str) else "", document)
    return Manifest(
        content=content,
        media_type=found,
        digest=digest or digest_of(content),
        document=document,
        config=_optional(document, "config"),
        layers=tuple(_descriptors(document, "layers")),
        manifests=tuple(_descriptors(document, "manifests")),
        subject=_optional(document, "subject"),
    )


def parse_object(content: bytes, what: str) -> dict[str, Any]:
    """A JSON object, or IntegrityFailure that names `what`."""
    try:
        document = jsonreading.read(content, exact=True)
    except ValueError as error:
        raise IntegrityFailure(f"{what} is {error}") from error
    if not isinstance(document, dict):
        raise IntegrityFailure(f"{what} is not a JSON object")
    return document


def _media_type(told: str, own: str, document: Mapping[str, Any]) -> str:
    if told in MANIFEST_TYPES and own in MANIFEST_TYPES and told != own:
        raise IntegrityFailure(f"the manifest calls itself {own}, the server calls it {told}")
    for candidate in (told, own):
        if candidate in MANIFEST_TYPES:
            return candidate
    if document.get("schemaVersion") == 1:
        raise IntegrityFailure("the manifest is of Docker's schema 1, which is no longer read")
    if "manifests" in document:
        return OCI_INDEX
    if "config" in document or "layers" in document:
        return OCI_MANIFEST
    raise IntegrityFailure(f"{told or 'the document'} is no manifest")


def _descriptors(document: Mapping[str, Any], member: str) -> Iterator[Descriptor]:
    entries = document.get(member)
    if entries is None:
        return
    if not isinstance(entries, list):
        raise IntegrityFailure(f"the manifest's {member} are no list")
    for entry in entries:
        yield parse_descriptor(entry)


def _optional(document: Mapping[str, Any], member: str) -> Descriptor | None:
    entry = document.get(member)
    return None if entry is None else parse_descriptor(entry)


def parse_descriptor(entry: object) -> Descriptor:
    """Read a descriptor; IntegrityFailure where media type, digest or size are missing or wrong."""
    if not isinstance(entry, dict):
        raise IntegrityFailure("a descriptor is not a JSON object")
    media_type, digest, size = (entry.get(name) for name in ("mediaType", "digest", "size"))
    if not isinstance(media_type, str) or not is_digest(digest):
        raise IntegrityFailure("a descriptor lacks a media type or a digest that can be verified")
    if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size <= _LARGEST_SIZE:
        raise IntegrityFailure(f"the descriptor of {digest} has no size")
    artifact_type, urls = entry.get("artifactType"), entry.get("urls")
    return Descriptor(
        media_type=media_type,
        digest=str(digest),
        size=size,
        platform=_parse_platform(entry.get("platform")),
        annotations=_strings(entry.get("annotations")),
        artifact_type=artifact_type if isinstance(artifact_type, str) else None,
        urls=tuple(url for url in urls if isinstance(url, str)) if isinstance(urls, list) else (),
        data=_embedded(entry.get("data")),
    )


def _embedded(data: object) -> bytes | None:
    if not isinstance(data, str):
        return None
    try:
        return base64.b64decode(data, validate=True)
    except binascii.Error:
        return None


def _parse_platform(entry: object) -> Platform | None:
    if not isinstance(entry, dict):
        return None
    os, architecture = entry.get("os"), entry.get("architecture")
    if not isinstance(os, str) or not isinstance(architecture, str):
        return None
    variant, version = entry.get("variant"), entry.get("os.version")
    return Platform(
        os,
        architecture,
        variant if isinstance(variant, str) and variant else None,
        version if isinstance(version, str) and version else None,
    )


def config_platform(config: Mapping[str, Any]) -> Platform | None:
    """The platform that an image config names (image-spec, config)."""
    return _parse_platform(config)


def created(manifest: Manifest, config: Mapping[str, Any]) -> str | None:
    """When an image was made, by its config or else its annotation; None where neither says."""
    return timestamps.normalised(config.get("created")) or timestamps.normalised(
        manifest.annotations.get("org.opencontainers.image.created")
    )


def _strings(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        return {}
    return {key: text for key, text in value.items() if isinstance(text, str)}
