"""`hubcli account` against the sandbox."""

from __future__ import annotations

from support.running import InProcess
from support.sandbox import SandboxServer

ORGANIZATION_TOKEN = [{"type": "TYPE_REPO", "path": "acme/*", "scopes": ["scope-repository-read"]}]


def test_ones_own_account(sandbox: SandboxServer, cli: InProcess) -> None:
    row = cli("account", "info", "--format", "json", env=sandbox.signed_in).json()
    assert list(row) == ["name", "id", "email", "full_name", "type", "plan", "created"]
    assert row["name"] == "alice"
    assert row["email"] == "alice@example.com"
    assert row["type"] == "user"
    assert row["plan"] == "free"
    assert row["created"].endswith("Z")


def test_nobody_has_no_account(sandbox: SandboxServer, cli: InProcess) -> None:
    done = cli("account", "info")
    assert done.exit_code == 4
    assert done.stderr.endswith("hint: hubcli login\n")


def test_an_organization_token_shows_the_organization(
    sandbox: SandboxServer, cli: InProcess
) -> None:
    _, secret = sandbox.parts.accounts.add_token("acme", "ci", ORGANIZATION_TOKEN, kind="oat")
    env = {"HUBCLI_USERNAME": "acme", "HUBCLI_PASSWORD": secret}
    row = cli("account", "info", "--format", "json", env=env).json()
    assert (row["name"], row["type"]) == ("acme", "organization")


def test_other_accounts_are_shown_without_a_login(sandbox: SandboxServer, cli: InProcess) -> None:
    person = cli("account", "info", "Bob", "--format", "json").json()
    organization = cli("account", "info", "acme", "--format", "json").json()
    assert (person["name"], person["type"], person["plan"]) == ("bob", "user", None)
    assert (organization["name"], organization["type"]) == ("acme", "organization")


def test_an_unknown_account_is_not_found(sandbox: SandboxServer, cli: InProcess) -> None:
    done = cli("account", "info", "nobody-at-all")
    assert done.exit_code == 3
    assert done.stderr.startswith("error: cannot show the account nobody-at-all: ")


def test_limits_of_a_user_and_of_anybody(sandbox: SandboxServer, cli: InProcess) -> None:
    rows = cli("account", "limits", "--format", "json", env=sandbox.signed_in).json()
    assert [row["kind"] for row in rows] == ["pull", "pull-anonymous", "api"]
    assert [row["limit"] for row in rows] == [200, 100, 600]
    assert [row["window_seconds"] for row in rows] == [21600, 21600, 60]
    assert rows[2]["resets"].endswith("Z")
    assert list(rows[0]) == ["kind", "limit", "remaining", "window_seconds", "resets", "source"]


def test_limits_of_nobody(sandbox: SandboxServer, cli: InProcess) -> None:
    done = cli("account", "limits", "-q")
    assert (done.exit_code, done.lines()) == (0, ["pull-anonymous", "api"])


def test_an_api_without_a_limit_is_unlimited(sandbox: SandboxServer, cli: InProcess) -> None:
    sandbox.fault("GET /v2/namespaces/library/repositories", status=200, body={"results": []})
    row = cli("account", "limits", "--format", "json").json()[1]
    assert (row["kind"], row["limit"], row["window_seconds"]) == ("api", None, None)
    assert "unlimited" in cli("account", "limits", terminal=True).stdout
