"""The script for zsh, at a real prompt: what it hands to the completion system, and TAB."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.completion import (
    ANSWERS,
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
from support.terminal import Terminal, at_terminal

# Ctrl-X b shows the line between bars and empties it; Ctrl-X l writes what would be offered.
_SETUP = r"""
PS1='> '; LISTMAX=10000; unsetopt prompt_cr prompt_sp beep
autoload -Uz compinit; compinit -u -D; source "$SCRIPT"
compadd() {
    local -a found
    if [[ " $* " == *" -"[OAD]" "* ]]; then builtin compadd "$@"; return; fi
    builtin compadd -A found "$@"
    print -rl -- "${(@)found/#/$IPREFIX}" >> "$OFFERED"
    builtin compadd "$@"
}
show() { zle -I; print -r -- "|$BUFFER|"; BUFFER= }; zle -N show; bindkey '^Xb' show
list() { : >| "$OFFERED"; zle list-choices; zle -I; BUFFER=; print -r -- "offered|" }
zle -N list; bindkey '^Xl' list
print rea''dy
"""


@dataclass(frozen=True)
class Prompt:
    """A zsh that waits at its prompt."""

    screen: Terminal
    fake: FakeHubcli
    directory: Path

    def offered(self, line: str) -> list[str]:
        """What would be offered for the last word of a line, whole."""
        self.fake.forget()
        self.screen.send(f"{line}\x18l")
        self.screen.expect("offered|")
        text = (self.directory / "offered").read_text(encoding="utf-8")
        return [name for name in text.split("\n") if name]

    def line_after(self, typed: str) -> str:
        """What stands in the line once `typed` has been typed."""
        self.screen.send(f"{typed}\x18b")
        self.screen.expect("|")
        self.screen.expect("|\n")
        return self.screen.screen.rsplit("|", 2)[1]


@pytest.fixture(scope="module", params=["sourced", "autoloaded"])
def shell(
    request: pytest.FixtureRequest,
    written: Callable[[str], Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Prompt]:
    """With the script read by `source`, and found by compinit in $fpath."""
    zsh = require_tool("zsh")
    directory = tmp_path_factory.mktemp("zsh")
    (directory / "my file").touch()
    (directory / "layout").mkdir()
    fake = fake_hubcli(directory / "fake")
    environ = private_environ(directory) | zsh.environ
    environ |= {"PATH": fake.path, "OFFERED": str(directory / "offered")}
    setup = _SETUP
    if request.param == "autoloaded":
        functions = directory / "functions"
        functions.mkdir()
        (functions / "_hubcli").write_text(written("zsh").read_text())
        setup = f"fpath=('{functions}' $fpath)\n" + setup.replace('source "$SCRIPT"', ":")
    (directory / "setup").write_text(setup)
    with at_terminal(
        [str(zsh.path), "-f", "-i"],
        environ=environ | {"SCRIPT": str(written("zsh"))},
        directory=directory,
        columns=200,
    ) as screen:
        screen.send("source ./setup\n")
        screen.expect("ready\n")
        yield Prompt(screen, fake, directory)


@pytest.fixture
def complete(shell: Prompt) -> Iterator[Prompt]:
    yield shell
    shell.fake.answer(*ANSWERS)


@pytest.mark.parametrize("offers", by_line(STATIC))
def test_fixed_words_are_offered_without_hubcli(offers: Offers, complete: Prompt) -> None:
    offers.check(complete.offered(offers.line))
    assert complete.fake.calls() == []


@pytest.mark.parametrize("offers", by_line(DYNAMIC))
def test_names_are_asked_of_hubcli(offers: Offers, complete: Prompt) -> None:
    kind, typed = offers.asks
    offers.check(complete.offered(offers.line))
    assert ["__complete", kind, "--", typed] in complete.fake.calls()


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_neither_run_nor_offered(name: str, complete: Prompt) -> None:
    complete.fake.answer(name, "alice/app")
    assert complete.offered("hubcli tag ls ") == ["alice/app"]
    assert not (complete.directory / "pwned").exists()


def test_what_is_typed_is_not_run(complete: Prompt) -> None:
    for typed in ("$(touch pwned)", "`touch pwned`", "'$(touch pwned)"):
        complete.offered(f"hubcli tag ls {typed}")
        complete.offered(f"hubcli tag ls --format={typed}")
    assert not (complete.directory / "pwned").exists()


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ("hubcli tag l\t", "hubcli tag ls "),
        ("hubcli pull alice/app:v1\t", "hubcli pull alice/app:v1 "),
        ("hubcli tag rm 'alice/app:v1\t", "hubcli tag rm 'alice/app:v1' "),
        ("hubcli tag ls --format=jsonl\t", "hubcli tag ls --format=jsonl "),
        ("hubcli tag ls --fields name,dig\t,si\t", "hubcli tag ls --fields name,digest,size"),
        ("hubcli login qu\t", "hubcli login quay.io/"),
        ("hubcli --config my\t", "hubcli --config my\\ file "),
        ("hubcli repo create --readme=my\t", "hubcli repo create --readme=my\\ file "),
        ("hubcli pull alpine lay\t", "hubcli pull alpine layout/"),
        ("hubcli pull alpine oci:lay\t", "hubcli pull alpine oci:layout/"),
        ("hubcli copy oci:lay\t", "hubcli copy oci:layout/"),
        ("hubcli sandbox run -- hubcli ta\t", "hubcli sandbox run -- hubcli tag "),
        ("hubcli sandbox run hubcli ta\t", "hubcli sandbox run hubcli tag "),
    ],
)
def test_tab_completes_the_line(typed: str, line: str, complete: Prompt) -> None:
    assert complete.line_after(typed) == line


def test_commands_and_flags_are_listed_with_what_they_are_for(complete: Prompt) -> None:
    complete.offered("hubcli tag ")
    assert re.search(r"ls +-- List the tags of repositories", complete.screen.screen)
    complete.offered("hubcli tag ls --full")
    complete.screen.send("hubcli tag ls --f\t\t\x18b")
    complete.screen.expect("--full-ref")
    complete.screen.expect("-- Whole references in place of tags")
    complete.screen.expect("|\n")
