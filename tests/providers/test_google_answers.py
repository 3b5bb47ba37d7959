"""Artifact Registry's API where it is long, slow, wrong, or refuses; and which place a path is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from hubcli.auth.credentials import Credential
from hubcli.auth.tokens.fixed import FixedAuthorizer
from hubcli.config import Endpoint, RegistryRow
from hubcli.errors import (
    Conflict,
    Denied,
    HubcliError,
    NotFound,
    NotSignedIn,
    RateLimited,
    TimedOut,
    Unavailable,
)
from hubcli.http.client import Client
from hubcli.providers import google_places
from hubcli.providers.capabilities import Creation
from hubcli.providers.google import GoogleRegistry
from hubcli.providers.google_api import ArtifactsApi
from hubcli.providers.provider import Surroundings
from hubcli.providers.rows import BY_NAME
from hubcli.registry import Registry
from support.peaks import peak_of
from support.scripted import Answer, ScriptedServer, Seen

HOST = "europe-docker.pkg.dev"
PARENT = "projects/acme/locations/europe"
PACKAGE = f"{PARENT}/repositories/images/packages/app"

NOBODY = FixedAuthorizer(lambda: None, bearer=True)

Play = Callable[[Callable[[Seen], Answer]], GoogleRegistry]


@pytest.fixture
def play() -> Iterator[Play]:
    """`play(script)`: the provider, whose API answers by the script; its `/v2/` has nothing."""
    http = Client(sleep=lambda _: None)
    current: list[Callable[[Seen], Answer]] = []
    with ScriptedServer(lambda seen: current[-1](seen)) as server:

        def playing(script: Callable[[Seen], Answer]) -> GoogleRegistry:
            current.append(script)
            endpoint = Endpoint(HOST, "http://127.0.0.1:1", RegistryRow(api=server.url))
            registry = Registry(http, endpoint, None)
            return GoogleRegistry(
                Surroundings(
                    BY_NAME["google"], HOST, endpoint, {}, http,
                    credential=lambda: Credential("oauth2accesstoken", "token", ""),
                    registry=lambda: registry, notify=lambda _: None,
                )
            )  # fmt: skip

        yield playing
    http.close()


def answered(body: object, status: int = 200) -> Answer:
    return Answer(status, json.dumps(body).encode(), {"Content-Type": "application/json"})


def token_of(seen: Seen) -> str:
    return parse_qs(urlsplit(seen.path).query).get("pageToken", [""])[0]


def version(number: int, **more: object) -> dict[str, object]:
    name = f"{PACKAGE}/versions/sha256:{number:064x}"
    return {"name": name, "relatedTags": [{"name": f"{PACKAGE}/tags/v{number}"}], **more}


# Pages


def test_many_versions_take_no_more_memory_than_some(play: Play) -> None:
    def script(seen: Seen) -> Answer:
        page = int(token_of(seen) or 0)
        found = {"versions": [version(page * 100 + number) for number in range(100)]}
        return answered({**found, "nextPageToken": str(page + 1)} if page < 30 else found)

    rows = play(script).tags("acme/images/app")
    for _ in range(500):
        next(rows)
    count, peak = peak_of(lambda: sum(1 for _ in rows))
    assert count == 2_600
    assert peak < 1_000_000


def test_pages_may_be_empty_and_go_on(play: Play) -> None:
    pages: Mapping[str, Any] = {
        "": {"nextPageToken": "a/b=&c"},
        "a/b=&c": {"versions": [version(1)], "nextPageToken": "z"},
        "z": {},
    }
    rows = play(lambda seen: answered(pages[token_of(seen)])).tags("acme/images/app")
    assert [row["name"] for row in rows] == ["v1"]


@pytest.mark.parametrize(
    "script",
    [
        lambda _: answered({"versions": [version(1)], "nextPageToken": "again"}),
        lambda seen: answered({"nextPageToken": "b" if token_of(seen) == "a" else "a"}),
        lambda _: answered({"versions": [version(1)], "nextPageToken": "x" * 10_000}),
        lambda _: answered({"versions": {"v1": {}}}),
        lambda _: answered([]),
        lambda _: Answer(200, b"<html>"),
        lambda _: Answer(200, b"[" * 100_000),
    ],
)
def test_lists_that_do_not_end_or_are_none(play: Play, script: Callable[[Seen], Answer]) -> None:
    with pytest.raises(Unavailable):
        list(play(script).tags("acme/images/app"))


def test_what_is_no_version_is_passed_over(play: Play) -> None:
    strange: list[object] = [
        1, None, {}, {"name": 1}, {"name": "x", "relatedTags": 5},
        {"name": "x", "relatedTags": [None, {"name": []}, {}]},
        version(7, createTime="soon", metadata={"imageSizeBytes": -1, "mediaType": 3}),
    ]  # fmt: skip
    (row,) = play(lambda _: answered({"versions": strange})).tags("acme/images/app")
    assert (row["name"], row["digest"]) == ("v7", f"sha256:{7:064x}")
    assert [row[field] for field in ("pushed", "size", "media_type")] == [None, None, None]


# Refusals


@pytest.mark.parametrize(
    ("status", "name", "kind"),
    [
        (400, "FAILED_PRECONDITION", HubcliError),
        (401, "UNAUTHENTICATED", NotSignedIn),
        (403, "PERMISSION_DENIED", Denied),
        (404, "NOT_FOUND", NotFound),
        (409, "ALREADY_EXISTS", Conflict),
        (429, "RESOURCE_EXHAUSTED", RateLimited),
        (500, "INTERNAL", Unavailable),
    ],
)
def test_refusals_are_told_by_their_status_and_in_their_words(
    play: Play, status: int, name: str, kind: type[HubcliError]
) -> None:
    error = {"code": status, "message": "Told by\nGoogle.", "status": name, "details": [{}]}
    with pytest.raises(kind) as failure:
        play(lambda _: answered({"error": error}, status)).repository("acme/images")
    assert type(failure.value) is kind
    assert (failure.value.reason, failure.value.code) == ("told by Google", name)


# Operations


class Waiting:
    """A clock that moves on by what is slept."""

    def __init__(self) -> None:
        self.now = 0.0
        self.naps: list[float] = []

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.now += seconds


@pytest.fixture
def api() -> Iterator[Callable[[ScriptedServer, Waiting], ArtifactsApi]]:
    http = Client(sleep=lambda _: None)
    yield lambda server, waiting: ArtifactsApi(
        http, server.url, HOST, NOBODY, sleep=waiting.sleep, clock=waiting.clock
    )
    http.close()


def test_an_operation_is_looked_at_ever_more_seldom_until_it_is_done(
    api: Callable[[ScriptedServer, Waiting], ArtifactsApi],
) -> None:
    waiting, name = Waiting(), f"{PARENT}/operations/a-b"
    ends = [{"name": name}] * 3 + [{"name": name, "done": True, "response": {"x": 1}}]
    with ScriptedServer(lambda _: answered(ends[len(waiting.naps) - 1])) as server:
        assert api(server, waiting).finish({"name": name, "metadata": {}}) == {"x": 1}
        assert {seen.path for seen in server.seen} == {f"/v1/{name}"}
    assert waiting.naps == [0.1, 0.2, 0.4, 0.8]


def test_an_operation_that_does_not_end_is_not_waited_for_for_ever(
    api: Callable[[ScriptedServer, Waiting], ArtifactsApi],
) -> None:
    waiting, name = Waiting(), f"{PARENT}/operations/a-b"
    with (
        ScriptedServer(lambda _: answered({"name": name})) as server,
        pytest.raises(TimedOut, match="has not finished it after 120 s"),
    ):
        api(server, waiting).finish({"name": name})
    assert 120 <= waiting.now < 130
    assert len(waiting.naps) < 40


@pytest.mark.parametrize(
    ("end", "kind", "told"),
    [
        ({"error": {"code": 5, "message": "gone"}}, NotFound, "gone"),
        ({"error": {"code": 6, "message": "there"}}, Conflict, "there"),
        ({"error": {"code": 7, "message": "no\n  no"}}, Denied, "no no"),
        ({"error": {"code": 16}}, NotSignedIn, "it failed, without a reason"),
        ({"error": {"code": [], "message": 3}}, HubcliError, "3"),
    ],
)
def test_operations_end_in_failures(
    api: Callable[[ScriptedServer, Waiting], ArtifactsApi],
    end: Mapping[str, object],
    kind: type[HubcliError],
    told: str,
) -> None:
    with ScriptedServer(lambda _: answered({})) as server, pytest.raises(kind) as failure:
        api(server, Waiting()).finish({"name": "x", "done": True, **end})
    assert (type(failure.value), failure.value.reason) == (kind, told)


@pytest.mark.parametrize("name", [None, "", "../../x", f"{PARENT}/operations/..", "x?y"])
def test_an_operation_leads_nowhere_else(
    api: Callable[[ScriptedServer, Waiting], ArtifactsApi], name: str | None
) -> None:
    with ScriptedServer(lambda _: answered({"done": True})) as server:
        with pytest.raises(Unavailable, match="names no operation"):
            api(server, Waiting()).finish({"name": name})
        assert server.seen == []


def test_who_may_not_ask_for_the_policy_is_not_told_who_may_pull(play: Play) -> None:
    def script(seen: Seen) -> Answer:
        if "getIamPolicy" in seen.path:
            return answered({"error": {"code": 403, "status": "PERMISSION_DENIED"}}, 403)
        return answered({"name": f"{PARENT}/repositories/images", "sizeBytes": "12"})

    row = play(script).repository("acme/images")
    assert (row["visibility"], row["size"]) == (None, 12)


def test_a_policy_of_an_unexpected_shape_is_left_alone(play: Play) -> None:
    asked: list[str] = []

    def script(seen: Seen) -> Answer:
        asked.append(seen.method)
        return answered({"bindings": {"role": "x"}, "name": "operations", "done": True})

    with pytest.raises(Unavailable, match="the repository was made, but it is private: "):
        play(script).create_repository("acme/images", Creation(private=False))
    assert asked == ["POST", "GET"]


# Where a path leads


@pytest.mark.parametrize(
    ("host", "path", "package"),
    [
        (HOST, "acme/images/app", f"{PACKAGE}"),
        (HOST, "acme/images/a/b", f"{PARENT}/repositories/images/packages/a%252Fb"),
        (
            "us-central1-docker.pkg.dev",
            "example.com/acme/images/app",
            "projects/example.com%3Aacme/locations/us-central1/repositories/images/packages/app",
        ),
        (
            "docker.me-west1.rep.pkg.dev",
            "acme/images/app",
            "projects/acme/locations/me-west1/repositories/images/packages/app",
        ),
        ("gcr.io", "acme/app", "projects/acme/locations/us/repositories/gcr.io/packages/app"),
        (
            "asia.gcr.io",
            "example.com/acme/a/b",
            "projects/example.com%3Aacme/locations/asia/repositories/asia.gcr.io/packages/a%252Fb",
        ),
    ],
)
def test_images_have_names_at_the_api(host: str, path: str, package: str) -> None:
    place = google_places.place(host, path)
    assert place is not None
    assert place.package == package
    assert f"{place.above}/{place.image}" == path


def test_some_hosts_are_no_projects() -> None:
    assert google_places.place("mirror.gcr.io", "library/alpine") is None
    assert google_places.api_of(HOST) == "https://artifactregistry.googleapis.com"
    regional = "https://artifactregistry.me-west1.rep.googleapis.com"
    assert google_places.api_of("docker.me-west1.rep.pkg.dev") == regional
