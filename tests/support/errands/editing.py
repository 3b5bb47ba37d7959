"""Images made out of images: `annotate`, `mutate`, `append`, `flatten`, `rebase`."""

from __future__ import annotations

import json
from typing import Any

from support.errands.world import Errand, Errands, World, with_tags
from support.images import Layout, tar

_BASES: dict[str, list[dict[str, bytes]]] = {
    "old": [{"base": b"old"}],
    "new": [{"base": b"new"}, {"more": b"new"}],
    "app": [{"base": b"old"}, {"app": b"1"}],
}


def _one(world: World) -> str:
    return f"{world.repository}:v1"


def _layer(world: World) -> str:
    """A tar of one file, to be a layer."""
    return world.file("layer.tar", tar({"greeting": b"hello\n"}))


def _with_bases(world: World) -> None:
    """An image, the base it has, and another one, each under its name."""
    layout = Layout(world.directory / "bases")
    for tag, layers in _BASES.items():
        image = layout.image(tag, layers=layers)
        world.arrange("push", image.source, f"{world.repository}:{tag}")


def _made(world: World) -> dict[str, Any]:
    """The manifest of what was made, empty where nothing was."""
    found: dict[str, Any] = json.loads(world.content("made") or b"{}")
    return found


def _layers(world: World) -> int:
    return len(_made(world).get("layers", ()))


ERRANDS: Errands = {
    "annotate": Errand(
        lambda w: ("annotate", _one(w), "com.example.note=x", "--tag", "made"),
        with_tags,
        lambda w: _made(w).get("annotations") == {"com.example.note": "x"},
    ),
    "mutate": Errand(
        lambda w: ("mutate", _one(w), "--label", "team=core", "--tag", "made"),
        with_tags,
        lambda w: _made(w).get("config") not in (None, json.loads(w.content("v1"))["config"]),
    ),
    "append": Errand(
        lambda w: ("append", _one(w), "--layer", _layer(w), "--tag", "made"),
        with_tags,
        lambda w: _layers(w) == 2,
    ),
    "flatten": Errand(
        lambda w: ("flatten", f"{w.repository}:app", "--tag", "made"),
        _with_bases,
        lambda w: _layers(w) == 1,
    ),
    "rebase": Errand(
        lambda w: ("rebase", f"{w.repository}:app", "--old-base", f"{w.repository}:old",
                   "--new-base", f"{w.repository}:new", "--tag", "made"),
        _with_bases,
        lambda w: _layers(w) == 3,
    ),
}  # fmt: skip
