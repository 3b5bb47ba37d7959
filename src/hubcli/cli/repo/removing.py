"""`hubcli repo rm`: shows what will be gone, asks, and deletes."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from hubcli.cli.commands import Rows, Shown
from hubcli.cli.listings import told
from hubcli.cli.options import DryRun, Yes
from hubcli.cli.repo.declared import REPOSITORY, Names, group
from hubcli.cli.repo.names import is_one_part, on_hub, refuse_one_part
from hubcli.cli.runtime import Runtime
from hubcli.errors import NotFound, UsageError, doing
from hubcli.output import Row, Selection
from hubcli.reference import is_glob, parse_repository

_ACTION = "delete"
_NO_CALL = "{host} cannot delete a repository, only what is in it"
_TAG_RM = "hubcli tag rm '{name}:*'"


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
            runtime.session.hub.repositories.delete(name)
            if not selection.quiet:
                runtime.output.notice(f"deleted {name}")
    return None


def _check(runtime: Runtime, name: str) -> None:
    """Refuse a name that cannot be meant before anything is asked for, let alone deleted."""
    if is_glob(name):
        _pattern(name)
    else:
        on_hub(name, _ACTION, _NO_CALL, _TAG_RM)
        refuse_one_part(name, runtime.session, "rm")


def _pattern(name: str) -> tuple[str, str]:
    """The namespace and the pattern in `NAMESPACE/PATTERN`."""
    head, slash, pattern = name.rpartition("/")
    if not slash or is_glob(head) or is_one_part(f"{head}/x"):
        raise UsageError(
            "a pattern stands behind a namespace",
            action=_ACTION,
            reference=name,
            hint="hubcli repo rm 'NAMESPACE/PATTERN'",
        )
    return on_hub(f"{head}/x", _ACTION, _NO_CALL).namespace, pattern


def _doomed(runtime: Runtime, names: Sequence[str]) -> list[Row]:
    """What would be deleted, each once; names behind which there is nothing are reported."""
    found: dict[str, Row] = {}
    for name in names:
        with runtime.attempting():
            for row in _matching(runtime, name) if is_glob(name) else [_one(runtime, name)]:
                found.setdefault(str(row["name"]), row)
    return list(found.values())


def _one(runtime: Runtime, name: str) -> Row:
    path = parse_repository(name).path
    with doing(_ACTION, path):
        return runtime.session.hub.repositories.inspect(path)


def _matching(runtime: Runtime, name: str) -> list[Row]:
    found = runtime.session.hub.repositories.matching(*_pattern(name))
    rows = [*told(_ACTION, name, found)]
    if not rows:
        raise NotFound("no repository matches", action=_ACTION, reference=name)
    return rows


def _confirmed(runtime: Runtime, doomed: Sequence[Row], *, by_name: bool) -> bool:
    """Show what will be gone, and ask: for a single one that was named, its name."""
    output = runtime.output
    for row in doomed:
        output.notice(f"  {row['name']}  {row['visibility']}, {row['pulls']} pulls")
    if len(doomed) == 1 and by_name and output.stdin_is_terminal and output.stderr_is_terminal:
        name = str(doomed[0]["name"])
        return output.prompt(f"Type {name} to delete it for good", flag="--yes") == name
    these = "this repository" if len(doomed) == 1 else f"these {len(doomed):,} repositories"
    return output.confirm(f"Delete {these} for good?")
