"""Tags and catalogs come in pages; what servers make of that (RFC 8288, distribution-spec 1.1)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from itertools import chain, islice

import pytest

from hubcli.errors import NotFound, Unavailable, Untrusted
from hubcli.http.client import Client
from hubcli.registry import Registry
from hubcli.registry.pages import next_link
from support.docker_registry import DockerRegistry
from support.images import Image
from support.sandbox_registry import RegistryServer
from support.scripted import Answer, Script, ScriptedServer, Seen
from support.skopeo import Skopeo

Connect = Callable[..., Registry]
Scripted = Callable[[Script], ScriptedServer]
FIRST = "/v2/a/b/tags/list?n=1000"


def page(*tags: object, link: str | None = None, **members: object) -> Answer:
    headers = {"Content-Type": "application/json", **({"Link": link} if link else {})}
    return Answer(200, json.dumps({"name": "a/b", "tags": list(tags)} | members).encode(), headers)


def following(target: str) -> str:
    return f'<{target}>; rel="next"'


def tags(registry: Registry, path: str = "a/b") -> list[list[str]]:
    return list(registry.repository(path).tags())


@pytest.mark.parametrize(
    ("header", "target"),
    [
        ('</v2/x?last=1>; rel="next"', "/v2/x?last=1"),
        ("</v2/x>; rel=next", "/v2/x"),
        ("</v2/x>;REL=Next", "/v2/x"),
        ('</v2/x>; title="a, b; rel=prev"; rel="last next"', "/v2/x"),
        ('</first>; rel="first", </next>; rel="next"', "/next"),
        ('<http://h/v2/x?a=1,2>; rel="next"', "http://h/v2/x?a=1,2"),
        ('</v2/x>; rel="prev"', None),
        ("</v2/x>", None),
        ("/v2/x; rel=next", None),
        ("<", None),
        ("", None),
    ],
)
def test_the_next_link_is_found_among_others(header: str, target: str | None) -> None:
    assert next_link(header) == target


def test_a_long_header_is_read_in_no_time() -> None:
    assert next_link("<" * 200_000) is None
    assert next_link("<a>" + ";a=b" * 100_000) is None


def test_pages_are_followed_lazily(connect: Connect, scripted: Scripted) -> None:
    pages = {
        FIRST: page("v1", "v2", link=following("/v2/a/b/tags/list?n=1000&last=v2")),
        "/v2/a/b/tags/list?n=1000&last=v2": page(link=following("?n=1000&last=empty")),
        "/v2/a/b/tags/list?n=1000&last=empty": page("v3"),
    }
    server = scripted(lambda seen: pages[seen.path])
    registry = connect(f"127.0.0.1:{server.port}")
    listing = registry.repository("a/b").tags()
    assert next(listing) == ["v1", "v2"]
    assert len(server.seen) == 1
    assert list(listing) == [["v3"]]
    assert [seen.path for seen in server.seen] == list(pages)


def test_an_absolute_link_stays_on_its_origin(connect: Connect, scripted: Scripted) -> None:
    def script(seen: Seen) -> Answer:
        if seen.path == FIRST:
            host = seen.headers["host"]
            return page("v1", link=following(f"http://{host}/v2/a/b/tags/list?last=v1"))
        return page("v2")

    server = scripted(script)
    assert tags(connect(f"127.0.0.1:{server.port}")) == [["v1"], ["v2"]]


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.2/v2/a/b/tags/list?last=v1",
        "//evil.example/v2/a/b/tags/list",
        "https://127.0.0.1/v2/a/b/tags/list",
        "file:///etc/passwd",
        "http://user:password@127.0.0.1/",
        "http://[",
    ],
)
def test_a_link_that_leads_away_is_refused(
    connect: Connect, scripted: Scripted, target: str
) -> None:
    server = scripted(lambda _: page("v1", link=following(target)))
    with pytest.raises(Untrusted) as failure:
        tags(connect(f"127.0.0.1:{server.port}"))
    assert failure.value.exit_code == 6
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    ("link", "asked"),
    [
        # Artifactory drops the repository key.
        ("/v2/b/tags/list?last=v1&n=1", "/v2/a/b/tags/list?last=v1&n=1"),
        # Nexus adds a prefix of its own.
        ("/repository/a/v2/a/b/tags/list?last=v1", "/v2/a/b/tags/list?last=v1"),
        # Anything else is taken as it is.
        ("/v2/more/pages?token=x", "/v2/more/pages?token=x"),
    ],
)
def test_a_link_to_the_same_listing_keeps_our_path(
    connect: Connect, scripted: Scripted, link: str, asked: str
) -> None:
    server = scripted(lambda seen: page("v2") if "?n=1000" not in seen.path else first)
    first = page("v1", link=following(link))
    assert tags(connect(f"127.0.0.1:{server.port}")) == [["v1"], ["v2"]]
    assert server.seen[1].path == asked


def test_pages_that_go_round_in_circles_end(connect: Connect, scripted: Scripted) -> None:
    server = scripted(lambda _: page("v1", link=following(FIRST)))
    with pytest.raises(Untrusted, match="circles"):
        tags(connect(f"127.0.0.1:{server.port}"))
    assert len(server.seen) == 1


def test_empty_pages_without_end_end(
    connect: Connect, scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hubcli.registry.pages._MOST_EMPTY", 5)

    def script(seen: Seen) -> Answer:
        number = int(seen.path.rpartition("=")[2])
        return page("v1", link=following(f"/v2/a/b/tags/list?n={number + 1}"))

    server = scripted(script)
    with pytest.raises(Untrusted, match="do not end"):
        tags(connect(f"127.0.0.1:{server.port}"))
    assert len(server.seen) == 7


def test_what_is_no_tag_or_came_before_is_left_out(connect: Connect, scripted: Scripted) -> None:
    second = "/v2/a/b/tags/list?n=1000&last=v2"
    pages = {
        FIRST: page(
            "v1", None, "v1", "sha256:" + "0" * 64, 7, "\x1b[31mred", link=following(second)
        ),
        second: page("v1", "v2"),
    }
    server = scripted(lambda seen: pages[seen.path])
    assert tags(connect(f"127.0.0.1:{server.port}")) == [["v1"], ["v2"]]


def test_an_emptied_repository_has_null(connect: Connect, scripted: Scripted) -> None:
    server = scripted(lambda _: Answer(200, b'{"name": "a/b", "tags": null}'))
    assert tags(connect(f"127.0.0.1:{server.port}")) == []


@pytest.mark.parametrize("body", [b"[]", b"<html>", b'{"tags": "v1"}', b'{"tags": {"v1": 1}}'])
def test_a_listing_of_another_shape_is_a_failure(
    connect: Connect, scripted: Scripted, body: bytes
) -> None:
    server = scripted(lambda _: Answer(200, body))
    with pytest.raises(Unavailable):
        tags(connect(f"127.0.0.1:{server.port}"))


def test_a_page_without_end_is_not_read_to_it(connect: Connect, scripted: Scripted) -> None:
    server = scripted(lambda _: Answer(200, b'{"tags": ["' + b"a" * (33 << 20)))
    with pytest.raises(Unavailable, match="longer than"):
        tags(connect(f"127.0.0.1:{server.port}"))


def test_a_real_registry_lists_what_skopeo_sees(
    connect: Connect,
    docker_registry: Callable[..., DockerRegistry],
    skopeo: Skopeo,
    image: Image,
    repository: str,
) -> None:
    registry = docker_registry()
    for tag in ("v1", "v2", "latest"):
        skopeo.copy(image.source, f"docker://{registry.host}/{repository}:{tag}")
    found = tags(connect(registry.host), repository)
    assert sorted(chain.from_iterable(found)) == sorted(
        skopeo.tags(f"{registry.host}/{repository}")
    )
    with pytest.raises(NotFound) as failure:
        tags(connect(registry.host), f"{repository}/nothing")
    assert failure.value.code == "NAME_UNKNOWN"


def test_the_pages_of_a_modern_registry(
    connect: Connect, modern_registry: RegistryServer, repository: str
) -> None:
    """2,500 tags in pages of at most 1,000, every one once."""
    document = modern_registry.image(repository)
    expected = {f"v{number}" for number in range(2500)}
    modern_registry.push(repository, "v0", document)
    tag_all(modern_registry, repository, expected)
    registry = connect(modern_registry.host)
    found = list(registry.repository(repository).tags())
    assert len(found) >= 3
    assert max(map(len, found)) <= 1000
    assert set(chain.from_iterable(found)) == expected


def tag_all(server: RegistryServer, repository: str, names: set[str]) -> None:
    """Tags by the registry itself: 2,500 requests would take long."""
    digest = server.fetch(repository, "v0").headers["Docker-Content-Digest"]
    content = server.fetch(repository, "v0").content
    for names_ in batches(sorted(names), 50):
        query = "&".join(f"tag={name}" for name in names_)
        media_type = json.loads(content)["mediaType"]
        answer = server.client.put(
            f"/v2/{repository}/manifests/{digest}?{query}",
            content=content,
            headers={"Content-Type": media_type},
        )
        assert answer.status_code == 201, answer.text


def batches(items: list[str], size: int) -> list[list[str]]:
    source = iter(items)
    return list(iter(lambda: list(islice(source, size)), []))


def test_the_catalog_of_a_real_registry(
    connect: Connect,
    new_docker_registry: Callable[..., DockerRegistry],
    skopeo: Skopeo,
    image: Image,
) -> None:
    registry = new_docker_registry()
    assert list(connect(registry.host).catalog()) == []
    for name in ("b/two", "a/one", "three"):
        skopeo.copy(image.source, f"docker://{registry.host}/{name}:v1")
    assert list(chain.from_iterable(connect(registry.host).catalog())) == [
        "a/one",
        "b/two",
        "three",
    ]


def test_warnings_are_told_once(connect: Connect, scripted: Scripted) -> None:
    told: list[str] = []
    headers: Mapping[str, str] = {
        "Warning": '299 - "this registry \\"goes\\" away", 199 - "not this", 299 x "and more"'
    }
    server = scripted(lambda _: Answer(200, b'{"tags": []}', headers))
    registry = connect(f"127.0.0.1:{server.port}", warn=told.append)
    tags(registry)
    tags(registry)
    host = f"127.0.0.1:{server.port}"
    assert told == [f'{host}: this registry "goes" away', f"{host}: and more"]


def test_a_catalog_asks_for_its_own_scope() -> None:
    from hubcli.config import Endpoint

    asked: list[tuple[str, ...]] = []

    class Asked:
        def header(self, scopes: tuple[str, ...]) -> str | None:
            asked.append(scopes)
            return None

        def challenged(
            self, scopes: tuple[str, ...], challenges: tuple[str, ...], sent: str | None
        ) -> str | None:
            return None

    with ScriptedServer(lambda _: Answer(200, b'{"repositories": []}')) as server:
        http = Client()
        registry = Registry(http, Endpoint("x", server.url), Asked())
        assert list(registry.catalog()) == []
        http.close()
    assert asked == [("registry:catalog:*",)]
