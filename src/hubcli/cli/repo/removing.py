"""`hubcli repo rm`: shows what will be gone, asks, and deletes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import typer

from hubcli.cli.commands import Rows, Shown
from hubcli.cli.listings import told
from hubcli.cli.options import DryRun, Yes
from hubcli.cli.provided import capable, required
from hubcli.cli.repo.declared import REPOSITORY, Names, group
from hubcli.cli.repo.names import is_one_part, on_hub, refuse_one_part
from hubcli.cli.runtime import Runtime
from hubcli.errors import NotFound, Unsupported, UsageError, doing
from hubcli.output import Row, Selection
from hubcli.reference import Reference, is_glob, parse_repository

if TYPE_CHECKING:
    from hubcli.providers import RemovesRepositories

_ACTION = "delete"


@group.command(
    "rm",
    shows=REPOSITORY,
    calls=(
        "DELETE /v2/repositories/{namespace}/{repository}",
        "DELETE /v2/namespaces/{namespace}/repositories/{repository}",
    ),
)
def rm(
    runtime: Runtime,
    selection: Selection,
    names: Names,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> Shown:
    """Delete repositories with all that is in them.

    A quoted pattern stands for those in a namespace that it matches.

    \b
    Examples:
      hubcli repo rm acme/old
      hubcli repo rm 'acme/tmp-*' --dry-run
    """
    for name in names:
        _check(runtime, name)
    doomed = _doomed(runtime, names)
    if dry_run:
        return Rows(doomed)
    if not doomed:
        return None
    if not yes and not _confirmed(runtime, doomed, by_name=not any(map(is_glob, names))):
        runtime.output.notice("nothing was deleted")
        raise typer.Exit(1)
    for row in doomed:
        name = str(row["name"])
        with runtime.attempting(), doing(_ACTION, name):
            _delete(runtime, name)
            if not selection.quiet:
                runtime.output.notice(f"deleted {name}")
    return None


def _check(runtime: Runtime, name: str) -> None:
    """Refuse a name that cannot be meant before anything is asked for, let alone deleted."""
    if is_glob(name):
        namespace, _ = _pattern(name)
        reference = namespace.reference
    else:
        reference = parse_repository(name)
        refuse_one_part(name, runtime.session, "rm")
    if reference.on_hub:
        on_hub(reference.repository, _ACTION, "")
    else:
        _provider(runtime, reference)


@dataclass(frozen=True)
class _Namespace:
    """Where a pattern looks; `reference` is a repository that could be in it."""

    reference: Reference

    @property
    def path(self) -> str:
        return self.reference.namespace


def _pattern(name: str) -> tuple[_Namespace, str]:
    """The namespace and the pattern in `NAMESPACE/PATTERN`."""
    head, slash, pattern = name.rpartition("/")
    if not slash or is_glob(head) or is_one_part(f"{head}/x"):
        raise UsageError(
            "a pattern stands behind a namespace",
            action=_ACTION,
            reference=name,
            hint="hubcli repo rm 'NAMESPACE/PATTERN'",
        )
    return _Namespace(parse_repository(f"{head}/x")), pattern


def _provider(runtime: Runtime, reference: Reference) -> RemovesRepositories:
    from hubcli.providers import RemovesRepositories

    return required(runtime, reference, RemovesRepositories, "repo rm", _ACTION)


def _doomed(runtime: Runtime, names: Sequence[str]) -> list[Row]:
    """What would be deleted, each once; names behind which there is nothing are reported."""
    found: dict[str, Row] = {}
    for name in names:
        with runtime.attempting():
            for row in _matching(runtime, name) if is_glob(name) else [_one(runtime, name)]:
                found.setdefault(str(row["name"]), row)
    return list(found.values())


def _one(runtime: Runtime, name: str) -> Row:
    reference = parse_repository(name)
    with doing(_ACTION, reference.name):
        if reference.on_hub:
            return runtime.session.hub.repositories.inspect(reference.path)
        from hubcli.providers import ShowsRepositories

        shows = capable(runtime, reference.host, ShowsRepositories)
        return {"name": reference.name} if shows is None else shows.repository(reference.path)


def _matching(runtime: Runtime, name: str) -> list[Row]:
    rows = [*told(_ACTION, name, _listed(runtime, *_pattern(name)))]
    if not rows:
        raise NotFound("no repository matches", action=_ACTION, reference=name)
    return rows


def _listed(runtime: Runtime, namespace: _Namespace, pattern: str) -> Iterable[Row]:
    """What is directly in a namespace, and matches."""
    from hubcli.providers import ListsRepositories

    reference = namespace.reference
    if reference.on_hub:
        return runtime.session.hub.repositories.matching(namespace.path, pattern)
    lists = capable(runtime, reference.host, ListsRepositories)
    if lists is None:
        raise Unsupported(f"{reference.host} lists no repositories: name each")
    below = f"{reference.host}/{namespace.path}".rstrip("/")
    named = ((str(row["name"]), row) for row in lists.repositories(namespace.path or None))
    return (
        row
        for name, row in named
        if name.rpartition("/")[0] == below and fnmatchcase(name.rpartition("/")[2], pattern)
    )


def _delete(runtime: Runtime, name: str) -> None:
    reference = parse_repository(name)
    if reference.on_hub:
        runtime.session.hub.repositories.delete(name)
    else:
        _provider(runtime, reference).remove_repository(reference.path)


def _confirmed(runtime: Runtime, doomed: Sequence[Row], *, by_name: bool) -> bool:
    """Show what will be gone, and ask: for a single one that was named, its name."""
    output = runtime.output
    for row in doomed:
        output.notice(f"  {row['name']}  {_facts(row)}".rstrip())
    if len(doomed) == 1 and by_name and output.stdin_is_terminal and output.stderr_is_terminal:
        name = str(doomed[0]["name"])
        return output.prompt(f"Type {name} to delete it for good", flag="--yes") == name
    these = "this repository" if len(doomed) == 1 else f"these {len(doomed):,} repositories"
    return output.confirm(f"Delete {these} for good?")


def _facts(row: Row) -> str:
    """What should make one hesitate, as far as it is told."""
    pulls = row.get("pulls")
    known = [row.get("visibility"), None if pulls is None else f"{pulls} pulls"]
    return ", ".join(str(fact) for fact in known if fact is not None)
