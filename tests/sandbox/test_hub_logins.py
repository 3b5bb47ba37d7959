"""Signing in to the sandbox's Hub: passwords, second factors, access tokens, the web login."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from hubcli.sandbox import passwords
from hubcli.sandbox.seed import OTP_SECRET, PASSWORD
from support.hub_client import HubClient
from support.sandbox import SandboxServer


def claims(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    read: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=="))
    return read


def login(hub: HubClient, username: str, password: str, path: str = "/v2/users/login") -> Any:
    return hub("POST", path, json={"username": username, "password": password})


# RFC 6238, appendix B: the last six of the eight digits printed there.
@pytest.mark.parametrize(
    ("at", "code"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_one_time_codes_are_those_of_the_rfc(at: int, code: str) -> None:
    secret = base64.b32encode(b"12345678901234567890").decode()
    assert passwords.one_time_code(secret, at) == code


def test_a_password_is_kept_as_a_salted_hash() -> None:
    kept = passwords.hashed("correct horse")
    assert "correct horse" not in kept
    assert kept != passwords.hashed("correct horse")
    assert passwords.matches("correct horse", kept)
    assert not passwords.matches("Correct horse", kept)


def test_a_session_lasts_ten_minutes_and_says_whose_it_is(hub: HubClient) -> None:
    said = claims(hub.session("alice"))
    assert said["exp"] - said["iat"] == 600
    assert said["https://hub.docker.com"]["username"] == "alice"
    assert said["https://hub.docker.com"]["source"].startswith("docker_password|")


@pytest.mark.parametrize("path", ["/v2/users/login", "/v2/users/login/"])
def test_the_old_login_answers_with_a_token(hub: HubClient, path: str) -> None:
    answer = login(hub, "Alice", PASSWORD, path)
    assert answer.status_code == 200
    assert set(answer.json()) == {"token"}
    # Older clients call the scheme JWT.
    headers = {"Authorization": f"JWT {answer.json()['token']}"}
    assert hub("GET", "/v2/user/", headers=headers).json()["username"] == "alice"


def test_the_old_login_adds_a_refresh_token_when_asked(hub: HubClient) -> None:
    answer = login(hub, "alice", PASSWORD, "/v2/users/login?refresh_token=true")
    assert set(answer.json()) == {"token", "refresh_token"}


@pytest.mark.parametrize("name", ["alice", "nobody-at-all"])
def test_a_wrong_password_is_a_401(hub: HubClient, name: str) -> None:
    expected = {"detail": "Incorrect authentication credentials"}
    exchange = hub("POST", "/v2/auth/token", json={"identifier": name, "secret": "wrong"})
    assert (exchange.status_code, exchange.json()) == (401, expected)
    answer = login(hub, name, "wrong")
    assert (answer.status_code, answer.json()) == (401, expected)


def test_a_login_without_a_name_says_what_is_missing(hub: HubClient) -> None:
    answer = hub("POST", "/v2/auth/token", json={"secret": "x"})
    assert (answer.status_code, answer.json()) == (400, {"identifier": ["This field is required."]})
    assert hub("POST", "/v2/auth/token", content=b"{").status_code == 400
    assert hub("POST", "/v2/auth/token", json=["alice"]).status_code == 400


def test_a_second_factor_is_asked_for_and_checked(hub: HubClient) -> None:
    asked = login(hub, "bob", PASSWORD)
    assert asked.status_code == 401
    assert asked.json()["detail"] == "Require secondary authentication on MFA enabled account"
    pending = asked.json()["login_2fa_token"]
    assert hub("GET", "/v2/user/", token=pending).status_code == 401

    def answer(code: str) -> httpx.Response:
        return hub("POST", "/v2/users/2fa-login", json={"login_2fa_token": pending, "code": code})

    right = passwords.one_time_code(OTP_SECRET, time.time())
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    assert answer(wrong).status_code == 401
    given = answer(right)
    assert given.status_code == 200
    assert hub("GET", "/v2/user/", token=given.json()["token"]).json()["username"] == "bob"


def test_a_session_is_no_proof_of_a_password(hub: HubClient) -> None:
    body = {"login_2fa_token": hub.session("alice"), "code": "000000"}
    assert hub("POST", "/v2/users/2fa-login", json=body).status_code == 401


def test_a_password_does_not_do_where_no_code_can_be_given(hub: HubClient) -> None:
    body = {"identifier": "bob", "secret": PASSWORD}
    assert hub("POST", "/v2/auth/token", json=body).status_code == 401


def test_a_second_factor_is_not_needed_with_an_access_token(
    hub: HubClient, sandbox: SandboxServer
) -> None:
    _, secret = sandbox.parts.accounts.add_token("bob", "laptop", ["repo:read"])
    assert hub("GET", "/v2/user/", by="bob", secret=secret).json()["username"] == "bob"
    assert claims(hub.session("bob", secret))["scope"] == "repo:read"
    assert login(hub, "bob", secret).status_code == 200


def test_an_access_token_is_no_bearer_token(hub: HubClient, sandbox: SandboxServer) -> None:
    _, secret = sandbox.parts.accounts.add_token("alice", "laptop", ["repo:admin"])
    assert hub("GET", "/v2/user/", token=secret).status_code == 401


def test_an_organization_signs_in_with_its_own_token_only(
    hub: HubClient, sandbox: SandboxServer
) -> None:
    resource = {"type": "TYPE_REPO", "path": "acme/*", "scopes": ["scope-repository-read"]}
    _, secret = sandbox.parts.accounts.add_token("acme", "ci", [resource], kind="oat")
    assert secret.startswith("dckr_oat_")
    url = "/v2/namespaces/acme/repositories/internal"
    assert hub("GET", url, by="acme", secret=secret).status_code == 200
    assert login(hub, "acme", secret).status_code == 401
    body = {"identifier": "alice", "secret": secret}
    assert hub("POST", "/v2/auth/token", json=body).status_code == 401


@pytest.mark.parametrize(
    "path",
    ["/v2/repositories/acme", "/v2/repositories/acme/api/", "/v2/users/alice/repositories"],
)
def test_an_organization_token_is_refused_on_legacy_paths(
    hub: HubClient, sandbox: SandboxServer, path: str
) -> None:
    _, secret = sandbox.parts.accounts.add_token("acme", "ci", [], kind="oat")
    answer = hub("GET", path, by="acme", secret=secret)
    assert answer.status_code == 403
    expected = "token issued from organization access token is not allowed"
    assert answer.json()["message"] == expected


def test_ten_bad_logins_lock_the_account(hub: HubClient, sandbox: SandboxServer) -> None:
    sandbox.parts.accounts.add("forgetful", password=PASSWORD)
    for _ in range(10):
        assert login(hub, "forgetful", "wrong").status_code == 401
    locked = login(hub, "forgetful", PASSWORD)
    assert locked.status_code == 429
    assert locked.json()["detail"] == "too many failed login attempts for username or IP address"
    assert 0 < int(locked.headers["Retry-After"]) <= 600
    assert login(hub, "alice", PASSWORD).status_code == 200


def test_a_good_login_forgives_the_bad_ones(hub: HubClient, sandbox: SandboxServer) -> None:
    sandbox.parts.accounts.add("clumsy", password=PASSWORD)
    for _ in range(2):
        for _ in range(9):
            assert login(hub, "clumsy", "wrong").status_code == 401
        assert login(hub, "clumsy", PASSWORD).status_code == 200


def test_a_session_ends(new_sandbox: Callable[..., SandboxServer]) -> None:
    with HubClient(new_sandbox(session_lifetime=1).url) as hub:
        token = hub.session("alice")
        deadline = time.monotonic() + 5
        while hub("GET", "/v2/user/", token=token).status_code == 200:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert hub("GET", "/v2/user/", token=token).status_code == 401


@pytest.mark.parametrize("header", ["Bearer nonsense", "Bearer a.b.c", "Basic YTpi", "Bearer"])
def test_a_bad_bearer_is_worse_than_none(hub: HubClient, header: str) -> None:
    url = "/v2/namespaces/library/repositories/hello-world"
    assert hub("GET", url).status_code == 200
    assert hub("GET", url, headers={"Authorization": header}).status_code == 401


def test_a_session_ends_with_the_access_token_it_came_from(hub: HubClient) -> None:
    made = hub.access_token("alice", "repo:read")
    session = hub.session("alice", made["token"])
    assert hub("GET", "/v2/user/", token=session).status_code == 200
    assert hub("DELETE", f"/v2/access-tokens/{made['uuid']}", by="alice").status_code == 204
    assert hub("GET", "/v2/user/", token=session).status_code == 401
    body = {"identifier": "alice", "secret": made["token"]}
    assert hub("POST", "/v2/auth/token", json=body).status_code == 401


def test_a_logout_is_answered(hub: HubClient) -> None:
    assert hub("POST", "/v2/logout/", by="alice").status_code == 200


# The web login (RFC 8628)

GRANT = "urn:ietf:params:oauth:grant-type:device_code"


def begin(hub: HubClient) -> dict[str, Any]:
    asked = {"client_id": "test", "scope": "openid offline_access"}
    answer = hub("POST", "/oauth/device/code", data=asked)
    assert answer.status_code == 200
    begun: dict[str, Any] = answer.json()
    return begun


def poll(hub: HubClient, begun: dict[str, Any]) -> httpx.Response:
    form = {"client_id": "test", "grant_type": GRANT, "device_code": begun["device_code"]}
    return hub("POST", "/oauth/token", data=form)


def approve(hub: HubClient, begun: dict[str, Any], **more: str) -> int:
    form = {"user_code": begun["user_code"], "username": "alice", **more}
    return hub("POST", "/_sandbox/device/approve", data=form).status_code


def test_a_web_login_waits_for_the_person_and_gives_an_access_token(hub: HubClient) -> None:
    begun = begin(hub)
    page, _, query = begun["verification_uri_complete"].partition("?")
    assert page.startswith(hub.url)
    assert query == f"user_code={begun['user_code']}"
    assert begun["user_code"] in hub("GET", begun["verification_uri_complete"]).text
    waiting = poll(hub, begun)
    assert (waiting.status_code, waiting.json()["error"]) == (403, "authorization_pending")
    assert approve(hub, begun) == 200
    given = poll(hub, begun).json()
    assert given["token_type"] == "Bearer"
    assert {"id_token", "refresh_token", "scope", "expires_in"} <= set(given)

    made = hub("POST", "/v2/access-tokens/desktop-generate", token=given["access_token"])
    assert made.status_code == 201
    secret = made.json()["data"]["token"]
    assert secret.startswith("dckr_pat_")
    assert hub("GET", "/v2/user/", by="alice", secret=secret).json()["username"] == "alice"
    assert hub.registry("GET", "tags/list", "alice/notes", ("alice", secret)).status_code == 200


def test_a_device_code_is_good_for_one_login(hub: HubClient) -> None:
    begun = begin(hub)
    approve(hub, begun)
    assert poll(hub, begun).status_code == 200
    again = poll(hub, begun)
    assert (again.status_code, again.json()["error"]) == (403, "expired_token")


def test_a_web_login_can_be_denied(hub: HubClient) -> None:
    begun = begin(hub)
    assert approve(hub, begun, deny="1") == 200
    assert poll(hub, begun).json()["error"] == "access_denied"


def test_polling_faster_than_the_interval_is_told(hub: HubClient) -> None:
    begun = begin(hub)
    assert poll(hub, begun).json()["error"] == "authorization_pending"
    assert poll(hub, begun).json()["error"] == "slow_down"


def test_a_web_login_needs_a_client_and_a_known_code(hub: HubClient) -> None:
    assert hub("POST", "/oauth/device/code", data={}).json()["error"] == "invalid_request"
    refused = hub("POST", "/oauth/token", data={"grant_type": "password"})
    assert refused.json()["error"] == "unsupported_grant_type"
    assert approve(hub, {"user_code": "AAAA-AAAA"}) == 404


def test_only_five_generated_tokens_are_kept(hub: HubClient, sandbox: SandboxServer) -> None:
    sandbox.parts.accounts.add("often", password=PASSWORD)
    secrets = []
    for _ in range(6):
        made = hub("POST", "/v2/access-tokens/desktop-generate", by="often")
        secrets.append(made.json()["data"]["token"])
    usable = [bool(sandbox.parts.accounts.authenticate("often", secret)) for secret in secrets]
    assert usable == [False, True, True, True, True, True]
