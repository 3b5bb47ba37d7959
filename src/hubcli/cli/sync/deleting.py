"""Tags of targets that are too many: what protects tags from `tag prune` protects them here."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hubcli.cli.runtime import Runtime
from hubcli.errors import Conflict, HubcliError, doing
from hubcli.reference import Reference

if TYPE_CHECKING:
    from hubcli.cli.tag.surveying import Surveyed
    from hubcli.mirroring.extras import Extras
    from hubcli.mirroring.item import Outcome, Result
    from hubcli.retention.rules import Verdict

_ACTION = "delete the extra tags of"
_PROTECTING = frozenset({"referrer", "immutable"})
_UNWANTED = "no entry chooses it"
_RESULTS: dict[str, Result] = {"done": "deleted", "failed": "failed", "left": "left"}


class Deleting:
    """Tells what would go, and removes it: planned anew then, for what was copied since may need
    what was to go."""

    def __init__(self, runtime: Runtime, found: Sequence[Extras]) -> None:
        self._runtime = runtime
        self._found = found
        self._halted: set[str] = set()

    def ask(self) -> None:
        """Ask whether all of it may go; a no ends the command, before anything is done."""
        from hubcli.cli.plans import ask, these
        from hubcli.mirroring.ends import image, shown

        lines = [shown(image(one.target, tag)) for one in self._found for tag in one.tags]
        question = f"Delete {these(lines, 'tag', 'tags')} that no entry chooses?"
        ask(self._runtime.output, lines, question, "nothing was copied or deleted")

    def planned(self) -> Iterator[Outcome]:
        """What would go, and what would be protected."""
        yield from self._each(self._planned_at)

    def outcomes(self) -> Iterator[Outcome]:
        """What has gone, what was protected, and what failed."""
        yield from self._each(self._removed_at)

    def _each(self, work: Callable[[Extras], Iterator[Outcome]]) -> Iterator[Outcome]:
        for one in self._found:
            try:
                with doing(_ACTION, _shown(one)):
                    _check(one)
                    yield from work(one)
            except HubcliError as error:
                yield _outcome(one, None, "failed", error.reason, error)

    def _planned_at(self, one: Extras) -> Iterator[Outcome]:
        if not isinstance(one.target, Reference):
            yield from (_outcome(one, tag, "deleted") for tag in one.tags)
            return
        for verdict in self._surveyed(one, one.target).plan.verdicts:
            if verdict.goes:
                yield _outcome(one, verdict.tag.name, "deleted", digest=verdict.tag.digest)
            else:
                yield from _protected(one, verdict)

    def _removed_at(self, one: Extras) -> Iterator[Outcome]:
        if not isinstance(one.target, Reference):
            from hubcli.stores.layout import LayoutDirectory

            LayoutDirectory(Path(one.target.path)).untag(one.tags)
            yield from (_outcome(one, tag, "deleted") for tag in one.tags)
            return
        from hubcli.cli.tag.deleting import Deletion

        surveyed = self._surveyed(one, one.target)
        if surveyed.plan.empties:
            raise _empties(one)
        for verdict in surveyed.plan.verdicts:
            yield from _protected(one, verdict)
        for done in Deletion(self._runtime, surveyed.without_what_stays(), self._halted).outcomes():
            result = _RESULTS[done.status]
            tag = done.verdict.tag
            yield _outcome(one, tag.name, result, done.error or _UNWANTED, digest=tag.digest)

    def _surveyed(self, one: Extras, target: Reference) -> Surveyed:
        from hubcli.cli.tag.surveying import Survey
        from hubcli.retention.rules import Rules

        rules = [Rules(names=one.names)]
        return Survey(self._runtime, target, _ACTION).plan(rules, time.time())


def _check(one: Extras) -> None:
    """Conflict where nothing is chosen: more likely than not that is a mistake."""
    if not one.wanted:
        raise _empties(one)


def _empties(one: Extras) -> Conflict:
    return Conflict(
        f"nothing would be left of its {len(one.tags):,} tags; they stay",
        hint="choose a tag of its source, or leave delete-extra out",
    )


def _shown(one: Extras) -> str:
    from hubcli.mirroring.ends import shown

    return shown(one.target)


def _protected(one: Extras, verdict: Verdict) -> Iterator[Outcome]:
    """The outcome of a tag that would go, if nothing protected it."""
    if not verdict.goes and verdict.rule in _PROTECTING and one.names(verdict.tag.name):
        tag = verdict.tag
        yield _outcome(one, tag.name, "protected", verdict.reason, digest=tag.digest)


def _outcome(
    one: Extras,
    tag: str | None,
    result: Result,
    reason: str = _UNWANTED,
    error: HubcliError | None = None,
    *,
    digest: str | None = None,
) -> Outcome:
    from hubcli.mirroring.ends import image, shown
    from hubcli.mirroring.item import Outcome

    target = shown(one.target if tag is None else image(one.target, tag))
    return Outcome(one.entry, None, target, result, digest, reason, error=error)
