"""Organizations for tests on a sandbox's Hub, made without the requests it would take."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from hubcli.sandbox import seed
from hubcli.sandbox.teams import OWNERS
from support.sandbox import SandboxServer


def new_organization(sandbox: SandboxServer, *, plan: str = "business", **members: str) -> str:
    """The name of a new one that alice owns; `members` are roles by Docker ID.

    Who is not there yet is made, with the password that everybody has.
    """
    parts, name = sandbox.parts, f"org-{secrets.token_hex(4)}"
    parts.accounts.add(
        name, is_organization=True, full_name="Made by a test", plan=plan, private_limit=1000
    )
    parts.teams.create(name, OWNERS)
    for member, role in {sandbox.username: "owner", **members}.items():
        if parts.accounts.find(member) is None:
            parts.accounts.add(member, password=seed.PASSWORD, email=f"{member}@example.com")
        parts.teams.set_role(name, member, role)
    return name


def organization_with_team(sandbox: SandboxServer) -> str:
    """A new one with carol and dave in it, and the team `builders`, in which nobody is yet."""
    name = new_organization(sandbox, plan="team", carol="member", dave="member")
    sandbox.parts.teams.create(name, "builders", "Build and push")
    return name


def as_organization(
    sandbox: SandboxServer, name: str, *scopes: str, repositories: Sequence[str] = ()
) -> dict[str, str]:
    """What makes hubcli be `name`, by an access token with scopes of organizations.

    `repositories` are scopes for all of its repositories.
    """
    resources = [{"type": "TYPE_ORG", "path": name, "scopes": [*scopes]}]
    if repositories:
        path = f"{name}/*"
        resources.append({"type": "TYPE_REPO", "path": path, "scopes": [*repositories]})
    _, secret = sandbox.parts.accounts.add_token(name, "made by a test", resources, kind="oat")
    return {"HUBCLI_USERNAME": name, "HUBCLI_PASSWORD": secret}


def with_token(sandbox: SandboxServer, *scopes: str) -> dict[str, str]:
    """What makes hubcli be alice, by a personal access token with those scopes."""
    _, secret = sandbox.parts.accounts.add_token(sandbox.username, "made by a test", [*scopes])
    return {"HUBCLI_USERNAME": sandbox.username, "HUBCLI_PASSWORD": secret}


def signed_in_as(name: str) -> dict[str, str]:
    """What makes hubcli be somebody of the sandbox."""
    return {"HUBCLI_USERNAME": name, "HUBCLI_PASSWORD": seed.PASSWORD}
