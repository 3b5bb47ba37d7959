"""What a registry can do, told without changing anything in it."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from hubcli.errors import HubcliError, Unsupported
from hubcli.registry import Registry
from hubcli.registry.limits import announced_limit, pull_limit
from support.docker_registry import DockerRegistry
from support.images import INDEX, Image
from support.sandbox_registry import RegistryServer
from support.scripted import Answer, Script, ScriptedServer, Seen
from support.skopeo import Skopeo

Connect = Callable[..., Registry]
Scripted = Callable[[Script], ScriptedServer]


def test_an_open_registry(
    connect: Connect,
    new_docker_registry: Callable[..., DockerRegistry],
    skopeo: Skopeo,
    image: Image,
) -> None:
    real = new_docker_registry()
    skopeo.copy(image.source, f"docker://{real.host}/a/b:v1")
    before = len(real.requests())
    facts = connect(real.host).ping()
    taken = facts.pop("milliseconds")
    assert isinstance(taken, int)
    assert facts == {
        "registry": real.host,
        "url": f"http://{real.host}",
        "api_version": "registry/2.0",
        "auth": "none",
        "realm": None,
        "service": None,
        "allowed": True,
        "catalog": True,
        "referrers": False,
        "delete": None,
        "chunked_upload": None,
    }
    asked = {request.method for request in real.requests()[before:]}
    assert asked <= {"GET", "HEAD", "OPTIONS"}


def test_how_to_sign_in(connect: Connect, docker_registry: Callable[..., DockerRegistry]) -> None:
    basic = connect(docker_registry("htpasswd").host).ping()
    assert (basic["auth"], basic["realm"], basic["allowed"]) == ("basic", "test-realm", False)
    assert basic["catalog"] is None
    token = docker_registry("token")
    assert token.tokens is not None
    bearer = connect(token.host).ping()
    assert (bearer["auth"], bearer["realm"]) == ("bearer", token.tokens.url)
    assert bearer["service"] == "test-registry"


def test_a_modern_registry_has_referrers(
    connect: Connect, modern_registry: RegistryServer, repository: str
) -> None:
    modern_registry.push_image(repository)
    assert connect(modern_registry.host).ping(repository)["referrers"] is True


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(200, json.dumps({"mediaType": INDEX, "manifests": []}).encode()), True),
        (Answer(400, b'{"errors":[{"code":"MANIFEST_INVALID"}]}'), True),
        (Answer(200, b"<html>"), False),
        (Answer(404, b"404 page not found"), False),
        (Answer(404, b'{"errors":[{"code":"NAME_UNKNOWN"}]}'), None),
        (Answer(401), None),
        (Answer(403), None),
        (Answer(500), None),
    ],
)
def test_referrers_are_told_by_a_digest_that_nothing_has(
    connect: Connect, scripted: Scripted, answer: Answer, expected: bool | None
) -> None:
    def script(seen: Seen) -> Answer:
        if "/referrers/" in seen.path:
            return answer
        return Answer(200, b'{"repositories": []}')

    facts = connect(f"127.0.0.1:{scripted(script).port}").ping()
    assert facts["referrers"] is expected


def test_what_options_does_not_name_is_not_served(connect: Connect, scripted: Scripted) -> None:
    def script(seen: Seen) -> Answer:
        return Answer(200, b"{}", {"Allow": "GET, head, OPTIONS"})

    server = scripted(script)
    server_options(server)
    facts = connect(f"127.0.0.1:{server.port}").ping("a/b")
    assert (facts["delete"], facts["chunked_upload"]) == (False, False)


def server_options(server: ScriptedServer) -> None:
    handler = server._server.RequestHandlerClass
    handler.do_OPTIONS = handler.do_GET  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("status", "kind", "reason"),
    [
        (404, Unsupported, "speaks the registry protocol"),
        (204, Unsupported, "speaks the registry protocol"),
        (503, HubcliError, "503"),
    ],
)
def test_what_is_no_registry_is_said_to_be_none(
    connect: Connect, scripted: Scripted, status: int, kind: type[HubcliError], reason: str
) -> None:
    server = scripted(lambda _: Answer(status))
    with pytest.raises(kind, match=reason):
        connect(f"127.0.0.1:{server.port}").ping()


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (
            {
                "ratelimit-limit": "100;w=21600",
                "ratelimit-remaining": "76;w=21600",
                "docker-ratelimit-source": "192.0.2.1",
            },
            (100, 76, 21600, "192.0.2.1"),
        ),
        ({"ratelimit-limit": "200", "ratelimit-remaining": "0;w=60"}, (200, 0, 60, None)),
        ({"docker-ratelimit-source": "192.0.2.1"}, (None, None, None, None)),
        ({"ratelimit-limit": "many", "ratelimit-remaining": "-1"}, (None, None, None, None)),
        ({"ratelimit-limit": "9" * 400}, (None, None, None, None)),
    ],
)
def test_the_pull_limit_is_read_from_a_head(
    connect: Connect,
    scripted: Scripted,
    headers: dict[str, str],
    expected: tuple[int | None, int | None, int | None, str | None],
) -> None:
    server = scripted(lambda _: Answer(200, b"", headers))
    registry = connect(f"127.0.0.1:{server.port}")
    row = pull_limit(registry.repository("ratelimitpreview/test"), "latest", kind="pull")
    names = ("limit", "remaining", "window_seconds", "source")
    assert tuple(row[name] for name in names) == expected
    assert (row["kind"], row["resets"]) == ("pull", None)
    assert [(seen.method, seen.path) for seen in server.seen] == [
        ("HEAD", "/v2/ratelimitpreview/test/manifests/latest")
    ]


def test_a_registry_may_announce_a_limit_anywhere(connect: Connect, scripted: Scripted) -> None:
    announced = {"ratelimit-limit": "5;w=1"}
    server = scripted(lambda seen: Answer(404, b"", announced if "/a/b/" in seen.path else {}))
    registry = connect(f"127.0.0.1:{server.port}")
    found = announced_limit(registry, "a/b")
    assert found is not None
    assert found["limit"] == 5
    assert announced_limit(registry) is None
