"""Azure Container Registry in its corners: identities, pages, locks, and its own SDK as witness."""

from __future__ import annotations

import base64
import json
import ssl
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

import pytest

from hubcli.config import Endpoint, RegistryRow
from hubcli.http.client import Client
from hubcli.providers import Row
from hubcli.providers.acr import AzureRegistry
from hubcli.providers.provider import Surroundings
from hubcli.providers.rows import BY_NAME
from hubcli.registry import Registry
from support.certificates import Authority
from support.images import Image
from support.peaks import peak_of
from support.providers.acr import OPEN, Azure
from support.providers.standin import Running
from support.running import InProcess, Result
from support.scripted import Answer, ScriptedServer, Seen

HOST = "acmeregistry.azurecr.io"

Paged = Callable[[str, int], tuple[list[dict[str, object]], bool]]
"""The rows of a page of `tags` or `manifests`, and whether there are more."""


@pytest.fixture
def azure(tmp_path: Path) -> Azure:
    return Azure(tmp_path)


@pytest.fixture
def running(azure: Azure, environ: dict[str, str], tmp_path: Path) -> Iterator[Running]:
    with azure.running() as running:
        config = tmp_path / "config.toml"
        config.write_text(running.config)
        environ["HUBCLI_CONFIG"] = str(config)
        environ["HUBCLI_AUTH_FILE"] = str(tmp_path / "auth.json")
        yield running


@pytest.fixture
def signed_in(cli: InProcess, running: Running) -> InProcess:
    assert login(cli, running.username, running.secret).exit_code == 0
    return cli


def login(cli: InProcess, username: str, secret: str) -> Result:
    arguments = ("--username", username, "--password-stdin", "--store", "file")
    return cli("login", HOST, *arguments, stdin=secret)


def pushed(cli: InProcess, image: Image, *references: str) -> None:
    for reference in references:
        done = cli("push", image.source, f"{HOST}/{reference}")
        assert done.exit_code == 0, done.stderr


# Who one is


def test_az_is_asked_for_a_token_that_the_registry_exchanges(
    cli: InProcess, running: Running, environ: dict[str, str]
) -> None:
    environ.update(running.identity)
    (row,) = cli("auth", "status", HOST, "--check", "--format", "json").json()
    assert (row["valid"], row["source"]) == (True, "Azure CLI")
    assert running.faults() == []


def test_without_an_identity_one_is_nobody(cli: InProcess, running: Running) -> None:
    done = cli("tag", "ls", f"{HOST}/acme/app")
    assert done.exit_code == 4
    assert done.stderr.splitlines() == [
        f"error: cannot list tags of {HOST}/acme/app: authentication required (UNAUTHORIZED)",
        f"hint: hubcli login {HOST}",
    ]


def test_an_identity_that_the_registry_refuses_is_named(
    cli: InProcess, azure: Azure, running: Running, environ: dict[str, str]
) -> None:
    environ.update(running.identity)
    azure.aad_token = "another"
    done = cli("tag", "ls", f"{HOST}/acme/app")
    assert done.exit_code == 4
    assert done.stderr.splitlines()[0] == (
        f"warning: the provider's own identity: {HOST} refuses the identity of Azure CLI:"
        " authentication required, the token is not valid."
    )


def test_a_managed_identity_is_one(
    cli: InProcess, azure: Azure, running: Running, environ: dict[str, str]
) -> None:
    """The metadata server of a virtual machine (IMDS)."""

    def metadata(seen: Seen) -> Answer:
        assert seen.headers["metadata"] == "true"
        assert "resource=https://containerregistry.azure.net" in unquote(seen.path)
        token = {"access_token": azure.aad_token, "expires_in": "3600", "token_type": "Bearer"}
        token |= {"expires_on": "4000000000", "resource": "https://containerregistry.azure.net"}
        return Answer(200, json.dumps(token).encode(), {"Content-Type": "application/json"})

    with ScriptedServer(metadata) as server:
        environ["AZURE_TOKEN_CREDENTIALS"] = "prod"
        environ["AZURE_POD_IDENTITY_AUTHORITY_HOST"] = server.url
        (row,) = cli("auth", "status", HOST, "--check", "--format", "json").json()
    assert (row["valid"], row["source"]) == (True, "managed identity")


class Entra:
    """Microsoft Entra, of a cloud of one's own: whoever shows what is wanted gets a token."""

    def __init__(self, token: str, **wanted: str) -> None:
        self.token = token
        self.wanted = {name: [value] for name, value in wanted.items()}

    def __call__(self, seen: Seen) -> Answer:
        host = f"https://{seen.headers['host']}"
        if seen.path.endswith("/.well-known/openid-configuration"):
            found = {
                f"{what}_endpoint": f"{host}/acme/{what}" for what in ("token", "authorization")
            }
            return _json({**found, "issuer": f"{host}/acme/v2.0"})
        form = parse_qs(seen.body.decode())
        assert form["scope"][0].startswith("https://containerregistry.azure.net/.default")
        if not self.wanted.items() <= form.items():
            error = {"error": "invalid_client", "error_description": "AADSTS7000215: no\nsecret."}
            return replace(_json(error), status=401)
        return _json({"token_type": "Bearer", "expires_in": 3600, "access_token": self.token})


def _json(body: object) -> Answer:
    return Answer(200, json.dumps(body).encode(), {"Content-Type": "application/json"})


@pytest.fixture
def entra(environ: dict[str, str], tmp_path: Path) -> Iterator[Callable[[Entra], None]]:
    """`entra(Entra(…))`: it is there, by TLS, and named in the environment; and `az` is, too."""
    authority = Authority(tmp_path / "ca")
    pair = authority.server()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(pair.certificate, pair.key)
    current: list[Entra] = []
    with ScriptedServer(lambda seen: current[-1](seen), tls) as server:
        environ["AZURE_AUTHORITY_HOST"] = server.url
        environ["REQUESTS_CA_BUNDLE"] = str(authority.certificate)
        environ |= {"AZURE_CLIENT_ID": "app", "AZURE_TENANT_ID": "acme"}
        yield current.append


def test_a_service_principal_goes_before_az(
    cli: InProcess,
    azure: Azure,
    running: Running,
    environ: dict[str, str],
    entra: Callable[[Entra], None],
) -> None:
    environ.update(running.identity)
    environ.pop("AZURE_TOKEN_CREDENTIALS")
    environ["AZURE_CLIENT_SECRET"] = "app-secret"
    entra(Entra(azure.aad_token, client_id="app", client_secret="app-secret"))
    (row,) = cli("auth", "status", HOST, "--check", "--format", "json").json()
    assert (row["valid"], row["source"]) == (True, "AZURE_CLIENT_ID")
    # One that is refused is not passed over.
    entra(Entra(azure.aad_token, client_secret="another"))
    done = cli("tag", "ls", f"{HOST}/acme/app")
    assert done.exit_code == 4
    assert "warning: the provider's own identity: AZURE_CLIENT_ID: " in done.stderr
    assert "AADSTS7000215: no secret." in done.stderr


def test_a_workload_identity_is_one(
    cli: InProcess,
    azure: Azure,
    running: Running,
    environ: dict[str, str],
    tmp_path: Path,
    entra: Callable[[Entra], None],
) -> None:
    """The token that a cluster puts into a file is what one shows."""
    (tmp_path / "federated").write_text("of-the-cluster")
    environ["AZURE_TOKEN_CREDENTIALS"] = "prod"
    environ["AZURE_FEDERATED_TOKEN_FILE"] = str(tmp_path / "federated")
    entra(Entra(azure.aad_token, client_id="app", client_assertion="of-the-cluster"))
    (row,) = cli("auth", "status", HOST, "--check", "--format", "json").json()
    assert (row["valid"], row["source"]) == (True, "AZURE_FEDERATED_TOKEN_FILE")
    environ["AZURE_FEDERATED_TOKEN_FILE"] = str(tmp_path / "missing")
    done = cli("auth", "status", HOST)
    assert done.exit_code == 4
    assert "warning: the provider's own identity: AZURE_FEDERATED_TOKEN_FILE: " in done.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AZURE_TOKEN_CREDENTIALS", "nobody"),
        ("AZURE_AUTHORITY_HOST", "http://login.example"),
    ],
)
def test_settings_that_are_none_are_told(
    cli: InProcess, environ: dict[str, str], name: str, value: str
) -> None:
    done = cli("auth", "status", HOST, env={name: value})
    assert done.exit_code == 4
    assert value in done.stderr.splitlines()[0]
    assert done.stderr.startswith("warning: the provider's own identity: ")


def test_without_the_extra_it_is_named(
    cli: InProcess, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("azure.core.exceptions", "azure.identity"):
        monkeypatch.setitem(sys.modules, name, None)
    done = cli("tag", "ls", f"{HOST}/acme/app")
    assert done.exit_code == 4
    assert (
        "warning: the provider's own identity: Azure Container Registry needs the extra azure"
        in (done.stderr)
    )
    assert "pip install 'hubcli[azure]'" in done.stderr


def test_a_login_needs_no_extra(
    signed_in: InProcess, running: Running, image: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("azure.core.exceptions", "azure.identity"):
        monkeypatch.setitem(sys.modules, name, None)
    pushed(signed_in, image, "acme/app:v1")
    assert signed_in("tag", "ls", f"{HOST}/acme/app", "-q").lines() == ["v1"]


def test_a_refresh_token_can_be_logged_in_with_as_docker_does(
    cli: InProcess, azure: Azure, running: Running, image: Image
) -> None:
    null = "00000000-0000-0000-0000-000000000000"
    assert login(cli, null, "not.a.token").exit_code == 4
    assert login(cli, null, azure.refresh_token()).exit_code == 0
    pushed(cli, image, "acme/app:v1")
    assert cli("tag", "ls", f"{HOST}/acme/app", "-q").lines() == ["v1"]


# What there is


@pytest.mark.parametrize("page", [1, 2, 7])
def test_lists_go_on_to_their_end(
    signed_in: InProcess, azure: Azure, image: Image, page: int
) -> None:
    names = [f"v{number}" for number in range(5)]
    pushed(signed_in, image, *(f"acme/app:{name}" for name in names), "acme/b:1", "other/c:1")
    azure.page = page
    assert sorted(signed_in("tag", "ls", f"{HOST}/acme/app", "-q").lines()) == names
    assert signed_in("repo", "ls", HOST, "-q").lines() == [
        f"{HOST}/{name}" for name in ("acme/app", "acme/b", "other/c")
    ]
    assert signed_in("repo", "ls", f"{HOST}/acme", "-q").lines() == [
        f"{HOST}/acme/app",
        f"{HOST}/acme/b",
    ]


def test_names_alone_cost_no_look_at_each_repository(
    signed_in: InProcess, running: Running, image: Image
) -> None:
    pushed(signed_in, image, "acme/app:v1")
    before = len(running.transcript())
    signed_in("repo", "ls", f"{HOST}/acme", "-q")
    assert running.transcript()[before:] == ["GET /acr/v1/_catalog?n=1000"]
    (row,) = signed_in("repo", "ls", f"{HOST}/acme", "--format", "json").json()
    assert row["created"] is not None
    assert row["updated"].endswith(".123456Z")
    assert row["tag_count"] == 1
    assert running.transcript()[-1] == "GET /acr/v1/acme%2Fapp"


def test_what_a_pattern_leaves_out_is_not_looked_at(
    signed_in: InProcess, running: Running, image: Image
) -> None:
    pushed(signed_in, image, "acme/app:v1", "acme/web:v1")
    before = len(running.transcript())
    rows = signed_in("repo", "ls", HOST, "--filter", "w*", "--format", "json").json()
    assert [row["name"] for row in rows] == [f"{HOST}/acme/web"]
    assert running.transcript()[before:] == [
        "GET /acr/v1/_catalog?n=1000",
        "GET /acr/v1/acme%2Fweb",
    ]


def test_size_and_time_of_tags_take_two_lists(
    signed_in: InProcess, running: Running, image: Image
) -> None:
    pushed(signed_in, image, "acme/app:v1", "acme/app:v2")
    before = len(running.transcript())
    rows = signed_in("tag", "ls", f"{HOST}/acme/app", "--format", "json").json()
    assert running.transcript()[before:] == [
        "GET /acr/v1/acme%2Fapp/_tags?n=1000&orderby=timedesc",
        "GET /acr/v1/acme%2Fapp/_manifests?n=1000&orderby=timedesc",
    ]
    for row in rows:
        assert row["size"] is not None
        assert row["pushed"].endswith(".123456Z")


# Locks


def test_immutable_tags_are_a_lock_on_writing(
    signed_in: InProcess, azure: Azure, image: Image
) -> None:
    pushed(signed_in, image, "acme/app:v1")
    name = f"{HOST}/acme/app"
    edit = ("repo", "edit", name, "--yes")
    done = signed_in(*edit, "--immutable-tags", ".*")
    assert done.exit_code == 0, done.stderr
    assert azure.locks["acme/app"] == {**OPEN, "writeEnabled": False}
    assert signed_in("repo", "inspect", name, "--format", "json").json()["immutable_tags"] == [".*"]
    assert signed_in(*edit, "--no-immutable-tags").exit_code == 0
    assert azure.locks["acme/app"] == OPEN
    assert signed_in("repo", "inspect", name, "--format", "json").json()["immutable_tags"] == []
    some = signed_in(*edit, "--immutable-tags", "v.*")
    assert some.exit_code == 1
    assert "Azure locks all tags of a repository or none of them" in some.stderr


def test_options_lock_and_unlock(signed_in: InProcess, azure: Azure, image: Image) -> None:
    pushed(signed_in, image, "acme/app:v1")
    name = f"{HOST}/acme/app"
    done = signed_in("repo", "edit", name, "--option", "delete-enabled=false", "--yes")
    assert done.exit_code == 0, done.stderr
    assert azure.locks["acme/app"]["deleteEnabled"] is False
    for command in (("tag", "rm", f"{name}:v1"), ("repo", "rm", name)):
        locked = signed_in(*command, "--yes")
        assert locked.exit_code == 1
        assert "the operation is disallowed on this registry or repository" in locked.stderr
        assert f"hint: hubcli repo inspect {name}\n" in locked.stderr
    wrong = signed_in("repo", "edit", name, "--option", "delete-enabled=maybe", "--yes")
    assert wrong.exit_code == 2
    assert "--option delete-enabled takes true or false, not 'maybe'" in wrong.stderr


# Many tags

PAGE = 200


@pytest.fixture
def listed(tmp_path: Path) -> Iterator[Callable[[Paged], Iterator[Row]]]:
    """The tags of a repository whose pages are those of a function."""
    http = Client(sleep=lambda _: None)
    current: list[Paged] = []

    def script(seen: Seen) -> Answer:
        path, _, query = seen.path.partition("?")
        what, page = path.rpartition("/_")[2], int(parse_qs(query).get("last", ["0"])[0])
        rows, more = current[-1](what, page)
        link = {"Link": f'<{path}?last={page + 1}&n={PAGE}&orderby=timedesc>; rel="next"'}
        body = json.dumps({"registry": HOST, "imageName": "acme/app", what: rows}).encode()
        return Answer(200, body, link if more else {})

    with ScriptedServer(script) as server:
        endpoint = Endpoint(HOST, server.url, RegistryRow())
        registry = Registry(http, endpoint, None)

        def listing(pages: Paged) -> Iterator[Row]:
            current.append(pages)
            at = Surroundings(
                BY_NAME["acr"], HOST, endpoint, {}, http,
                credential=lambda: None, registry=lambda: registry, notify=lambda _: None,
            )  # fmt: skip
            return AzureRegistry(at).tags("acme/app")

        yield listing
    http.close()


def test_many_tags_take_no_more_memory_than_some(
    listed: Callable[[Paged], Iterator[Row]],
) -> None:
    """Where tags and manifests come in about the same order, as they do."""

    def pages(what: str, page: int) -> tuple[list[dict[str, object]], bool]:
        numbers = range(page * PAGE, (page + 1) * PAGE)
        if what == "tags":
            rows = [tag(number, number ^ 7) for number in numbers]
        else:
            rows = [manifest(number, f"v{number}") for number in numbers]
        return rows, page < 12

    rows = listed(pages)
    for _ in range(2 * PAGE):
        next(rows)
    count, peak = peak_of(lambda: sum(1 for row in rows if row["size"] is not None))
    assert count == 11 * PAGE
    assert peak < 1_000_000


def test_the_order_of_manifests_changes_nothing(
    listed: Callable[[Paged], Iterator[Row]],
) -> None:
    """Tags that share one, one without a tag, and one that went meanwhile."""
    tags = [tag(1, 1), tag(2, 2), tag(3, 1), tag(4, 9), tag(5, 2)]
    manifests = [manifest(7), manifest(2, "v2", "v5"), manifest(3), manifest(1, "v1", "v3")]

    def pages(what: str, page: int) -> tuple[list[dict[str, object]], bool]:
        found = (tags if what == "tags" else manifests)[page : page + 1]
        return found, page < (len(tags) if what == "tags" else len(manifests)) - 1

    assert [(row["name"], row["size"]) for row in listed(pages)] == [
        ("v1", 1), ("v2", 2), ("v3", 1), ("v4", None), ("v5", 2)
    ]  # fmt: skip


def tag(number: int, digest: int) -> dict[str, object]:
    return {"name": f"v{number}", "digest": f"sha256:{digest:064x}"}


def manifest(number: int, *tags: str) -> dict[str, object]:
    return {"digest": f"sha256:{number:064x}", "imageSize": number, "tags": list(tags)}


# Answers that no sane registry gives


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Answer(200, b"[]"), 6),
        (Answer(200, b"<html>"), 6),
        (Answer(200, b'{"tags": "no list"}'), 0),
        (Answer(200, b'{"tags": [1, null, {"name": 1}, {"digest": "x"}]}'), 0),
        (Answer(500, b"down"), 6),
        (Answer(403, b'{"errors": [{"code": "DENIED", "message": "no."}]}'), 4),
        (Answer(404, b'{"errors": [{"code": "NAME_UNKNOWN"}]}'), 3),
    ],
)
def test_strange_answers_end_in_one_line(
    cli: InProcess, environ: dict[str, str], tmp_path: Path, answer: Answer, code: int
) -> None:
    with ScriptedServer(lambda _: answer) as server:
        config = tmp_path / "config.toml"
        config.write_text(f'[registries."{HOST}"]\nendpoint = "{server.url}"\n')
        environ["HUBCLI_CONFIG"] = str(config)
        environ["DOCKER_AUTH_CONFIG"] = auth("alice", "secret")
        done = cli("tag", "ls", f"{HOST}/acme/app")
    assert done.exit_code == code, done.stderr
    assert done.stderr.count("error: ") == (code != 0)


def auth(username: str, secret: str) -> str:
    pair = base64.b64encode(f"{username}:{secret}".encode()).decode()
    return json.dumps({"auths": {HOST: {"auth": pair}}})


# Azure's own client


class SignedIn:
    """A credential as Azure's clients take them."""

    def __init__(self, azure: Azure) -> None:
        self._azure = azure

    def get_token(self, *scopes: str, **_: Any) -> Any:
        from azure.core.credentials import AccessToken

        assert scopes == ("https://containerregistry.azure.net/.default",)
        return AccessToken(self._azure.aad_token, 4_000_000_000)


@pytest.fixture
def sdk(azure: Azure, running: Running) -> Iterator[Any]:
    from azure.containerregistry import ContainerRegistryClient

    with ContainerRegistryClient(
        f"http://{running.origins[0]}",
        SignedIn(azure),
        audience="https://containerregistry.azure.net",
    ) as client:
        yield client


def test_azures_own_client_sees_and_does_the_same(
    signed_in: InProcess, azure: Azure, sdk: Any, image: Image
) -> None:
    """azure-containerregistry over the stand-in: what hubcli is compared with is no invention."""
    pushed(signed_in, image, "acme/app:v1", "acme/app:v2", "acme/app:v3")
    azure.page = 2
    plain = {"enforce_https": False}
    assert list(sdk.list_repository_names(**plain)) == ["acme/app"]
    about = sdk.get_repository_properties("acme/app", **plain)
    assert (about.tag_count, about.can_write) == (3, True)
    tags = {one.name: one for one in sdk.list_tag_properties("acme/app", **plain)}
    rows = signed_in("tag", "ls", f"{HOST}/acme/app", "--format", "json").json()
    assert {row["name"]: row["digest"] for row in rows} == {
        name: one.digest for name, one in tags.items()
    }
    sizes = {
        one.digest: one.size_in_bytes for one in sdk.list_manifest_properties("acme/app", **plain)
    }
    assert {row["size"] for row in rows} == {sizes[image.digest]}
    sdk.update_repository_properties("acme/app", can_write=False, **plain)
    inspected = signed_in("repo", "inspect", f"{HOST}/acme/app", "--format", "json").json()
    assert inspected["immutable_tags"] == [".*"]
    sdk.update_repository_properties("acme/app", can_write=True, **plain)
    sdk.delete_tag("acme/app", "v1", **plain)
    assert sorted(signed_in("tag", "ls", f"{HOST}/acme/app", "-q").lines()) == ["v2", "v3"]
    assert signed_in("tag", "rm", f"{HOST}/acme/app:v2", "--yes").exit_code == 0
    assert [one.name for one in sdk.list_tag_properties("acme/app", **plain)] == ["v3"]
    sdk.delete_repository("acme/app", **plain)
    assert signed_in("repo", "ls", HOST, "-q").lines() == []
