"""What belongs to an image, and what of it some platforms need."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from hubcli import oci
from hubcli.errors import IntegrityFailure, NotFound
from hubcli.oci import Descriptor, Manifest, Platform
from hubcli.transfer import graph


class Memory:
    """A source of manifests; `asked` are the digests it was asked for."""

    def __init__(self) -> None:
        self.kept: dict[str, Manifest] = {}
        self.asked: list[str] = []

    blobs: Any = None

    def resolve(self, identifier: str) -> Descriptor:
        return self.kept[identifier].descriptor

    def manifest(self, identifier: str) -> Manifest:
        self.asked.append(identifier)
        return self.kept[identifier]

    def add(self, **members: Any) -> Manifest:
        content = json.dumps({"schemaVersion": 2, **members}).encode()
        kind = oci.OCI_INDEX if "manifests" in members else oci.OCI_MANIFEST
        made = oci.parse_manifest(content, kind)
        self.kept[made.digest] = made
        return made

    def image(self, *layers: str) -> Manifest:
        return self.add(
            config=blob("config" + "".join(layers), oci.OCI_CONFIG),
            layers=[blob(layer) for layer in layers],
        )


def blob(text: str, kind: str = "application/vnd.oci.image.layer.v1.tar") -> dict[str, Any]:
    content = text.encode()
    return {"mediaType": kind, "digest": oci.digest_of(content), "size": len(content)}


def entry(manifest: Manifest, platform: str | None = None, **annotations: str) -> dict[str, Any]:
    found = manifest.descriptor.to_json()
    if platform:
        os, architecture, *variant = platform.split("/")
        found["platform"] = {"os": os, "architecture": architecture}
        if variant:
            found["platform"]["variant"] = variant[0]
    if annotations:
        found["annotations"] = {f"vnd.docker.reference.{k}": v for k, v in annotations.items()}
    return found


def each(work: Callable[[Descriptor], None], items: Iterable[Descriptor]) -> None:
    for item in items:
        work(item)


def test_children_come_before_their_parents_and_blobs_once() -> None:
    store = Memory()
    one, two = store.image("a", "shared"), store.image("b", "shared")
    inner = store.add(manifests=[entry(one)])
    root = store.add(manifests=[entry(inner), entry(two), entry(one)])
    found = graph.load(store, root, each)
    assert [{m.digest for m in level} for level in found.levels] == [
        {one.digest, two.digest},
        {inner.digest},
        {root.digest},
    ]
    assert len({blob.digest for blob in found.blobs}) == len(found.blobs) == 5
    assert sorted(store.asked) == sorted([inner.digest, two.digest, one.digest]), "each once"


def test_an_image_alone_is_its_own_graph() -> None:
    store = Memory()
    image = store.image("a")
    found = graph.load(store, image, each)
    assert found.manifests == (image,)
    assert store.asked == []


def test_what_is_only_named_by_url_is_left_out() -> None:
    store = Memory()
    foreign = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
    image = store.add(config=blob("c"), layers=[blob("a"), blob("f", foreign)])
    assert [one.digest for one in graph.load(store, image, each).blobs] == [
        blob("c")["digest"],
        blob("a")["digest"],
    ]


def test_a_child_of_another_size_is_refused() -> None:
    store = Memory()
    lie = {**entry(store.image("a")), "size": 5}
    with pytest.raises(IntegrityFailure, match="5 were promised"):
        graph.load(store, store.add(manifests=[lie]), each)


def test_indexes_nest_only_so_deep() -> None:
    store = Memory()
    root = store.image("a")
    for _ in range(12):
        root = store.add(manifests=[entry(root)])
    with pytest.raises(IntegrityFailure, match="deep"):
        graph.load(store, root, each)


def test_an_index_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph, "_MOST", 10)
    store = Memory()
    root = store.add(manifests=[entry(store.image(str(number))) for number in range(20)])
    with pytest.raises(IntegrityFailure, match="more than 10"):
        graph.load(store, root, each)
    assert store.asked == []


PLATFORMS = ["linux/amd64", "linux/arm/v5", "linux/arm/v7", "linux/arm64/v8", "windows/amd64"]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("linux/amd64", "linux/amd64"),
        ("linux/arm64", "linux/arm64/v8"),
        ("linux/arm/v7", "linux/arm/v7"),
        ("linux/arm/v6", "linux/arm/v5"),
        ("windows/amd64", "windows/amd64"),
    ],
)
def test_the_image_for_a_platform(wanted: str, expected: str) -> None:
    store = Memory()
    images = {platform: store.image(platform) for platform in PLATFORMS}
    index = store.add(manifests=[entry(image, name) for name, image in images.items()])
    found = graph.choose(index, oci.parse_platform(wanted))
    assert found.digest == images[expected].digest


def test_no_image_for_a_platform_names_what_there_is() -> None:
    store = Memory()
    index = store.add(
        manifests=[
            entry(store.image("a"), "linux/amd64"),
            entry(store.image("x"), "unknown/unknown", type="attestation-manifest"),
        ]
    )
    with pytest.raises(NotFound, match=r"linux/s390x; there is linux/amd64 \("):
        graph.choose(index, Platform("linux", "s390x"))


def test_a_narrowed_index_keeps_what_attests_its_images() -> None:
    store = Memory()
    amd64, arm64 = store.image("a"), store.image("b")
    entries = [
        entry(amd64, "linux/amd64"),
        entry(arm64, "linux/arm64"),
        entry(store.image("x"), "unknown/unknown", digest=amd64.digest),
        entry(store.image("y"), "unknown/unknown", digest=arm64.digest),
    ]
    index = store.add(manifests=entries, annotations={"kept": "yes"})
    found = graph.narrowed(index, [Platform("linux", "amd64")])
    assert found.document["manifests"] == [entries[0], entries[2]]
    assert found.annotations == {"kept": "yes"}
    assert found.digest == oci.digest_of(found.content) != index.digest
    both = graph.narrowed(index, [Platform("linux", "arm64"), Platform("linux", "amd64")])
    assert both is index, "nothing is left out, so nothing is rewritten"
