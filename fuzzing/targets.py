"""Each target takes an input and lets pass what may happen; whatever else is raised is a defect."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from fuzzing import models, seeds
from hubcli import config, oci, reference
from hubcli.auth import challenge
from hubcli.errors import HubcliError, IntegrityFailure, UsageError
from hubcli.http.decoding import decoded
from hubcli.layers.bytestream import ByteStream
from hubcli.layers.tarstream import members
from hubcli.output.template import Template
from hubcli.registry import pages
from hubcli.semver import parse_range
from hubcli.semver import read as read_version
from hubcli.stores.tar import Tar
from hubcli.tags import selecting
from hubcli.tags.ordering import natural, version

_ROW = {"name": "v1", "digest": "sha256:0", "size": 3, "platforms": ["a", "b"], "none": None}
_MOST = 1 << 20
_WORST = 200
"""Characters of a text for one that comes out of it: what may not explode."""


@dataclass(frozen=True)
class Target:
    """`check` takes bytes; `seeds` are inputs to begin with; `words` are what they are made of."""

    name: str
    what: str
    check: Callable[[bytes], None]
    seeds: tuple[bytes, ...]
    words: tuple[bytes, ...]


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def references(data: bytes) -> None:
    text = _text(data)
    wanted = models.reference(text)
    try:
        found = reference.parse(text)
    except UsageError:
        assert wanted is None, f"{text!r} is {wanted}"
        return
    assert (found.host, found.path, found.tag, found.digest) == wanted
    assert reference.parse(str(found)) == found
    assert reference.parse(found.short) == found


def challenges(data: bytes) -> None:
    header = data.decode("latin-1")
    for one in challenge.parse_challenges([header]):
        assert one.scheme == one.scheme.lower()
        assert all(name == name.lower() for name in one.parameters)
        assert challenge.parse_scopes(map(str, one.scopes)) == one.scopes
    challenge.preferred([header, header])


def links(data: bytes) -> None:
    header = data.decode("latin-1")
    target = pages.next_link(header)
    assert target is None or f"<{target}>" in header


def configuration(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    with suppress(UsageError):
        settings = config.parse(text, Path("config.toml"), {})
        for host in settings.registries:
            assert settings.endpoint(host).url.startswith(("http://", "https://"))


def templates(data: bytes) -> None:
    source = _text(data)
    with suppress(UsageError):
        Template(source).render(_ROW)


def archives(data: bytes) -> None:
    with suppress(IntegrityFailure):
        tar = Tar(io.BytesIO(data), "the archive")
        for name in tar.names:
            assert not name.startswith("/")
            assert ".." not in name.split("/")
            if (size := tar.size(name)) is not None:
                assert 0 <= size <= len(data)
                with tar.open(name) as chunks:
                    assert sum(map(len, chunks)) == size


def layers(data: bytes) -> None:
    stream = ByteStream(_pieces(data), _MOST, "the layer")
    with suppress(IntegrityFailure):
        for member in members(stream, "the layer"):
            assert member.header is not None
    assert stream.at <= len(data)


def documents(data: bytes) -> None:
    for media_type in (None, oci.OCI_MANIFEST, oci.OCI_INDEX):
        with suppress(IntegrityFailure):
            manifest = oci.parse_manifest(data, media_type)
            for child in manifest.children():
                assert oci.is_digest(child.digest)
                assert 0 <= child.size < 1 << 63
                assert oci.parse_descriptor(child.to_json()) == child
            assert manifest.content_size >= 0
            _ = (manifest.annotations, manifest.artifact_type, manifest.is_artifact)
            _ = [str(platform) for platform in manifest.platforms()]
            assert not (manifest.manifests and (manifest.config or manifest.layers))


def versions(data: bytes) -> None:
    text, _, rest = _text(data).partition("\n")
    tags = rest.split("\n")[:8]
    named = [read_version(tag) for tag in tags]
    assert len(sorted(tags, key=version)) == len(sorted(tags, key=natural)) == len(named)
    with suppress(UsageError):
        wanted = parse_range(text)
        for tag in tags:
            assert wanted(tag) in {True, False}
    names = selecting.Names(globs=(text,), excepts=tuple(tags[:1]))
    assert [tag for tag in tags if names(tag)] == [tag for tag in tags if names(tag)]


def codings(data: bytes) -> None:
    coding, _, body = data.partition(b"\n")
    with suppress(HubcliError):
        come = sum(map(len, decoded(_pieces(body), coding.decode("latin-1"))))
        assert come <= 1100 * len(body) + _WORST


def _pieces(data: bytes) -> Iterator[bytes]:
    """In two pieces, so that something always stands across a boundary."""
    middle = len(data) // 2
    yield from filter(None, (data[:middle], data[middle:]))


TARGETS = {
    one.name: one
    for one in (
        Target(
            "references",
            "references, against a second reading of distribution's grammar",
            references,
            seeds.REFERENCES,
            seeds.REFERENCE_WORDS,
        ),
        Target(
            "challenges",
            "`WWW-Authenticate`",
            challenges,
            seeds.CHALLENGES,
            seeds.CHALLENGE_WORDS,
        ),
        Target("links", "`Link`", links, seeds.LINKS, seeds.LINK_WORDS),
        Target(
            "configuration",
            "the configuration file",
            configuration,
            seeds.CONFIGURATIONS,
            seeds.CONFIGURATION_WORDS,
        ),
        Target(
            "templates",
            "templates of Go's kind, parsed and filled in",
            templates,
            seeds.TEMPLATES,
            seeds.TEMPLATE_WORDS,
        ),
        Target("archives", "tars that are images", archives, seeds.TARS, seeds.TAR_WORDS),
        Target("layers", "tars that are layers", layers, seeds.TARS, seeds.TAR_WORDS),
        Target(
            "documents",
            "manifests, indexes and descriptors",
            documents,
            seeds.DOCUMENTS,
            seeds.DOCUMENT_WORDS,
        ),
        Target(
            "versions",
            "version ranges, the order of tags and globs",
            versions,
            seeds.VERSIONS,
            seeds.VERSION_WORDS,
        ),
        Target("codings", "content codings", codings, seeds.CODINGS, seeds.CODING_WORDS),
    )
}
