"""Carrying out what was planned for a repository: what fails is reported, the rest is done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from hubcli.cli.runtime import Runtime
from hubcli.cli.tag.surveying import Surveyed
from hubcli.errors import (
    Denied,
    HubcliError,
    NotFound,
    NotSignedIn,
    RateLimited,
    Unavailable,
    doing,
)

if TYPE_CHECKING:
    from hubcli.retention.grouping import Group
    from hubcli.retention.rules import Verdict

Status = Literal["done", "failed", "left"]
_ACTION = "delete"
_HOPELESS = (RateLimited, NotSignedIn)
_PATIENCE: Mapping[type[HubcliError], int] = {Unavailable: 3, Denied: 10}
"""Failures of a kind on end after which no more is asked: a server that is not there has been tried
several times each; one that refuses may do so for some tags only."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a tag that was to go; `error` says why it is still there."""

    verdict: Verdict
    status: Status
    error: str | None = None


class Deletion:
    """Deletes group by group. `halted` are the hosts that nothing more is asked of."""

    def __init__(self, runtime: Runtime, surveyed: Surveyed, halted: set[str]) -> None:
        self._runtime = runtime
        self._reference = surveyed.reference
        self._tags = surveyed.tags
        self._plan = surveyed.plan
        self._halted = halted
        self._on_end: list[HubcliError] = []

    def outcomes(self) -> Iterator[Outcome]:
        verdicts = {one.tag.name: one for one in self._plan.going}
        there: set[str] = set()
        for group in self._plan.groups:
            for name, status, error in self._of_group(group, there):
                if status != "done":
                    there.add(name)
                yield Outcome(verdicts[name], status, error)

    def _of_group(self, group: Group, there: set[str]) -> Iterator[tuple[str, Status, str | None]]:
        hindering = sorted(group.belongings & there)
        if hindering:
            reason = f"{hindering[0]}, which belongs to it, is still there"
            yield from ((name, "left", reason) for name in group.tags)
        elif self._together(group):
            yield from ((name, "done", None) for name in group.tags)
        else:
            yield from ((name, *self._alone(name, group)) for name in group.tags)

    def _together(self, group: Group) -> bool:
        """Remove all tags at once where that saves something; False if one by one might do it."""
        if len(group.tags) == 1 or not self._tags.deletes_manifests or self._is_halted:
            return False
        try:
            if self._tags.remove_together(group.tags, group.digest):
                self._take_along(group)
        except HubcliError:
            return False
        return True

    def _alone(self, name: str, group: Group) -> tuple[Status, str | None]:
        """Remove one tag; one that is gone already is as good."""
        if self._is_halted:
            return "left", f"{self._reference.host} is not asked any more"
        try:
            with doing(_ACTION, str(self._reference.tagged(name))):
                if self._tags.remove_together((name,), group.digest):
                    self._take_along(group)
        except HubcliError as error:
            if not isinstance(error, NotFound) or not self._is_gone(name):
                self._heed(error)
                return "failed", str(error)
        self._on_end.clear()
        return "done", None

    @property
    def _is_halted(self) -> bool:
        return self._reference.host in self._halted

    def _heed(self, error: HubcliError) -> None:
        """Report a failure; after some, no more is asked of the host."""
        self._runtime.report(error)
        self._on_end.append(error)
        too_many = any(
            len(self._on_end) >= most and all(isinstance(one, kind) for one in self._on_end[-most:])
            for kind, most in _PATIENCE.items()
        )
        if too_many or isinstance(error, _HOPELESS):
            self._halted.add(self._reference.host)

    def _is_gone(self, name: str) -> bool:
        try:
            self._tags.digest(name)
        except NotFound:
            return True
        except HubcliError:
            pass
        return False

    def _take_along(self, group: Group) -> None:
        """Delete what was attached to a manifest that is deleted, and has no tag of its own."""
        for digest in group.referrers:
            with self._runtime.attempting(), doing(_ACTION, str(self._reference.at(digest))):
                self._tags.remove_manifest(digest)
