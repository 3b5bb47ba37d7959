"""`hubcli token` against the sandbox."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from support.running import InProcess, Subprocess
from support.sandbox import SandboxServer


@pytest.fixture
def hub(new_sandbox: Callable[..., SandboxServer]) -> SandboxServer:
    return new_sandbox()


def made(hub: SandboxServer, label: str, expires: str | None = None) -> tuple[str, str]:
    return hub.parts.accounts.add_token("alice", label, ["repo:admin"], expires=expires)


def labels(hub: SandboxServer) -> dict[str, bool]:
    return {row["label"]: bool(row["is_active"]) for row in hub.parts.accounts.tokens("alice")}


def test_the_secret_stands_alone_on_stdout_and_signs_in(hub: SandboxServer, cli: InProcess) -> None:
    done = cli("token", "create", "ci", "--scope", "repo:read", "-q", env=hub.signed_in)
    secret = done.stdout.strip()
    assert secret.startswith("dckr_pat_")
    assert hub.parts.accounts.authenticate("alice", secret) is not None
    assert secret not in cli("token", "inspect", "ci", env=hub.signed_in).stdout


def test_an_unknown_scope_is_no_request(hub: SandboxServer, cli: InProcess) -> None:
    done = cli("token", "create", "ci", "--scope", "repo:foo", env=hub.signed_in)
    assert done.exit_code == 2
    assert "repo:public_read, repo:read, repo:write, repo:admin" in done.stderr
    assert labels(hub) == {}


@pytest.mark.parametrize("expires", ["yesterday", "2001-01-01", "999999w"])
def test_an_expiry_that_is_none(hub: SandboxServer, cli: InProcess, expires: str) -> None:
    arguments = ("token", "create", "ci", "--scope", "repo:read", "--expires", expires)
    assert cli(*arguments, env=hub.signed_in).exit_code == 2
    assert labels(hub) == {}


def test_a_shared_label_is_refused_with_the_ids(hub: SandboxServer, cli: InProcess) -> None:
    ids = [made(hub, "ci")[0] for _ in range(2)]
    done = cli("token", "rm", "ci", "--yes", env=hub.signed_in)
    assert done.exit_code == 2
    assert all(each in done.stderr for each in ids)
    assert len(hub.parts.accounts.tokens("alice")) == 2
    assert cli("token", "rm", *ids, "--yes", env=hub.signed_in).exit_code == 0
    assert labels(hub) == {}


def test_rm_asks_and_a_dry_run_only_shows(hub: SandboxServer, cli: InProcess) -> None:
    made(hub, "ci")
    assert cli("token", "rm", "ci", env=hub.signed_in).exit_code == 2
    assert "ci" in cli("token", "rm", "ci", "--dry-run", env=hub.signed_in).stdout
    assert labels(hub) == {"ci": True}


def test_switching_and_renaming(hub: SandboxServer, cli: InProcess) -> None:
    made(hub, "ci")
    cli("token", "deactivate", "ci", env=hub.signed_in)
    assert labels(hub) == {"ci": False}
    cli("token", "activate", "ci", env=hub.signed_in)
    cli("token", "edit", "ci", "--label", "build", env=hub.signed_in)
    assert labels(hub) == {"build": True}


def test_a_weak_token_is_told_what_would_do(hub: SandboxServer, cli: InProcess) -> None:
    _, secret = hub.parts.accounts.add_token("alice", "weak", ["repo:read"])
    env = {"HUBCLI_USERNAME": "alice", "HUBCLI_PASSWORD": secret}
    done = cli("token", "ls", env=env)
    assert done.exit_code == 4
    assert "repo:admin" in done.stderr


def test_rotation_replaces_the_token(hub: SandboxServer, cli: InProcess) -> None:
    _, old = made(hub, "ci")
    done = cli("token", "rotate", "ci", "-q", env=hub.signed_in)
    assert done.exit_code == 0, done.stderr
    assert hub.parts.accounts.authenticate("alice", done.stdout.strip()) is not None
    assert hub.parts.accounts.authenticate("alice", old) is None
    assert labels(hub)["ci"] is True


def test_rotation_stores_the_token_where_the_old_one_was(
    hub: SandboxServer, cli: InProcess
) -> None:
    _, old = made(hub, "ci")
    cli("login", "-u", "alice", "--password-stdin", "--store", "file", stdin=old)
    secret = cli("token", "rotate", "ci", "-q", "--store", "file", "--remove").stdout.strip()
    assert labels(hub) == {"ci": True}
    assert secret != old
    assert hub.parts.accounts.authenticate("alice", old) is None
    assert cli("token", "ls").exit_code == 0


@pytest.mark.parametrize(
    ("rule", "arguments"),
    [
        ({"match": "^POST /v2/auth/token", "status": 401, "skip": 1}, ()),
        ({"match": "^PATCH /v2/access-tokens", "status": 403}, ()),
        ({"match": "^DELETE /v2/access-tokens", "status": 403, "times": 1}, ("--remove",)),
    ],
    ids=["sign-in", "disable", "remove"],
)
def test_rotation_is_undone_where_a_step_fails(
    hub: SandboxServer,
    cli: InProcess,
    rule: dict[str, Any],
    arguments: tuple[str, ...],
) -> None:
    uuid, old = made(hub, "ci")
    hub.fault(**rule)
    done = cli("token", "rotate", "ci", *arguments, env=hub.signed_in)
    assert done.exit_code == 4
    # The secret is shown before the old token goes, for nothing could be undone after that.
    was_shown = rule["match"] != "^POST /v2/auth/token"
    assert (done.stdout != "", "shown is removed again" in done.stderr) == (was_shown, was_shown)
    assert [row["uuid"] for row in hub.parts.accounts.tokens("alice")] == [uuid]
    assert hub.parts.accounts.authenticate("alice", old) is not None


@pytest.mark.parametrize("arguments", [(), ("--remove",)])
def test_rotation_is_undone_where_nobody_gets_the_secret(
    hub: SandboxServer, environ: dict[str, str], arguments: tuple[str, ...]
) -> None:
    uuid, old = made(hub, "ci")
    command = Subprocess.command("token", "rotate", "ci", "-q", *arguments)
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            command,
            env={**environ, **hub.signed_in},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert (done.returncode, "No space left" in done.stderr) == (1, True)
    assert [row["uuid"] for row in hub.parts.accounts.tokens("alice")] == [uuid]
    assert labels(hub) == {"ci": True}
    assert hub.parts.accounts.authenticate("alice", old) is not None


def test_rotation_puts_the_old_credential_back(hub: SandboxServer, cli: InProcess) -> None:
    uuid, old = made(hub, "ci")
    cli("login", "-u", "alice", "--password-stdin", "--store", "file", stdin=old)
    hub.fault("^PATCH /v2/access-tokens", status=403)
    assert cli("token", "rotate", "ci", "--store", "file").exit_code == 4
    hub.clear_faults()
    assert [row["uuid"] for row in hub.parts.accounts.tokens("alice")] == [uuid]
    assert cli("token", "ls", "-q").lines() == [uuid]


def test_rotation_keeps_the_new_token_where_the_fate_of_the_old_is_unknown(
    hub: SandboxServer, cli: InProcess
) -> None:
    uuid, _ = made(hub, "ci")
    hub.fault(f"^(PATCH|GET) /v2/access-tokens/{uuid}", status=403)
    done = cli("token", "rotate", "ci", "-q", env=hub.signed_in)
    assert done.exit_code == 4
    assert "keep the new token" in done.stderr
    assert hub.parts.accounts.authenticate("alice", done.stdout.strip()) is not None
