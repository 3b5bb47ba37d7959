"""What is in images: `inspect`, `files`, `export`, `diff`, `digest`, `sbom`, `provenance`."""

from __future__ import annotations

from support.errands.world import Errand, Errands, World, reading, with_tags

_IMAGE = "library/hello-world"
_ONE = ("--platform", "linux/amd64")


def _described(world: World) -> None:
    """An image with an SBOM."""
    with_tags(world)
    bill = world.file("bill.json", '{"spdxVersion": "SPDX-2.3"}')
    attach = ("referrer", "attach", f"{world.repository}:v1", bill)
    world.arrange(*attach, "--type", "application/spdx+json")


ERRANDS: Errands = {
    "digest": reading("digest", _IMAGE),
    "inspect": reading("inspect", _IMAGE, *_ONE),
    "files": reading("files", _IMAGE, *_ONE),
    "export": reading("export", _IMAGE, "hello", *_ONE),
    "diff": Errand(lambda w: ("diff", f"{w.repository}:v1", f"{w.repository}:v2"), with_tags),
    "sbom": Errand(lambda w: ("sbom", f"{w.repository}:v1"), _described),
    "provenance": reading("provenance", _IMAGE),
}
