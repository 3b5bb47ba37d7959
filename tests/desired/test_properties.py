"""What holds for every organization and every file: a plan leads there, and an export says it."""

from __future__ import annotations

import json

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hubcli.desired.document import read_document
from hubcli.desired.organization import Current, Organization
from hubcli.desired.planning import plan
from hubcli.desired.writing import plain
from hubcli.documents.writing import to_yaml
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
