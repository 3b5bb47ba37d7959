"""`hubcli repo rename`: a copy that is verified, and then the end of what it was made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Annotated

import typer

from hubcli.cli.commands import One, Rows, Shown
from hubcli.cli.options import DryRun, Yes
from hubcli.cli.repo.belongings import inspected
from hubcli.cli.repo.copying import (
    JOBS,
    Jobs,
    Plan,
    carried_out,
    planned_copy,
    refusal,
    two_repositories,
)
from hubcli.cli.repo.declared import COPY, RENAMED, group
from hubcli.cli.repo.names import refuse_one_part
from hubcli.cli.repo.removing import confirmed, delete, remover
from hubcli.cli.repo.tagmoves import Move, Moves, differing, planned
from hubcli.cli.runtime import Runtime
from hubcli.cli.transfer.telling import asked
from hubcli.errors import Conflict, HubcliError, NotFound, UsageError, doing
from hubcli.output import Selection
from hubcli.reference import Reference

_ACTION = "rename"
_NAMED = 5
"""Tags that are named in a refusal; a dry run names all."""


@group.command("rename", shows=RENAMED)
def rename(
    runtime: Runtime,
    selection: Selection,
    old: Annotated[str, typer.Argument(metavar="OLD", help="The repository.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="What it is to be called.")],
    jobs: Jobs = JOBS,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> Shown:
    """Give a repository another name, or take it to another namespace.

    A registry cannot do that: the new repository is made, all tags are copied to it without a
    download, with what refers to their images and with overview, visibility and settings. Once
    each tag has the same digest there, and a last look has found nothing new, the old repository is
    deleted, after a question. Whatever interrupts it: run it again, and it goes on.

    Stars and the number of pulls stay behind; so does what is named before anything is done.

    \b
    Examples:
      hubcli repo rename acme/api acme/gateway --dry-run
      hubcli repo rename acme/api acme/gateway
    """
    from hubcli.tags import choice

    refuse_one_part(old, runtime.session, _ACTION, f"{{name}} {new}")
    source, target = two_repositories(runtime, old, new, _ACTION)
    _refuse_what_cannot_be(runtime, source, target, yes=yes or dry_run)
    with _explaining_the_end(runtime, source, target):
        plan = planned_copy(runtime, source, target, choice(), None, settings=True, jobs=jobs)
    _refuse_other_content(plan)
    behind = [*_left_behind(runtime, source)]
    if not selection.quiet:
        plan.tell(runtime)
        if behind:
            runtime.output.notice(f"left behind: {', '.join(behind)}")
    if dry_run:
        runtime.output.notice(f"dry run: {source.name} would be deleted, once all that is verified")
        return Rows(plan.rows(dry_run=True), view=COPY)
    if [*carried_out(runtime, selection, plan, jobs, kept=True)]:
        raise _kept(source, "not all tags could be copied")
    digests = _verified(runtime, plan)
    if not selection.quiet:
        runtime.output.notice(f"{target.name} has all {len(digests):,} tags of {source.name}")
    if not yes and not _is_wanted(runtime, source):
        runtime.output.notice(
            f"nothing was deleted: there are both {source.name} and {target.name}"
        )
        raise typer.Exit(1)
    _look_once_more(runtime, plan, digests)
    with doing("delete", source.name):
        delete(runtime, source.name)
    if asked(selection):
        return One(
            {
                "name": target.name,
                "previous": source.name,
                "tags": len(digests),
                "deleted": True,
                "left_behind": behind,
            }
        )
    if not selection.quiet:
        runtime.output.notice(f"renamed {source.name} to {target.name}")
    return None


def _refuse_what_cannot_be(
    runtime: Runtime, source: Reference, target: Reference, *, yes: bool
) -> None:
    """Everything that is known without asking for anything, before anything is changed."""
    if source.host != target.host:
        raise UsageError(
            "a repository is renamed within its registry; it can be copied to another one",
            action=_ACTION,
            reference=source.name,
            hint=f"hubcli repo copy {source.name} {target.name}",
        )
    if not source.on_hub:
        try:
            remover(runtime, source)
        except HubcliError as error:
            error.action, error.hint = _ACTION, f"hubcli repo copy {source.name} {target.name}"
            raise
    output = runtime.output
    if not yes and not (output.stdin_is_terminal and output.stderr_is_terminal):
        raise UsageError(f"delete {source.name} in the end? Without a terminal, --yes answers that")


def _is_wanted(runtime: Runtime, source: Reference) -> bool:
    row = inspected(runtime, source, _ACTION) or {"name": source.name}
    return confirmed(runtime, [row], by_name=True)


@contextmanager
def _explaining_the_end(runtime: Runtime, source: Reference, target: Reference) -> Iterator[None]:
    """Say that it is renamed already, where that is why the old repository is not there."""
    try:
        yield
    except NotFound as error:
        if error.reference == source.name:
            error.action = _ACTION
            with suppress(HubcliError):
                inspected(runtime, target, _ACTION)
                error.reason = f"it is not there any more, but {target.name} is"
                error.hint = f"hubcli tag ls {target.name}"
        raise


def _refuse_other_content(plan: Plan) -> None:
    """Conflict where the new repository is not one that was begun by this command."""
    moves, target = plan.moves, plan.moves.destination
    for action in ("missing", "conflict"):
        for move in moves.of(action)[:1]:
            error = refusal(moves, move)
            error.hint = None
            raise error
    own = [one.called for one in plan.home.items if one.action == "keep"]
    if moves.others:
        own.append(f"{moves.others:,} tags that {moves.source.name} does not have")
    if own:
        raise Conflict(
            f"it exists already, with its own {', '.join(own)}",
            action=f"{_ACTION} {moves.source.name} to",
            reference=target.name,
            hint=f"hubcli repo copy {moves.source.name} {target.name}",
        )


def _left_behind(runtime: Runtime, source: Reference) -> Iterator[str]:
    """What does not go along, as far as one may know of it."""
    if not source.on_hub:
        return
    hub, path = runtime.session.hub, source.path
    lists = {
        "webhooks": hub.webhooks.list,
        "collaborators": hub.collaborators.list,
        "permissions of the teams": hub.grants.of_repository,
    }
    for what, listed in lists.items():
        # Persons have collaborators, organizations teams; and who may not see them hears so.
        with suppress(HubcliError):
            names = [str(row.get("team") or row["name"]) for row in listed(path)]
            if names:
                yield f"{what} {', '.join(names)}"


def _verified(runtime: Runtime, plan: Plan) -> dict[str, str | None]:
    """What the tags of the old repository are, each of which the new one has by now, too."""
    moves = planned_again(runtime, plan.moves)
    lacking = [move.tag for move, _ in differing(runtime, plan.moves.destination, moves)]
    if lacking:
        raise _kept(plan.moves.source, f"{plan.moves.destination.name} lacks {_some(lacking)}")
    return {move.tag: move.digest for move in moves}


def _look_once_more(runtime: Runtime, plan: Plan, digests: dict[str, str | None]) -> None:
    """Conflict where somebody has pushed to the old repository, or deleted a tag, meanwhile, or
    taken one from the new one: the question may have stood for long."""
    moves = planned_again(runtime, plan.moves)
    now = {move.tag: move.digest for move in moves}
    changed = sorted(tag for tag in now.keys() | digests.keys() if now.get(tag) != digests.get(tag))
    if changed:
        raise _kept(plan.moves.source, f"{_some(changed)} changed meanwhile")
    lacking = [move.tag for move in moves if move.before != move.digest]
    if lacking:
        raise _kept(plan.moves.source, f"{plan.moves.destination.name} lacks {_some(lacking)}")


def planned_again(runtime: Runtime, moves: Moves) -> Sequence[Move]:
    from hubcli.tags import choice

    return planned(runtime, moves.source, moves.destination, choice(), force=False).moves


def _some(tags: Sequence[str]) -> str:
    rest = f" and {len(tags) - _NAMED:,} others" if len(tags) > _NAMED else ""
    return f"{', '.join(tags[:_NAMED])}{rest}"


def _kept(source: Reference, reason: str) -> Conflict:
    """That nothing was deleted, and why: the same command goes on."""
    return Conflict(f"{reason}; run it again", action="delete", reference=source.name)
