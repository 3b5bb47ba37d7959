"""Questions: at a real terminal, and never without one."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hubcli.errors import ExitCode, UsageError
from hubcli.output import Output
from support.streams import Stream, Streams
from support.terminal import at_terminal

ASK = """
import os, sys
from hubcli.errors import UsageError
from hubcli.output import Output
output = Output.of_process(os.environ)
try:
    print(repr(output.{call}), file=sys.stderr)
except UsageError as error:
    print("usage:", error.reason, file=sys.stderr)
except KeyboardInterrupt:
    print("interrupted", file=sys.stderr)
"""


def at(call: str) -> list[str]:
    return [sys.executable, "-c", ASK.replace("{call}", call)]


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("y\n", True),
        ("Yes\n", True),
        (" YES \n", True),
        ("n\n", False),
        ("\n", False),
        ("yy\n", False),
        ("", False),
    ],
)
def test_confirm(typed: str, answer: bool) -> None:
    streams = Streams(terminal=True, typed=typed)
    assert streams.output.confirm("Delete 3 tags of \x1b[2Jlibrary/x?") is answer
    end = "" if typed else "\n"
    assert streams.err == f"Delete 3 tags of \\x1b[2Jlibrary/x? [y/N] {end}"
    assert streams.out == ""


def test_prompt() -> None:
    streams = Streams(terminal=True, typed="  alice \n")
    assert streams.output.prompt("Username") == "alice"
    assert streams.err == "Username: "


def test_the_end_of_input_is_no_answer() -> None:
    streams = Streams(terminal=True)
    with pytest.raises(UsageError, match="no answer to: Username"):
        streams.output.prompt("Username")


@pytest.mark.parametrize("missing", ["stdin", "stderr"])
@pytest.mark.parametrize(
    ("ask", "reason"),
    [
        (
            lambda output: output.confirm("Delete?"),
            "no terminal to ask on: Delete?; --yes answers it",
        ),
        (
            lambda output: output.confirm("Go on?", "--force"),
            "no terminal to ask on: Go on?; --force answers it",
        ),
        (
            lambda output: output.prompt("Username", "--username"),
            "no terminal to ask on: Username; --username answers it",
        ),
        (lambda output: output.prompt("Username"), "no terminal to ask on: Username"),
        (
            lambda output: output.secret("Password"),
            "no terminal to ask on: Password; --password-stdin answers it",
        ),
    ],
)
def test_nobody_is_asked_without_a_terminal(
    ask: Callable[[Output], object], reason: str, missing: str
) -> None:
    stdin = Stream("y\n", terminal=missing != "stdin")
    stderr = Stream(terminal=missing != "stderr")
    with pytest.raises(UsageError) as caught:
        ask(Output(stdin, None, stderr, {}))
    assert caught.value.reason == reason
    assert caught.value.exit_code == ExitCode.USAGE
    assert stderr.getvalue() == ""
    assert stdin.tell() == 0


def test_a_secret_is_not_shown(tmp_path: Path) -> None:
    with at_terminal(at("secret('Password')"), environ={}, directory=tmp_path) as screen:
        screen.expect("Password: ")
        screen.send(" p 1 \n")
        assert screen.wait() == 0
        assert screen.screen == "Password: \n' p 1 '\n"


def test_the_terminal_shows_what_is_typed_again_afterwards(tmp_path: Path) -> None:
    call = "secret('Password') + output.prompt('Code')"
    with at_terminal(at(call), environ={}, directory=tmp_path) as screen:
        screen.expect("Password: ")
        screen.send("p\n")
        screen.expect("Code: ")
        screen.send("123\n")
        assert screen.wait() == 0
        assert screen.screen == "Password: \nCode: 123\n'p123'\n"


@pytest.mark.parametrize("call", ["secret('Password')", "prompt('Username')", "confirm('Go?')"])
def test_ctrl_c_ends_a_question(call: str, tmp_path: Path) -> None:
    code = at(call + ", os.system('stty -a | grep -o .echo')")
    with at_terminal(code, environ={}, directory=tmp_path) as screen:
        screen.expect(" ")
        screen.send("\x03")
        assert screen.wait() == 0
        assert screen.screen.endswith("\ninterrupted\n")


def test_the_end_of_input_at_a_secret(tmp_path: Path) -> None:
    with at_terminal(at("secret('Password')"), environ={}, directory=tmp_path) as screen:
        screen.expect("Password: ")
        screen.send("\x04")
        assert screen.wait() == 0
        assert screen.screen.splitlines()[-1] == "usage: no answer to: Password"


def test_echo_is_back_after_ctrl_c(tmp_path: Path) -> None:
    code = at("secret('Password')")
    code[-1] += "\nos.system('stty -a')\n"
    with at_terminal(code, environ={}, directory=tmp_path) as screen:
        screen.expect("Password: ")
        screen.send("\x03")
        assert screen.wait() == 0
        assert "interrupted" in screen.screen
        assert " -echo " not in screen.screen
        assert " echo " in screen.screen


def test_a_question_goes_to_stderr_where_stdout_is_a_pipe(tmp_path: Path) -> None:
    code = at("confirm('Delete?')")
    with at_terminal(code, environ={}, directory=tmp_path, pipes=["stdout"]) as screen:
        screen.expect("Delete? [y/N] ")
        screen.send("y\n")
        assert screen.wait() == 0
        assert screen.piped("stdout") == ""
        assert screen.screen == "Delete? [y/N] y\nTrue\n"
