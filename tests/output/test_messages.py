"""Errors, hints, warnings and notices on stderr; a repository's overview on stdout."""

from __future__ import annotations

import json

import pytest

from hubcli.errors import Denied, HubcliError, NotFound, UsageError, doing
from support.streams import Streams


def gone() -> NotFound:
    return NotFound(
        "not found",
        code="MANIFEST_UNKNOWN",
        reference="ghcr.io/o/app:v9",
        action="read manifest",
        hint="hubcli tag ls ghcr.io/o/app",
    )


def test_an_error_and_its_hint() -> None:
    streams = Streams()
    streams.output.error(gone())
    assert streams.out == ""
    assert streams.err == (
        "error: cannot read manifest ghcr.io/o/app:v9: not found (MANIFEST_UNKNOWN)\n"
        "hint: hubcli tag ls ghcr.io/o/app\n"
    )


def test_an_error_as_json() -> None:
    streams = Streams()
    streams.output.error(gone(), as_json=True)
    assert json.loads(streams.err) == {
        "error": "cannot read manifest ghcr.io/o/app:v9: not found (MANIFEST_UNKNOWN)",
        "code": "MANIFEST_UNKNOWN",
        "reference": "ghcr.io/o/app:v9",
        "hint": "hubcli tag ls ghcr.io/o/app",
        "exit_code": 3,
    }
    assert streams.err.count("\n") == 1


def test_what_an_error_does_not_know_is_null() -> None:
    streams = Streams()
    streams.output.error(UsageError("no such option"), as_json=True)
    assert json.loads(streams.err) == {
        "error": "no such option (USAGE)",
        "code": "USAGE",
        "reference": None,
        "hint": None,
        "exit_code": 2,
    }


@pytest.mark.parametrize("as_json", [False, True])
def test_hostile_errors(as_json: bool) -> None:
    streams = Streams()
    with pytest.raises(HubcliError) as caught, doing("pull", "evil.example/\x1b[2J"):
        raise Denied("\x1b]0;owned\x07\nerror: fake\u202e", hint="run \x1b[31mthis")
    streams.output.error(caught.value, as_json)
    assert streams.err.isascii()
    assert not {"\x1b", "\x07", "\u202e"} & set(streams.err)
    assert "\nerror: fake" not in streams.err
    if not as_json:
        assert streams.err == (
            "error: cannot pull evil.example/\\x1b[2J: \\x1b]0;owned\\x07\\nerror: fake\\u202e"
            " (DENIED)\nhint: run \\x1b[31mthis\n"
        )


def test_notices_and_warnings() -> None:
    streams = Streams()
    streams.output.notice("waiting 5 s\x1b[1m")
    streams.output.warning("plain text\n")
    assert streams.err == "waiting 5 s\\x1b[1m\nwarning: plain text\\n\n"


def test_colours_are_on_the_words_alone() -> None:
    streams = Streams(terminal=True, no_color=False)
    streams.output.error(gone())
    streams.output.warning("w")
    assert streams.err == (
        "\x1b[1;31merror:\x1b[0m cannot read manifest ghcr.io/o/app:v9: not found"
        " (MANIFEST_UNKNOWN)\n"
        "\x1b[36mhint:\x1b[0m hubcli tag ls ghcr.io/o/app\n"
        "\x1b[33mwarning:\x1b[0m w\n"
    )


def test_data_comes_before_the_error_that_ended_it() -> None:
    streams = Streams()
    streams.stdout.write("buffered")
    streams.output.error(HubcliError("it failed"))
    assert streams.stdout.flushed[-1] == len("buffered")


OVERVIEW = "# Title\n\nSome *text* and `code`.\n\n- [link](https://example.com/x)\n"


def test_an_overview_in_a_pipe_is_as_it_is() -> None:
    streams = Streams()
    streams.output.markdown(OVERVIEW + "no newline \x1b at the end")
    assert streams.out == OVERVIEW + "no newline \x1b at the end"


def test_an_overview_at_a_terminal_is_rendered() -> None:
    streams = Streams(terminal=True, width=40)
    streams.output.markdown(OVERVIEW)
    assert streams.out == (
        "                 Title\n\nSome text and code.\n\n • link (https://example.com/x)\n"
    )


def test_a_coloured_overview_has_no_hidden_link() -> None:
    streams = Streams(terminal=True, width=40, no_color=False)
    streams.output.markdown(OVERVIEW)
    assert "\x1b[" in streams.out
    assert "\x1b]" not in streams.out


@pytest.mark.parametrize("no_color", [False, True])
@pytest.mark.parametrize(
    "text",
    [
        "\x1b]0;owned\x07",
        "&#27;]0;owned&#7;",
        "`\x1b]0;owned\x07`",
        "```\n\x1b]0;owned\x07\n```",
        "    \x1b]0;owned\x07",
        "[x](http://e/&#27;]0;owned&#7;)",
        "| a |\n|---|\n| \x9d0;owned\x07 |",
        "# &#x9d;0;owned",
    ],
)
def test_a_hostile_overview(text: str, no_color: bool) -> None:
    streams = Streams(terminal=True, no_color=no_color)
    streams.output.markdown(text)
    assert "owned" in streams.out
    assert "\x1b]" not in streams.out
    assert "\x9d" not in streams.out
    assert "\x07" not in streams.out
