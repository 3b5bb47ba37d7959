"""What can be asked for, and what is refused before a request is made."""

from __future__ import annotations

import pytest

from hubcli.errors import ExitCode, UsageError
from hubcli.output import Field, Kind, Selection, View
from support.streams import Streams

TAGS = View(
    "tag",
    (
        Field("name", default=True),
        Field("digest", Kind.DIGEST, default=True),
        Field("media_type"),
        Field("size", Kind.SIZE),
        Field("private", Kind.BOOL),
        Field("layers", Kind.LIST),
        Field("config", Kind.OBJECT),
        Field("updated", Kind.TIME),
        Field("pulls", Kind.NUMBER),
    ),
)


def test_an_unknown_format_names_the_formats() -> None:
    with pytest.raises(UsageError) as caught:
        Selection.parse(format="yaml")
    assert caught.value.exit_code == ExitCode.USAGE
    assert caught.value.reason == (
        "unknown format 'yaml'; it is one of table, json, jsonl, csv, tsv, "
        "or a template such as '{{.name}}'"
    )


def test_an_unknown_field_names_the_fields() -> None:
    with pytest.raises(UsageError) as caught:
        Selection.parse(fields="name,sise").checked(TAGS)
    assert caught.value.reason == (
        "a tag has no field 'sise'; it has name, digest, media_type, size, private, layers, "
        "config, updated, pulls"
    )


@pytest.mark.parametrize("fields", ["", ",", " , "])
def test_fields_have_to_name_one(fields: str) -> None:
    with pytest.raises(UsageError, match="--fields names no field"):
        Selection.parse(fields=fields)


def test_fields_as_people_type_them() -> None:
    choice = Selection.parse(fields="Media-Type, name,name,mediaType").checked(TAGS)
    assert [field.name for field in choice.columns] == ["media_type", "name"]


def test_defaults_are_the_columns_and_json_has_all() -> None:
    choice = Selection.parse().checked(TAGS)
    assert [field.name for field in choice.columns] == ["name", "digest"]
    assert choice.fields == TAGS.fields


def test_without_a_default_all_fields_are_columns() -> None:
    view = View("image", (Field("reference"), Field("digest")), key="reference")
    assert Selection().checked(view).columns == view.fields


def test_an_empty_option_counts_as_none() -> None:
    assert Selection.parse(format="", query="") == Selection()


@pytest.mark.parametrize(
    ("format", "as_json"),
    [("json", True), ("jsonl", True), ("tsv", False), (None, False), ("{{json .}}", False)],
)
def test_errors_are_json_where_the_data_would_be(format: str | None, as_json: bool) -> None:
    assert Selection.parse(format=format).wants_json is as_json


def test_field_help_lists_names_kinds_and_defaults() -> None:
    selection = Selection.parse(fields="help")
    assert selection.wants_field_help
    assert not Selection.parse(fields="name").wants_field_help
    assert not Selection.parse().wants_field_help
    streams = Streams()
    streams.output.describe(TAGS, selection)
    assert streams.out == (
        "name\ttext\ttrue\n"
        "digest\tdigest\ttrue\n"
        "media_type\ttext\tfalse\n"
        "size\tbytes\tfalse\n"
        "private\tyes/no\tfalse\n"
        "layers\tlist\tfalse\n"
        "config\tobject\tfalse\n"
        "updated\ttime\tfalse\n"
        "pulls\tnumber\tfalse\n"
    )


def test_field_help_on_a_terminal_is_a_table() -> None:
    streams = Streams(terminal=True)
    streams.output.describe(View("thing", (Field("name", default=True), Field("size", Kind.SIZE))))
    assert streams.out == ("NAME  KIND   DEFAULT\nname  text   yes\nsize  bytes\n")


def test_field_help_takes_a_format() -> None:
    streams = Streams()
    view = View("thing", (Field("name"),))
    streams.output.describe(view, Selection.parse(fields="help", format="jsonl"))
    assert streams.out == '{"name":"name","kind":"text","default":true}\n'


@pytest.mark.parametrize(
    ("fields", "key", "wrong"),
    [
        ((Field("a"),), "name", "no field 'name'"),
        ((Field("name"), Field("name")), "name", "a field twice"),
    ],
)
def test_a_view_that_contradicts_itself_is_refused(
    fields: tuple[Field, ...], key: str, wrong: str
) -> None:
    with pytest.raises(ValueError, match=wrong):
        View("thing", fields, key)


@pytest.mark.parametrize(
    ("noun", "plural"),
    [
        ("tag", "tags"),
        ("repository", "repositories"),
        ("key", "keys"),
        ("search result", "search results"),
    ],
)
def test_plurals(noun: str, plural: str) -> None:
    assert View(noun, (Field("name"),)).plural == plural
