"""The script for fish, asked through `complete -C`, as TAB asks."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from support.completion import (
    DYNAMIC,
    HOSTILE,
    STATIC,
    FakeHubcli,
    Offers,
    by_line,
    fake_hubcli,
)
from support.programs import require_tool
from support.running import private_environ

_EACH = r"source $argv[1]; for line in $argv[2..]; complete -C $line; echo \x1e; end"
Complete = Callable[[str], dict[str, str]]


def asked(
    lines: list[str], script: Path, fake: FakeHubcli, directory: Path, environ: Mapping[str, str]
) -> Iterator[dict[str, str]]:
    """What one fish would offer for the last word of each line, whole, and what it says of it."""
    fish = require_tool("fish")
    done = subprocess.run(
        [str(fish.path), "--no-config", "-c", _EACH, str(script), *lines],
        cwd=directory,
        env={**environ, **fish.environ, "PATH": fake.path},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stderr == ""
    for offered in done.stdout.split("\x1e\n")[: len(lines)]:
        answers = [answer.split("\t") for answer in offered.splitlines()]
        assert len({name for name, *_ in answers}) == len(answers)
        yield {name: "".join(told) for name, *told in answers}


@pytest.fixture
def complete(
    fake: FakeHubcli, written: Callable[[str], Path], tmp_path: Path, environ: dict[str, str]
) -> Complete:
    """What fish would offer for the last word of a line."""

    def run(line: str) -> dict[str, str]:
        (offered,) = asked([line], written("fish"), fake, tmp_path, environ)
        return offered

    return run


@pytest.fixture(scope="module")
def fixed(
    written: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, list[str]]:
    """What is offered for each line of STATIC: of one fish, which takes long to start."""
    directory = tmp_path_factory.mktemp("fish")
    fake = fake_hubcli(directory / "fake")
    lines = [offers.line for offers in STATIC]
    environ = private_environ(directory / "home")
    found = asked(lines, written("fish"), fake, directory, environ)
    offered = {line: list(one) for line, one in zip(lines, found, strict=True)}
    assert fake.calls() == [], "hubcli is not started for them"
    return offered


@pytest.mark.parametrize("offers", by_line(STATIC))
def test_fixed_words_are_offered_without_hubcli(
    offers: Offers, fixed: dict[str, list[str]]
) -> None:
    offers.check(fixed[offers.line])


@pytest.mark.parametrize("offers", by_line(DYNAMIC))
def test_names_are_asked_of_hubcli(offers: Offers, complete: Complete, fake: FakeHubcli) -> None:
    kind, typed = offers.asks
    offers.check(list(complete(offers.line)))
    assert fake.calls() == [["__complete", kind, "--", typed]]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_neither_run_nor_offered(
    name: str, complete: Complete, fake: FakeHubcli, tmp_path: Path
) -> None:
    fake.answer(name, "alice/app")
    assert list(complete("hubcli tag ls ")) == ["alice/app"]
    assert not (tmp_path / "pwned").exists()


def test_what_is_typed_is_not_run(complete: Complete, tmp_path: Path) -> None:
    for typed in ("(touch pwned)", "$(touch pwned)", "'(touch pwned)", '"$(touch pwned)'):
        complete(f"hubcli tag ls {typed}")
        complete(f"hubcli tag ls --format={typed}")
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("hubcli --config my", {"my file"}),
        ("hubcli repo create --readme my", {"my file"}),
        ("hubcli pull alpine lay", {"layout/"}),
        ("hubcli pull alpine oci:lay", {"oci:layout/"}),
        ("hubcli push oci:lay", {"oci:layout/"}),
        ("hubcli copy oci:lay", {"oci:layout/"}),
        ("hubcli tag ls my", set()),
        ("hubcli sandbox run -- hubcli ta", {"tag"}),
        ("hubcli sandbox run hubcli ta", {"tag"}),
        ("hubcli sandbox run -- hubcl", {"hubcli"}),
    ],
)
def test_files_and_programs_are_offered_where_they_are_wanted(
    line: str, offered: set[str], complete: Complete, tmp_path: Path
) -> None:
    (tmp_path / "my file").touch()
    (tmp_path / "layout").mkdir()
    assert set(complete(line)) == offered


def test_commands_and_flags_are_offered_with_what_they_are_for(complete: Complete) -> None:
    assert complete("hubcli tag l") == {"ls": "List the tags of repositories"}
    assert complete("hubcli tag ls --full") == {"--full-ref": "Whole references in place of tags"}
