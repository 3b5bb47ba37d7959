"""`hubcli repo rm`: shows what will be gone, asks, and deletes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from hubcli.cli.commands import Rows, Shown
from hubcli.cli.options import DryRun, Yes
from hubcli.cli.provided import capable, required
from hubcli.cli.repo.declared import REPOSITORY, Names, group
from hubcli.cli.repo.names import on_hub, refuse_one_part
from hubcli.cli.repo.patterns import matching, parse_repository_pattern
from hubcli.cli.runtime import Runtime
from hubcli.errors import Unsupported, doing
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
    if not yes and not confirmed(runtime, doomed, by_name=not any(map(is_glob, names))):
        runtime.output.notice("nothing was deleted")
        raise typer.Exit(1)
    for row in doomed:
        name = str(row["name"])
        with runtime.attempting(), doing(_ACTION, name):
            delete(runtime, name)
            if not selection.quiet:
                runtime.output.notice(f"deleted {name}")
    return None


def _check(runtime: Runtime, name: str) -> None:
    """Refuse a name that cannot be meant before anything is asked for, let alone deleted."""
    if is_glob(name):
        reference = parse_repository_pattern(name, _ACTION, "repo rm").reference
    else:
        reference = parse_repository(name)
        refuse_one_part(name, runtime.session, "rm")
    if reference.on_hub:
        on_hub(reference.repository, _ACTION, "")
        return
    try:
        remover(runtime, reference)
    except Unsupported as error:
        if is_glob(name):  # the repository that stands for what matches is nobody's
            error.reference, error.hint = name, None
        raise


def remover(runtime: Runtime, reference: Reference) -> RemovesRepositories:
    from hubcli.providers import RemovesRepositories

    return required(runtime, reference, RemovesRepositories, "repo rm", _ACTION)


def _doomed(runtime: Runtime, names: Sequence[str]) -> list[Row]:
    """What would be deleted, each once; names behind which there is nothing are reported."""
    found: dict[str, Row] = {}
    for name in names:
        with runtime.attempting():
            for row in _meant(runtime, name):
                found.setdefault(str(row["name"]), row)
    return list(found.values())


def _meant(runtime: Runtime, name: str) -> list[Row]:
    return matching(runtime, name, _ACTION, "repo rm") if is_glob(name) else [_one(runtime, name)]


def _one(runtime: Runtime, name: str) -> Row:
    reference = parse_repository(name)
    with doing(_ACTION, reference.name):
        if reference.on_hub:
            return runtime.session.hub.repositories.inspect(reference.path)
        from hubcli.providers import ShowsRepositories

        shows = capable(runtime, reference.host, ShowsRepositories)
        return {"name": reference.name} if shows is None else shows.repository(reference.path)


def delete(runtime: Runtime, name: str) -> None:
    reference = parse_repository(name)
    if reference.on_hub:
        runtime.session.hub.repositories.delete(name)
    else:
        remover(runtime, reference).remove_repository(reference.path)


def confirmed(runtime: Runtime, doomed: Sequence[Row], *, by_name: bool) -> bool:
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
