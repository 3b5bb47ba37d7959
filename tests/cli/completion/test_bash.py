"""The script for bash, with the variables that readline sets, and at a real prompt."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
from support.sandbox import SandboxServer
from support.terminal import Terminal, at_terminal

Complete = Callable[..., list[str]]
_WORD = re.compile(r"""(?:'[^']*'?|"[^"]*"?|\\.|[^\s:='"\\])+|[:=]+""")
_ONCE = """
eval "$1"; shift
compopt() { printf '%s\\n' "compopt $*"; }
source "$1"; shift
COMP_LINE=$1 COMP_POINT=$2 replaced=$3; shift 3
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_hubcli hubcli "$replaced"
((${#COMPREPLY[@]})) && printf '%s\\n' "${COMPREPLY[@]}"
"""
# Ctrl-X shows the line as it is by then, between bars, and empties it.
_SHOW = r"""show() { printf '|%s|\n' "$READLINE_LINE"; READLINE_LINE=; }; bind -x '"\C-x": show'"""


def readline_words(line: str) -> tuple[list[str], str]:
    """COMP_WORDS, and the part of the last one that readline replaces, with : and = breaking."""
    words = _WORD.findall(line)
    if line[-1].isspace():
        words.append("")
    last = words[-1]
    return words, "" if re.fullmatch("[:=]+", last) else last.lstrip("'\"")


@pytest.fixture
def complete(
    fake: FakeHubcli, written: Callable[[str], Path], tmp_path: Path, environ: dict[str, str]
) -> Complete:
    """What bash would offer for the last word of a line, whole."""
    bash = require_tool("bash")

    def run(line: str, options: str = "") -> list[str]:
        words, replaced = readline_words(line)
        typed = line.rpartition(" ")[2].lstrip("'\"")
        kept = typed.removesuffix(replaced)
        script = str(written("bash"))
        arguments = [_ONCE, "bash", options, script, line, str(len(line)), replaced, *words]
        done = subprocess.run(
            [str(bash.path), "--norc", "-c", *arguments],
            cwd=tmp_path,
            env={**environ, **bash.environ, "PATH": fake.path},
            capture_output=True,
            text=True,
            timeout=30,
        )
        assert done.stderr == ""
        lines = done.stdout.splitlines()
        return [kept + line for line in lines if not line.startswith("compopt ")]

    return run


@pytest.mark.parametrize("offers", by_line(STATIC))
def test_fixed_words_are_offered_without_hubcli(
    offers: Offers, complete: Complete, fake: FakeHubcli
) -> None:
    offers.check(complete(offers.line))
    assert fake.calls() == []


@pytest.mark.parametrize("offers", by_line(DYNAMIC))
def test_names_are_asked_of_hubcli(offers: Offers, complete: Complete, fake: FakeHubcli) -> None:
    kind, typed = offers.asks
    offers.check(complete(offers.line))
    assert fake.calls() == [["__complete", kind, "--", typed]]


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("hubcli tag rm 'alice/app:v", {"alice/app:v1", "alice/app:v2"}),
        ('hubcli tag rm "alice/a', {"alice/app", "alice/app:v1", "alice/app:v2"}),
    ],
)
def test_what_stands_in_quotes_is_completed(
    line: str, offered: set[str], complete: Complete
) -> None:
    assert set(complete(line)) == offered


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_neither_run_nor_offered(
    name: str, complete: Complete, fake: FakeHubcli, tmp_path: Path
) -> None:
    fake.answer(name, "alice/app")
    assert complete("hubcli tag ls ") == ["alice/app"]
    assert not (tmp_path / "pwned").exists()


def test_what_is_typed_is_not_run(complete: Complete, tmp_path: Path) -> None:
    for typed in ("$(touch pwned)", "`touch pwned`", "'$(touch pwned)", "a;touch${IFS}pwned"):
        complete(f"hubcli tag ls {typed}")
        complete(f"hubcli tag ls --format={typed}")
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize(
    "options",
    ["set -u", "shopt -s nullglob", "shopt -s failglob", "set -o posix", "IFS=eo", "set -f"],
)
@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("hubcli tag rm --deb", ["--debug"]),
        ("hubcli --debug manifest g", ["get"]),
        ("hubcli tag ls --fields=name,dig", ["--fields=name,digest"]),
        ("hubcli pull alice/app:v", ["alice/app:v1", "alice/app:v2"]),
    ],
)
def test_options_of_the_shell_change_nothing(
    line: str, offered: list[str], options: str, complete: Complete
) -> None:
    assert complete(line, options) == offered


@contextmanager
def bash_prompt(
    written: Path, path: str, environ: dict[str, str], directory: Path, setup: str = "true"
) -> Iterator[Terminal]:
    """A bash that waits at its prompt, with the script loaded."""
    bash = require_tool("bash")
    with at_terminal(
        [str(bash.path), "--norc", "--noprofile", "-i"],
        environ={**environ, **bash.environ, "PATH": path, "PS1": "> "},
        directory=directory,
        columns=200,
    ) as screen:
        screen.send(f"source '{written}'; {setup}; {_SHOW}; echo rea''dy\n")
        screen.expect("ready\n")
        yield screen


@pytest.fixture(
    scope="module", params=["true", "COMP_WORDBREAKS=${COMP_WORDBREAKS//:}"], ids=["", "no-colon"]
)
def prompt(
    request: pytest.FixtureRequest,
    written: Callable[[str], Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Terminal]:
    """With colons breaking words, and without."""
    directory = tmp_path_factory.mktemp("prompt")
    (directory / "my file").touch()
    (directory / "layout").mkdir()
    fake = fake_hubcli(directory / "fake")
    with bash_prompt(
        written("bash"), fake.path, private_environ(directory), directory, request.param
    ) as screen:
        yield screen


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ("hubcli ta\tl\t", "hubcli tag ls "),
        ("hubcli pull alice/app:v1\t", "hubcli pull alice/app:v1 "),
        ("hubcli pull ali\t:v\t", "hubcli pull alice/app:v"),
        ("hubcli tag rm 'alice/app:v1\t", "hubcli tag rm 'alice/app:v1' "),
        ("hubcli tag ls --format=jsonl\t", "hubcli tag ls --format=jsonl "),
        ("hubcli tag ls --fields name,dig\t,si\t", "hubcli tag ls --fields name,digest,size"),
        ("hubcli login qu\t", "hubcli login quay.io/"),
        ("hubcli --config 'my f\t", "hubcli --config 'my file' "),
        ("hubcli --config my\t", "hubcli --config my\\ file "),
        ("hubcli pull alpine lay\t", "hubcli pull alpine layout/"),
        ("hubcli repo create --readme=my\t", "hubcli repo create --readme=my\\ file "),
        ("hubcli tag ls  x\x1b[D\x1b[D ali\t", "hubcli tag ls  alice/app x"),
        ("true; FOO=1 hubcli ta\t", "true; FOO=1 hubcli tag "),
        ("hubcli sandbox run -- hubcl\t", "hubcli sandbox run -- hubcli "),
    ],
)
def test_tab_completes_the_line_at_a_prompt(typed: str, line: str, prompt: Terminal) -> None:
    assert line_after(typed, prompt) == line


@pytest.mark.parametrize("prompt", ["true"], indirect=True, ids=[""])
@pytest.mark.parametrize("typed", ["hubcli pull alpine oci:lay", "hubcli copy oci:lay"])
def test_files_are_completed_in_a_local_store(typed: str, prompt: Terminal) -> None:
    # Only where colons break words, as they do unless somebody has changed that.
    assert line_after(f"{typed}\t", prompt) == f"{typed}out/"


def test_names_come_from_hubcli_itself(
    sandbox: SandboxServer,
    written: Callable[[str], Path],
    environ: dict[str, str],
    tmp_path: Path,
) -> None:
    program = tmp_path / "bin" / "hubcli"
    program.parent.mkdir()
    program.write_text(f"""#!/bin/sh\nexec '{sys.executable}' -m hubcli "$@"\n""")
    program.chmod(0o755)
    path = f"{program.parent}:{environ['PATH']}"
    signed_in = {**environ, **sandbox.signed_in}
    with bash_prompt(written("bash"), path, signed_in, tmp_path) as screen:
        assert line_after("hubcli tag ls alice/w\t", screen) == "hubcli tag ls alice/webapp "
        line = line_after("hubcli pull alice/n\t:\t", screen)
        assert line == "hubcli pull alice/notes:latest "


def line_after(typed: str, prompt: Terminal) -> str:
    """What stands in the line once `typed` has been typed."""
    prompt.send(f"{typed}\x18")
    prompt.expect("|")
    prompt.expect("|\n")
    return prompt.screen.rsplit("|", 2)[1]
