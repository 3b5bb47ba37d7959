"""What holds for every organization and every file: a plan leads there, and an export says it."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hubcli.desired.document import read_document
from hubcli.desired.organization import Current, Organization
from hubcli.desired.planning import plan
from hubcli.desired.writing import Plain, plain, to_yaml
from hubcli.errors import UsageError
from support import any_organization


@given(any_organization.wanted(), any_organization.current(), st.booleans())
@settings(max_examples=300)
def test_once_applied_nothing_is_left_to_change(
    wanted: Organization, now: Current, prune: bool
) -> None:
    try:
        made = plan(wanted, now, prune=prune)
    except UsageError:
        assume(False)
    keys = [change.key for change in made.changes]
    assert len(set(keys)) == len(keys)
    assert prune or not any(change.action == "remove" for change in made.changes)
    # The model of Hub refuses what cannot be done at that point.
    after = any_organization.applied(now, made)
    assert plan(wanted, after, prune=prune).changes == []


@given(any_organization.current(), st.sampled_from(["acme.yaml", "acme.json"]))
@settings(max_examples=100)
def test_an_export_applied_changes_nothing(now: Current, name: str) -> None:
    repositories = now.organization.repositories or {}
    # A document cannot clear an overview, so that an empty one is not named.
    overviews = {path: f"{path}.md" for path, each in repositories.items() if each.overview}
    document = plain(now.organization, now.invites, overviews)
    text = to_yaml(document) if name.endswith(".yaml") else json.dumps(document)
    said = read_document(text, name, lambda path: repositories[path[:-3]].overview or "")
    assert plan(said, now, prune=True).changes == []


_keys = st.text(min_size=1, max_size=20)
_documents = st.recursive(
    st.none() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_keys, inner, max_size=3),
    max_leaves=12,
)


def _nested_flow(value: Any) -> Any:
    """A list holds texts alone: that is all a document of ours has in lists."""
    if isinstance(value, dict):
        return {key: _nested_flow(each) for key, each in value.items()}
    if isinstance(value, list):
        return [each for each in value if isinstance(each, str)]
    return value


@given(st.dictionaries(_keys, _documents.map(_nested_flow), min_size=1, max_size=4))
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
