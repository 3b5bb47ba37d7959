"""What pyproject.toml asks for, and what requirements.lock has of it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from packaging.markers import Marker
from packaging.requirements import Requirement

PROJECT = Path(__file__).parents[1]
LOCK = PROJECT / "requirements.lock"
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
SYSTEMS = ("linux", "darwin", "win32")
_NAMES = {"linux": ("Linux", "posix"), "darwin": ("Darwin", "posix"), "win32": ("Windows", "nt")}
_HASHES = r"(?: \\\n    --hash=sha256:[0-9a-f]{64})+"
_ENTRY = re.compile(rf"([\w.-]+)==(\S+)(?: ; ([^\\]+?))?({_HASHES})\n")


@dataclass(frozen=True)
class Environment:
    """A Python on a system."""

    python: str
    system: str

    @property
    def markers(self) -> dict[str, str]:
        """The variables of dependency specifiers, as far as they are asked for."""
        name, os_name = _NAMES[self.system]
        return {
            "python_version": self.python,
            "python_full_version": f"{self.python}.0",
            "sys_platform": self.system,
            "platform_system": name,
            "os_name": os_name,
            "platform_machine": "x86_64",
            "platform_python_implementation": "CPython",
            "implementation_name": "cpython",
        }


@dataclass(frozen=True)
class Locked:
    """An entry of the lock; `marker` says where it is needed, None everywhere."""

    name: str
    version: str
    marker: str | None
    hashes: tuple[str, ...]

    def counts(self, environment: Environment) -> bool:
        return self.marker is None or Marker(self.marker).evaluate(environment.markers)


def environments() -> Iterator[Environment]:
    yield from (Environment(*one) for one in product(PYTHONS, SYSTEMS))


def declared() -> list[Requirement]:
    """The dependencies of hubcli and of all its extras."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    return [Requirement(text) for group in (project["dependencies"], *extras) for text in group]


def is_needed(one: Requirement, environment: Environment, extras: Iterable[str] = ()) -> bool:
    """Whether a requirement counts there, of a package that was asked for with `extras`."""
    if one.marker is None:
        return True
    return any(
        one.marker.evaluate({**environment.markers, "extra": extra}) for extra in ("", *extras)
    )


def locked() -> list[Locked]:
    """The entries of the lock; ValueError for a line that is none."""
    text = "".join(
        line for line in LOCK.read_text("utf-8").splitlines(True) if not line.startswith("#")
    )
    found, at = [], 0
    for match in _ENTRY.finditer(text):
        if match.start() != at:
            break
        at = match.end()
        hashes = tuple(re.findall(r"sha256:[0-9a-f]{64}", match[4]))
        found.append(Locked(match[1], match[2], match[3], hashes))
    if at != len(text):
        raise ValueError(f"no entry of a lock: {text[at : at + 60]!r}")
    return found
