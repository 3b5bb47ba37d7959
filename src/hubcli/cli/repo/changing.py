"""`hubcli repo edit`: change what was named, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from hubcli.cli.brief import brief
from hubcli.cli.commands import One, Shown
from hubcli.cli.options import DryRun, Yes
from hubcli.cli.repo.declared import (
    DETAILS,
    Categories,
    Description,
    Name,
    Private,
    Readme,
    group,
)
from hubcli.cli.repo.freezing import VERIFY, frozen_tags
from hubcli.cli.repo.names import on_hub, refuse_one_part
from hubcli.cli.repo.texts import read_readme
from hubcli.cli.runtime import Runtime
from hubcli.errors import Unsupported, UsageError, doing
from hubcli.output import Row, Selection, visible

if TYPE_CHECKING:
    from hubcli.hub.repositories import Repositories

_ACTION = "edit"
_NOTHING_TO_EDIT = "{host} keeps nothing of a repository that could be edited"
_MOST_FROZEN = 10
"""Tags that are named before they are frozen; --dry-run names all."""
# Texts may come back with other line ends; these come back as they were sent, or not at all.
_READ_BACK = frozenset({"visibility", "categories", "immutable_tags"})


@dataclass(frozen=True)
class _Wish:
    """What the command line names; None is what it does not, empty what is to be cleared."""

    private: bool | None
    description: str | None
    readme: str | None
    categories: Sequence[str] | None
    rules: Sequence[str] | None

    @property
    def is_empty(self) -> bool:
        return self == _Wish(None, None, None, None, None)


@dataclass(frozen=True)
class _Change:
    """Fields of the repository's row, their new values, and the call that makes them so."""

    after: Mapping[str, object]
    apply: Callable[[], None]

    def differing(self, row: Row) -> list[str]:
        """The fields that are not so yet; the order of a list does not count."""
        return [
            field
            for field, value in self.after.items()
            if _comparable(row[field]) != _comparable(value)
        ]

    def shown(self, row: Row) -> Iterator[str]:
        for field, value in self.after.items():
            yield f"{field}: {brief(row[field])} -> {brief(value)}"


@dataclass(frozen=True)
class _Plan:
    """What differs from the repository's row, and the tags that new rules freeze (None: none)."""

    row: Row
    changes: Sequence[_Change]
    frozen: Sequence[str] | None

    @property
    def visibility(self) -> object:
        """What it becomes, where that changes."""
        return next((c.after["visibility"] for c in self.changes if "visibility" in c.after), None)

    def told(self, change: _Change, most: int | None = _MOST_FROZEN) -> Iterator[str]:
        """What was and will be, line by line; of frozen tags no more than `most` are named."""
        yield from change.shown(self.row)
        if self.frozen and "immutable_tags" in change.after:
            named = self.frozen[:most]
            rest = len(self.frozen) - len(named)
            yield f"freezes {', '.join(named)}" + (f" and {rest:,} others" if rest else "")


@group.command(
    "edit",
    shows=DETAILS,
    calls=(
        "PATCH /v2/namespaces/{namespace}/repositories/{repository}",
        "POST /v2/repositories/{namespace}/{repository}/privacy",
        "GET /v2/categories",
        "PATCH /v2/repositories/{namespace}/{repository}/categories",
        "PATCH /v2/namespaces/{namespace}/repositories/{repository}/immutabletags",
        VERIFY,
    ),
)
def edit(
    runtime: Runtime,
    selection: Selection,
    name: Name,
    description: Description = None,
    readme: Readme = None,
    private: Private = None,
    category: Categories = None,
    no_categories: Annotated[
        bool, typer.Option("--no-categories", help="Take it out of all categories.")
    ] = False,
    immutable_tags: Annotated[
        list[str] | None,
        typer.Option(
            "--immutable-tags",
            metavar="RULE",
            help="Tags that this regular expression matches never change (repeatable).",
        ),
    ] = None,
    no_immutable_tags: Annotated[
        bool, typer.Option("--no-immutable-tags", help="Let all tags change.")
    ] = False,
    archive: Annotated[
        bool | None, typer.Option("--archive/--unarchive", help="Make it read-only.")
    ] = None,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> Shown:
    """Change a repository; what is not named stays as it is.

    What each thing was and is now is told on stderr, and so are the tags that a rule freezes.

    \b
    Examples:
      hubcli repo edit acme/api --description 'The API' --readme README.md
      hubcli repo edit acme/api --private --yes
      hubcli repo edit acme/api --immutable-tags 'v.*' --immutable-tags '.*-RELEASE'
    """
    path = _path(runtime, name, archive)
    wish = _Wish(
        private,
        description,
        _readme(runtime, description, readme),
        _chosen(category, no_categories, "--category and --no-categories"),
        _chosen(immutable_tags, no_immutable_tags, "--immutable-tags and --no-immutable-tags"),
    )
    if wish.is_empty:
        raise UsageError("nothing to change was named", hint="hubcli repo edit --help")
    repositories = runtime.session.hub.repositories
    with doing(_ACTION, path):
        row = repositories.inspect(path)
        changes = [each for each in _changes(repositories, path, wish) if each.differing(row)]
        plan = _Plan(row, changes, _frozen(repositories, path, changes))
        if dry_run:
            _show(runtime, plan)
            return None
        _carry_out(runtime, plan, yes, selection.quiet)
        now = repositories.inspect(path)
    _warn_of_the_lost(runtime, now, changes)
    if selection.format or selection.fields or selection.query:
        return One(now)
    if not selection.quiet:
        runtime.output.notice(_summary(path, changes))
    return None


def _path(runtime: Runtime, name: str, archive: bool | None) -> str:
    """The repository to edit; everything that can be refused without asking Hub is."""
    reference = on_hub(name, _ACTION, _NOTHING_TO_EDIT)
    refuse_one_part(name, runtime.session, _ACTION)
    if archive is not None:
        raise Unsupported(
            "Docker Hub archives repositories on its web page only",
            action="archive" if archive else "unarchive",
            reference=reference.name,
            hint=f"https://hub.docker.com/repository/docker/{reference.path}/settings",
        )
    return reference.path


def _readme(runtime: Runtime, description: str | None, source: str | None) -> str | None:
    from hubcli.hub.repositories import LONGEST_README, check_texts

    text = read_readme(runtime, source, LONGEST_README)
    check_texts(description, text)
    return text


def _chosen(given: list[str] | None, cleared: bool, flags: str) -> list[str] | None:
    if given and cleared:
        raise UsageError(f"{flags} exclude each other")
    return [] if cleared else given or None


def _changes(repositories: Repositories, path: str, wish: _Wish) -> Iterator[_Change]:
    """What is to be done, visibility first: a plan may have no room for it."""
    if wish.private is not None:
        yield _Change(
            {"visibility": "private" if wish.private else "public"},
            partial(repositories.set_private, path, wish.private),
        )
    given = {"description": wish.description, "readme": wish.readme}
    texts = {field: text for field, text in given.items() if text is not None}
    if texts:
        yield _Change(texts, partial(repositories.describe, path, **texts))
    if wish.categories is not None:
        categories = repositories.categories(wish.categories) if wish.categories else ()
        yield _Change(
            {"categories": [category.slug for category in categories]},
            partial(repositories.set_categories, path, categories),
        )
    if wish.rules is not None:
        yield _Change(
            {"immutable_tags": [*wish.rules]},
            partial(repositories.set_immutable_tags, path, wish.rules),
        )


def _carry_out(runtime: Runtime, plan: _Plan, yes: bool, quiet: bool) -> None:
    """Make the changes; what they are is told once: in the question, or as each is made."""
    asks = plan.visibility is not None and not yes
    if asks:
        _confirm(runtime, plan)
    for change in plan.changes:
        change.apply()
        if not asks and not quiet:
            _tell(runtime, plan.told(change))


def _confirm(runtime: Runtime, plan: _Plan) -> None:
    """Ask before a repository is shown to others, or taken from them."""
    name, after = plan.row["name"], plan.visibility
    for change in plan.changes:
        _tell(runtime, plan.told(change))
    who = "everybody can" if after == "public" else "only those with access can"
    if not runtime.output.confirm(f"Make {name} {after}, so that {who} pull it?"):
        runtime.output.notice("nothing was changed")
        raise typer.Exit(1)


def _frozen(
    repositories: Repositories, path: str, changes: Sequence[_Change]
) -> Sequence[str] | None:
    """The tags that new rules freeze; None where the rules do not change."""
    for change in changes:
        rules = change.after.get("immutable_tags")
        if isinstance(rules, list):
            return [*frozen_tags(repositories, path, rules)]
    return None


def _tell(runtime: Runtime, lines: Iterable[str]) -> None:
    for line in lines:
        runtime.output.notice(line)


def _show(runtime: Runtime, plan: _Plan) -> None:
    for change in plan.changes:
        for line in plan.told(change, None):
            runtime.output.text(visible(line))
    if not plan.changes:
        runtime.output.notice(f"{plan.row['name']} is like that already")


def _warn_of_the_lost(runtime: Runtime, row: Row, changes: Sequence[_Change]) -> None:
    """Say what is not so in spite of all: calls that nobody documents may have no effect."""
    lost = [field for change in changes for field in change.differing(row) if field in _READ_BACK]
    if lost:
        fields = ", ".join(lost)
        runtime.output.warning(f"Docker Hub still shows other {fields} of {row['name']}")


def _summary(path: str, changes: Sequence[_Change]) -> str:
    fields = [field for change in changes for field in change.after]
    return f"changed {path}: {', '.join(fields)}" if fields else f"{path} is like that already"


def _comparable(value: object) -> object:
    return (sorted(value) if isinstance(value, list) else value) or None
