"""Which key is meant, by each way in which Artifactory is reached."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from hubcli.errors import NotFound, Unsupported
from hubcli.http.response import Response
from hubcli.providers.artifactory_keys import Key, Keys, key_of
from hubcli.providers.calls import Api

API = "https://art.example/artifactory/api/docker"
KINDS = {"docker-local": "LOCAL", "docker": "VIRTUAL", "acme": "LOCAL", "hub": "REMOTE"}


class Listing(Api):
    """Knows the keys, and one of another kind."""

    def __init__(self) -> None:
        """Nothing is sent."""

    def rows(
        self, path: str, query: Mapping[str, object] | None = None
    ) -> Iterator[Mapping[str, object]]:
        assert (path, query) == ("/api/repositories", None)
        yield {"key": "jars", "type": "LOCAL", "packageType": "Maven"}
        yield {"key": "broken", "packageType": "Docker"}
        for name, kind in KINDS.items():
            yield {"key": name, "type": kind, "packageType": "Docker"}


def never() -> Any:
    raise AssertionError("this was not to be asked")


def greeting(realm: str | None) -> Callable[[], Response]:
    challenges = () if realm is None else (f'Bearer realm="{realm}",service="art.example"',)
    return lambda: Response(401, {}, b"", "https://art.example/v2/", challenges)


def without_catalog() -> list[str]:
    raise NotFound("not found")


def keys(
    host: str,
    address: str | None = None,
    *,
    greet: Callable[[], Response] = never,
    catalog: Callable[[], list[str]] = never,
) -> Keys:
    return Keys(Listing(), host, address, greet=greet, catalog=catalog)


def meant(found: Keys, path: str) -> tuple[str, str, str]:
    """The key, the image, and how that is spelled again."""
    place = found.place(path)
    return place.key.name, place.image, place.path(place.image)


def test_by_the_path_nothing_else_is_asked() -> None:
    found = keys("art.example")
    assert meant(found, "docker-local/team/app") == (
        "docker-local",
        "team/app",
        "docker-local/team/app",
    )
    assert meant(found, "docker-local") == ("docker-local", "", "docker-local")


@pytest.mark.parametrize("host", ["docker-local.art.example", "acme-docker-local.jfrog.io"])
def test_by_the_name_of_the_host(host: str) -> None:
    found = keys(host, catalog=lambda: ["team/app"])
    assert meant(found, "team/app") == ("docker-local", "team/app", "team/app")
    assert meant(found, "docker/app") == ("docker-local", "docker/app", "docker/app")
    assert [place.key.name for place in found.places(None)] == ["docker-local"]


@pytest.mark.parametrize("catalog", [without_catalog, list])
def test_a_host_that_is_called_like_a_key_by_chance(catalog: Callable[[], list[str]]) -> None:
    """There is no catalog of more keys than one."""
    found = keys("docker.art.example", greet=greeting(None), catalog=catalog)
    assert meant(found, "acme/app") == ("acme", "app", "acme/app")
    names = [place.key.name for place in found.places(None)]
    assert names == ["acme", "docker-local", "hub"]


def test_an_instance_that_is_called_like_a_key_is_none() -> None:
    assert meant(keys("acme.jfrog.io"), "acme/app") == ("acme", "app", "acme/app")


def test_by_the_token_server_of_a_port() -> None:
    realm = "https://art.example/artifactory/api/docker/docker-local/v2/token"
    found = keys("art.example:5001", greet=greeting(realm))
    assert meant(found, "acme/app") == ("docker-local", "acme/app", "acme/app")


@pytest.mark.parametrize(
    "realm",
    [
        None,
        "https://art.example/v2/token",
        "https://art.example/artifactory/api/docker/null/v2/token",
        "https://art.example/artifactory/api/docker/jars/v2/token",
    ],
)
def test_a_port_that_does_not_tell(realm: str | None) -> None:
    found = keys("art.example:5001", greet=greeting(realm))
    assert meant(found, "acme/app") == ("acme", "app", "acme/app")
    with pytest.raises(NotFound, match="does not tell which one it is") as raised:
        found.place("team/app")
    assert raised.value.hint == (
        "hubcli config set registries.art.example:5001.api"
        " https://art.example/artifactory/api/docker/KEY"
        " (or https://art.example/artifactory, if paths begin with keys)"
    )


def test_by_the_configuration() -> None:
    found = keys("art.example:5001", f"{API}/hub")
    assert meant(found, "acme/app") == ("hub", "acme/app", "acme/app")
    assert found.place("acme/app").key == Key("hub", "REMOTE")
    assert meant(keys("art.example", f"{API}/hidden"), "a/b") == ("hidden", "a/b", "a/b")


def test_a_key_that_is_not_there() -> None:
    found = keys("art.example", greet=greeting(None))
    with pytest.raises(
        NotFound, match=r"^art\.example has no repository key jars \(NOT_FOUND\)$"
    ) as raised:
        found.place("jars/app")
    assert raised.value.hint == "hubcli repo ls art.example"
    found.add(Key("jars", "LOCAL"))
    assert meant(found, "jars/app") == ("jars", "app", "jars/app")


def test_a_catalog_that_is_refused_says_nothing() -> None:
    def refused() -> list[str]:
        raise Unsupported("no catalog")

    found = keys("docker-local.art.example", greet=greeting(None), catalog=refused)
    assert meant(found, "acme/app") == ("acme", "app", "acme/app")


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://art.example/artifactory/api/docker/docker-local", "docker-local"),
        ("https://art.example/artifactory/api/docker/docker-local/", "docker-local"),
        ("https://art.example/artifactory/api/docker/docker-local/v2", "docker-local"),
        ("https://art.example/artifactory/api/docker/docker-local/v2/token", "docker-local"),
        ("https://art.example/artifactory/api/docker/", None),
        ("https://art.example/artifactory", None),
        ("https://art.example/v2/token?service=/api/docker/x", None),
        ("", None),
    ],
)
def test_keys_in_addresses(url: str, key: str | None) -> None:
    assert key_of(url) == key
