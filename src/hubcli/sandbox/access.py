"""Who may do what: the seam between the sandbox's registry and its Hub.

The registry and the token server know repositories only by name and people only by an opaque
subject; accounts, privacy, limits and tag rules are behind `Access`. Every method is called from
worker threads; `pushed`, `pulled` and `deleting` are called inside an open transaction of the
shared database, so what they write is kept or undone together with the registry's own change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

PULL = "pull"
PUSH = "push"
DELETE = "delete"
ALL_ACTIONS = frozenset({PULL, PUSH, DELETE})


@dataclass(frozen=True)
class PullLimit:
    """How many manifests may be pulled: `limit` in each window, `remaining` of them unused.

    `source` is what is being counted: an address or an account id.
    """

    limit: int
    remaining: int
    source: str
    window_seconds: int = 21_600


@dataclass(eq=False)
class Refusal(Exception):
    """The registry must answer with this error instead of doing what was asked."""

    message: str
    code: str = "DENIED"
    status: int = 403
    headers: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class Access(Protocol):
    """What the registry asks before, and reports after, it serves content.

    A subject is whatever `authenticate` returned: an account name, or a name with more in it when
    one account has credentials of different strength. None is an anonymous client.
    """

    def authenticate(self, username: str, secret: str) -> str | None:
        """The subject whom this password or access token belongs to; None = refused."""

    def allowed(
        self, subject: str | None, repository: str, actions: frozenset[str]
    ) -> frozenset[str]:
        """Those of `actions` (pull, push, delete) that `subject` may do in `repository`.

        Nothing is granted on a repository that the subject must not know of.
        """

    def may_list_catalog(self, subject: str | None) -> bool:
        """Whether `/v2/_catalog` answers; it names only what `subject` may pull."""

    def pushed(self, subject: str | None, repository: str, reference: str) -> None:
        """A manifest is about to be stored under `reference` (a tag or a digest).

        Creates the Hub repository at the first push. Raises Refusal to keep the manifest out.
        """

    def pulled(self, subject: str | None, address: str, repository: str, reference: str) -> None:
        """A manifest is about to be sent in answer to a GET from `address`.

        Raises Refusal (429, TOOMANYREQUESTS) once the pull limit is used up.
        """

    def deleting(self, subject: str | None, repository: str, reference: str) -> None:
        """A tag or digest is about to be deleted; raises Refusal to keep it."""

    def pull_limit(self, subject: str | None, address: str) -> PullLimit | None:
        """The pull limit to announce beside a manifest; None = unlimited."""


class OpenAccess:
    """Everybody may do everything; every password is right."""

    def authenticate(self, username: str, secret: str) -> str | None:  # noqa: ARG002
        return username

    def allowed(
        self,
        subject: str | None,  # noqa: ARG002
        repository: str,  # noqa: ARG002
        actions: frozenset[str],
    ) -> frozenset[str]:
        return actions & ALL_ACTIONS

    def may_list_catalog(self, subject: str | None) -> bool:  # noqa: ARG002
        return True

    def pushed(self, subject: str | None, repository: str, reference: str) -> None:
        """Nobody counts here."""

    def pulled(self, subject: str | None, address: str, repository: str, reference: str) -> None:
        """Nobody counts here."""

    def deleting(self, subject: str | None, repository: str, reference: str) -> None:
        """Nobody minds here."""

    def pull_limit(self, subject: str | None, address: str) -> PullLimit | None:  # noqa: ARG002
        return None
