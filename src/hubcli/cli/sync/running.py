"""Running rounds: what they show meanwhile, what they leave behind, and when the next one is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from hubcli.cli.runtime import Runtime
from hubcli.cli.sync.declared import MIRRORED
from hubcli.cli.transfer.telling import BLOB_OUTCOMES, OwnEvents
from hubcli.errors import HubcliError, UsageError
from hubcli.output import Row, Selection

if TYPE_CHECKING:
    from hubcli.cli.sync.deleting import Deleting
    from hubcli.cli.sync.world import SessionWorld
    from hubcli.mirroring.entry import Entry
    from hubcli.mirroring.item import Outcome, Result
    from hubcli.mirroring.metrics import Timing
    from hubcli.mirroring.quota import Action
    from hubcli.mirroring.rounds import Round, Terms
    from hubcli.mirroring.tally import Tally

_PLANNED: dict[Result, str] = {"copied": "copy", "updated": "update", "deleted": "delete"}
_FILE_MODE = 0o644
"""Whoever collects metrics is somebody else."""


@dataclass(frozen=True)
class Wish:
    """What the command line asks for; `keep_quota` pulls are left at each registry."""

    terms: Terms
    jobs: int
    create: bool = False
    dry_run: bool = False
    yes: bool = False
    quiet: bool = False
    watches: bool = False
    keep_quota: int | None = None
    quota_action: Action = "stop"
    metrics: Path | None = None


class Running:
    """Runs rounds over what `entries` reads, anew for each of them."""

    def __init__(
        self,
        runtime: Runtime,
        wish: Wish,
        entries: Callable[[], list[Entry]],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._runtime = runtime
        self._wish = wish
        self._entries = entries
        self._clock = clock
        self.summary = ""
        self.differs = False

    def check(self) -> None:
        """UsageError where the first round could not even begin."""
        if any(entry.delete_extra for entry in self._entries()):
            self._check_question()

    def round(self) -> Iterator[Row]:
        """One round: a row for each image, as soon as it is known what becomes of it.

        At its end `summary` says what it came to, and `differs` whether anything had to be done.
        """
        from hubcli.mirroring.metrics import Timing
        from hubcli.mirroring.tally import Tally

        began = self._clock()
        entries = self._entries()
        tally = Tally.of(entry.name for entry in entries)
        for outcome in self._outcomes(entries):
            tally.count(outcome)
            if outcome.error is not None:
                self._runtime.report(outcome.error)
            yield self._row(outcome)
        seconds = self._clock() - began
        self.summary = _summary(tally, seconds, dry_run=self._wish.dry_run)
        self.differs = any(tally.total(result) for result in _PLANNED)
        if self._wish.metrics is not None and not self._wish.dry_run:
            self._write_metrics(self._wish.metrics, tally, Timing(began, seconds))

    def _outcomes(self, entries: list[Entry]) -> Iterator[Outcome]:
        from hubcli.cli.sync.world import SessionWorld

        wish = self._wish
        deletes = any(entry.delete_extra for entry in entries)
        if deletes:
            self._check_question()
        session = self._runtime.session
        session.widen(max(wish.jobs, wish.terms.lookups))
        # Many threads are about to come to these first: here each is made once.
        _ = session.http, session.keychain, session.providers, session.hub
        world = SessionWorld(self._runtime, create=wish.create)
        with world.opened(entries, dry_run=wish.dry_run):
            yield from self._inside(world, entries, deletes)

    def _inside(
        self, world: SessionWorld, entries: list[Entry], deletes: bool
    ) -> Iterator[Outcome]:
        """What becomes of everything, while archives are open."""
        wish = self._wish
        found = self._begun(world)
        planned: Iterable[Outcome] = chain(found.plan(entries), found.prepare(dry_run=wish.dry_run))
        asks = deletes and not wish.yes and not wish.dry_run
        if asks:
            planned = [*planned]  # what is to be asked is known then, and nothing is printed yet
            self._ask(found)
        yield from planned
        deleting = self._deleting(found) if deletes else None
        if wish.dry_run:
            yield from found.planned()
            yield from deleting.planned() if deleting else ()
            return
        yield from self._carried_out(found)
        yield from deleting.outcomes() if deleting else ()

    def _carried_out(self, found: Round) -> Iterator[Outcome]:
        output = self._runtime.output
        with output.progress(quiet=self._wish.quiet) as progress:
            outcomes = found.carry_out(self._wish.jobs, lambda name: OwnEvents(progress, name))
            if not output.stderr_is_terminal:
                yield from outcomes
                return
            # Where bars are shown, rows have to wait until those are gone.
            done = list(outcomes)
        yield from done

    def _ask(self, found: Round) -> None:
        """Ask whether what is extra may go; a no ends the command, before anything is done."""
        from hubcli.cli.sync.deleting import Deleting

        extras = found.extras() if found.found.whole else []
        if extras:
            Deleting(self._runtime, extras).ask()

    def _deleting(self, found: Round) -> Deleting | None:
        """The deletion of what is extra; None where that is not to be told, or there is nothing."""
        from hubcli.cli.sync.deleting import Deleting

        if not found.found.whole:
            self._runtime.output.warning("nothing is deleted: not every entry could be read")
            return None
        extras = found.extras()
        return Deleting(self._runtime, extras) if extras else None

    def _check_question(self) -> None:
        """UsageError where nobody can be asked whether tags may go."""
        wish, output = self._wish, self._runtime.output
        can_ask = output.stdin_is_terminal and output.stderr_is_terminal and not wish.watches
        if not (wish.yes or wish.dry_run or can_ask):
            raise UsageError("delete-extra removes tags: answer in advance with --yes")

    def _begun(self, world: SessionWorld) -> Round:
        from hubcli.config import cache_directory
        from hubcli.mirroring.narrowing import Indexes
        from hubcli.mirroring.quota import Quota
        from hubcli.mirroring.rounds import Round

        runtime, wish = self._runtime, self._wish
        indexes = Indexes(cache_directory(runtime.environ) / "indexes")
        indexes.tidy(self._clock())
        guarded = None
        if wish.keep_quota is not None:
            quota = Quota(
                wish.keep_quota, wish.quota_action, world.remaining, runtime.output.notice
            )
            guarded = quota.guarded
        return Round(world, indexes, wish.terms, guarded)

    def _row(self, outcome: Outcome) -> Row:
        report, dry_run = outcome.report, self._wish.dry_run
        return {
            "target": outcome.target,
            "result": _PLANNED.get(outcome.result, outcome.result) if dry_run else outcome.result,
            "digest": outcome.digest,
            "bytes": None if report is None else report.bytes,
            "reason": outcome.reason,
            "source": outcome.source,
            "entry": outcome.entry,
            "platforms": None if report is None else report.platforms,
            "attached": None if report is None else report.attached,
            "blobs": None
            if report is None
            else {outcome: report.blobs[outcome] for outcome in BLOB_OUTCOMES},
            "seconds": None if report is None else report.seconds,
            "dry_run": dry_run,
        }

    def _write_metrics(self, path: Path, tally: Tally, timing: Timing) -> None:
        from hubcli import files
        from hubcli.mirroring.metrics import exposition

        shard = self._wish.terms.shard
        try:
            before = path.read_text(encoding="utf-8") if path.is_file() else ""
            text = exposition(tally, timing, str(shard) if shard.count > 1 else "", before)
            files.replace(path, text.encode(), mode=_FILE_MODE)
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise HubcliError(f"cannot write {path}: {reason}", code="SYSTEM") from error


def _summary(tally: Tally, seconds: float, *, dry_run: bool) -> str:
    """What was done, in one line."""
    from hubcli.mirroring.tally import RESULTS
    from hubcli.output import human

    words = {result: f"to {verb}" for result, verb in _PLANNED.items()} if dry_run else {}
    counts = [(tally.total(one), words.get(one, one)) for one in RESULTS]
    parts = ", ".join(f"{count:,} {word}" for count, word in counts if count)
    parts = parts or "nothing to mirror"
    if dry_run:
        return f"dry run: {parts}"
    return f"{parts}; {human.size(sum(tally.bytes.values()))} in {human.span(seconds)}"


def show(runtime: Runtime, selection: Selection, running: Running, *, everything: bool) -> None:
    """Print what a round does; what is unchanged, for people at a terminal, as a number only."""
    for_people = (
        runtime.output.stdout_is_terminal
        and selection.format in {None, "table"}
        and selection.query is None
    )
    hides = for_people and not everything
    hidden = False

    def rows() -> Iterator[Row]:
        nonlocal hidden
        for row in running.round():
            if hides and row["result"] == "unchanged":
                hidden = True
            else:
                yield row

    def summary() -> str:
        return f"{running.summary}; --all shows what is unchanged" if hidden else running.summary

    runtime.output.rows(MIRRORED, rows(), selection, more=None if selection.quiet else summary)
