"""Names inside a layer: kept inside the root of the image, whatever they say.

Absolute names start at the root, `..` above it stays at it, as for umoci and for a process that
lives in the image. What cannot be a name is refused with IntegrityFailure.
"""

from __future__ import annotations

from hubcli.errors import IntegrityFailure

Path = tuple[str, ...]
"""A name by its parts; the root has none."""

LONGEST = 4096
"""Bytes of a name or of what a symbolic link says: Linux's PATH_MAX."""

WHITEOUT = ".wh."
OPAQUE = ".wh..wh..opq"
_RESERVED = ".wh..wh."


def inside(name: str) -> Path:
    """A name as it stands in an archive, as a path below the root."""
    checked(name)
    parts: list[str] = []
    for part in name.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in {"", "."}:
            parts.append(part)
    return tuple(parts)


def checked(name: str) -> str:
    """A name or what a link says, unless no file system could hold it."""
    if "\0" in name or len(name) > LONGEST:
        raise IntegrityFailure(f"a layer holds a name that cannot be one: {name[:80]!r}")
    return name


def shown(path: Path) -> str:
    """As people write it, and as it can be handed back: from the root."""
    return "/" + "/".join(path)


def hidden_by(last: str) -> str | None:
    """What a whiteout hides; None where the name is no whiteout (image-spec, layer.md).

    Empty for those that hide nothing: the marks of aufs.
    """
    if not last.startswith(WHITEOUT):
        return None
    if last.startswith(_RESERVED):
        return ""
    hidden = last.removeprefix(WHITEOUT)
    if hidden in {"", ".", ".."}:
        raise IntegrityFailure(f"a layer holds a whiteout of nothing: {last!r}")
    return hidden
