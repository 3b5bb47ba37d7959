"""The Hub's answers to the registry: who may pull and push, what a push makes, what pulls cost."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from hubcli.sandbox.access import ALL_ACTIONS, DELETE, PULL, PUSH, PullLimit, Refusal
from hubcli.sandbox.accounts import PAID_PLANS, Accounts, Identity, Scope, now
from hubcli.sandbox.deliveries import Deliveries
from hubcli.sandbox.permissions import Permissions
from hubcli.sandbox.repositories import HubRepository, Repositories
from hubcli.sandbox.storage import Storage
from hubcli.sandbox.webhooks import Webhooks

ANONYMOUS_PULLS = 100
PERSONAL_PULLS = 200
PULL_WINDOW = 21_600


@dataclass(slots=True)
class _Window:
    ends: float
    used: int = 0


class PullCounter:
    """Pulls of each source in its current window of six hours; safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._windows: dict[str, _Window] = {}

    def used(self, source: str) -> int:
        with self._lock:
            return self._window(source).used

    def count(self, source: str) -> None:
        with self._lock:
            self._window(source).used += 1

    def _window(self, source: str) -> _Window:
        window = self._windows.get(source)
        if window is None or window.ends <= time.time():
            window = self._windows[source] = _Window(time.time() + PULL_WINDOW)
        return window


class HubAccess:
    """`Access` as Docker Hub grants it.

    Pulls are counted, and refused once the limit is used up only if `enforce_pull_limit`.
    """

    def __init__(
        self,
        accounts: Accounts,
        repositories: Repositories,
        permissions: Permissions,
        storage: Storage,
        webhooks: Webhooks,
        deliveries: Deliveries,
        *,
        enforce_pull_limit: bool = False,
        catalog: bool = False,
    ) -> None:
        self._accounts = accounts
        self._repositories = repositories
        self._permissions = permissions
        self._storage = storage
        self._webhooks = webhooks
        self._deliveries = deliveries
        self._enforce = enforce_pull_limit
        self._catalog = catalog
        self._pulls = PullCounter()

    def authenticate(self, username: str, secret: str) -> str | None:
        identity = self._accounts.authenticate(username, secret)
        return None if identity is None else identity.subject

    def allowed(
        self, subject: str | None, repository: str, actions: frozenset[str]
    ) -> frozenset[str]:
        identity = self._identity(subject)
        found = self._repositories.find(repository)
        if found is None:
            mine = self._may_push_new(identity, repository)
            return actions & ALL_ACTIONS if mine else frozenset()
        rights = self._permissions.rights(identity, found)
        granted = {PULL: rights.read, PUSH: rights.write, DELETE: rights.delete}
        return frozenset(action for action in actions if granted.get(action, False))

    def may_list_catalog(self, subject: str | None) -> bool:
        """Hub has none; a sandbox that is to stand for another registry may have one."""
        return self._catalog and subject is not None

    def pushed(self, subject: str | None, repository: str, reference: str) -> None:
        found = self._repositories.find(repository)
        if found is None:
            self._create(subject, repository)
            return
        if found.archived:
            raise Refusal(f"{repository} is archived: it is read-only")
        self._protect(found, reference)
        self._repositories.change(found, updated=now(), status=1, type=found.type or "image")
        self._tell(subject, found, reference)

    def _tell(self, subject: str | None, repository: HubRepository, reference: str) -> None:
        """Webhooks hear of tags; what has only a digest is a part of something that has one."""
        identity = self._identity(subject)
        pusher = "anonymous" if identity is None else identity.account
        if ":" not in reference and self._webhooks.expect(repository, reference, pusher):
            self._storage.database.after_commit(self._deliveries.wake)

    def pulled(self, subject: str | None, address: str, repository: str, reference: str) -> None:  # noqa: ARG002
        limit = self.pull_limit(subject, address)
        if limit is not None:
            if self._enforce and limit.remaining <= 0:
                raise Refusal(
                    "You have reached your pull rate limit. You may increase the limit by"
                    " authenticating and upgrading: https://www.docker.com/increase-rate-limit",
                    code="TOOMANYREQUESTS",
                    status=429,
                    headers={"Retry-After": str(limit.window_seconds)},
                )
            self._pulls.count(limit.source)
        self._repositories.count_pull(repository)

    def deleting(self, subject: str | None, repository: str, reference: str) -> None:  # noqa: ARG002
        found = self._repositories.find(repository)
        if found is None:
            return
        if found.archived:
            raise Refusal(f"{repository} is archived: it is read-only")
        self._protect(found, reference)

    def pull_limit(self, subject: str | None, address: str) -> PullLimit | None:
        identity = self._identity(subject)
        if identity is None:
            return self._limit(ANONYMOUS_PULLS, address)
        account = self._accounts.find(identity.account)
        if account is None or account["is_organization"] or account["plan"] in PAID_PLANS:
            return None
        return self._limit(PERSONAL_PULLS, account["id"])

    def _limit(self, limit: int, source: str) -> PullLimit:
        remaining = max(0, limit - self._pulls.used(source))
        return PullLimit(limit, remaining, source, PULL_WINDOW)

    def _identity(self, subject: str | None) -> Identity | None:
        return None if subject is None else self._accounts.identity(subject)

    def _may_push_new(self, identity: Identity | None, repository: str) -> bool:
        namespace, _, name = repository.partition("/")
        if not name or "/" in name:
            return False
        return self._permissions.may_create(identity, namespace, Scope.WRITE)

    def _create(self, subject: str | None, repository: str) -> None:
        """A first push makes the repository, as private as the namespace's default says."""
        identity = self._identity(subject)
        namespace = repository.partition("/")[0]
        owner = self._accounts.find(namespace)
        if identity is None or owner is None or not self._may_push_new(identity, repository):
            raise Refusal("requested access to the resource is denied")
        private = bool(owner["private_by_default"])
        if private and self._repositories.private_count(namespace) >= owner["private_limit"]:
            raise Refusal(f"private repository limit of {namespace} reached")
        self._repositories.create(
            repository, identity.account, is_private=private, status=1, type="image"
        )

    def _protect(self, repository: HubRepository, reference: str) -> None:
        """Refuse to change a tag that a rule makes immutable, once it is there."""
        if ":" in reference or not repository.protects(reference):
            return
        if self._storage.manifests.get(repository.path, reference) is not None:
            raise Refusal(f"tag {reference} of {repository.path} is immutable")
