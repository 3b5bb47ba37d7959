"""Names of files that somebody else chose: what may become a path here, on any system."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from hubcli.errors import IntegrityFailure

TITLE = "org.opencontainers.image.title"
"""The annotation of a layer that tells the name of the file (image-spec, annotations)."""

_LONGEST_PART, _LONGEST = 255, 4096
"""Bytes of a part of a path, and of all of it, that file systems take."""

_BAD = re.compile(r'[\x00-\x1f\x7f<>:"\\|?*\ud800-\udfff]')
_DEVICES = frozenset(
    {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"}
    | {f"{port}{number}" for port in ("COM", "LPT") for number in "0123456789¹²³"}
)


def safe_parts(name: str) -> tuple[str, ...]:
    """The parts of a relative path below some directory.

    IntegrityFailure where it could lead out of that, or is none on some system: absolute, `..`,
    a drive, a device of Windows, characters that it does not take, too long.
    """
    parts = tuple(part for part in name.split("/") if part != ".")
    reason = _fault(name, parts)
    if reason is not None:
        raise IntegrityFailure(
            f"the file name {name[:200]!r} is refused: {reason}",
            hint="pull the artifact into a layout instead: oci:DIR",
        )
    return parts


def _fault(name: str, parts: tuple[str, ...]) -> str | None:
    if name.startswith("/"):
        return "it is absolute"
    if not parts:
        return "it is empty"
    if ".." in parts:
        return "it leads out of the directory"
    if "" in parts:
        return "a part of it is empty"
    if _BAD.search(name):
        return "it has characters that not every system takes"
    if any(part.endswith((".", " ")) for part in parts):
        return "a part of it ends with a dot or a space"
    if any(part.partition(".")[0].rstrip(" ").upper() in _DEVICES for part in parts):
        return "it is the name of a device on Windows"
    sizes = [len(part.encode()) for part in parts]
    if max(sizes) > _LONGEST_PART or sum(sizes) > _LONGEST:
        return "it is too long"
    return None


def check_distinct(names: Iterable[str]) -> None:
    """IntegrityFailure where two names are one file on some system, or one lies below the other.

    Case and the way accents are written make no difference on macOS and Windows.
    """
    seen: dict[str, str] = {}
    directories: dict[str, str] = {}
    for name in names:
        key = _key(name)
        above = ["/".join(key.split("/")[:depth]) for depth in range(1, key.count("/") + 1)]
        clash = seen.get(key) or directories.get(key)
        clash = clash or next((seen[one] for one in above if one in seen), None)
        if clash is not None:
            raise IntegrityFailure(f"the file names {clash!r} and {name!r} exclude each other")
        seen[key] = name
        directories.update(dict.fromkeys(above, name))


def _key(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
