"""Making the changes of a plan, several at once where none needs another; a failure stops nothing.

What needs something that could not be made is left out, and everything else is done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from hubcli import parallel
from hubcli.desired.changes import Change, Key, Plan
from hubcli.desired.organization import Current
from hubcli.errors import HubcliError, NotFound, doing
from hubcli.hub.invites import INVITED, batches
from hubcli.hub.repositories import Category

if TYPE_CHECKING:
    from hubcli.hub import Hub


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a change: done, failed with an `error`, or left out for what is `missing`.

    It was `idle` where somebody who was to be invited turned out to be a member already.
    """

    change: Change
    error: HubcliError | None = None
    missing: Change | None = None
    idle: bool = False

    @property
    def status(self) -> str:
        if self.idle:
            return "unchanged"
        if self.missing is not None:
            return "skipped"
        return "done" if self.error is None else "failed"


class Applying:
    """Changes the organization that `now` was read of; `workers` requests are on their way at once.

    `categories` are Hub's, by slug.
    """

    def __init__(
        self, hub: Hub, now: Current, categories: Mapping[str, Category], workers: int
    ) -> None:
        self._hub = hub
        self._organization = now.organization.name
        self._now = now
        self._team_ids = dict(now.team_ids)
        self._categories = categories
        self._workers = workers

    def outcomes(self, plan: Plan) -> Iterator[Outcome]:
        """Make the changes, and tell of each as soon as it and those before it are through."""
        lacking: dict[Key, Change] = {}
        for stage in plan.stages():
            ready = []
            for change in stage:
                missing = next((lacking[key] for key in change.needs if key in lacking), None)
                if missing is None:
                    ready.append(change)
                else:
                    lacking[change.key] = change
                    yield Outcome(change, missing=missing)
            batches = parallel.in_order(self._made, _batches(ready), self._workers)
            for outcome in (outcome for batch in batches for outcome in batch):
                if outcome.error is not None:
                    lacking[outcome.change.key] = outcome.change
                yield outcome

    def _made(self, batch: Sequence[Change]) -> Sequence[Outcome]:
        if batch[0].kind == "invite" and batch[0].action == "create":
            return self._invited(batch)
        (change,) = batch
        try:
            with doing(phrase(change), change.name):
                _CALLS[change.action, change.kind](self, change)
        except HubcliError as error:
            return [Outcome(change, error)]
        return [Outcome(change)]

    def _invited(self, batch: Sequence[Change]) -> Sequence[Outcome]:
        """People who get the same invite; Hub tells of each what became of it."""
        told: Mapping[str, Any] = batch[0].after
        people = [change.key[1] for change in batch]
        try:
            with doing("invite people to", self._organization):
                rows = self._hub.invites.send(self._organization, people, **told)
        except HubcliError as error:
            return [Outcome(change, error) for change in batch]
        return [
            _answered(change, str(row["status"])) for change, row in zip(batch, rows, strict=True)
        ]

    # Teams and people

    def _create_team(self, change: Change) -> None:
        _, team = change.key
        description: Any = change.after.get("description")
        row = self._hub.teams.create(self._organization, team, description)
        if row.get("id") is None:
            row = self._hub.teams.inspect(self._organization, team)
        self._team_ids[team] = int(str(row["id"]))

    def _change_team(self, change: Change) -> None:
        told: Mapping[str, Any] = change.after
        self._hub.teams.edit(self._organization, change.key[1], **told)

    def _remove_team(self, change: Change) -> None:
        self._hub.teams.delete(self._organization, change.key[1])

    def _add_to_team(self, change: Change) -> None:
        self._hub.teams.add_member(self._organization, *change.key[1:])

    def _remove_from_team(self, change: Change) -> None:
        self._hub.teams.remove_member(self._organization, *change.key[1:])

    def _change_role(self, change: Change) -> None:
        role = str(change.after["role"])
        self._hub.members.set_role(self._organization, change.key[1], role)

    def _remove_member(self, change: Change) -> None:
        self._hub.members.remove(self._organization, change.key[1])

    def _cancel_invite(self, change: Change) -> None:
        invite = self._now.invites[change.key[1]]
        if invite.id is None:
            raise NotFound("Docker Hub did not tell the id of this invite")
        self._hub.invites.cancel(invite.id)

    # Repositories

    def _path(self, change: Change) -> str:
        return f"{self._organization}/{change.key[1]}"

    def _create_repository(self, change: Change) -> None:
        told: Mapping[str, Any] = change.after
        self._hub.repositories.create(
            self._path(change),
            private=told["visibility"] == "private",
            description=told.get("description"),
            readme=told.get("overview"),
        )

    def _change_repository(self, change: Change) -> None:
        repositories, path = self._hub.repositories, self._path(change)
        told: Mapping[str, Any] = change.after
        if "visibility" in told:
            repositories.set_private(path, told["visibility"] == "private")
        elif "categories" in told:
            chosen = [self._categories[slug] for slug in told["categories"]]
            repositories.set_categories(path, chosen)
        elif "immutable_tags" in told:
            repositories.set_immutable_tags(path, told["immutable_tags"])
        else:
            repositories.describe(
                path, description=told.get("description"), readme=told.get("overview")
            )

    def _remove_repository(self, change: Change) -> None:
        self._hub.repositories.delete(self._path(change))

    # Access to repositories

    def _team_id(self, change: Change) -> int:
        identifier = self._team_ids.get(change.key[2])
        if identifier is None:
            raise NotFound("Docker Hub did not tell the number of this team")
        return identifier

    def _grant(self, change: Change) -> None:
        permission = str(change.after["permission"])
        self._hub.grants.grant(self._path(change), self._team_id(change), permission)

    def _change_grant(self, change: Change) -> None:
        permission = str(change.after["permission"])
        self._hub.grants.change(self._path(change), self._team_id(change), permission)

    def _revoke(self, change: Change) -> None:
        self._hub.grants.revoke(self._path(change), self._team_id(change))

    def _create_webhook(self, change: Change) -> None:
        url = str(change.after["url"])
        self._hub.webhooks.create(self._path(change), change.key[2], url)

    def _change_webhook(self, change: Change) -> None:
        """Hub has no call for it: the old one goes, and a new one comes."""
        self._remove_webhook(change)
        self._create_webhook(change)

    def _remove_webhook(self, change: Change) -> None:
        _, repository, name = change.key
        self._hub.webhooks.delete(self._path(change), self._now.webhooks[repository, name])


_CALLS: Mapping[tuple[str, str], Callable[[Applying, Change], None]] = {
    ("create", "team"): Applying._create_team,
    ("change", "team"): Applying._change_team,
    ("remove", "team"): Applying._remove_team,
    ("create", "team member"): Applying._add_to_team,
    ("remove", "team member"): Applying._remove_from_team,
    ("change", "member"): Applying._change_role,
    ("remove", "member"): Applying._remove_member,
    ("remove", "invite"): Applying._cancel_invite,
    ("create", "repository"): Applying._create_repository,
    ("change", "repository"): Applying._change_repository,
    ("remove", "repository"): Applying._remove_repository,
    ("create", "permission"): Applying._grant,
    ("change", "permission"): Applying._change_grant,
    ("remove", "permission"): Applying._revoke,
    ("create", "webhook"): Applying._create_webhook,
    ("change", "webhook"): Applying._change_webhook,
    ("remove", "webhook"): Applying._remove_webhook,
}


def phrase(change: Change) -> str:
    """What is done, as a clause that the name of the change follows."""
    return f"{change.action} the {change.kind}"


def _batches(changes: Sequence[Change]) -> Iterator[Sequence[Change]]:
    """What goes in one request: an invite for many people, and else a change alone."""
    invites = []
    for change in changes:
        if change.kind == "invite" and change.action == "create":
            invites.append(change)
        else:
            yield (change,)
    for _, same in groupby(sorted(invites, key=_terms), _terms):
        yield from batches(same)


def _terms(invite: Change) -> list[tuple[str, str]]:
    """The role and the team, which are the same for all in one request."""
    return sorted((field, str(value)) for field, value in invite.after.items())


def _answered(invite: Change, status: str) -> Outcome:
    """What Hub says of one invitee."""
    if status == INVITED:
        return Outcome(invite)
    if status.startswith(("already", "existing")):
        return Outcome(invite, idle=True)
    reasons = {"invalid_email_or_docker_id": "that is neither an address nor a Docker ID"}
    reason = reasons.get(status, f"Docker Hub says {status}")
    return Outcome(
        invite,
        HubcliError(reason, code=status.upper(), action=phrase(invite), reference=invite.name),
    )
