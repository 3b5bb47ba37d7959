"""What the sandbox's Hub lets its registry do: privacy, roles, tokens, first pushes."""

from __future__ import annotations

import pytest

from hubcli.sandbox import seed
from hubcli.sandbox.access import Refusal
from hubcli.sandbox.seed import PASSWORD
from support.hub_client import HubClient
from support.sandbox import SandboxServer

ALL = frozenset({"pull", "push", "delete"})


def allowed(sandbox: SandboxServer, subject: str | None, repository: str) -> str:
    granted = sandbox.parts.access.allowed(subject, repository, ALL)
    return " ".join(action for action in ("pull", "push", "delete") if action in granted)


def subject(sandbox: SandboxServer, owner: str, scopes: list[object], kind: str = "pat") -> str:
    """Somebody who signed in to the registry with a new access token."""
    accounts = sandbox.parts.accounts
    _, secret = accounts.add_token(owner, "t", scopes, kind=kind)  # type: ignore[arg-type]
    found = sandbox.parts.access.authenticate(owner, secret)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("who", "repository", "expected"),
    [
        (None, "library/hello-world", "pull"),
        (None, "alice/webapp", "pull"),
        (None, "alice/notes", ""),
        (None, "alice/no-such", ""),
        ("alice", "alice/notes", "pull push delete"),
        ("alice", "alice/not-yet", "pull push delete"),
        ("alice", "acme/internal", "pull push delete"),
        ("alice", "acme/not-yet", "pull push delete"),
        ("alice", "library/hello-world", "pull"),
        ("alice", "carol/diary", ""),
        ("alice", "carol/not-yet", ""),
        ("alice", "no-such/repository", ""),
        ("alice", "alice/too/deep", ""),
        ("alice", "alice", ""),
        ("carol", "acme/internal", "pull"),
        ("carol", "acme/not-yet", ""),
        ("nobody-at-all", "alice/notes", ""),
    ],
)
def test_roles_decide(
    sandbox: SandboxServer, who: str | None, repository: str, expected: str
) -> None:
    assert allowed(sandbox, who, repository) == expected


@pytest.mark.parametrize(
    ("scope", "public", "private", "new"),
    [
        ("repo:public_read", "pull", "", ""),
        ("repo:read", "pull", "pull", ""),
        ("repo:write", "pull push", "pull push", "pull push delete"),
        ("repo:admin", "pull push delete", "pull push delete", "pull push delete"),
    ],
)
def test_access_tokens_do_less(
    sandbox: SandboxServer, scope: str, public: str, private: str, new: str
) -> None:
    who = subject(sandbox, "alice", [scope])
    assert allowed(sandbox, who, "alice/webapp") == public
    assert allowed(sandbox, who, "alice/notes") == private
    assert allowed(sandbox, who, "alice/not-yet") == new


@pytest.mark.parametrize(
    ("path", "scope", "repository", "expected"),
    [
        ("acme/internal", "scope-image-pull", "acme/internal", "pull"),
        ("acme/internal", "scope-image-push", "acme/internal", "pull push"),
        ("acme/*", "scope-image-delete", "acme/internal", "pull push delete"),
        ("acme/other", "scope-image-delete", "acme/internal", ""),
        ("acme/api", "scope-image-push", "acme/api", "pull push"),
        ("*/*/public", "scope-image-pull", "alice/webapp", "pull"),
        ("*/*/public", "scope-image-pull", "acme/internal", ""),
        ("alice/*", "scope-image-push", "alice/notes", ""),
    ],
)
def test_organization_tokens_do_what_they_were_made_for(
    sandbox: SandboxServer, path: str, scope: str, repository: str, expected: str
) -> None:
    resource = {"type": "TYPE_REPO", "path": path, "scopes": [scope]}
    who = subject(sandbox, "acme", [resource], kind="oat")
    assert allowed(sandbox, who, repository) == expected


def test_an_organization_token_creates_only_with_the_scope(sandbox: SandboxServer) -> None:
    pushing = {"type": "TYPE_REPO", "path": "acme/*", "scopes": ["scope-image-push"]}
    creating = {"type": "TYPE_ORG", "path": "acme", "scopes": ["scope-repository-create"]}
    assert allowed(sandbox, subject(sandbox, "acme", [pushing], "oat"), "acme/not-yet") == ""
    both = subject(sandbox, "acme", [pushing, creating], "oat")
    assert "push" in allowed(sandbox, both, "acme/not-yet")


def test_a_switched_off_token_does_nothing(sandbox: SandboxServer) -> None:
    who = subject(sandbox, "alice", ["repo:admin"])
    owner, _, number = who.partition("/")
    sandbox.parts.accounts.change_token(owner, number, "t", False)
    assert allowed(sandbox, who, "alice/notes") == ""


def test_a_first_push_makes_the_repository_as_private_as_the_account_says(
    hub: HubClient, sandbox: SandboxServer, repository: str
) -> None:
    name = repository.partition("/")[0]
    sandbox.parts.accounts.add(f"{name}-shy", private_by_default=True, password=PASSWORD)
    for owner, private in (("alice", False), (f"{name}-shy", True)):
        path = f"{owner}/{name}"
        sandbox.parts.access.pushed(owner, path, "latest")
        made = hub("GET", f"/v2/namespaces/{owner}/repositories/{name}", by=owner).json()
        assert (made["is_private"], made["repository_type"]) == (private, "image")
        assert made["hub_user"] == owner


def test_a_first_push_may_find_no_room(sandbox: SandboxServer) -> None:
    with pytest.raises(Refusal, match="private repository limit"):
        sandbox.parts.access.pushed("carol", "carol/one-more", "latest")
    assert sandbox.parts.repositories.find("carol/one-more") is None


def test_nobody_makes_repositories_for_others(sandbox: SandboxServer) -> None:
    with pytest.raises(Refusal, match="denied"):
        sandbox.parts.access.pushed("carol", "alice/gift", "latest")


def test_an_immutable_tag_can_be_pushed_once(sandbox: SandboxServer, repository: str) -> None:
    path = f"alice/{repository.partition('/')[0]}"
    parts = sandbox.parts
    parts.repositories.create(path, "alice", immutable_tags=True, immutable_rules=["v.*"])
    parts.access.pushed("alice", path, "v1")
    image = seed.small(path)
    parts.storage.manifests.put(path, image.manifest, tags=["v1", "latest"])
    with pytest.raises(Refusal, match="immutable"):
        parts.access.pushed("alice", path, "v1")
    with pytest.raises(Refusal, match="immutable"):
        parts.access.deleting("alice", path, "v1")
    parts.access.pushed("alice", path, "v2")
    parts.access.pushed("alice", path, "latest")
    parts.access.pushed("alice", path, image.manifest.digest)


def test_an_archived_repository_takes_no_push(sandbox: SandboxServer, repository: str) -> None:
    path = f"alice/{repository.partition('/')[0]}"
    sandbox.parts.repositories.create(path, "alice", archived=True)
    for change in (sandbox.parts.access.pushed, sandbox.parts.access.deleting):
        with pytest.raises(Refusal, match="archived"):
            change("alice", path, "latest")


def test_there_is_no_catalog_unless_it_is_wanted(sandbox: SandboxServer) -> None:
    assert not sandbox.parts.access.may_list_catalog("alice")
