"""What is going to change in a repository: shown, asked about, and carried out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import typer

from hubcli.cli.brief import brief
from hubcli.cli.runtime import Runtime
from hubcli.output import Row, visible

MOST_FROZEN = 10
"""Tags that are named before they are frozen; --dry-run names all."""


@dataclass(frozen=True)
class Change:
    """Fields of the repository's row, their new values, and the call that makes them so."""

    after: Mapping[str, object]
    apply: Callable[[], None]
    check: Callable[[], None] = lambda: None
    """Raises what stands in the way, before anybody is asked."""

    def differing(self, row: Row) -> list[str]:
        """The fields that are not so yet, or are not told; the order of a list does not count."""
        return [
            field
            for field, value in self.after.items()
            if field not in row or _comparable(row[field]) != _comparable(value)
        ]

    def shown(self, row: Row) -> Iterator[str]:
        for field, value in self.after.items():
            yield f"{field}: {brief(row.get(field))} -> {brief(value)}"


@dataclass(frozen=True)
class Plan:
    """What differs from the repository's row, and the tags that new rules freeze (None: none)."""

    row: Row
    changes: Sequence[Change]
    frozen: Sequence[str] | None

    @property
    def visibility(self) -> object:
        """What it becomes, where that changes."""
        return next((c.after["visibility"] for c in self.changes if "visibility" in c.after), None)

    def told(self, change: Change, most: int | None = MOST_FROZEN) -> Iterator[str]:
        """What was and will be, line by line; of frozen tags no more than `most` are named."""
        yield from change.shown(self.row)
        if self.frozen and "immutable_tags" in change.after:
            named = self.frozen[:most]
            rest = len(self.frozen) - len(named)
            yield f"freezes {', '.join(named)}" + (f" and {rest:,} others" if rest else "")


def carry_out(runtime: Runtime, plan: Plan, yes: bool, quiet: bool) -> None:
    """Make the changes; what they are is told once: in the question, or as each is made."""
    asks = plan.visibility is not None and not yes
    if asks:
        _confirm(runtime, plan)
    for change in plan.changes:
        change.apply()
        if not asks and not quiet:
            _tell(runtime, plan.told(change))


def _confirm(runtime: Runtime, plan: Plan) -> None:
    """Ask before a repository is shown to others, or taken from them."""
    name, after = plan.row["name"], plan.visibility
    for change in plan.changes:
        _tell(runtime, plan.told(change))
    who = "everybody can" if after == "public" else "only those with access can"
    if not runtime.output.confirm(f"Make {name} {after}, so that {who} pull it?"):
        runtime.output.notice("nothing was changed")
        raise typer.Exit(1)


def _tell(runtime: Runtime, lines: Iterable[str]) -> None:
    for line in lines:
        runtime.output.notice(line)


def show(runtime: Runtime, plan: Plan) -> None:
    for change in plan.changes:
        for line in plan.told(change, None):
            runtime.output.text(visible(line))
    if not plan.changes:
        runtime.output.notice(f"{plan.row['name']} is like that already")


def _comparable(value: object) -> object:
    return (sorted(value) if isinstance(value, list) else value) or None
