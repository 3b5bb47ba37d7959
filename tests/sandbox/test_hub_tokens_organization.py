"""Access tokens of organizations: the Hub client against the sandbox."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from hubcli.config import load
from hubcli.errors import Denied, NotFound, UsageError
from hubcli.hub.organization_tokens import (
    OrganizationTokens,
    organization_resource,
    repository_resource,
    unknown_scopes,
)
from hubcli.session import Session
from support.sandbox import SandboxServer

Client = Callable[..., OrganizationTokens]
PULL = repository_resource("acme/app:pull")


@pytest.fixture
def hub(new_sandbox: Callable[..., SandboxServer]) -> SandboxServer:
    return new_sandbox()


@pytest.fixture
def tokens(hub: SandboxServer, environ: dict[str, str]) -> Iterator[Client]:
    """The client, signed in as alice or with what is given."""
    with ExitStack() as stack:

        def signed_in(**env: str) -> OrganizationTokens:
            settings = load({**environ, **hub.signed_in, **env, "HUBCLI_NO_TOKEN_CACHE": "1"})
            session = Session(settings, notify=print, warn=print)
            stack.callback(session.close)
            return session.hub.organization_tokens

        yield signed_in


def test_a_token_is_made_shown_changed_and_removed(hub: SandboxServer, tokens: Client) -> None:
    client = tokens()
    made = client.create("acme", "ci", [PULL], expires="2099-01-01T00:00:00Z")
    identifier, secret = str(made["id"]), str(made["token"])
    assert hub.parts.accounts.authenticate("acme", secret) is not None
    assert client.inspect("acme", identifier)["resources"] == ["acme/app:pull"]
    row = client.edit("acme", identifier, resources=[organization_resource("acme", ["ram-read"])])
    assert row["resources"] == ["acme/app:pull", "acme:ram-read"]
    assert row["expires"] == "2099-01-01T00:00:00Z"
    assert client.edit("acme", identifier, active=False)["active"] is False
    assert hub.parts.accounts.authenticate("acme", secret) is None
    client.delete("acme", identifier)
    with pytest.raises(NotFound):
        client.inspect("acme", identifier)


def test_the_plan_team_has_ten(hub: SandboxServer, tokens: Client) -> None:
    client = tokens()
    for number in range(10 - len(hub.parts.accounts.tokens("acme"))):
        client.create("acme", f"ci-{number}", [PULL])
    with pytest.raises(Denied, match=r"limited to 10 access tokens.*Team \(10 tokens"):
        client.create("acme", "one more", [PULL])


def test_pages_are_followed_by_their_total(hub: SandboxServer, tokens: Client) -> None:
    for number in range(250):
        hub.parts.accounts.add_token("megacorp", f"ci-{number}", [PULL], kind="oat")
    listing = tokens().list("megacorp")
    assert listing.count == len(hub.parts.accounts.tokens("megacorp"))
    assert len({row["id"] for row in listing}) == listing.count


@pytest.mark.parametrize("kind", ["weak", "organization", "member"])
def test_only_strong_owners_may(hub: SandboxServer, tokens: Client, kind: str) -> None:
    add = hub.parts.accounts.add_token
    secrets = {
        "weak": ("alice", add("alice", "weak", ["repo:write"])[1]),
        "organization": ("acme", add("acme", "ci", [PULL], kind="oat")[1]),
        "member": ("carol", hub.password),
    }
    username, password = secrets[kind]
    client = tokens(HUBCLI_USERNAME=username, HUBCLI_PASSWORD=password)
    with pytest.raises(Denied, match="it takes an owner of acme"):
        client.list("acme").first  # noqa: B018 - fetches it


def test_resources_are_spelled_as_people_write_them() -> None:
    assert repository_resource("acme/*:pull,push,tag-read") == {
        "type": "TYPE_REPO",
        "path": "acme/*",
        "scopes": ["scope-image-pull", "scope-image-push", "scope-tag-read"],
    }
    assert unknown_scopes([repository_resource("*/*/public:pull,fly")]) == ["scope-fly"]
    for wrong in ("acme:pull", "acme/app", "acme/app:", ""):
        with pytest.raises(UsageError):
            repository_resource(wrong)
