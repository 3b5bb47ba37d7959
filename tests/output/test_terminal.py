"""Streams of every kind: terminals, pipes, closed ones, and those of a poor encoding."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from hubcli.errors import HubcliError
from hubcli.output import Field, Output, Selection, View
from support.streams import Stream, Streams
from support.terminal import at_terminal

THINGS = View("thing", (Field("name", default=True), Field("description")))
EMIT = """
import os, sys
from hubcli.output import Field, Output, Selection, View
view = View("thing", (Field("name", default=True), Field("description", default=True)))
output = Output.of_process(os.environ)
"""


def python(code: str) -> list[str]:
    return [sys.executable, "-c", EMIT + code]


@pytest.mark.parametrize(
    ("environ", "no_color", "terminal", "colored"),
    [
        ({}, False, True, True),
        ({}, False, False, False),
        ({}, True, True, False),
        ({"NO_COLOR": "1"}, False, True, False),
        ({"NO_COLOR": ""}, False, True, True),
        ({"TERM": "dumb"}, False, True, False),
        ({"FORCE_COLOR": "1"}, False, False, True),
        ({"FORCE_COLOR": "1", "TERM": "dumb"}, False, True, True),
        ({"FORCE_COLOR": "0"}, False, True, False),
        ({"FORCE_COLOR": ""}, False, False, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, True, False),
        ({"FORCE_COLOR": "1"}, True, True, False),
    ],
)
def test_colour(environ: dict[str, str], no_color: bool, terminal: bool, colored: bool) -> None:
    streams = Streams(terminal=terminal, environ=environ, no_color=no_color)
    assert streams.output.color is colored
    streams.output.error(HubcliError("it failed"))
    assert ("\x1b[" in streams.err) is colored


def test_forced_colour_does_not_turn_a_pipe_into_a_terminal() -> None:
    streams = Streams(environ={"FORCE_COLOR": "1"}, no_color=False)
    streams.output.rows(THINGS, [{"name": "a"}], Selection())
    assert streams.out == "a\n"


@pytest.mark.parametrize(
    ("columns", "width"), [("120", 120), ("0", 80), ("-5", 80), ("wide", 80), ("", 80), ("²", 80)]
)
def test_width_of_what_is_no_terminal(columns: str, width: int) -> None:
    assert Streams(environ={"COLUMNS": columns}).output.width == width


def test_a_real_terminal_tells_its_width(tmp_path: Path) -> None:
    code = "print(output.width, output.stdout_is_terminal, output.stdin_is_terminal)"
    with at_terminal(python(code), environ={}, directory=tmp_path, columns=57) as screen:
        assert screen.wait() == 0
        assert screen.screen == "57 True True\n"


def test_a_real_terminal_gets_a_table_and_a_pipe_does_not(tmp_path: Path) -> None:
    code = "output.rows(view, [{'name': 'a', 'description': 'b'}], Selection())"
    with at_terminal(python(code), environ={}, directory=tmp_path) as screen:
        assert screen.wait() == 0
        assert screen.screen == "NAME  DESCRIPTION\na     b\n"
        assert "\x1b[1mNAME" in screen.raw
    with at_terminal(python(code), environ={}, directory=tmp_path, pipes=["stdout"]) as screen:
        assert screen.wait() == 0
        assert screen.piped("stdout") == "a\tb\n"


@pytest.mark.parametrize("format", [None, "json", "jsonl", "csv", "tsv", "table", "{{.name}}"])
def test_streams_that_are_not_there(format: str | None) -> None:
    output = Output(None, None, None, {})
    output.rows(THINGS, [{"name": "a"}], Selection(format), more=lambda: "more")
    output.item(THINGS, {"name": "a"}, Selection(format))
    output.text("a")
    output.data(b"a")
    output.markdown("# a")
    output.error(HubcliError("it failed"))
    output.flush()
    facts = output.stdin_is_terminal, output.stdout_is_terminal, output.stderr_is_terminal
    assert facts == (False, False, False)
    assert output.width == 80


def test_streams_that_were_closed() -> None:
    closed = Stream(terminal=True)
    closed.close()
    output = Output(closed, closed, closed, {})
    output.rows(THINGS, [{"name": "a"}], Selection())
    output.data(b"a")
    output.notice("said to nobody")
    output.flush()


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&- <&-"])
def test_closed_streams_of_a_process(closed: str) -> None:
    code = "output.rows(view, [{'name': 'a'}], Selection()); output.warning('w'); output.flush()"
    result = subprocess.run(
        ["bash", "-c", f'"$@" {closed}', "bash", *python(code)], capture_output=True, text=True
    )
    assert result.returncode == 0
    assert "Traceback" not in result.stderr
    assert result.stdout == ("" if ">&-" in closed.replace("2>&-", "") else "a\t\n")


def run(code: str, environ: Mapping[str, str], argv: Sequence[str] = ()) -> bytes:
    environment = {**os.environ, **environ}
    return subprocess.run(
        [*argv, *python(code)], env=environment, check=True, capture_output=True
    ).stdout


ROW = "{'name': 'caf\\u00e9 \\U0001f600', 'description': '\\ud800'}"


@pytest.mark.parametrize(
    ("format", "text"),
    [
        ("tsv", b"caf\\u00e9 \\ud83d\\ude00\t\\ud800\n"),
        ("{{.name}} \u00fc", b"caf\\u00e9 \\ud83d\\ude00 \\u00fc\n"),
        ("jsonl", b'{"name":"caf\\u00e9 \\ud83d\\ude00","description":"\\ud800"}\n'),
    ],
)
def test_an_encoding_that_lacks_characters(format: str, text: bytes) -> None:
    code = f"output.rows(view, [{ROW}], Selection({format!r}))"
    assert run(code, {"PYTHONIOENCODING": "ascii"}) == text


def test_json_is_the_same_in_every_encoding() -> None:
    code = f"output.rows(view, [{ROW}], Selection('json'))"
    documents = [
        json.loads(run(code, {"PYTHONIOENCODING": name}).decode(name))
        for name in ("ascii", "latin-1", "cp1252", "utf-8")
    ]
    assert documents == [[{"name": "café \U0001f600", "description": "\ud800"}]] * 4


def test_a_terminal_of_a_poor_encoding_keeps_its_columns(tmp_path: Path) -> None:
    code = (
        "output.rows(view, [{'name': '\\u00e9', 'description': 'x' * 90},"
        " {'name': 'a', 'description': 'b'}], Selection())"
    )
    environ = {"PYTHONIOENCODING": "ascii", "NO_COLOR": "1"}
    with at_terminal(python(code), environ=environ, directory=tmp_path, columns=40) as screen:
        assert screen.wait() == 0
        assert screen.screen == (f"NAME    DESCRIPTION\n\\u00e9  {'x' * 29}...\na       b\n")


def test_a_reader_that_is_gone_is_told() -> None:
    read, write = os.pipe()
    os.close(read)
    stdout = open(write, "w", encoding="utf-8")  # noqa: SIM115 - closed below, which fails
    output = Output(None, stdout, None, {})
    with pytest.raises(BrokenPipeError):
        output.rows(THINGS, ({"name": str(number)} for number in range(10)), Selection())
    # An error is still reported, and does not fail on what cannot be printed.
    output.error(HubcliError("it failed"))
    with pytest.raises(BrokenPipeError):
        stdout.close()


def test_errors_are_no_failure_where_stderr_is_broken() -> None:
    read, write = os.pipe()
    os.close(read)
    stderr = open(write, "w", encoding="utf-8")  # noqa: SIM115 - closed below, which fails
    Output(None, None, stderr, {}).warning("to nobody")
    with pytest.raises(BrokenPipeError):
        stderr.close()


def test_bytes_are_printed_as_they_are() -> None:
    raw = io.BytesIO()
    output = Output(None, io.TextIOWrapper(raw, encoding="ascii"), None, {})
    output.text("first")
    output.data(b"\x00\xff\r\n{}")
    assert raw.getvalue() == b"first\n\x00\xff\r\n{}"


def test_bytes_on_a_stream_without_a_buffer() -> None:
    streams = Streams()
    streams.output.data(b'{"a":1}')
    assert streams.out == '{"a":1}'


def test_text_ends_with_one_newline() -> None:
    streams = Streams()
    streams.output.text("a")
    streams.output.text("b\n")
    assert streams.out == "a\nb\n"


def test_importing_it_costs_little() -> None:
    code = "import sys; import hubcli.output; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    roots = {name.partition(".")[0] for name in loaded.stdout.split()}
    assert not roots & {"rich", "jmespath", "markdown_it", "pygments", "csv", "getpass", "asyncio"}
