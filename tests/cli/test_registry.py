"""`hubcli registry ls|ping|limits`."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from hubcli.cli.registry import CAPABILITIES
from hubcli.cli.views import LIMIT
from hubcli.providers import ROWS
from support.docker_registry import DockerRegistry
from support.images import Image
from support.running import InProcess
from support.sandbox import SandboxServer
from support.scripted import Answer, ScriptedServer, Seen
from support.skopeo import Skopeo

Registries = Callable[..., DockerRegistry]


@pytest.fixture
def filled(new_docker_registry: Registries, skopeo: Skopeo, image: Image) -> str:
    """The host of a registry with three repositories."""
    host = new_docker_registry().host
    for path in ("acme/api", "acme/web", "tools"):
        skopeo.copy(image.source, f"docker://{host}/{path}:v1")
    return host


def test_the_catalog_is_listed(cli: InProcess, filled: str) -> None:
    result = cli("registry", "ls", filled)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.lines() == [f"{filled}/acme/api", f"{filled}/acme/web", f"{filled}/tools"]
    assert cli("registry", "ls", f"http://{filled}/", "--format", "json").json()[0] == {
        "name": f"{filled}/acme/api",
        "namespace": "acme",
        "registry": filled,
    }


@pytest.mark.parametrize(
    ("arguments", "paths"),
    [
        (["--filter", "a*"], ["acme/api"]),
        (["--filter", "acme/*"], ["acme/api", "acme/web"]),
        (["--limit", "1"], ["acme/api"]),
        (["--filter", "x*"], []),
    ],
)
def test_a_part_of_the_catalog(
    cli: InProcess, filled: str, arguments: list[str], paths: list[str]
) -> None:
    lines = cli("registry", "ls", filled, *arguments).lines()
    assert lines == [f"{filled}/{path}" for path in paths]


def test_a_namespace_of_the_catalog(cli: InProcess, filled: str) -> None:
    lines = cli("registry", "ls", f"{filled}/acme").lines()
    assert lines == [f"{filled}/acme/api", f"{filled}/acme/web"]


def test_what_is_listed_can_be_handed_back(cli: InProcess, filled: str) -> None:
    names = cli("registry", "ls", filled, "-q").lines()
    assert cli("tag", "ls", *names, "-q").lines() == ["v1"] * 3


def test_hub_has_no_catalog(cli: InProcess, sandbox: SandboxServer) -> None:
    result = cli("registry", "ls", "docker.io")
    assert result.exit_code == 1
    assert result.stderr.endswith("(UNSUPPORTED)\nhint: hubcli repo ls NAMESPACE\n")
    assert sandbox.requests() == []


def test_who_may_not_see_the_catalog_is_told_how(
    cli: InProcess, docker_registry: Registries
) -> None:
    host = docker_registry("htpasswd").host
    result = cli("registry", "ls", host)
    assert result.exit_code == 4
    assert f"hint: hubcli login {host}\n" in result.stderr


def test_the_facts_of_a_registry(cli: InProcess, filled: str) -> None:
    row = cli("registry", "ping", filled, "--format", "json").json()
    assert tuple(row) == CAPABILITIES.names
    assert (row["registry"], row["auth"], row["api_version"]) == (filled, "none", "registry/2.0")
    assert (row["referrers"], row["delete"]) == (False, None)
    card = cli("registry", "ping", filled, terminal=True).stdout
    assert "no" in next(line for line in card.splitlines() if "referrers" in line)
    why = "its greeting, which has no mark of any other"
    assert cli("registry", "ping", filled).lines() == [
        f"{filled}\thttp://{filled}\tregistry/2.0\tnone\tfalse\t\t\tdistribution\t{why}"
    ]


def test_hub_is_a_registry_too(cli: InProcess, sandbox: SandboxServer) -> None:
    row = cli("registry", "ping", "docker.io/library/hello-world", "--format", "json").json()
    assert (row["auth"], row["realm"], row["referrers"]) == ("bearer", f"{sandbox.url}/token", True)
    assert row["allowed"] is True


@pytest.mark.parametrize(("host", "code"), [("127.0.0.1:9", 6), ("not a host", 2), ("", 2)])
def test_a_registry_that_is_none(cli: InProcess, host: str, code: int) -> None:
    result = cli("registry", "ping", host)
    assert (result.exit_code, result.stdout) == (code, "")


def test_a_web_server_is_no_registry(cli: InProcess) -> None:
    with ScriptedServer(lambda _: Answer(404, b"<html>")) as server:
        result = cli("registry", "ping", f"127.0.0.1:{server.port}")
    assert result.exit_code == 1
    assert "speaks the registry protocol (UNSUPPORTED)" in result.stderr


def test_the_fields_of_limits_are_those_of_the_contract() -> None:
    assert LIMIT.names == ("kind", "limit", "remaining", "window_seconds", "resets", "source")


def test_the_limits_of_a_stranger(cli: InProcess, sandbox: SandboxServer) -> None:
    rows = {row["kind"]: row for row in cli("registry", "limits", "--format", "json").json()}
    assert set(rows) == {"pull-anonymous", "api"}
    pull = rows["pull-anonymous"]
    assert (pull["limit"], pull["window_seconds"]) == (100, 21600)
    assert 0 <= pull["remaining"] <= 100
    assert pull["source"] == "127.0.0.1"
    asked = {str(one) for one in sandbox.requests("/manifests/")}
    assert asked == {"HEAD /v2/ratelimitpreview/test/manifests/latest"}


def test_the_limits_of_somebody_are_not_those_of_a_stranger(
    cli: InProcess, sandbox: SandboxServer
) -> None:
    result = cli("registry", "limits", "--format", "json", env=sandbox.signed_in)
    rows = {row["kind"]: row for row in result.json()}
    assert list(rows) == ["pull", "pull-anonymous", "api"]
    assert rows["pull"]["source"] != rows["pull-anonymous"]["source"]
    assert rows["pull-anonymous"]["limit"] == 100


def test_no_limit_is_unlimited(
    cli: InProcess, sandbox: SandboxServer, environ: dict[str, str]
) -> None:
    def script(seen: Seen) -> Answer:
        return Answer(200, b"{}", {"Docker-Distribution-Api-Version": "registry/2.0"})

    with ScriptedServer(script) as server:
        environ["HUBCLI_DOCKER_REGISTRY"] = server.url
        table = cli("registry", "limits", terminal=True).stdout
        row = cli("registry", "limits", "--format", "json").json()[0]
    assert "unlimited" in next(line for line in table.splitlines() if "pull-anonymous" in line)
    assert row == {
        "kind": "pull-anonymous",
        "limit": None,
        "remaining": None,
        "window_seconds": None,
        "resets": None,
        "source": None,
    }


def test_other_registries_may_announce_a_limit(cli: InProcess) -> None:
    announced = {"ratelimit-limit": "10;w=60", "ratelimit-remaining": "9;w=60"}
    with ScriptedServer(lambda _: Answer(200, b"{}", announced)) as server:
        (row,) = cli(
            "registry", "limits", f"127.0.0.1:{server.port}/a/b", "--format", "json"
        ).json()
    assert (row["kind"], row["limit"], row["remaining"]) == ("pull", 10, 9)


def test_most_announce_none(cli: InProcess, docker_registry: Registries) -> None:
    host = docker_registry().host
    result = cli("registry", "limits", host, "--format", "json")
    assert (result.exit_code, result.stdout) == (1, "[]\n" if result.stdout else "")
    assert json.loads(result.stderr)["code"] == "UNSUPPORTED"


# providers


def test_every_registry_that_is_known_by_name_is_listed(cli: InProcess) -> None:
    rows = cli("registry", "providers", "--format", "json").json()
    assert [row["name"] for row in rows] == ["hub", *(row.name for row in ROWS)]
    by_name = {row["name"]: row for row in rows}
    assert by_name["ecr"]["repo"] == ["ls", "create", "inspect", "edit", "rm"]
    assert by_name["ecr"]["extra"] == "aws"
    assert by_name["ghcr"]["tag"] == ["ls", "inspect", "cp", "rm", "ls --untagged", "undelete"]
    assert (by_name["ghcr"]["search"], by_name["zot"]["search"]) == (True, False)
    assert by_name["distribution"]["repo"] == ["ls"]
    assert cli("registry", "providers", "-q").lines() == list(by_name)
