"""YAML as it is written: other readers read the same, and people can."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from hubcli.documents.writing import Plain, to_yaml

_keys = st.text(min_size=1, max_size=20)
_documents = st.recursive(
    st.none() | st.booleans() | st.integers(0, 999) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_keys, inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(_keys, _documents, min_size=1, max_size=4))
@settings(max_examples=200)
def test_other_readers_of_yaml_read_what_was_written(document: dict[str, Any]) -> None:
    assert yaml.safe_load(to_yaml(document)) == document


@pytest.mark.parametrize(
    "text",
    [
        *("no", "on", "y", "null", "~", "", " ", "1", "1.0", "0x1f", "1e3", "2026-01-01", "12:30"),
        *("- a", "a: b", "a #b", "#", "&a", "*a", "!a", "%a", "@a", "`a", "<<", "=", "a,b", "[a]"),
        *('"', "'", "\\", "a\nb", "\t", "\r\n", "\x00", "\x1b[31m", "\x85", "\u2028", "\ufeff"),
        *("\u202etfel", "\U0001f600", "\U000e0041", "\ufffe", "\ud800", "é", "---", "..."),
    ],
    ids=ascii,
)
def test_hostile_texts_stay_texts(text: str) -> None:
    written = to_yaml({"organization": text, text: {text: [text]}})
    assert yaml.safe_load(written) == {"organization": text, text: {text: [text]}}
    assert written.replace("\n", "").isprintable()


def test_a_document_is_easy_to_read() -> None:
    document: dict[str, Plain] = {
        "organization": "acme",
        "teams": {"developers": {"members": ["carol", "erin@example.com"]}, "no": {}},
        "members": {"carol": "editor", "dave": None},
    }
    assert to_yaml(document) == (
        "organization: acme\n"
        "\n"
        "teams:\n"
        "  developers:\n"
        '    members: [carol, "erin@example.com"]\n'
        '  "no": {}\n'
        "\n"
        "members:\n"
        "  carol: editor\n"
        "  dave: null\n"
    )


def test_what_is_in_a_list_has_lines_of_its_own_where_it_has_keys() -> None:
    document: dict[str, Plain] = {
        "sync": [
            {"source": "a/b", "tags": ["1", "x"], "from": {"x": True}, "limit": 3},
            "plain",
            [{"a": "b"}, []],
        ]
    }
    assert to_yaml(document) == (
        "sync:\n"
        "  - source: a/b\n"
        '    tags: ["1", x]\n'
        "    from:\n"
        "      x: true\n"
        "    limit: 3\n"
        "  - plain\n"
        "  - - a: b\n"
        "    - []\n"
    )
