"""How a plan is shown: a line for each change to people, a row to programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from hubcli.cli.brief import brief
from hubcli.output import Field, Kind, Row, View, visible

if TYPE_CHECKING:
    from hubcli.desired.changes import Change, Plan

CHANGE = View(
    "change",
    (
        Field("action", default=True),
        Field("kind", default=True),
        Field("name", default=True),
        Field("change", default=True),
        Field("status", default=True),
        Field("before", Kind.OBJECT),
        Field("after", Kind.OBJECT),
        Field("error"),
    ),
)
_SIGNS: Mapping[str, str] = {"create": "+", "change": "~", "remove": "-"}
_PAST: Mapping[str, str] = {"create": "created", "change": "changed", "remove": "removed"}
_LOST: Mapping[str, str] = {
    "repository": "with all its tags",
    "member": "from all teams, too",
    "team": "with its permissions",
}


def row(change: Change, status: str, error: str | None = None) -> Row:
    """A change and what became of it: planned, done, failed, skipped or unchanged."""
    return {
        "action": change.action,
        "kind": change.kind,
        "name": change.name,
        "change": described(change),
        "status": status,
        "before": dict(change.before),
        "after": dict(change.after),
        "error": error,
    }


def lines(plan: Plan) -> Iterator[str]:
    """A plan for people, safe on a terminal."""
    for change in plan.changes:
        yield visible(line(change))


def line(change: Change) -> str:
    """`~ repository acme/api  description: Old -> New`."""
    told = f"{_SIGNS[change.action]} {change.kind} {change.name}"
    details = described(change) or (_LOST.get(change.kind, "") if change.action == "remove" else "")
    return f"{told}  {details}".rstrip()


def past(row: Row) -> str:
    """`created the team acme/ops`, `changed the repository acme/api: visibility`."""
    done = f"{_PAST[str(row['action'])]} the {row['kind']} {row['name']}"
    after = row["after"]
    if row["action"] == "change" and isinstance(after, dict):
        return f"{done}: {', '.join(after)}"
    return done


def described(change: Change) -> str:
    """The fields of a change, each as what it was and will be."""
    return "; ".join(_fields(change))


def _fields(change: Change) -> Iterator[str]:
    for field in dict.fromkeys((*change.before, *change.after)):
        sides = [
            _value(field, side[field]) for side in (change.before, change.after) if field in side
        ]
        yield f"{field}: {' -> '.join(sides)}"


def _value(field: str, value: object) -> str:
    """An overview is told by its length: how it begins hardly ever changes.

    A webhook's URL is told without the password and the query: plans end in logs.
    """
    if field == "overview" and value:
        return f"{len(str(value).encode(errors='replace')):,} bytes"
    if field == "url":
        from hubcli.http.redact import redacted

        return brief(redacted(str(value)))
    return brief(value)


def summary(plan: Plan) -> str:
    """`2 to create, 1 to remove`."""
    verbs: tuple[tuple[str, str], ...] = (
        ("create", "to create"),
        ("change", "to change"),
        ("remove", "to remove"),
    )
    counts = ((sum(one.action == action for one in plan.changes), told) for action, told in verbs)
    return ", ".join(f"{count:,} {told}" for count, told in counts if count)
