"""Downloads of blobs: whole, in parts, after breaks, from servers that lie."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hubcli.errors import ConnectionBroken, IntegrityFailure, NotFound
from hubcli.oci import Descriptor
from hubcli.registry import Repository
from support.docker_registry import DockerRegistry
from support.proxy import Proxy
from support.repositories import Source, content, described, repository_at
from support.sandbox import SandboxServer
from support.scripted import Answer, ScriptedServer, Seen

DATA = content(300_000)
BLOB = described(DATA)


def download(repository: Repository, blob: Descriptor = BLOB, offset: int = 0) -> bytes:
    with repository.blobs.open(blob, offset) as chunks:
        return b"".join(chunks)


def ranges(server: ScriptedServer) -> list[str | None]:
    return [seen.headers.get("range") for seen in server.seen if seen.path.startswith("/v2/app/")]


def serving(seen: Seen, data: bytes = DATA, cut: int | None = None) -> Answer:
    """What RFC 9110 says to a range, or to none."""
    told = seen.headers.get("range")
    if told is None:
        return Answer(200, data, cut=cut)
    first = int(told.removeprefix("bytes=").rstrip("-"))
    if first >= len(data):
        return Answer(416, b"", {"Content-Range": f"bytes */{len(data)}"})
    where = f"bytes {first}-{len(data) - 1}/{len(data)}"
    return Answer(206, data[first:], {"Content-Range": where}, cut=cut)


def test_a_blob_comes_whole_or_from_an_offset(
    docker_registry: Callable[..., DockerRegistry], repository: str
) -> None:
    with repository_at(docker_registry().host, repository) as client:
        client.blobs.upload(BLOB, Source(DATA))
        assert download(client) == DATA
        assert download(client, offset=299_000) == DATA[299_000:]
        assert client.blobs.size(BLOB.digest) == 300_000
        assert client.blobs.read(BLOB) == DATA


def test_a_missing_blob_is_not_found(
    docker_registry: Callable[..., DockerRegistry], repository: str
) -> None:
    with repository_at(docker_registry().host, repository) as client:
        assert client.blobs.size(BLOB.digest) is None
        assert not client.blobs.has(BLOB)
        with pytest.raises(NotFound) as failure:
            download(client)
    assert failure.value.code == "BLOB_UNKNOWN"


def test_a_broken_connection_is_made_anew_from_where_it_broke(
    docker_registry: Callable[..., DockerRegistry],
    proxy: Callable[..., Proxy],
    repository: str,
) -> None:
    registry = docker_registry()
    with repository_at(registry.host, repository) as client:
        client.blobs.upload(BLOB, Source(DATA))
    between = proxy(registry.host)
    between.cut_answers(after=100_000, times=2)
    with repository_at(between.host, repository) as client:
        assert download(client) == DATA
    assert between.bytes_down < 310_000, "what had come is not fetched again"


def test_a_connection_that_stalls_is_made_anew_from_where_it_stalled(
    docker_registry: Callable[..., DockerRegistry],
    proxy: Callable[..., Proxy],
    repository: str,
) -> None:
    registry = docker_registry()
    with repository_at(registry.host, repository) as client:
        client.blobs.upload(BLOB, Source(DATA))
    between = proxy(registry.host)
    between.stall_answers(after=100_000, times=2)
    with repository_at(between.host, repository, patience=1) as client:
        assert download(client) == DATA
    assert between.bytes_down < 310_000, "what had come is not fetched again"


def test_it_gives_up_when_nothing_comes() -> None:
    naps: list[float] = []
    with (
        ScriptedServer(lambda seen: serving(seen, cut=0)) as server,
        repository_at(server.url[7:], "app", sleep=naps.append) as client,
        pytest.raises(ConnectionBroken),
    ):
        download(client)
    assert ranges(server) == [None] * 4
    # Doubling, each with a jitter from a half to one and a half of it.
    expected = (0.25, 0.5, 1.0)
    assert len(naps) == len(expected)
    assert all(0.5 <= nap / delay <= 1.5 for nap, delay in zip(naps, expected, strict=True))


def test_a_server_that_ignores_ranges_sends_all_of_it_again() -> None:
    answers = iter([Answer(200, DATA, cut=100_000), Answer(200, DATA)])
    with (
        ScriptedServer(lambda _: next(answers)) as server,
        repository_at(server.url[7:], "app") as client,
    ):
        assert download(client) == DATA
    assert ranges(server) == [None, "bytes=100000-"]


@pytest.mark.parametrize(
    "refusal",
    [
        Answer(416),
        Answer(206, DATA[5:], {"Content-Range": "bytes 5-299999/300000"}),
        Answer(206, DATA[9:]),
        Answer(206, DATA[9:], {"Content-Range": f"bytes {'9' * 5000}-9/{'9' * 5000}"}),
    ],
    ids=["range refused", "another range", "unknown range", "endless range"],
)
def test_a_range_that_is_not_served_means_the_whole_blob(refusal: Answer) -> None:
    answers = iter([Answer(200, DATA, cut=100_000), refusal, Answer(200, DATA)])
    with (
        ScriptedServer(lambda _: next(answers)) as server,
        repository_at(server.url[7:], "app") as client,
    ):
        assert download(client) == DATA
    assert ranges(server) == [None, "bytes=100000-", None]


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, DATA[:-1]),
        Answer(200, DATA + b"x"),
        Answer(206, DATA[10:] + b"x", {"Content-Range": "bytes 10-300000/300001"}),
        Answer(416, b"", {"Content-Range": "bytes */10"}),
    ],
    ids=["shorter", "longer", "longer in a range", "ends before the range"],
)
def test_another_length_than_promised_is_an_integrity_failure(answer: Answer) -> None:
    with (
        ScriptedServer(lambda _: answer) as server,
        repository_at(server.url[7:], "app") as client,
        pytest.raises(IntegrityFailure),
    ):
        download(client, offset=10 if answer.status != 200 else 0)
    assert len(ranges(server)) == 1


def test_a_body_without_end_is_cut_off() -> None:
    """A chunked body says no length: what it brings beyond the promised size is refused."""
    small = described(b"x" * 1000)
    compressed = Answer(200, DATA, {"Content-Encoding": "identity", "X": "y"})
    with (
        ScriptedServer(lambda _: compressed) as server,
        repository_at(server.url[7:], "app") as client,
        pytest.raises(IntegrityFailure, match="longer"),
    ):
        download(client, small)


def test_wrong_bytes_of_the_right_length_are_found_out_when_read() -> None:
    with (
        ScriptedServer(lambda _: Answer(200, b"y" * 1000)) as server,
        repository_at(server.url[7:], "app") as client,
        pytest.raises(IntegrityFailure),
    ):
        client.blobs.read(described(b"x" * 1000))


def test_an_empty_blob_needs_no_request() -> None:
    with (
        ScriptedServer(lambda _: Answer(500)) as server,
        repository_at(server.url[7:], "app") as client,
    ):
        assert download(client, described(b"")) == b""
    assert ranges(server) == []


def test_a_token_that_runs_out_in_the_middle_is_renewed(
    new_sandbox: Callable[..., SandboxServer],
) -> None:
    """The connection breaks, and by then the registry takes the old token no more."""
    sandbox = new_sandbox()
    path = "library/hello-world"
    with repository_at(sandbox.host, path, "pull") as client:
        manifest = client.manifest("latest")
        image = client.manifest(manifest.manifests[0].digest)
        layer = image.layers[0]
        sandbox.fault(f"GET /v2/{path}/blobs/", cut_after_bytes=100, times=1)
        sandbox.fault(
            f"GET /v2/{path}/blobs/",
            status=401,
            headers={
                "WWW-Authenticate": f'Bearer realm="{sandbox.url}/token",service="hubcli-sandbox",'
                f'scope="repository:{path}:pull",error="invalid_token"'
            },
            times=1,
        )
        assert len(download(client, layer)) == layer.size
