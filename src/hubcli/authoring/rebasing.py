"""An image on another base: what it added itself is put on top of the new one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from hubcli.authoring import mediatypes
from hubcli.authoring.draft import Draft, Piece
from hubcli.authoring.parts import Parts
from hubcli.errors import Conflict, Unsupported, doing
from hubcli.oci import Platform
from hubcli.transfer import Image, graph

NAME = "org.opencontainers.image.base.name"
DIGEST = "org.opencontainers.image.base.digest"
"""image-spec, annotations.md: what an image is based on, and what that was when it was built."""

_LISTS = ("Env",)
_MAPS = ("Labels", "ExposedPorts", "Volumes")


class Base:
    """An image that others are based on, read once for each platform."""

    def __init__(self, image: Image) -> None:
        self.image = image
        with doing("read", image.shown):
            self.root = image.store.manifest(image.identifier)
        self._parts: dict[Platform | None, Parts] = {}

    def parts(self, platform: Platform | None) -> Parts:
        """The base for a platform; NotFound where there is none."""
        if platform not in self._parts:
            with doing("read", self.image.shown):
                found = self.root
                if found.is_index and platform is not None:
                    entry = graph.choose(found, platform)
                    found = graph.child(self.image.store, entry)
                self._parts[platform] = Parts(self.image.store, found)
        return self._parts[platform]


def rebase(parts: Parts, draft: Draft, old_base: Base, new_base: Base, name: str | None) -> None:
    """Move an image to a new base; `name` is what the new one is called in its annotations, None
    where it has no name that others know: then they tell of no base.

    Conflict where the image does not begin with the layers of the old base.
    """
    old, new = old_base.parts(parts.platform), new_base.parts(parts.platform)
    count = _shared(parts, old)
    if count is None:
        raise Conflict(
            f"the image{_for(parts)} is not based on {old_base.image.shown}: "
            "its first layers are others"
        )
    own, other = parts.platform, new.platform
    if own is not None and other is not None and not other.matches(own):
        raise Unsupported(f"{new_base.image.shown} is an image for {other}")
    _layers(parts, draft, new, new_base.image, count)
    _history(parts, old, new, count)
    parts.config["rootfs"]["diff_ids"] = [*new.diff_ids, *parts.diff_ids[count:]]
    _settings(parts.config, old.config, new.config)
    told = {} if name is None else {NAME: name, DIGEST: new_base.root.digest}
    parts.annotate(told, (NAME, DIGEST))


def _for(parts: Parts) -> str:
    return f" for {parts.platform}" if parts.platform else ""


def _shared(parts: Parts, old: Parts) -> int | None:
    """How many layers the old base has, if the image begins with all of them: the same ones, or
    the same content compressed otherwise."""
    count = len(old.original.layers)
    ours = [layer.digest for layer in parts.original.layers[:count]]
    theirs = [layer.digest for layer in old.original.layers]
    if ours == theirs or parts.diff_ids[:count] == old.diff_ids:
        return count
    return None


def _layers(parts: Parts, draft: Draft, new: Parts, image: Image, count: int) -> None:
    docker = mediatypes.is_docker(parts.original)
    for layer in new.original.layers:
        if not layer.is_foreign:
            open_at = partial(image.store.blobs.open, layer)
            draft.pieces[layer.digest] = Piece(layer, open_at, image)
    below = [mediatypes.fitting(layer, docker=docker) for layer in new.layers]
    parts.document["layers"] = [*below, *parts.layers[count:]]


def _history(parts: Parts, old: Parts, new: Parts, count: int) -> None:
    """The new base's history, and what the image added to the old one's; none where either lacks
    it, for it has to answer to the layers."""
    ours, theirs, below = (_steps(one) for one in (parts, old, new))
    if ours is None or below is None:
        parts.config.pop("history", None)
        return
    cut = len(theirs or ())
    if theirs is None or ours[:cut] != theirs:
        cut = _after(ours, count)
    parts.config["history"] = [*below, *ours[cut:]]


def _steps(parts: Parts) -> list[Any] | None:
    found = parts.config.get("history")
    return found if isinstance(found, list) else None


def _after(steps: list[Any], layers: int) -> int:
    """Where in a history the step stands that follows that many layers."""
    for at, step in enumerate(steps):
        if layers == 0:
            return at
        if not (isinstance(step, dict) and step.get("empty_layer")):
            layers -= 1
    return len(steps)


def _settings(config: dict[str, Any], old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    """As the image says itself, or as the new base does where it said what the old did."""
    ours, before, after = (_run(one) for one in (config, old, new))
    merged: dict[str, Any] = {}
    for name in {**after, **ours}:
        merge = _merged_list if name in _LISTS else _merged_map if name in _MAPS else _merged
        value = merge(ours.get(name), before.get(name), after.get(name))
        if value is not None:
            merged[name] = value
    if merged or "config" in config:
        config["config"] = merged
    for name in ("os.version", "os.features"):
        if name in new:
            config[name] = new[name]


def _run(config: Mapping[str, Any]) -> dict[str, Any]:
    found = config.get("config")
    return found if isinstance(found, dict) else {}


def _merged(ours: Any, before: Any, after: Any) -> Any:
    return after if ours == before else ours


def _merged_map(ours: Any, before: Any, after: Any) -> Any:
    mine, old, new = (one if isinstance(one, dict) else {} for one in (ours, before, after))
    merged = {}
    for key in {**new, **mine}:
        changed = mine.get(key) != old.get(key)
        if key in (mine if changed else new):
            merged[key] = (mine if changed else new)[key]
    return merged or None


def _merged_list(ours: Any, before: Any, after: Any) -> Any:
    """Variables, as `NAME=VALUE`."""
    merged = _merged_map(*map(_variables, (ours, before, after)))
    return [f"{name}={value}" for name, value in merged.items()] if merged else None


def _variables(entries: Any) -> dict[str, str]:
    texts = [one for one in entries if isinstance(one, str)] if isinstance(entries, list) else []
    return {name: value for name, _, value in (text.partition("=") for text in texts)}
