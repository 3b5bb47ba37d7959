"""`hubcli repo edit`: change what was named, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from hubcli.cli.commands import One, Shown
from hubcli.cli.options import DryRun, Yes
from hubcli.cli.repo.declared import (
    DETAILS,
    Categories,
    Description,
    Name,
    Private,
    ProviderOptions,
    Readme,
    group,
)
from hubcli.cli.repo.elsewhere import changes_elsewhere, editor
from hubcli.cli.repo.freezing import VERIFY, frozen_tags
from hubcli.cli.repo.names import on_hub, refuse_one_part
from hubcli.cli.repo.plans import Change, Plan, carry_out, show
from hubcli.cli.repo.texts import read_readme
from hubcli.cli.runtime import Runtime
from hubcli.errors import Unsupported, UsageError, doing
from hubcli.output import Row, Selection
from hubcli.reference import Reference, parse_repository

if TYPE_CHECKING:
    from hubcli.hub.repositories import Repositories
    from hubcli.providers import Edit

_ACTION = "edit"
# Texts may come back with other line ends; these come back as they were sent, or not at all.
_READ_BACK = frozenset({"visibility", "categories", "immutable_tags"})


@dataclass(frozen=True)
class Wish:
    """What the command line names; None is what it does not, empty what is to be cleared."""

    private: bool | None
    description: str | None
    readme: str | None
    categories: Sequence[str] | None
    rules: Sequence[str] | None
    options: Sequence[str] = ()
    scan_on_push: bool | None = None

    @property
    def is_empty(self) -> bool:
        return self == Wish(None, None, None, None, None)

    @property
    def asked(self) -> list[str]:
        """What providers may know of it, by the names that `providers.Edit` has."""
        named = {
            "private": self.private,
            "description": self.description,
            "immutable_tags": self.rules,
            "scan_on_push": self.scan_on_push,
        }
        return [name for name, value in named.items() if value is not None]

    @property
    def edit(self) -> Edit:
        """The same, but for the options, which a provider reads."""
        from hubcli.providers import Edit

        return Edit(self.private, self.description, self.rules, self.scan_on_push)

    @property
    def for_hub_alone(self) -> list[str]:
        flags = {"--readme": self.readme, "--category": self.categories}
        return [flag for flag, value in flags.items() if value is not None]


@dataclass(frozen=True)
class _Target:
    """The repository to edit, wherever it is."""

    name: str
    inspect: Callable[[], Row]
    changes: Callable[[], Iterator[Change]]
    frozen: Callable[[Sequence[Change]], Sequence[str] | None] = lambda _: None


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
    scan_on_push: Annotated[
        bool | None,
        typer.Option(
            "--scan-on-push/--no-scan-on-push", help="Scan what is pushed; where a registry can."
        ),
    ] = None,
    option: ProviderOptions = None,
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
    reference = parse_repository(name)
    path = _path(runtime, name, archive) if reference.on_hub else reference.name
    wish = Wish(
        private,
        description,
        _readme(runtime, reference, description, readme),
        _chosen(category, no_categories, "--category and --no-categories"),
        _chosen(immutable_tags, no_immutable_tags, "--immutable-tags and --no-immutable-tags"),
        option or (),
        scan_on_push,
    )
    if wish.is_empty:
        raise UsageError("nothing to change was named", hint="hubcli repo edit --help")
    target = (_on_hub if reference.on_hub else _elsewhere)(runtime, reference, wish)
    with doing(_ACTION, path):
        row = target.inspect()
        changes = [each for each in target.changes() if each.differing(row)]
        for each in changes:
            each.check()
        plan = Plan(row, changes, target.frozen(changes))
        if dry_run:
            show(runtime, plan)
            return None
        carry_out(runtime, plan, yes, selection.quiet)
        now = target.inspect()
    _warn_of_the_lost(runtime, reference, now, changes)
    if selection.format or selection.fields or selection.query:
        return One(now)
    if not selection.quiet:
        runtime.output.notice(_summary(path, changes))
    return None


def _on_hub(runtime: Runtime, reference: Reference, wish: Wish) -> _Target:
    if wish.options or wish.scan_on_push is not None:
        raise Unsupported(
            "Docker Hub has no --scan-on-push and no --option",
            action=_ACTION,
            reference=reference.name,
        )
    repositories, path = runtime.session.hub.repositories, reference.path
    return _Target(
        path,
        lambda: repositories.inspect(path),
        lambda: changes_on_hub(repositories, path, wish),
        lambda changes: _frozen(repositories, path, changes),
    )


def _elsewhere(runtime: Runtime, reference: Reference, wish: Wish) -> _Target:
    provider, shows = editor(runtime, reference, wish.asked, wish.for_hub_alone)
    return _Target(
        reference.name,
        lambda: shows.repository(reference.path),
        lambda: changes_elsewhere(provider, reference, wish.edit, wish.options),
    )


def _path(runtime: Runtime, name: str, archive: bool | None) -> str:
    """The repository to edit; everything that can be refused without asking Hub is."""
    reference = on_hub(name, _ACTION, "")
    refuse_one_part(name, runtime.session, _ACTION)
    if archive is not None:
        raise Unsupported(
            "Docker Hub archives repositories on its web page only",
            action="archive" if archive else "unarchive",
            reference=reference.name,
            hint=f"https://hub.docker.com/repository/docker/{reference.path}/settings",
        )
    return reference.path


def _readme(
    runtime: Runtime, reference: Reference, description: str | None, source: str | None
) -> str | None:
    from hubcli.hub.repositories import LONGEST_README, check_texts

    text = read_readme(runtime, source, LONGEST_README)
    if reference.on_hub:
        check_texts(description, text)
    return text


def _chosen(given: list[str] | None, cleared: bool, flags: str) -> list[str] | None:
    if given and cleared:
        raise UsageError(f"{flags} exclude each other")
    return [] if cleared else given or None


def changes_on_hub(repositories: Repositories, path: str, wish: Wish) -> Iterator[Change]:
    """What is to be done, visibility first: a plan may have no room for it."""
    if wish.private is not None:
        yield Change(
            {"visibility": "private" if wish.private else "public"},
            partial(repositories.set_private, path, wish.private),
        )
    given = {"description": wish.description, "readme": wish.readme}
    texts = {field: text for field, text in given.items() if text is not None}
    if texts:
        yield Change(texts, partial(repositories.describe, path, **texts))
    if wish.categories is not None:
        categories = repositories.categories(wish.categories) if wish.categories else ()
        yield Change(
            {"categories": [category.slug for category in categories]},
            partial(repositories.set_categories, path, categories),
        )
    if wish.rules is not None:
        yield Change(
            {"immutable_tags": [*wish.rules]},
            partial(repositories.set_immutable_tags, path, wish.rules),
        )


def _frozen(
    repositories: Repositories, path: str, changes: Sequence[Change]
) -> Sequence[str] | None:
    """The tags that new rules freeze; None where the rules do not change."""
    for change in changes:
        rules = change.after.get("immutable_tags")
        if isinstance(rules, list):
            return [*frozen_tags(repositories, path, rules)]
    return None


def _warn_of_the_lost(
    runtime: Runtime, reference: Reference, row: Row, changes: Sequence[Change]
) -> None:
    """Say what is not so in spite of all: calls that nobody documents may have no effect."""
    lost = [field for change in changes for field in change.differing(row) if field in _READ_BACK]
    if lost:
        fields = ", ".join(lost)
        where = "Docker Hub" if reference.on_hub else reference.host
        runtime.output.warning(f"{where} still shows other {fields} of {row['name']}")


def _summary(path: str, changes: Sequence[Change]) -> str:
    fields = [field for change in changes for field in change.after]
    return f"changed {path}: {', '.join(fields)}" if fields else f"{path} is like that already"
