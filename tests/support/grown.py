"""Repositories as they grow: images that share layers, indexes in indexes, what is attached.

Everything is small, and the same for the same draws.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from hubcli import oci
from hubcli.oci import Descriptor, Manifest
from hubcli.registry import Repository
from hubcli.sandbox.storage import Storage
from support.repositories import Source

OLD, YOUNG = "2020-01-{:02}T00:00:00Z", "2099-01-{:02}T00:00:00Z"
"""When images were made: long ago, and in a future that no test sees."""

NAMES = (
    *("latest", "v1.0.0", "v1.0.1", "v1.1.0", "v2.0.0-rc1", "v2.0.0", "v1.0.0-alpine"),
    *("pr-1", "pr-2", "pr-3", "main", "sbom-v1", "nightly"),
)


@dataclass
class Grown:
    """The content of a repository; manifests after what is inside them."""

    blobs: dict[str, bytes] = field(default_factory=dict)
    manifests: dict[str, Manifest] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    created: dict[str, str | None] = field(default_factory=dict)
    """When the (first) image of a manifest was made, as far as there is one."""

    def blob(self, media_type: str, content: bytes) -> Descriptor:
        digest = oci.digest_of(content)
        self.blobs[digest] = content
        return Descriptor(media_type, digest, len(content))

    def manifest(self, document: Mapping[str, Any], created: str | None = None) -> Manifest:
        content = json.dumps(document, separators=(",", ":")).encode()
        found = oci.parse_manifest(content, document["mediaType"])
        self.manifests[found.digest] = found
        self.created[found.digest] = created
        return found

    def image(self, created: str, layers: list[str]) -> Manifest:
        about = {"created": created, "os": "linux", "architecture": "amd64"}
        config = self.blob(oci.OCI_CONFIG, json.dumps(about).encode())
        parts = [
            self.blob("application/vnd.oci.image.layer.v1.tar", text.encode()) for text in layers
        ]
        return self.manifest(_image(config, parts), created)

    def index(self, inside: list[Manifest]) -> Manifest:
        document = {
            "schemaVersion": 2,
            "mediaType": oci.OCI_INDEX,
            "manifests": [one.descriptor.to_json() for one in inside],
        }
        first = inside[0]
        created = None if first.is_index else self.created[first.digest]
        return self.manifest(document, created)

    def attachment(self, text: str, subject: Manifest | None) -> Manifest:
        config = self.blob(oci.OCI_EMPTY, b"{}")
        document = _image(config, [self.blob("text/plain", text.encode())])
        document["artifactType"] = "application/vnd.example.sbom"
        if subject is not None:
            document["subject"] = subject.descriptor.to_json()
        return self.manifest(document)

    def below(self, root: str) -> set[str]:
        """The manifests at and inside `root`."""
        inside = self.manifests[root].manifests
        return {root}.union(*(self.below(entry.digest) for entry in inside))

    def reached(self, tags: Mapping[str, str]) -> set[str]:
        return {each for root in tags.values() for each in self.below(root)}

    # Into a registry

    def store(self, storage: Storage, path: str) -> None:
        """Put everything into a sandbox, without a request."""
        with storage.database.transaction():
            for content in self.blobs.values():
                storage.blobs.put(path, content)
            for digest, manifest in self.manifests.items():
                tags = [name for name, at in self.tags.items() if at == digest]
                storage.manifests.put(path, manifest, tags=tags)

    def push(self, repository: Repository) -> None:
        """Push everything, as any client does it."""
        for digest, content in self.blobs.items():
            described = Descriptor(oci.OCTET_STREAM, digest, len(content))
            repository.blobs.upload(described, Source(content))
        for digest, manifest in self.manifests.items():
            repository.put_manifest(digest, manifest)
        for name, digest in self.tags.items():
            repository.put_manifest(name, self.manifests[digest])


def missing(
    name: str, read: Callable[[str], Manifest], has: Callable[[Descriptor], bool]
) -> Iterator[str]:
    """What somebody who pulls a tag with all of its platforms does not get."""
    todo = [name]
    while todo:
        found = read(todo.pop())
        todo += [entry.digest for entry in found.manifests]
        blobs = [*found.layers, *([found.config] if found.config else [])]
        yield from (blob.digest for blob in blobs if not has(blob))


def attached_tag(digest: str, suffix: str) -> str:
    return digest.replace(":", "-") + suffix


def _image(config: Descriptor, layers: list[Descriptor]) -> dict[str, Any]:
    return {
        "schemaVersion": 2,
        "mediaType": oci.OCI_MANIFEST,
        "config": config.to_json(),
        "layers": [layer.to_json() for layer in layers],
    }


@st.composite
def grown(draw: st.DrawFn) -> Grown:
    """Any repository."""
    found = Grown()
    made: list[Manifest] = []
    for number in range(draw(st.integers(2, 4))):
        when = draw(st.sampled_from((OLD, YOUNG))).format(number + 1)
        layers = draw(st.lists(st.sampled_from("abcd"), min_size=1, max_size=3, unique=True))
        made.append(found.image(when, layers))
    for _ in range(draw(st.integers(1, 3))):
        inside = draw(st.lists(st.sampled_from(made), min_size=1, max_size=3, unique_by=id))
        made.append(found.index(inside))
    for number in range(draw(st.integers(0, 2))):
        made.append(found.attachment(f"sbom {number}", draw(st.sampled_from(made))))
    names = draw(st.permutations(NAMES))
    for name, manifest in zip(names, draw(st.permutations(made)), strict=False):
        found.tags[name] = manifest.digest
    for name in names[len(made) : len(made) + draw(st.integers(0, 3))]:
        found.tags[name] = draw(st.sampled_from(made)).digest
    for number, owner in enumerate(draw(st.lists(st.sampled_from(made), max_size=3, unique_by=id))):
        subject = draw(st.none() | st.just(owner))
        signature = found.attachment(f"signature {number}", subject)
        suffix = draw(st.sampled_from((".sig", ".att", ".sbom")))
        found.tags[attached_tag(owner.digest, suffix)] = signature.digest
    return found
