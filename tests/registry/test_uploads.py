"""Uploads of blobs: in one request, in chunks, mounted, after breaks, refused."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from hubcli.errors import ConnectionBroken, IntegrityFailure, NotFound, Untrusted
from hubcli.registry.quirks import Quirks
from hubcli.registry.uploads import Session
from support.docker_registry import DockerRegistry
from support.proxy import Proxy
from support.repositories import Source, content, described, repository_at
from support.sandbox_registry import RegistryServer, registry_server
from support.scripted import Answer, ScriptedServer, Seen

DATA = content(700_000)
BLOB = described(DATA)


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryServer]:
    """The sandbox's registry alone, which remembers uploads that broke."""
    with registry_server(tmp_path_factory.mktemp("registry")) as server:
        yield server


def stored(server: RegistryServer, repository: str, digest: str) -> bytes:
    answer = server.client.get(f"/v2/{repository}/blobs/{digest}")
    assert answer.status_code == 200
    return answer.content


def methods(server: DockerRegistry, repository: str, count: int) -> list[str]:
    """What was asked of a repository; the log is written after the answer."""
    deadline = time.monotonic() + 5
    while len(server.requests(repository)) < count and time.monotonic() < deadline:
        time.sleep(0.01)
    return [one.method for one in server.requests(repository)]


@pytest.mark.parametrize("size", [0, 1, 700_000])
@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_a_blob_goes_up_in_one_request(
    registry: RegistryServer, repository: str, size: int, algorithm: str
) -> None:
    data = content(size)
    blob = described(data, algorithm)
    with repository_at(registry.host, repository) as client:
        assert client.blobs.upload(blob, Source(data)) == "copied"
    assert stored(registry, repository, blob.digest) == data


def test_one_request_begins_it_and_one_sends_it(
    docker_registry: Callable[..., DockerRegistry], repository: str
) -> None:
    server = docker_registry()
    with repository_at(server.host, repository) as client:
        client.blobs.upload(BLOB, Source(DATA))
        assert client.blobs.read(BLOB) == DATA
    assert methods(server, repository, 3) == ["POST", "PUT", "GET"]


@pytest.mark.parametrize("kind", ["sandbox", "docker"])
def test_it_goes_up_in_chunks_when_asked(
    registry: RegistryServer,
    docker_registry: Callable[..., DockerRegistry],
    repository: str,
    kind: str,
) -> None:
    host = registry.host if kind == "sandbox" else docker_registry().host
    source = Source(DATA, chunk=99_999)
    with repository_at(host, repository) as client:
        assert client.blobs.upload(BLOB, source, chunk_size=300_000) == "copied"
        assert client.blobs.read(BLOB) == DATA
    assert source.opened == [0], "the source is read once, whatever the chunks"


def test_a_registry_that_wants_chunks_gets_them() -> None:
    seen: list[tuple[str, str | None, int]] = []

    def script(request: Seen) -> Answer:
        if request.path == "/v2/":
            return Answer(200)
        seen.append((request.method, request.headers.get("content-range"), len(request.body)))
        if request.method == "POST":
            return Answer(202, b"", {"Location": "/up/0", "OCI-Chunk-Min-Length": "20000000"})
        if request.method == "PATCH":
            return Answer(202, b"", {"Location": "/up/1", "Range": "0-19999999"})
        assert request.path.startswith("/up/1?digest=sha256")
        return Answer(201)

    data = bytes(20_000_007)
    with ScriptedServer(script) as server, repository_at(server.url[7:], "app") as client:
        client.blobs.upload(described(data), Source(data))
    assert seen == [
        ("POST", None, 0),
        ("PATCH", "0-19999999", 20_000_000),
        ("PUT", "20000000-20000006", 7),
    ]


def test_numbers_that_are_too_long_say_nothing() -> None:
    endless = "9" * 5000

    def script(request: Seen) -> Answer:
        if request.method == "POST":
            told = {"Location": "/up/0", "OCI-Chunk-Min-Length": endless, "Range": f"0-{endless}"}
            return Answer(202, b"", told)
        return Answer(201 if request.method == "PUT" else 200)

    with ScriptedServer(script) as server, repository_at(server.url[7:], "app") as client:
        assert client.blobs.upload(described(b"abc"), Source(b"abc")) == "copied"


@pytest.fixture
def patient(registry: RegistryServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets nobody ask how far a broken upload got before some of it is on the registry's disk.

    The end of a connection is seen by the client first; a registry that is busy has nothing then.
    """

    def unfinished() -> int:
        return sum(path.stat().st_size for path in registry.storage.files._uploads.iterdir())

    ask, before = Session.received, unfinished()

    def received(session: Session) -> int | None:
        deadline = time.monotonic() + 30
        while unfinished() <= before and time.monotonic() < deadline:
            time.sleep(0.001)
        return ask(session)

    monkeypatch.setattr(Session, "received", received)


@pytest.mark.usefixtures("patient")
def test_an_upload_that_broke_goes_on_where_the_registry_is(
    registry: RegistryServer, proxy: Callable[..., Proxy], repository: str
) -> None:
    between = proxy(registry.host)
    between.cut_uploads(after=400_000)
    source = Source(DATA)
    with repository_at(between.host, repository) as client:
        assert client.blobs.upload(BLOB, source) == "resumed"
    assert stored(registry, repository, BLOB.digest) == DATA
    # A registry that is still reading what had arrived may want to go on from further on.
    assert source.opened[0] == 0
    assert all(100_000 < offset < 400_000 for offset in source.opened[1:])
    sent = 400_000 + sum(len(DATA) - offset for offset in source.opened[1:])
    assert between.bytes_up < sent + 10_000, "what had arrived is not sent again"


def test_a_registry_that_lost_the_upload_gets_it_from_the_start(
    docker_registry: Callable[..., DockerRegistry],
    proxy: Callable[..., Proxy],
    repository: str,
) -> None:
    between = proxy(docker_registry().host)
    between.cut_uploads(after=400_000, times=2)
    source = Source(DATA)
    with repository_at(between.host, repository) as client:
        assert client.blobs.upload(BLOB, source) == "copied"
        assert client.blobs.read(BLOB) == DATA
    assert source.opened == [0, 0, 0]


def test_it_gives_up_when_nothing_moves(
    docker_registry: Callable[..., DockerRegistry],
    proxy: Callable[..., Proxy],
    repository: str,
) -> None:
    between = proxy(docker_registry().host)
    between.cut_uploads(after=300_000, times=100)
    source = Source(DATA)
    with (
        repository_at(between.host, repository) as client,
        pytest.raises(ConnectionBroken),
    ):
        client.blobs.upload(BLOB, source)
    assert source.opened == [0] * 4


def test_only_the_answer_was_lost(registry: RegistryServer, repository: str) -> None:
    """The blob is there, although the request seemed to fail: it is not sent again."""
    lost: list[bool] = []

    def script(request: Seen) -> Answer:
        passed = registry.client.request(
            request.method,
            request.path,
            content=request.body,
            headers={k: v for k, v in request.headers.items() if k.startswith("content-")},
        )
        if request.method == "PUT" and not lost:
            lost.append(True)
            return Answer(504)
        headers = {k: v for k, v in passed.headers.items() if k in {"location", "range"}}
        return Answer(passed.status_code, passed.content, headers)

    source = Source(DATA)
    with ScriptedServer(script) as server, repository_at(server.url[7:], repository) as client:
        assert client.blobs.upload(BLOB, source) == "copied"
    assert source.opened == [0]


@pytest.mark.parametrize("chunk_size", [None, 100_000])
def test_wrong_content_is_never_completed(
    registry: RegistryServer, repository: str, chunk_size: int | None
) -> None:
    wrong = DATA[:-1] + b"?"
    with repository_at(registry.host, repository) as client:
        with pytest.raises(IntegrityFailure):
            client.blobs.upload(BLOB, Source(wrong), chunk_size=chunk_size)
        assert not client.blobs.has(BLOB)
        assert not client.blobs.has(described(wrong))


@pytest.mark.parametrize("data", [DATA[:-1], DATA + b"?"], ids=["shorter", "longer"])
def test_content_of_another_length_is_refused(
    registry: RegistryServer, repository: str, data: bytes
) -> None:
    blob = described(DATA)
    with repository_at(registry.host, repository) as client:
        if len(data) < blob.size:
            with pytest.raises(IntegrityFailure):
                client.blobs.upload(blob, Source(data))
            assert not client.blobs.has(blob)
        else:  # what comes after the promised bytes is not read
            assert client.blobs.upload(blob, Source(data)) == "copied"
            assert stored(registry, repository, blob.digest) == DATA


def test_a_failing_source_ends_the_upload_and_cancels_it() -> None:
    @contextmanager
    def failing(_: int) -> Iterator[Iterator[bytes]]:
        def chunks() -> Iterator[bytes]:
            yield DATA[:1000]
            raise NotFound("it is gone")

        yield chunks()

    def script(request: Seen) -> Answer:
        return Answer(202, b"", {"Location": "/up?x=1"})

    with ScriptedServer(script) as server, repository_at(server.url[7:], "app") as client:
        with pytest.raises(NotFound, match="gone"):
            client.blobs.upload(BLOB, failing)
        assert ("DELETE", "/up?x=1") in [(one.method, one.path) for one in server.seen]


def test_a_location_elsewhere_is_refused() -> None:
    def script(request: Seen) -> Answer:
        return Answer(202, b"", {"Location": "http://127.0.0.2:1/up"})

    with (
        ScriptedServer(script) as server,
        repository_at(server.url[7:], "app") as client,
        pytest.raises(Untrusted, match="upload"),
    ):
        client.blobs.upload(BLOB, Source(DATA))


def test_the_digest_is_added_to_what_the_location_says() -> None:
    def script(request: Seen) -> Answer:
        if request.method == "POST":
            return Answer(202, b"", {"Location": "/up?state=a%2Fb%3D&x"})
        return Answer(201)

    with ScriptedServer(script) as server, repository_at(server.url[7:], "app") as client:
        client.blobs.upload(BLOB, Source(DATA))
    (put,) = (one.path for one in server.seen if one.method == "PUT")
    assert re.fullmatch(r"/up\?state=a%2Fb%3D&x&digest=sha256(:|%3A)[0-9a-f]{64}", put)


def test_an_offset_that_was_wrong_costs_one_more_try() -> None:
    """A status with one byte too many: the resumed blob is refused, and sent from the start."""
    puts: list[int] = []

    def script(request: Seen) -> Answer:
        if request.method == "POST":
            return Answer(202, b"", {"Location": "/up"})
        if request.method == "GET":
            return Answer(204, b"", {"Location": "/up", "Range": "0-400000"})
        if request.method == "PUT":
            puts.append(len(request.body))
            if len(puts) == 1:
                return Answer(503)
            if len(puts) == 2:
                error = b'{"errors":[{"code":"DIGEST_INVALID"}]}'
                return Answer(400, error, {"Content-Type": "application/json"})
            return Answer(201)
        return Answer(404)

    with ScriptedServer(script) as server, repository_at(server.url[7:], "app") as client:
        client.blobs.upload(BLOB, Source(DATA))
    assert puts == [700_000, 299_999, 700_000]


def test_a_status_known_to_count_one_too_many_is_corrected() -> None:
    """Quay: a chunk from behind what it has is answered 416, however often it is sent."""
    parts: list[str] = []

    def script(seen: Seen) -> Answer:
        if seen.method == "POST":
            return Answer(202, b"", {"Location": "/up"})
        if seen.method == "GET":
            return Answer(204, b"", {"Range": "bytes=0-300000"})
        parts.append(seen.headers.get("content-range", ""))
        if len(parts) == 2:
            return Answer(503)
        if seen.method == "PATCH":
            end = seen.headers["content-range"].partition("-")[2]
            return Answer(202, b"", {"Location": "/up", "Range": f"0-{end}"})
        return Answer(201, b"")

    with (
        ScriptedServer(script) as server,
        repository_at(f"127.0.0.1:{server.port}", "a/b") as client,
    ):
        client.registry.quirks = Quirks(counts_one_too_many=True)
        assert client.blobs.upload(BLOB, Source(DATA), chunk_size=300_000) == "resumed"
    assert parts == ["0-299999", "300000-599999", "300000-599999", "600000-699999"]


def test_a_blob_is_mounted(docker_registry: Callable[..., DockerRegistry], repository: str) -> None:
    server = docker_registry()
    other = f"{repository}-2"
    source = Source(DATA)
    with (
        repository_at(server.host, repository) as first,
        repository_at(server.host, other) as second,
    ):
        first.blobs.upload(BLOB, Source(DATA))
        assert second.blobs.upload(BLOB, source, mount_from=repository) == "mounted"
        assert second.blobs.read(BLOB) == DATA
    assert source.opened == []


def test_a_mount_that_is_refused_becomes_an_upload(
    docker_registry: Callable[..., DockerRegistry], repository: str
) -> None:
    """The session that the registry begins instead is used, no second one."""
    server = docker_registry()
    with repository_at(server.host, repository) as client:
        outcome = client.blobs.upload(BLOB, Source(DATA), mount_from=f"{repository}-none")
        assert outcome == "copied"
    assert methods(server, f"/{repository}/", 3) == ["POST", "HEAD", "PUT"]


def test_a_mount_that_fails_becomes_an_upload() -> None:
    def script(request: Seen) -> Answer:
        if "mount=" in request.path:
            return Answer(403, b'{"errors":[{"code":"DENIED"}]}')
        if request.method == "HEAD":
            return Answer(404)
        if request.method == "POST":
            return Answer(202, b"", {"Location": "/up"})
        return Answer(201)

    with ScriptedServer(script) as server, repository_at(server.url[7:], "app") as client:
        assert client.blobs.upload(BLOB, Source(DATA), mount_from="other") == "copied"


def test_a_mount_alone_leaves_no_session(
    docker_registry: Callable[..., DockerRegistry], repository: str
) -> None:
    server = docker_registry()
    with repository_at(server.host, repository) as client:
        assert not client.blobs.mount(BLOB.digest, f"{repository}-none")
    assert methods(server, f"/{repository}/", 2) == ["POST", "DELETE"]
