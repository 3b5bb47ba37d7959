"""SCIM of a sandbox's Hub, for tests."""

from __future__ import annotations

from support.organizations import new_organization
from support.sandbox import SandboxServer

USER = "urn:ietf:params:scim:schemas:core:2.0:User"


def scim_organization(sandbox: SandboxServer, *, plan: str = "business") -> tuple[str, str]:
    """A new organization with carol and dave in it, and a token for its SCIM."""
    name = new_organization(sandbox, plan=plan, carol="member", dave="member")
    return name, sandbox.parts.scim.connect(name)


def fill(sandbox: SandboxServer, organization: str, count: int) -> None:
    """People more, as `NAME-0000@example.com` and on."""
    accounts = sandbox.parts.accounts
    with sandbox.parts.storage.database.transaction():
        for number in range(count):
            name = f"{organization}-{number:04}"
            accounts.add(name, full_name=f"User {number}", email=f"{name}@example.com")
            accounts.add_member(organization, name, "member")
