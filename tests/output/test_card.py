"""A single thing at a terminal: all that is known, whole, with what lies inside it."""

from __future__ import annotations

from hubcli.output import Field, Kind, Row, Selection, View
from support.streams import Streams

DIGEST = "sha256:" + "ab" * 32
IMAGE = View(
    "image",
    (
        Field("reference"),
        Field("digest", Kind.DIGEST),
        Field("size", Kind.SIZE),
        Field("created", Kind.TIME),
        Field("description"),
        Field("private", Kind.BOOL),
        Field("platforms", Kind.LIST),
        Field("config", Kind.OBJECT),
        Field("layers", Kind.LIST),
    ),
    key="reference",
)
ROW: Row = {
    "reference": "docker.io/library/a:b",
    "digest": DIGEST,
    "size": 123456,
    "created": "2026-11-20T10:00:00Z",
    "description": "first\nsecond \x1b[31m\r\n\ndigest:  sha256:fake\n",
    "private": True,
    "platforms": ["linux/amd64", "linux/arm64"],
    "config": {"env": ["A=1", "B=2"], "user": None, "labels": {"k": "v\u202e"}},
    "layers": [
        {"digest": DIGEST, "size": 1000, "created_by": "RUN x"},
        {"digest": DIGEST, "size": 55555, "created_by": None},
    ],
}


def test_a_card() -> None:
    streams = Streams(terminal=True, width=90)
    streams.output.item(IMAGE, ROW, Selection())
    assert streams.out == (
        "reference:    docker.io/library/a:b\n"
        f"digest:       {DIGEST}\n"
        "size:         123kB\n"
        "created:      3 days ago\n"
        "description:  first\n"
        "              second \\x1b[31m\n"
        "\n"
        "              digest:  sha256:fake\n"
        "private:      yes\n"
        "platforms:    linux/amd64\n"
        "              linux/arm64\n"
        "config:\n"
        "  env:     A=1\n"
        "           B=2\n"
        "  labels:\n"
        "    k:  v\\u202e\n"
        "layers:\n"
        "  DIGEST                 SIZE  CREATED BY\n"
        "  sha256:abababababab     1kB  RUN x\n"
        "  sha256:abababababab  55.6kB\n"
    )


def test_what_is_not_known_is_left_out() -> None:
    streams = Streams(terminal=True)
    row: Row = {"reference": "a", "digest": None, "platforms": [], "config": {}, "layers": [{}]}
    streams.output.item(IMAGE, row, Selection())
    assert streams.out == "reference:  a\nlayers:\n"


def test_fields_choose_what_is_on_it() -> None:
    streams = Streams(terminal=True)
    streams.output.item(IMAGE, ROW, Selection(fields=("size", "reference")))
    assert streams.out == "size:       123kB\nreference:  docker.io/library/a:b\n"


def test_several_cards_stand_apart() -> None:
    streams = Streams(terminal=True)
    rows: list[Row] = [{"reference": "a"}, {"reference": "b"}]
    streams.output.items(IMAGE, iter(rows), Selection())
    assert streams.out == "reference:  a\n\nreference:  b\n"


def test_labels_are_bold_where_there_is_colour() -> None:
    streams = Streams(terminal=True, no_color=False)
    streams.output.item(IMAGE, {"reference": "a"}, Selection())
    assert streams.out == "\x1b[1mreference:\x1b[0m  a\n"


def test_inner_tables_fit_the_terminal() -> None:
    streams = Streams(terminal=True, width=40)
    layer = {"digest": DIGEST, "size": 5, "created_by": "RUN " + "x" * 100}
    streams.output.item(IMAGE, {"reference": "a", "layers": [layer, "odd"]}, Selection())
    assert all(len(line) <= 40 for line in streams.out.splitlines())


def test_a_card_asked_for_in_a_pipe_is_whole() -> None:
    streams = Streams(width=40)
    layer = {"digest": DIGEST, "created_by": "RUN " + "x" * 100}
    streams.output.item(IMAGE, {"reference": "a", "layers": [layer]}, Selection("table"))
    assert streams.out == (
        f"reference:  a\nlayers:\n  DIGEST{' ' * 65}  CREATED BY\n  {DIGEST}  RUN {'x' * 100}\n"
    )
