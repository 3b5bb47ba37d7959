"""`hubcli repo copy`: all tags of a repository, or some, with what else it has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

import typer

from hubcli.cli.commands import Rows, Shown
from hubcli.cli.options import (
    DryRun,
    Excepts,
    Filters,
    Limit,
    Match,
    Semver,
    Since,
    Until,
    Variant,
)
from hubcli.cli.repo.belongings import Home, belongings, home
from hubcli.cli.repo.declared import COPY, Private, group
from hubcli.cli.repo.names import on_hub, refuse_one_part
from hubcli.cli.repo.tagmoves import Move, Moves, options, planned
from hubcli.cli.runtime import Runtime
from hubcli.cli.transfer.jobs import Done, Job
from hubcli.cli.transfer.running import Runner
from hubcli.cli.transfer.telling import asked
from hubcli.errors import Conflict, HubcliError, NotFound, UsageError
from hubcli.output import Row, Selection
from hubcli.reference import Reference, parse_repository

if TYPE_CHECKING:
    from hubcli.tags import Choice

_ACTION = "copy"
JOBS = 10

Jobs = Annotated[
    int, typer.Option("--jobs", metavar="N", min=1, max=64, help="Blobs to move at once.")
]


@dataclass(frozen=True)
class Plan:
    """What a copy of a repository does: to the other one itself, and tag by tag."""

    home: Home
    moves: Moves

    def rows(self, *, dry_run: bool) -> Iterator[Row]:
        yield from self.home.rows(self.moves.source)
        for move in self.moves.moves:
            yield self.moves.row(move, dry_run=dry_run)

    def tell(self, runtime: Runtime) -> None:
        """Say what is going to happen, before it does."""
        moves, say = self.moves, runtime.output.notice
        for line in self.home.lines:
            say(line)
        counts = (
            (len(moves.of("create")), "to be copied"),
            (len(moves.of("replace")), "to be replaced"),
            (len(moves.of("keep")), "there already"),
            (len(moves.of("conflict")), "other images there"),
        )
        told = ", ".join(f"{count:,} {words}" for count, words in counts if count) or "none"
        say(f"tags of {moves.source.name} for {moves.destination.name}: {told}")


@group.command("copy", shows=COPY)
def copy(
    runtime: Runtime,
    selection: Selection,
    source: Annotated[str, typer.Argument(metavar="SRC", help="A repository.")],
    destination: Annotated[
        str, typer.Argument(metavar="DST", help="Another one; it is made if it is not there.")
    ],
    filter: Filters = None,
    excepting: Excepts = None,
    match: Match = None,
    semver: Semver = None,
    variant: Variant = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = None,
    tags_only: Annotated[
        bool, typer.Option("--tags-only", help="No overview, description, visibility, settings.")
    ] = False,
    private: Private = None,
    jobs: Jobs = JOBS,
    force: Annotated[
        bool, typer.Option("--force", help="Replace other images and settings that are there.")
    ] = False,
    dry_run: DryRun = False,
) -> Shown:
    """Copy a repository: its tags, what refers to their images, and its settings.

    Within one registry no layer is downloaded. What is there already stays as it is; a tag that is
    another image there is replaced with --force only. A copy that was interrupted goes on where it
    stopped when it is run again.

    Description, overview, categories, visibility and rules for immutable tags go along where both
    sides have such; what the other side does not keep is said.

    \b
    Examples:
      hubcli repo copy acme/api acme/api-archive
      hubcli repo copy acme/api ghcr.io/acme/api --semver '>=1' --except '*-rc*'
      hubcli repo copy quay.io/acme/api acme/api --dry-run
    """
    from hubcli.tags import choice

    wanted = choice(filter, excepting, match, semver, variant, since, until, None, limit)
    read, written = two_repositories(runtime, source, destination, _ACTION)
    plan = planned_copy(
        runtime, read, written, wanted, private, settings=not tags_only, jobs=jobs, force=force
    )
    if not selection.quiet:
        plan.tell(runtime)
    if dry_run:
        return Rows(plan.rows(dry_run=True))
    failed = {*carried_out(runtime, selection, plan, jobs)}
    for move in plan.moves.of("conflict", "missing"):
        runtime.report(refusal(plan.moves, move))
    if not selection.quiet:
        todo = len(plan.moves.moves) - len(plan.moves.of("keep"))
        done = len(plan.moves.of("create", "replace")) - len(failed)
        runtime.output.notice(f"copied {done:,} of {todo:,} tags to {written.name}")
    if not asked(selection):
        return None
    return Rows(row for row in plan.rows(dry_run=False) if row.get("name") not in failed)


def two_repositories(
    runtime: Runtime, source: str, destination: str, verb: str
) -> tuple[Reference, Reference]:
    """The repositories that are meant; UsageError where they are the same, or one cannot be."""
    read, written = parse_repository(source), parse_repository(destination)
    refuse_one_part(destination, runtime.session, verb, f"{read.name} {{name}}")
    for reference in (read, written):
        if reference.on_hub:
            on_hub(reference.repository, verb, "")
    if read == written:
        raise UsageError("both are the same repository", action=verb, reference=read.name)
    return read, written


def planned_copy(
    runtime: Runtime,
    source: Reference,
    destination: Reference,
    wanted: Choice,
    private: bool | None,
    *,
    settings: bool,
    jobs: int,
    force: bool = False,
) -> Plan:
    """What is to be done, as far as both sides tell; nothing has been changed by then."""
    runtime.session.widen(jobs)
    has = belongings(runtime, source, _ACTION) if settings else {}
    there = home(runtime, destination, has, private, force=force)
    moves = planned(runtime, source, destination, wanted, force=force)
    if not moves.moves and not wanted.everything:
        raise NotFound("no tag is chosen", action=_ACTION, reference=source.name)
    return Plan(there, moves)


def carried_out(
    runtime: Runtime, selection: Selection, plan: Plan, jobs: int, *, kept: bool = False
) -> Iterable[str]:
    """Do what is planned; the tags that could not be copied, whose failures are reported.

    With `kept` it is looked whether all that refers to what is there already is there as well.
    """
    moves = plan.moves
    plan.home.begin()
    runner = Runner(runtime, selection)
    wanted = options(moves, jobs)
    work = [
        Job(
            replace(moves.source, tag=tags[0] if tags else None, digest=digest),
            replace(moves.destination, tag=tags[0] if tags else None, digest=digest),
            wanted,
            tags=tags,
        )
        for digest, tags in moves.groups(kept=kept).items()
    ]
    failed: list[str] = []
    for job, found in runner.attempted(work, _digest):
        if isinstance(found, HubcliError):
            runtime.report(found)
            failed += job.tags or (str(job.destination),)
    plan.home.end()
    return failed


def _digest(_: Job, done: Done) -> str:
    return done.report.digest


def refusal(moves: Moves, move: Move) -> HubcliError:
    """Why a tag was not copied."""
    if move.action == "missing":
        return NotFound(
            "it points at nothing that could be pulled",
            action=_ACTION,
            reference=moves.source.tagged(move.tag).short,
            code="MANIFEST_UNKNOWN",
        )
    return Conflict(
        f"it is there already, with the digest {move.before}",
        action="write to",
        reference=moves.destination.tagged(move.tag).short,
        hint=f"hubcli repo copy {moves.source.name} {moves.destination.name} --force",
    )
