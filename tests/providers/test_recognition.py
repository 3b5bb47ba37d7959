"""By host name, by configuration, by greeting, in that order; and what each of them may cost."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from hubcli import config
from hubcli.errors import UsageError
from hubcli.http.response import Response
from hubcli.providers import rows
from hubcli.providers.capabilities import CAPABILITIES, capabilities
from hubcli.providers.memory import Memory
from hubcli.providers.provider import Provider
from hubcli.providers.recognition import Recognised, greeted, named
from hubcli.providers.rows import BY_NAME, ROWS, Marks, ProviderRow
from support.running import InProcess
from support.scripted import Answer, ScriptedServer, Seen

MARKED = ProviderRow(
    "marked",
    "A registry with marks",
    marks=Marks(r"/service/token", "marked-registry", headers=("x-marked",)),
)


def settings(text: str = "") -> config.Settings:
    return config.parse(text, Path("config.toml"), {})


def greeting(challenge: str = "", headers: Mapping[str, str] | None = None) -> Response:
    challenges = (challenge,) if challenge else ()
    return Response(401, headers or {}, b"", "https://registry.example/v2/", challenges)


@pytest.fixture
def marked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A row that strangers can be recognised by."""
    monkeypatch.setattr("hubcli.providers.recognition.ROWS", (MARKED, *ROWS))
    monkeypatch.setitem(rows.BY_NAME, "marked", MARKED)


# The table


def test_names_are_unlike() -> None:
    assert len(BY_NAME) == len(ROWS)
    assert [row.name for row in ROWS][-2:] == ["zot", "distribution"]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_row_keeps_its_promises(row: ProviderRow) -> None:
    kind = row.load()
    assert kind is None or issubclass(kind, Provider)
    assert row.home is None or row.is_at(row.home)
    assert (row.hosts is None) == (row.known_as is None)
    for command in capabilities(kind):
        for capability in CAPABILITIES[command]:
            if kind is not None and issubclass(kind, capability):
                (method,) = [name for name in vars(capability) if not name.startswith("_")]
                assert getattr(kind, method) is not getattr(capability, method), command
    if kind is not None:
        assert set(kind.refusals) <= set(CAPABILITIES) - set(capabilities(kind))
        assert bool(kind.identities) == ("sign-in" in capabilities(kind))
        assert bool(kind.creates) <= ("repo create" in capabilities(kind))


# By name


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("ghcr.io", "ghcr"),
        ("docker.pkg.github.com", "ghcr"),
        ("acme.jfrog.io", "artifactory"),
        ("acme-docker-local.jfrog.io", "artifactory"),
        ("jfrog.io", None),
        ("acme.jfrog.io.example.com", None),
        ("ghcr.io.example.com", None),
        ("notghcr.io", None),
        ("contoso.azurecr.io", "acr"),
        ("contoso-e7ggejfuhzhgedc8.azurecr.io", "acr"),
        ("contoso.westeurope.geo.azurecr.io", "acr"),
        ("contoso.azurecr.cn", "acr"),
        ("contoso.azurecr.us", "acr"),
        ("contoso.westeurope.data.azurecr.io", None),
        ("contoso.azurecr.io.example.com", None),
        ("azurecr.io", None),
        ("gcr.io", "google"),
        ("eu.gcr.io", "google"),
        ("europe-west3-docker.pkg.dev", "google"),
        ("docker.europe-west3.rep.pkg.dev", "google"),
        ("notgcr.io", None),
        ("docker.pkg.dev.example.com", None),
        ("registry.gitlab.com", "gitlab"),
        ("gitlab.com", None),
        ("registry.gitlab.com.example.com", None),
        ("registry.example:5000", None),
    ],
)
def test_a_host_name_is_enough(host: str, name: str | None) -> None:
    found = named(settings(), host)
    assert (found and found.row.name) == name
    assert found is None or found.why == "its host name"


def test_a_configuration_row_says_it_for_any_host() -> None:
    found = named(settings('[registries."r.example:5000"]\nprovider = "zot"\n'), "r.example:5000")
    assert found == Recognised(BY_NAME["zot"], "the configuration")


def test_the_host_name_goes_before_the_configuration() -> None:
    found = named(settings('[registries."ghcr.io"]\nprovider = "zot"\n'), "ghcr.io")
    assert found is not None
    assert found.row.name == "ghcr"


def test_a_provider_that_is_none_is_a_mistake_in_the_configuration() -> None:
    with pytest.raises(UsageError, match=r"no provider 'harbour'.*known are ecr, ") as raised:
        named(settings('[registries."r.example"]\nprovider = "harbour"\n'), "r.example")
    assert raised.value.hint == "hubcli registry providers"


# By greeting


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (
            greeting('Bearer realm="https://r.example/service/token",service="marked-registry"'),
            "the token server /service/token of its greeting",
        ),
        (greeting('Bearer realm="https://r.example/service/token",service="other"'), None),
        (greeting('Bearer realm="https://r.example/service/token/x",service="marked-registry"'),
         None),
        (greeting('Basic realm="https://r.example/service/token",service="marked-registry"'), None),
        (greeting(headers={"x-marked": "1"}), "the header x-marked of its greeting"),
        (greeting(), None),
        (greeting('Bearer realm="not a url",service="marked-registry"'), None),
    ],
)  # fmt: skip
def test_a_greeting_gives_a_registry_away(marked: None, answer: Response, why: str | None) -> None:
    found = greeted(answer)
    assert (found and found.why) == why
    assert found is None or (found.row is MARKED and found.by_greeting)


@pytest.mark.parametrize(
    ("challenge", "name"),
    [
        ('Bearer realm="https://q.example/v2/auth",service="q.example"', "quay"),
        ('Bearer realm="https://h.example/service/token",service="harbor-registry"', "harbor"),
        ('Bearer realm="https://g.example/jwt/auth",service="container_registry"', "gitlab"),
        ('Bearer realm="https://cr.example/oauth2/token",service="cr.example"', "acr"),
        (
            'Bearer realm="https://a.example/artifactory/api/docker/local/v2/token",service="x"',
            "artifactory",
        ),
        ('Bearer realm="https://auth.docker.io/token",service="registry.docker.io"', None),
        ('Bearer realm="https://r.example/v2/token"', None),
        ('Bearer realm="https://r.example/service/token",service="other"', None),
        ('Bearer realm="https://r.example/jwt/auth",service="other"', None),
        ('Basic realm="https://q.example/v2/auth"', None),
        ('Basic realm="Registry Realm"', None),
    ],
)
def test_the_greetings_of_registries_at_any_host(challenge: str, name: str | None) -> None:
    found = greeted(greeting(challenge))
    assert (found and found.row.name) == name


def test_a_stranger_without_a_mark_is_any_registry(cli: InProcess) -> None:
    with ScriptedServer(lambda _: Answer(200, b"{}")) as plain:
        row = cli("registry", "ping", f"127.0.0.1:{plain.port}", "--format", "json").json()
    assert row["provider"] == "distribution"
    assert row["recognised_by"] == "its greeting, which has no mark of any other"


def stranger(seen: Seen) -> Answer:
    """A registry that has the mark, and one repository."""
    if seen.path == "/v2/":
        return Answer(200, b"{}", {"X-Marked": "1"})
    return Answer(200, json.dumps({"name": "a/b", "tags": ["v1"]}).encode())


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(stranger) as running:
        yield running


def test_a_stranger_is_asked_once_and_remembered(
    marked: None, cli: InProcess, server: ScriptedServer
) -> None:
    host = f"127.0.0.1:{server.port}"
    assert cli("tag", "ls", f"{host}/a/b", "-q").lines() == ["v1"]
    assert [one.path for one in server.seen] == ["/v2/", "/v2/a/b/tags/list?n=1000"]
    assert "authorization" not in server.seen[0].headers
    server.seen.clear()
    assert cli("tag", "ls", f"{host}/a/b", "-q").lines() == ["v1"]
    assert [one.path for one in server.seen] == ["/v2/a/b/tags/list?n=1000"]
    row = cli("registry", "ping", host, "--format", "json").json()
    assert (row["provider"], row["recognised_by"]) == (
        "marked",
        "the header x-marked of its greeting",
    )


def test_a_stranger_is_told_no_identity(
    cli: InProcess, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever greets as a registry whose identity there is gets nothing for it."""
    disguise = ProviderRow(
        "ghcr", "Not GitHub", marks=Marks(headers=("x-marked",)), code="ghcr:GitHubPackages"
    )
    monkeypatch.setattr("hubcli.providers.recognition.ROWS", (disguise,))
    host = f"127.0.0.1:{server.port}"
    cli("digest", f"{host}/a/b:v1", env={"GITHUB_TOKEN": "ghp_secret"})
    cli("registry", "ping", host, env={"GITHUB_TOKEN": "ghp_secret"})
    assert server.seen
    assert all("ghp_secret" not in str(one.headers) for one in server.seen)
    assert all("authorization" not in one.headers for one in server.seen)


def test_plain_commands_ask_nobody_what_they_are(cli: InProcess, server: ScriptedServer) -> None:
    cli("digest", f"127.0.0.1:{server.port}/a/b:v1")
    assert [one.path for one in server.seen if one.path == "/v2/"] == []


def test_a_host_that_does_not_answer_is_that_and_nothing_else(cli: InProcess) -> None:
    done = cli("repo", "create", "127.0.0.1:9/a/b")
    assert done.exit_code == 6
    assert done.stderr.startswith("error: cannot create 127.0.0.1:9/a/b: ")


# Memory


@pytest.fixture
def memory(tmp_path: Path) -> Callable[[float], Memory]:
    return lambda now: Memory(tmp_path, clock=lambda: now)


def test_what_was_found_is_remembered_for_a_week(memory: Callable[[float], Memory]) -> None:
    found = Recognised(BY_NAME["zot"], "a mark", by_greeting=True)
    memory(0).keep("https://r.example", found)
    assert memory(7 * 86_400 - 1).recall("https://r.example") == (found,)
    assert memory(7 * 86_400).recall("https://r.example") is None
    assert memory(-1).recall("https://r.example") is None
    assert memory(1).recall("https://other.example") is None


def test_that_nothing_was_found_is_remembered_for_a_day(memory: Callable[[float], Memory]) -> None:
    memory(0).keep("https://r.example", None)
    assert memory(86_399).recall("https://r.example") == (None,)
    assert memory(86_400).recall("https://r.example") is None


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"[" * 5000, b'{"url": "https://r.example", "provider": "gone"}', b"\xff"],
)
def test_a_damaged_memory_is_none(
    memory: Callable[[float], Memory], tmp_path: Path, content: bytes
) -> None:
    memory(0).keep("https://r.example", None)
    (file,) = (tmp_path / "providers").glob("*.json")
    file.write_bytes(content)
    assert memory(1).recall("https://r.example") is None
