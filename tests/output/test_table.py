"""Tables: what a person sees at a terminal of a given width, and what a pipe gets of one."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from hubcli.errors import NotFound
from hubcli.output import Field, Kind, Row, Selection, View
from support.streams import Streams

DIGEST = "sha256:" + "0123456789abcdef" * 4
TAGS = View(
    "tag",
    (
        Field("name", default=True),
        Field("digest", Kind.DIGEST, default=True),
        Field("status", default=True),
        Field("updated", Kind.TIME, default=True),
        Field("pushed", Kind.TIME, default=True),
        Field("size", Kind.SIZE, default=True),
    ),
)
ROWS: list[Row] = [
    {
        "name": "latest",
        "digest": DIGEST,
        "status": "active",
        "updated": "2026-11-20T10:00:00Z",
        "pushed": "2026-11-23T11:00:00Z",
        "size": 13256,
    },
    {"name": "1.0", "digest": None, "status": "inactive", "size": 999_000_000},
]
SEARCH = View(
    "search result",
    (
        Field("name", default=True),
        Field("description", default=True),
        Field("stars", Kind.NUMBER, default=True, header="STARS"),
        Field("official", Kind.BOOL, default=True),
        Field("categories", Kind.LIST, default=True),
    ),
)


def shown(view: View, rows: list[Row], width: int = 100, **environ: str) -> str:
    streams = Streams(terminal=True, width=width, environ=environ, no_color=False)
    streams.output.rows(view, rows, Selection())
    assert streams.err == ""
    return streams.out


def plain(view: View, rows: list[Row], width: int = 100) -> str:
    return shown(view, rows, width, NO_COLOR="1")


def test_a_listing_at_a_terminal() -> None:
    assert plain(TAGS, ROWS) == (
        "NAME    DIGEST               STATUS    UPDATED     PUSHED        SIZE\n"
        "latest  sha256:0123456789ab  active    3 days ago  1 hour ago  13.3kB\n"
        "1.0                          inactive                           999MB\n"
    )


def test_times_become_short_before_a_column_goes() -> None:
    assert plain(TAGS, ROWS, 64) == (
        "NAME    DIGEST               STATUS    UPDATED  PUSHED    SIZE\n"
        "latest  sha256:0123456789ab  active    3d ago   1h ago  13.3kB\n"
        "1.0                          inactive                    999MB\n"
    )


def test_columns_that_do_not_fit_are_named() -> None:
    streams = Streams(terminal=True, width=40)
    streams.output.rows(TAGS, ROWS, Selection())
    assert streams.out == (
        "NAME    DIGEST               STATUS\n"
        "latest  sha256:0123456789ab  active\n"
        "1.0                          inactive\n"
    )
    assert streams.err == (
        "too narrow for updated, pushed, size; --fields chooses, --format json shows all\n"
    )


def test_columns_that_were_chosen_stay() -> None:
    streams = Streams(terminal=True, width=30)
    streams.output.rows(TAGS, ROWS[:1], Selection(fields=("digest", "name", "size")))
    assert streams.out == (
        "DIGEST               NAME      SIZE\nsha256:0123456789ab  latest  13.3kB\n"
    )
    assert streams.err == ""


def test_long_text_is_shortened_and_the_name_is_not() -> None:
    rows: list[Row] = [
        {
            "name": "library/hello-world",
            "description": "Hello World! (an example of minimal Dockerization)",
            "stars": 2400,
            "official": True,
            "categories": ["Networking", "Databases & storage"],
        },
        {"name": "a/b", "stars": 12_345_678, "official": False},
    ]
    assert plain(SEARCH, rows, 80) == (
        "NAME                 DESCRIPTION           STARS  OFFICIAL  CATEGORIES\n"
        "library/hello-world  Hello World! (an ex…   2400  yes       Networking, Databas…\n"
        "a/b                                        12.3M\n"
    )
    assert "Hello World! (an example of minimal Dockerization)" in plain(SEARCH, rows, 140)


@pytest.mark.parametrize("width", [1, 5, 10, 20, 30, 40, 60, 79, 80, 100])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    rows: list[Row] = [
        {"name": "x" * 70, "description": "日本語のとても長い説明文です" * 3, "stars": 5},
        {"name": "y", "description": "word " * 40, "official": True, "categories": ["a"] * 30},
    ]
    streams = Streams(terminal=True, width=width)
    streams.output.rows(SEARCH, rows, Selection())
    for line in streams.out.splitlines():
        assert columns_of(line) <= width


def columns_of(line: str) -> int:
    return sum(2 if "\u3000" <= char <= "\u9fff" else 1 for char in line)


def test_wide_characters_are_counted_as_the_terminal_does() -> None:
    rows: list[Row] = [{"name": "日本", "stars": 1}, {"name": "abcd", "stars": 2}]
    view = View("thing", (Field("name"), Field("stars", Kind.NUMBER)))
    assert plain(view, rows) == "NAME  STARS\n日本      1\nabcd      2\n"


def test_colours_mark_the_heading_and_the_key() -> None:
    view = View("thing", (Field("name"), Field("updated", Kind.TIME)))
    rows: list[Row] = [{"name": "a", "updated": "2026-11-20T10:00:00Z"}, {"name": "bcdef"}]
    assert shown(view, rows) == (
        "\x1b[1mNAME\x1b[0m   \x1b[1mUPDATED\x1b[0m\n"
        "\x1b[36ma\x1b[0m      \x1b[2m3 days ago\x1b[0m\n"
        "\x1b[36mbcdef\x1b[0m\n"
    )


def test_hostile_text_is_visible_and_markup_is_literal() -> None:
    rows: list[Row] = [{"name": "\x1b[2J\u202e[bold]x[/bold]\n", "stars": 1}]
    view = View("thing", (Field("name"), Field("stars")))
    assert plain(view, rows) == (f"NAME{' ' * 27}STARS\n\\x1b[2J\\u202e[bold]x[/bold]\\n  1\n")


def test_hostile_field_names_of_a_query_are_visible() -> None:
    streams = Streams(terminal=True)
    selection = Selection("table", query='[].{"\\u001b[2J": name}')
    streams.output.rows(TAGS, ROWS[:1], selection)
    assert streams.out == "\\x1b[2J\nlatest\n"


def test_an_empty_listing_says_so_on_stderr() -> None:
    streams = Streams(terminal=True)
    streams.output.rows(SEARCH, [], Selection())
    assert (streams.out, streams.err) == ("", "no search results\n")


def test_a_table_in_a_pipe_is_never_cut() -> None:
    long = "d" * 500
    streams = Streams(width=40)
    streams.output.rows(TAGS, [{**ROWS[0], "status": long}], Selection("table"))
    heading, line = streams.out.splitlines()
    assert heading.split() == ["NAME", "DIGEST", "STATUS", "UPDATED", "PUSHED", "SIZE"]
    assert line.split("  ") == ["latest", DIGEST, long, "3 days ago", "1 hour ago", "13.3kB"]
    assert streams.err == ""


def test_a_table_in_a_pipe_has_its_heading_even_without_rows() -> None:
    streams = Streams()
    streams.output.rows(TAGS, [], Selection("table", ("name", "size")))
    assert streams.out == "NAME  SIZE\n"


def test_a_listing_that_fails_shows_what_has_arrived() -> None:
    def rows() -> Iterator[Row]:
        yield {"name": "first"}
        raise NotFound("gone")

    streams = Streams(terminal=True)
    with pytest.raises(NotFound):
        streams.output.rows(TAGS, rows(), Selection(fields=("name",)))
    assert (streams.out, streams.err) == ("NAME\nfirst\n", "")


def test_thousands_of_rows_are_quick() -> None:
    rows: list[Row] = [{**ROWS[0], "name": f"v{number}"} for number in range(5000)]
    streams = Streams(terminal=True, width=80)
    started = time.process_time()
    streams.output.rows(TAGS, rows, Selection())
    assert time.process_time() - started < 1.5
    assert streams.out.count("\n") == 5001
