"""--query: JMESPath over the JSON, in whatever format the result is wanted."""

from __future__ import annotations

import pytest

from hubcli.errors import UsageError
from hubcli.output import Field, Kind, Row, Selection, View
from support.streams import Streams

REPOSITORIES = View(
    "repository",
    (
        Field("name", default=True),
        Field("pulls", Kind.NUMBER, default=True),
        Field("tags", Kind.LIST),
    ),
)
ROWS: list[Row] = [
    {"name": "library/a", "pulls": 5, "tags": ["1", "2"]},
    {"name": "library/b", "pulls": 7, "tags": []},
]


def answered(query: str, format: str | None = None, *, terminal: bool = False) -> str:
    streams = Streams(terminal=terminal)
    streams.output.rows(REPOSITORIES, iter(ROWS), Selection.parse(format=format, query=query))
    return streams.out


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("[0].name", '"library/a"\n'),
        ("[].name", '["library/a","library/b"]\n'),
        ("length(@)", "2\n"),
        ("[?pulls > `5`].{n: name, p: pulls}", '[{"n":"library/b","p":7}]\n'),
        ("sort_by(@, &pulls)[-1].name", '"library/b"\n'),
        ("[9].name", "null\n"),
        ("[0].tags", '["1","2"]\n'),
    ],
)
def test_the_result_is_json_unless_a_format_is_named(query: str, text: str) -> None:
    assert answered(query) == text
    assert answered(query, "json") == text


def test_on_a_terminal_the_result_is_indented() -> None:
    assert answered("[].name", terminal=True) == '[\n  "library/a",\n  "library/b"\n]\n'


@pytest.mark.parametrize(
    ("query", "format", "text"),
    [
        ("[].name", "tsv", "library/a\nlibrary/b\n"),
        ("[].[name, pulls]", "tsv", "library/a\t5\nlibrary/b\t7\n"),
        ("[].{n: name, p: pulls}", "tsv", "library/a\t5\nlibrary/b\t7\n"),
        ("[0].name", "tsv", "library/a\n"),
        ("[9]", "tsv", ""),
        ("[].{n: name, p: pulls}", "csv", "n,p\nlibrary/a,5\nlibrary/b,7\n"),
        ("[].name", "csv", "value\nlibrary/a\nlibrary/b\n"),
        ("[].{n: name}", "jsonl", '{"n":"library/a"}\n{"n":"library/b"}\n'),
        ("[].name", "jsonl", '"library/a"\n"library/b"\n'),
        ("[0].name", "jsonl", '"library/a"\n'),
        ("[].{n: name}", "{{.n}}!", "library/a!\nlibrary/b!\n"),
        ("[].name", "{{upper .}}", "LIBRARY/A\nLIBRARY/B\n"),
        ("[].{n: name, p: pulls}", "table", "N          P\nlibrary/a  5\nlibrary/b  7\n"),
        ("[0]", "table", "NAME       PULLS  TAGS\nlibrary/a  5      1, 2\n"),
    ],
)
def test_the_result_in_other_formats(query: str, format: str, text: str) -> None:
    assert answered(query, format) == text


def test_the_query_sees_a_single_thing_as_an_object() -> None:
    streams = Streams()
    streams.output.item(REPOSITORIES, ROWS[0], Selection(query="name"))
    assert streams.out == '"library/a"\n'


def test_the_query_sees_the_chosen_fields() -> None:
    streams = Streams()
    streams.output.rows(REPOSITORIES, ROWS, Selection(fields=("pulls",), query="[0]"))
    assert streams.out == '{"pulls":5}\n'


def test_hostile_text_in_a_result_is_escaped() -> None:
    streams = Streams()
    streams.output.rows(REPOSITORIES, [{"name": "\x1b\u202e"}], Selection(query="[0].name"))
    streams.output.rows(REPOSITORIES, [{"name": "\x1b"}], Selection("tsv", query="[].name"))
    assert streams.out == '"\\u001b\\u202e"\n\\x1b\n'


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("[", "Incomplete expression"),
        ("a b", "Unexpected token"),
        ("nope(@)", "no function 'nope'"),
        ("length(nope(@))", "no function 'nope'"),
        ("'", "Unclosed"),
        ("(" * 5000, "--query"),
    ],
)
def test_what_is_no_jmespath_is_refused_before_any_request(query: str, reason: str) -> None:
    with pytest.raises(UsageError) as caught:
        Selection.parse(query=query).checked(REPOSITORIES)
    assert reason in caught.value.reason
    assert caught.value.reason.startswith("--query ")


def test_a_function_that_refuses_its_argument_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="sum"):
        answered("sum([].name)")
