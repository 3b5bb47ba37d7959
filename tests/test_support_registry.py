"""The doubles for registries do what the tests believe of them."""

from __future__ import annotations

import base64
import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping

import pytest

from support.docker_registry import PASSWORD, USERNAME, DockerRegistry
from support.images import INDEX, Image
from support.skopeo import Skopeo, SkopeoFailed

Registries = Callable[..., DockerRegistry]
CREDENTIALS = f"--dest-creds={USERNAME}:{PASSWORD}"


def fetch(
    url: str, headers: Mapping[str, str] | None = None, ca_file: object = None
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers in lower case, body."""
    context = ssl.create_default_context(cafile=str(ca_file)) if ca_file else None
    try:
        request = urllib.request.Request(url, headers=dict(headers or {}))
        with urllib.request.urlopen(request, timeout=10, context=context) as answer:
            return answer.status, {k.lower(): v for k, v in answer.headers.items()}, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            found = {name.lower(): value for name, value in error.headers.items()}
            return error.code, found, error.read()


def basic(username: str, password: str) -> dict[str, str]:
    encoded = base64.b64encode(f"{username}:{password}".encode()).decode()
    return {"Authorization": f"Basic {encoded}"}


def test_an_open_registry_takes_an_image_and_gives_it_back(
    docker_registry: Registries, skopeo: Skopeo, image: Image, repository: str
) -> None:
    registry = docker_registry()
    name = f"{registry.host}/{repository}"
    skopeo.copy(image.source, f"docker://{name}:v1")
    assert skopeo.raw(f"{name}:v1") == image.read(image.digest)
    assert skopeo.tags(name) == ["v1"]
    assert image.media_type == INDEX
    assert set(image.platforms) == {"linux/amd64", "linux/arm64/v8"}
    paths = [request.path for request in registry.requests(repository)]
    assert f"/v2/{repository}/manifests/v1" in paths


def test_a_password_registry_answers_401_without_one(
    docker_registry: Registries,
) -> None:
    registry = docker_registry("htpasswd")
    status, headers, _ = fetch(f"{registry.url}/v2/")
    assert (status, headers["www-authenticate"]) == (401, 'Basic realm="test-realm"')
    assert fetch(f"{registry.url}/v2/", basic(USERNAME, PASSWORD))[0] == 200
    assert fetch(f"{registry.url}/v2/", basic(USERNAME, "wrong"))[0] == 401


def test_a_token_registry_sends_clients_to_its_token_server(
    docker_registry: Registries, skopeo: Skopeo, image: Image, repository: str
) -> None:
    registry = docker_registry("token")
    assert registry.tokens is not None
    name = f"{registry.host}/{repository}"
    with pytest.raises(SkopeoFailed, match="access to the resource is denied"):
        skopeo.copy(image.source, f"docker://{name}:v1")
    skopeo.copy(image.source, f"docker://{name}:v1", CREDENTIALS)
    registry.tokens.forget()
    assert skopeo.tags(name) == ["v1"]
    (request,) = registry.tokens.requests()
    assert (request.method, request.user, request.status) == ("GET", None, 200)
    assert request.scopes == (f"repository:{repository}:pull",)


def test_quirks_of_the_token_server_last_for_a_block(docker_registry: Registries) -> None:
    tokens = docker_registry("token").tokens
    assert tokens is not None
    url = f"{tokens.url}?service=test-registry&scope=repository:a/b:pull"
    with tokens.behaving(expires_in=None, access_token_only=True):
        status, _, body = fetch(url)
    assert status == 200
    assert set(json.loads(body)) == {"access_token", "issued_at"}
    with tokens.behaving(anonymous=False):
        assert fetch(url)[0] == 401
    assert set(json.loads(fetch(url)[2])) == {"access_token", "token", "expires_in", "issued_at"}


@pytest.mark.parametrize(
    ("grant", "expected"),
    [
        ({"username": USERNAME, "password": PASSWORD}, 200),
        ({"username": USERNAME, "password": "wrong"}, 401),
    ],
)
def test_the_token_server_serves_oauth2(
    docker_registry: Registries, grant: dict[str, str], expected: int
) -> None:
    tokens = docker_registry("token").tokens
    assert tokens is not None
    form = {"service": ["test-registry"], "access_type": ["offline"], "grant_type": ["password"]}
    status, body = tokens.answer("POST", form | {k: [v] for k, v in grant.items()}, None)
    assert status == expected
    assert ("refresh_token" in body) == (expected == 200)
    if expected == 200:
        again = {
            "service": ["test-registry"],
            "grant_type": ["refresh_token"],
            "refresh_token": [str(body["refresh_token"])],
        }
        assert tokens.answer("POST", again, None)[0] == 200
    with tokens.behaving(allow_post=False):
        assert tokens.answer("POST", form, None)[0] == 405


def test_tls_is_signed_by_a_private_authority(docker_registry: Registries) -> None:
    registry = docker_registry(tls=True)
    assert fetch(f"{registry.url}/v2/", ca_file=registry.ca_file)[0] == 200
    with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
        fetch(f"{registry.url}/v2/")


def test_registries_of_one_kind_are_one_process(
    docker_registry: Registries, new_docker_registry: Registries
) -> None:
    shared = docker_registry()
    assert docker_registry() is shared
    assert docker_registry(delete=False).host != shared.host
    assert new_docker_registry().host != shared.host
