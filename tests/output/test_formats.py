"""Listings and single things in each format, piped: what scripts rely on to the letter."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubcli.errors import NotFound, UsageError
from hubcli.output import Field, Kind, Row, Selection, View, visible
from support.peaks import peak_of
from support.streams import Streams

DIGEST = "sha256:" + "0123456789abcdef" * 4
TAGS = View(
    "tag",
    (
        Field("name", default=True),
        Field("digest", Kind.DIGEST, default=True),
        Field("size", Kind.SIZE, default=True),
        Field("updated", Kind.TIME, default=True),
        Field("platforms", Kind.LIST),
        Field("archived", Kind.BOOL),
    ),
)
LATEST: Row = {
    "name": "latest",
    "digest": DIGEST,
    "size": 13256,
    "updated": "2026-11-20T10:00:00Z",
    "platforms": ["linux/amd64", "linux/arm64/v8"],
    "archived": False,
    "not_in_the_view": "x",
}
OLD: Row = {"name": "1.0", "digest": None}


def printed(*rows: Row, **options: str | bool) -> str:
    streams = Streams()
    streams.output.rows(TAGS, iter(rows), Selection.parse(**options))  # type: ignore[arg-type]
    assert streams.err == ""
    return streams.out


def test_piped_is_tab_separated_exact_and_without_a_header() -> None:
    assert printed(LATEST, OLD) == (f"latest\t{DIGEST}\t13256\t2026-11-20T10:00:00Z\n1.0\t\t\t\n")


def test_tsv_joins_lists_with_commas() -> None:
    assert printed(LATEST, fields="platforms,archived,name", format="tsv") == (
        "linux/amd64,linux/arm64/v8\tfalse\tlatest\n"
    )


def test_csv_always_has_a_header() -> None:
    assert printed(LATEST, OLD, format="csv") == (
        f"name,digest,size,updated\nlatest,{DIGEST},13256,2026-11-20T10:00:00Z\n1.0,,,\n"
    )
    assert printed(format="csv", fields="name,platforms") == "name,platforms\n"


def test_csv_quotes_and_leaves_cells_as_they_are() -> None:
    rows: list[Row] = [{"name": '=1+1,"x"'}, {"name": "+a"}, {"name": "-b"}, {"name": "@c\n"}]
    text = printed(*rows, format="csv", fields="name")
    assert text == 'name\n"=1+1,""x"""\n+a\n-b\n@c\\n\n'


def test_json_has_every_field_of_the_view_and_no_other() -> None:
    assert printed(LATEST, OLD, format="json") == (
        f'[\n{{"name":"latest","digest":"{DIGEST}","size":13256,'
        '"updated":"2026-11-20T10:00:00Z","platforms":["linux/amd64","linux/arm64/v8"],'
        '"archived":false},\n'
        '{"name":"1.0","digest":null,"size":null,"updated":null,"platforms":null,'
        '"archived":null}\n]\n'
    )


def test_json_without_rows_is_an_empty_array() -> None:
    assert printed(format="json") == "[]\n"
    assert printed(format="jsonl") == ""
    assert printed(format="tsv") == ""


def test_fields_choose_and_order_json_too() -> None:
    assert printed(OLD, format="jsonl", fields="size,name") == '{"size":null,"name":"1.0"}\n'


def test_field_names_are_found_however_they_are_capitalised() -> None:
    assert printed(OLD, fields="Name", format="jsonl") == '{"name":"1.0"}\n'


def test_json_keeps_hostile_text_and_escapes_it() -> None:
    hostile = "\x1b[31m\x7f\x9b\u202e\n\ud800"
    text = printed({"name": hostile}, format="jsonl", fields="name")
    assert text == '{"name":"\\u001b[31m\\u007f\\u009b\\u202e\\n\\ud800"}\n'
    assert json.loads(text) == {"name": hostile}


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_json_has_no_number_that_json_does_not_know(number: float) -> None:
    text = printed({"name": "a", "size": [number, {"b": number}]}, format="jsonl")
    assert json.loads(text)["size"] == [None, {"b": None}]
    assert "NaN" not in text
    assert "Infinity" not in text


def test_json_on_a_terminal_is_indented_and_still_one_document() -> None:
    streams = Streams(terminal=True)
    selection = Selection.parse(format="json", fields="name,platforms")
    streams.output.rows(TAGS, [LATEST, OLD], selection)
    assert streams.out == (
        "[\n"
        '  {\n    "name": "latest",\n    "platforms": [\n'
        '      "linux/amd64",\n      "linux/arm64/v8"\n    ]\n  },\n'
        '  {\n    "name": "1.0",\n    "platforms": null\n  }\n'
        "]\n"
    )


def test_a_single_thing_is_a_json_object() -> None:
    streams = Streams()
    streams.output.item(TAGS, OLD, Selection("json", ("name", "size")))
    assert streams.out == '{"name":"1.0","size":null}\n'


def test_a_single_thing_piped_is_one_line() -> None:
    streams = Streams()
    streams.output.item(TAGS, LATEST, Selection())
    assert streams.out == f"latest\t{DIGEST}\t13256\t2026-11-20T10:00:00Z\n"


def test_several_things_asked_for_are_an_array() -> None:
    streams = Streams()
    streams.output.items(TAGS, [OLD, OLD], Selection("json", ("name",)))
    assert json.loads(streams.out) == [{"name": "1.0"}, {"name": "1.0"}]


def test_quiet_prints_the_key_alone() -> None:
    assert printed(LATEST, OLD, quiet=True) == "latest\n1.0\n"
    assert printed(LATEST, quiet=True, format="table") == "latest\n"


def test_quiet_leaves_structured_formats_what_they_are() -> None:
    assert printed(LATEST, quiet=True, format="json") == '[\n{"name":"latest"}\n]\n'
    assert printed(LATEST, quiet=True, format="csv") == "name\nlatest\n"
    assert printed(LATEST, quiet=True, format="{{.size}}") == "13256\n"
    assert printed(LATEST, quiet=True, format="jsonl", fields="size") == '{"size":13256}\n'


def test_quiet_keeps_a_single_thing_whole_in_json() -> None:
    streams = Streams()
    streams.output.item(TAGS, OLD, Selection("json", ("name", "size"), quiet=True))
    assert json.loads(streams.out) == {"name": "1.0", "size": None}
    streams = Streams(terminal=True)
    streams.output.item(TAGS, OLD, Selection(quiet=True))
    assert streams.out == "1.0\n"


def test_quiet_prints_names_on_a_terminal_too() -> None:
    streams = Streams(terminal=True)
    streams.output.rows(TAGS, [LATEST, OLD], Selection(quiet=True))
    assert streams.out == "latest\n1.0\n"


def test_the_configured_format_counts_where_none_is_asked_for() -> None:
    streams = Streams(default_format="jsonl")
    streams.output.rows(TAGS, [OLD], Selection(None, ("name",)))
    streams.output.rows(TAGS, [OLD], Selection("tsv", ("name",)))
    streams.output.rows(TAGS, [OLD], Selection(quiet=True))
    assert streams.out == '{"name":"1.0"}\n1.0\n1.0\n'


def test_what_was_left_out_is_said_on_stderr() -> None:
    streams = Streams()
    streams.output.rows(TAGS, [OLD], Selection(), more=lambda: "25 of 957, --all shows all")
    streams.output.rows(TAGS, [OLD], Selection(), more=lambda: None)
    assert streams.err == "25 of 957, --all shows all\n"


def test_objects_in_cells_are_json() -> None:
    row: Row = {"name": "a", "platforms": [{"os": "linux"}, {"os": "\x1b"}], "size": {"a": 1}}
    assert printed(row, fields="platforms,size") == ('[{"os":"linux"},{"os":"\\u001b"}]\t{"a":1}\n')


@pytest.mark.parametrize("format", ["tsv", "csv", "jsonl", "json", "{{.name}}"])
def test_rows_are_handed_on_one_by_one(format: str) -> None:
    streams = Streams()
    seen: list[str] = []

    def rows() -> Iterator[Row]:
        for name in ("first", "second"):
            yield {"name": name}
            written = streams.out[: streams.stdout.flushed[-1]]
            seen.append(written)

    streams.output.rows(TAGS, rows(), Selection(format))
    assert "first" in seen[0]
    assert "second" not in seen[0]
    assert "second" in seen[1]


class Untouched:
    """Rows that must not be asked for."""

    def __iter__(self) -> Iterator[Row]:
        raise AssertionError("a request was made")


@pytest.mark.parametrize(
    "options",
    [
        {"format": "{{.nope}}"},
        {"format": "{{.name"},
        {"fields": "name,nope"},
        {"query": "["},
        {"query": "no_such_function(@)"},
    ],
)
def test_nothing_is_asked_for_before_the_selection_is_checked(options: dict[str, str]) -> None:
    streams = Streams()
    with pytest.raises(UsageError):
        streams.output.rows(TAGS, Untouched(), Selection.parse(**options))  # type: ignore[arg-type]
    assert streams.out == ""


def failing_after(count: int) -> Iterator[Row]:
    yield from [{"name": "first"}] * count
    raise NotFound("gone")


@pytest.mark.parametrize(
    ("format", "left"),
    [
        ("tsv", "first\n"),
        ("csv", "name\nfirst\n"),
        ("jsonl", '{"name":"first"}\n'),
        ("json", '[\n{"name":"first"}\n'),
        ("{{.name}}", "first\n"),
        ("table", "NAME\nfirst\n"),
    ],
)
def test_a_listing_that_fails_has_printed_what_it_had(format: str, left: str) -> None:
    streams = Streams()
    with pytest.raises(NotFound):
        streams.output.rows(TAGS, failing_after(1), Selection(format, ("name",)))
    assert streams.out == left


def test_a_json_listing_that_failed_does_not_parse() -> None:
    streams = Streams()
    with pytest.raises(NotFound):
        streams.output.rows(TAGS, failing_after(1), Selection("json"))
    with pytest.raises(json.JSONDecodeError):
        json.loads(streams.out)


@pytest.mark.parametrize("format", ["json", "jsonl", "csv", "tsv", "table", "{{.name}}"])
def test_a_listing_that_fails_at_once_prints_nothing(format: str) -> None:
    streams = Streams()
    with pytest.raises(NotFound):
        streams.output.rows(TAGS, failing_after(0), Selection(format))
    assert streams.out == ""


@given(st.lists(st.tuples(st.text(), st.text(), st.none() | st.integers()), max_size=5))
def test_tsv_has_one_line_per_row_and_one_cell_per_field(
    rows: list[tuple[str, str, int | None]],
) -> None:
    text = printed(
        *({"name": name, "digest": digest, "size": size} for name, digest, size in rows),
        fields="name,digest,size",
    )
    lines = text.split("\n")
    assert lines.pop() == ""
    assert [line.split("\t") for line in lines] == [
        [visible(name), visible(digest), "" if size is None else str(size)]
        for name, digest, size in rows
    ]


@given(st.lists(st.tuples(st.text(), st.text()), max_size=5))
def test_csv_reads_back(rows: list[tuple[str, str]]) -> None:
    text = printed(
        *({"name": name, "digest": digest} for name, digest in rows),
        fields="name,digest",
        format="csv",
    )
    expected = [["name", "digest"], *([visible(name), visible(digest)] for name, digest in rows)]
    assert list(csv.reader(io.StringIO(text))) == expected


def many(count: int) -> Iterator[Row]:
    for number in range(count):
        yield {**LATEST, "name": f"v{number}"}


class Counting(io.StringIO):
    """A pipe that keeps nothing but a count of lines."""

    lines = 0

    def write(self, text: str) -> int:
        self.lines += text.count("\n")
        return len(text)


@pytest.mark.parametrize("format", ["jsonl", "tsv", "csv", "json", r"{{.name}}\t{{.Digest}}"])
def test_a_long_listing_takes_no_memory_and_little_time(format: str) -> None:
    streams = Streams()
    counting = Counting()
    streams.output.terminal.stdout = counting

    def emit() -> None:
        streams.output.rows(TAGS, many(20_000), Selection(format))

    started = time.process_time()
    emit()
    assert time.process_time() - started < 2
    assert 20_000 <= counting.lines <= 20_002
    _, peak = peak_of(lambda: streams.output.rows(TAGS, many(2_000), Selection(format)))
    assert peak < 500_000
