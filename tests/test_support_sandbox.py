"""The sandbox as tests use it: reachable, logged, faulty on demand."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable

import pytest

from support.sandbox import SandboxServer
from support.skopeo import Skopeo

HELLO = "/v2/namespaces/library/repositories/hello-world"


def get(sandbox: SandboxServer, path: str) -> int:
    try:
        with urllib.request.urlopen(f"{sandbox.url}{path}", timeout=10) as answer:
            answer.read()
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_it_serves_a_hub_and_its_registry(sandbox: SandboxServer, skopeo: Skopeo) -> None:
    assert get(sandbox, HELLO) == 200
    assert "latest" in skopeo.tags(f"{sandbox.host}/library/hello-world")


def test_hubcli_is_pointed_at_it(sandbox: SandboxServer, environ: dict[str, str]) -> None:
    assert environ["HUBCLI_HUB_URL"] == sandbox.url
    assert environ["HUBCLI_DOCKER_REGISTRY"] == sandbox.host


def test_requests_are_logged_until_forgotten(sandbox: SandboxServer) -> None:
    get(sandbox, f"{HELLO}/tags?page_size=1")
    (request,) = sandbox.requests("tags?page_size=1")
    assert (str(request), request.status) == (f"GET {HELLO}/tags", 200)
    sandbox.forget()
    assert sandbox.requests() == []


def test_faults_are_met_and_cleared(sandbox: SandboxServer) -> None:
    sandbox.fault("GET .*/hello-world$", status=503, times=1)
    assert [get(sandbox, HELLO), get(sandbox, HELLO)] == [503, 200]
    sandbox.fault("hello-world", retry_after=7)
    assert get(sandbox, HELLO) == 429
    sandbox.clear_faults()
    assert get(sandbox, HELLO) == 200


def test_exchanges_are_kept_with_their_bodies(sandbox: SandboxServer) -> None:
    before = len(sandbox.exchanges)
    get(sandbox, f"{HELLO}/tags?page_size=1")
    (kept,) = sandbox.exchanges[before:]
    assert json.loads(kept.response)["results"][0]["name"]
    assert kept.test.endswith("test_exchanges_are_kept_with_their_bodies")


def test_a_new_one_has_its_own_settings(
    new_sandbox: Callable[..., SandboxServer], sandbox: SandboxServer
) -> None:
    other = new_sandbox(catalog=True)
    assert other.url != sandbox.url
    with pytest.raises(TypeError, match="no_such_setting"):
        new_sandbox(no_such_setting=True)
