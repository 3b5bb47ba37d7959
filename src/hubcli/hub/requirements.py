"""What a call that Docker Hub refused would take: a role, the scope of a token, a plan."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from hubcli.errors import Denied
from hubcli.hub.pages import Page, Source

_PLANS = ("plan", "subscription", "upgrade", "entitle", "seat")
_TOKENS = ("scope", "access token")
_NO_RIGHTS = ("archived", "read-only", "immutable", "limit", "quota")
"""What a refusal is about when no right would help."""


ADMINISTRATOR = "owner or editor (or administrator of the repository)"
"""Who may change a repository of an organization."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """What a call for an organization, or a person's namespace, takes.

    `role` is a person's role there, `scope` that of an organization access token; `plan` names the
    plans that include it, None where all do. What `reads` is within a weaker personal token, too.
    """

    role: str
    scope: str
    plan: str | None = None
    reads: bool = False

    @property
    def token(self) -> str:
        """The scope of a personal access token."""
        return "repo:read" if self.reads else "repo:admin"


@contextmanager
def requiring(namespace: str, requirement: Requirement) -> Iterator[None]:
    """Let a refusal that passes say what is missing, as far as its words tell what it is about."""
    try:
        yield
    except Denied as error:
        told = error.reason.lower()
        if any(word in told for word in _PLANS):
            if requirement.plan:
                error.reason += f"; it takes the plan {requirement.plan}"
                error.hint = f"hubcli account info {namespace}"
        elif any(word in told for word in _TOKENS):
            error.reason += (
                f"; it takes a personal access token with {requirement.token},"
                f" or an organization access token with {requirement.scope}"
            )
            error.hint = "hubcli login"
        elif not any(word in told for word in _NO_RIGHTS):
            error.reason += (
                f"; it takes the role {requirement.role} in {namespace},"
                f" or an organization access token with {requirement.scope}"
            )
            error.hint = "hubcli org ls"
        raise


class Guarded:
    """Pages, a refusal of which says what would be needed."""

    def __init__(self, source: Source, namespace: str, requirement: Requirement) -> None:
        self._source = source
        self._namespace = namespace
        self._requirement = requirement

    def numbered(self, page: int, size: int) -> Page | None:
        with requiring(self._namespace, self._requirement):
            return self._source.numbered(page, size)

    def after(self, page: Page) -> Page | None:
        with requiring(self._namespace, self._requirement):
            return self._source.after(page)
