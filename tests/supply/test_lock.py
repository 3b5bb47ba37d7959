"""requirements.lock, without asking anybody: it has what pyproject.toml asks for, and hashes."""

from __future__ import annotations

import importlib.metadata
import re

import pytest
import requirements
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from requirements import LOCK, Environment, Locked

ENTRIES = requirements.locked()
EVERYWHERE = list(requirements.environments())


@pytest.mark.parametrize("environment", EVERYWHERE, ids=lambda one: f"{one.system}-{one.python}")
def test_what_is_declared_is_locked_at_a_version_that_will_do(environment: Environment) -> None:
    entries = {one.name: one for one in ENTRIES if one.counts(environment)}
    wanted = [r for r in requirements.declared() if requirements.is_needed(r, environment)]
    assert wanted
    for one in wanted:
        entry = entries[canonicalize_name(one.name)]
        assert one.specifier.contains(entry.version), f"{one} is locked at {entry.version}"


def test_what_is_needed_here_is_locked() -> None:
    """By what the installed packages say of themselves, from hubcli's own dependencies on."""
    names = {one.name for one in ENTRIES}
    todo, seen = requirements.declared(), set[str]()
    while todo:
        one = todo.pop()
        name = canonicalize_name(one.name)
        if name in seen or (one.marker and not one.marker.evaluate({"extra": ""})):
            continue
        seen.add(name)
        assert name in names, f"{one} is not in the lock: make lock"
        try:
            inner = importlib.metadata.requires(one.name) or []
        except importlib.metadata.PackageNotFoundError:
            continue  # an extra that is not installed here
        todo += [each for each in map(Requirement, inner) if counts(each, one.extras)]
    assert len(seen) > 30


def counts(one: Requirement, extras: set[str]) -> bool:
    return one.marker is None or any(one.marker.evaluate({"extra": e}) for e in ("", *extras))


def test_every_package_has_hashes_and_stands_there_once() -> None:
    assert len({one.name for one in ENTRIES}) == len(ENTRIES)
    assert all(one.hashes and one.name == canonicalize_name(one.name) for one in ENTRIES)
    assert [one.name for one in ENTRIES] == sorted(one.name for one in ENTRIES)


def test_no_index_is_named() -> None:
    text = LOCK.read_text("utf-8")
    assert not re.search(r"https?:|file:|index-url|find-links|\.(org|com|io|net)\b", text)


@pytest.mark.parametrize(
    "text",
    [
        "a==1\n",
        "a==1 \\\n    --hash=sha256:abc\n",
        f"a>=1 \\\n    --hash=sha256:{'0' * 64}\n",
        f"--index-url https://x\na==1 \\\n    --hash=sha256:{'0' * 64}\n",
    ],
)
def test_a_lock_that_locks_nothing_is_found(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(LOCK), "read_text", lambda *_: text)
    with pytest.raises(ValueError, match="no entry"):
        requirements.locked()


def test_a_marker_says_where_a_package_counts() -> None:
    entry = Locked("a", "1", 'python_version < "3.12" and sys_platform == "linux"', ())
    found = [one for one in EVERYWHERE if entry.counts(one)]
    assert found == [Environment("3.11", "linux")]
