"""What a call that Docker Hub refused would take: a role, the scope of a token, a plan."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from hubcli.errors import Denied
from hubcli.hub.pages import Page, Source

_PLANS = ("plan", "subscription", "upgrade", "entitle")
_TOKENS = ("scope", "access token")


@dataclass(frozen=True, slots=True)
class Requirement:
    """What a call for an organization takes.

    `role` is a person's role there, `scope` that of an organization access token; `plan` names
    the plans that include it, None where all do.
    """

    role: str
    scope: str
    plan: str | None = None


@contextmanager
def requiring(organization: str, requirement: Requirement) -> Iterator[None]:
    """Let a refusal that passes say what is missing, as far as its words tell what it is about."""
    try:
        yield
    except Denied as error:
        told = error.reason.lower()
        if requirement.plan and any(word in told for word in _PLANS):
            error.reason += f"; it takes the plan {requirement.plan}"
            error.hint = f"hubcli account info {organization}"
        elif any(word in told for word in _TOKENS):
            error.reason += (
                "; it takes a personal access token with repo:admin,"
                f" or an organization access token with {requirement.scope}"
            )
        else:
            error.reason += (
                f"; it takes the role {requirement.role} in {organization},"
                f" or an organization access token with {requirement.scope}"
            )
            error.hint = "hubcli org ls"
        raise


class Guarded:
    """Pages, a refusal of which says what would be needed."""

    def __init__(self, source: Source, organization: str, requirement: Requirement) -> None:
        self._source = source
        self._organization = organization
        self._requirement = requirement

    def numbered(self, page: int, size: int) -> Page | None:
        with requiring(self._organization, self._requirement):
            return self._source.numbered(page, size)

    def after(self, page: Page) -> Page | None:
        with requiring(self._organization, self._requirement):
            return self._source.after(page)
