"""The sandbox's registry: pushing, fetching, mounting and deleting blobs (OCI distribution 1.1)."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator

import httpx
import pytest

from support.sandbox_registry import RegistryServer, digest_of, errors

Push = Callable[[RegistryServer, str, bytes, str], httpx.Response]

STREAM = {"Content-Type": "application/octet-stream"}
BIG = bytes(range(256)) * 3000
UNKNOWN = digest_of(b"nobody ever pushed this")


def start(registry: RegistryServer, repository: str, **parameters: str) -> str:
    """Begin a session; its location."""
    answer = registry.client.post(f"/v2/{repository}/blobs/uploads/", params=parameters)
    assert answer.status_code == 202
    assert answer.headers["Location"].startswith(f"/v2/{repository}/blobs/uploads/")
    return str(answer.headers["Location"])


def send_chunk(
    registry: RegistryServer, location: str, content: bytes, first: int, method: str = "PATCH"
) -> httpx.Response:
    span = f"{first}-{first + len(content) - 1}"
    headers = STREAM | {"Content-Range": span}
    return registry.client.request(method, location, content=content, headers=headers)


def close(registry: RegistryServer, location: str, digest: str) -> httpx.Response:
    return registry.client.put(location, params={"digest": digest})


def push_post_put(
    registry: RegistryServer, repository: str, content: bytes, digest: str
) -> httpx.Response:
    location = start(registry, repository)
    parameters = {"digest": digest}
    return registry.client.put(location, params=parameters, content=content, headers=STREAM)


def push_single_post(
    registry: RegistryServer, repository: str, content: bytes, digest: str
) -> httpx.Response:
    return registry.client.post(
        f"/v2/{repository}/blobs/uploads/",
        params={"digest": digest},
        content=content,
        headers=STREAM,
    )


def push_streamed(
    registry: RegistryServer, repository: str, content: bytes, digest: str
) -> httpx.Response:
    def pieces() -> Iterator[bytes]:
        yield content[:1000]
        yield content[1000:]

    location = start(registry, repository)
    answer = registry.client.patch(location, content=pieces(), headers=STREAM)
    assert answer.status_code == 202
    return close(registry, answer.headers["Location"], digest)


def push_chunked(
    registry: RegistryServer, repository: str, content: bytes, digest: str
) -> httpx.Response:
    location = start(registry, repository, **{"digest-algorithm": digest.partition(":")[0]})
    for first in range(0, len(content), 100_000):
        chunk = content[first : first + 100_000]
        answer = send_chunk(registry, location, chunk, first)
        assert answer.status_code == 202
        assert answer.headers["Range"] == f"0-{first + len(chunk) - 1}"
        location = answer.headers["Location"]
    return close(registry, location, digest)


def push_last_chunk_in_put(
    registry: RegistryServer, repository: str, content: bytes, digest: str
) -> httpx.Response:
    location = start(registry, repository)
    half = len(content) // 2
    if half:
        location = send_chunk(registry, location, content[:half], 0).headers["Location"]
    rest = content[half:]
    headers = {"Content-Range": f"{half}-{len(content) - 1}"} if rest else {}
    return registry.client.put(
        location, params={"digest": digest}, content=rest, headers=STREAM | headers
    )


PUSHES = [
    push_post_put,
    push_single_post,
    push_streamed,
    push_chunked,
    push_last_chunk_in_put,
]
every_push = pytest.mark.parametrize("push", PUSHES)


@every_push
@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
@pytest.mark.parametrize("content", [b"", b"x", BIG], ids=["nothing", "byte", "big"])
def test_a_pushed_blob_can_be_fetched(
    registry: RegistryServer, repository: str, push: Push, algorithm: str, content: bytes
) -> None:
    digest = digest_of(content, algorithm)

    pushed = push(registry, repository, content, digest)
    assert pushed.status_code == 201
    assert pushed.headers["Docker-Content-Digest"] == digest
    assert pushed.headers["Location"] == f"/v2/{repository}/blobs/{digest}"

    fetched = registry.client.get(pushed.headers["Location"])
    assert fetched.status_code == 200
    assert fetched.content == content
    found = registry.client.head(pushed.headers["Location"])
    assert found.status_code == 200
    assert found.headers["Content-Length"] == str(len(content))
    for answer in (fetched, found):
        assert answer.headers["Docker-Content-Digest"] == digest
        assert answer.headers["Docker-Distribution-Api-Version"] == "registry/2.0"


@every_push
def test_a_digest_that_does_not_match_is_refused(
    registry: RegistryServer, repository: str, push: Push
) -> None:
    answer = push(registry, repository, b"something else", UNKNOWN)

    assert (answer.status_code, errors(answer)) == (400, ["DIGEST_INVALID"])
    assert registry.client.head(f"/v2/{repository}/blobs/{UNKNOWN}").status_code == 404
    assert (
        registry.client.head(f"/v2/{repository}/blobs/{digest_of(b'something else')}").status_code
        == 404
    )


@pytest.mark.parametrize("push", [push_post_put, push_single_post])
@pytest.mark.parametrize(
    "digest",
    ["sha256:abc", "sha256:" + "A" * 64, "md5:" + "a" * 32, "nonsense", "", "sha512:" + "a" * 64],
)
def test_a_malformed_digest_is_refused(
    registry: RegistryServer, repository: str, push: Push, digest: str
) -> None:
    answer = push(registry, repository, b"content", digest)

    assert (answer.status_code, errors(answer)) == (400, ["DIGEST_INVALID"])


def test_closing_without_a_digest_is_refused(registry: RegistryServer, repository: str) -> None:
    answer = registry.client.put(start(registry, repository), content=b"content")

    assert (answer.status_code, errors(answer)) == (400, ["DIGEST_INVALID"])


def test_an_unknown_digest_algorithm_is_refused(registry: RegistryServer, repository: str) -> None:
    answer = registry.client.post(f"/v2/{repository}/blobs/uploads/?digest-algorithm=md5")

    assert (answer.status_code, errors(answer)) == (400, ["DIGEST_INVALID"])


def test_an_upload_may_begin_without_the_slash(registry: RegistryServer, repository: str) -> None:
    assert registry.client.post(f"/v2/{repository}/blobs/uploads").status_code == 202


class TestChunks:
    @pytest.mark.parametrize("method", ["PATCH", "PUT"])
    @pytest.mark.parametrize("first", [0, 5, 11, 100], ids=["again", "inside", "behind", "far"])
    def test_out_of_order_is_416_and_the_session_goes_on(
        self, registry: RegistryServer, repository: str, method: str, first: int
    ) -> None:
        digest = digest_of(b"0123456789abcdef")
        location = start(registry, repository)
        assert send_chunk(registry, location, b"0123456789", 0).status_code == 202

        refused = send_chunk(registry, f"{location}?digest={digest}", b"abc", first, method)
        assert refused.status_code == 416
        assert refused.headers["Range"] == "0-9"
        assert refused.headers["Location"] == location

        status = registry.client.get(location)
        assert (status.status_code, status.headers["Range"]) == (204, "0-9")
        assert send_chunk(registry, status.headers["Location"], b"abcdef", 10).status_code == 202
        assert close(registry, location, digest).status_code == 201

    def test_the_first_chunk_begins_at_zero(
        self, registry: RegistryServer, repository: str
    ) -> None:
        answer = send_chunk(registry, start(registry, repository), b"abc", 1)

        assert answer.status_code == 416

    @pytest.mark.parametrize("header", ["bytes 0-2/3", "0-", "-2", "2-0", "a-b", "0-" + "9" * 5000])
    def test_a_malformed_content_range_is_refused(
        self, registry: RegistryServer, repository: str, header: str
    ) -> None:
        answer = registry.client.patch(
            start(registry, repository), content=b"abc", headers={"Content-Range": header}
        )

        assert (answer.status_code, errors(answer)) == (400, ["BLOB_UPLOAD_INVALID"])

    def test_a_length_other_than_the_range_is_refused(
        self, registry: RegistryServer, repository: str
    ) -> None:
        location = start(registry, repository)
        headers = {"Content-Range": "0-9"}

        answer = registry.client.patch(location, content=b"abc", headers=headers)

        assert (answer.status_code, errors(answer)) == (400, ["SIZE_INVALID"])
        assert send_chunk(registry, location, b"abc", 0).status_code == 202

    def test_a_stream_of_another_length_than_its_range_is_taken_back(
        self, registry: RegistryServer, repository: str
    ) -> None:
        location = start(registry, repository)
        assert send_chunk(registry, location, b"abc", 0).status_code == 202

        answer = registry.client.patch(
            location, content=iter([b"de", b"fg"]), headers={"Content-Range": "3-4"}
        )

        assert (answer.status_code, errors(answer)) == (400, ["SIZE_INVALID"])
        assert send_chunk(registry, location, b"def", 3).status_code == 202
        assert close(registry, location, digest_of(b"abcdef")).status_code == 201


class TestSessions:
    def test_a_cancelled_one_is_gone(self, registry: RegistryServer, repository: str) -> None:
        location = start(registry, repository)

        assert registry.client.delete(location).status_code == 204

        for method in ("GET", "PATCH", "PUT", "DELETE"):
            answer = registry.client.request(method, location, params={"digest": UNKNOWN})
            assert (answer.status_code, errors(answer)) == (404, ["BLOB_UPLOAD_UNKNOWN"])

    def test_a_closed_one_is_gone(self, registry: RegistryServer, repository: str) -> None:
        location = start(registry, repository)
        assert close(registry, location, digest_of(b"")).status_code == 201

        assert registry.client.get(location).status_code == 404

    def test_it_belongs_to_its_repository(self, registry: RegistryServer, repository: str) -> None:
        elsewhere = start(registry, repository).replace(repository, f"{repository}/other")

        assert registry.client.get(elsewhere).status_code == 404

    def test_what_came_before_the_connection_broke_is_kept(
        self, registry: RegistryServer, repository: str
    ) -> None:
        location = start(registry, repository)
        with socket.create_connection(("127.0.0.1", registry.port)) as connection:
            head = f"PATCH {location} HTTP/1.1\r\nHost: {registry.host}\r\n"
            connection.sendall(f"{head}Content-Length: {len(BIG)}\r\n\r\n".encode() + BIG[:400_000])
        wait_for(
            lambda: registry.client.get(location).headers["Range"] == "0-399999",
        )

        assert send_chunk(registry, location, BIG[400_000:], 400_000).status_code == 202
        assert close(registry, location, digest_of(BIG)).status_code == 201

    def test_a_single_post_that_broke_leaves_nothing(self, new_registry: RegistryServer) -> None:
        digest = digest_of(BIG)
        path = f"/v2/a/b/blobs/uploads/?digest={digest}"
        with socket.create_connection(("127.0.0.1", new_registry.port)) as connection:
            head = f"POST {path} HTTP/1.1\r\nHost: {new_registry.host}\r\n"
            connection.sendall(f"{head}Content-Length: {len(BIG)}\r\n\r\n".encode() + BIG[:400_000])
            wait_for(lambda: uploads(new_registry) == 1)
        wait_for(lambda: uploads(new_registry) == 0)

        assert new_registry.client.head(f"/v2/a/b/blobs/{digest}").status_code == 404

    def test_two_writers_take_turns(self, registry: RegistryServer, repository: str) -> None:
        location = start(registry, repository)
        go_on = threading.Event()
        answers = []

        def slowly() -> Iterator[bytes]:
            yield BIG[:400_000]
            go_on.wait(5)
            yield BIG[400_000:]

        def write_slowly() -> None:
            with httpx.Client(base_url=registry.client.base_url, verify=False) as client:
                answers.append(client.patch(location, content=slowly()))

        writer = threading.Thread(target=write_slowly)
        writer.start()
        wait_for(lambda: registry.client.get(location).headers["Range"] != "0-0")
        threading.Timer(0.2, go_on.set).start()
        late = send_chunk(registry, location, b"xyz", 0)
        writer.join()

        assert answers[0].status_code == 202
        assert late.status_code == 416
        assert late.headers["Range"] == f"0-{len(BIG) - 1}"
        assert close(registry, location, digest_of(BIG)).status_code == 201


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.01)


def uploads(registry: RegistryServer) -> int:
    row = registry.storage.database.row("SELECT count(*) FROM registry_uploads")
    assert row is not None
    return int(row[0])


class TestFetching:
    CONTENT = bytes(range(200)) * 10

    @pytest.mark.parametrize(
        ("header", "first", "last"),
        [
            ("bytes=0-0", 0, 0),
            ("bytes=500-1499", 500, 1499),
            ("bytes=500-", 500, 1999),
            ("bytes=-500", 1500, 1999),
            ("bytes=-5000", 0, 1999),
            ("bytes=1999-", 1999, 1999),
            ("bytes=1000-99999", 1000, 1999),
            ("BYTES=1-2", 1, 2),
        ],
    )
    def test_a_part(
        self, registry: RegistryServer, repository: str, header: str, first: int, last: int
    ) -> None:
        digest = registry.push_blob(repository, self.CONTENT)

        answer = registry.client.get(f"/v2/{repository}/blobs/{digest}", headers={"Range": header})

        assert answer.status_code == 206
        assert answer.content == self.CONTENT[first : last + 1]
        assert answer.headers["Content-Range"] == f"bytes {first}-{last}/2000"
        assert answer.headers["Docker-Content-Digest"] == digest

    @pytest.mark.parametrize("header", ["bytes=2000-", "bytes=5000-10000", "bytes=9-2", "bytes=-0"])
    def test_no_such_part(self, registry: RegistryServer, repository: str, header: str) -> None:
        digest = registry.push_blob(repository, self.CONTENT)

        answer = registry.client.get(f"/v2/{repository}/blobs/{digest}", headers={"Range": header})

        assert answer.status_code == 416
        assert answer.headers["Content-Range"] == "bytes */2000"

    @pytest.mark.parametrize(
        "header", ["lines=1-2", "bytes=", "bytes=-", "bytes=0-1,3-4", "bytes=" + "1" * 5000 + "-"]
    )
    def test_a_range_that_is_not_understood_is_ignored(
        self, registry: RegistryServer, repository: str, header: str
    ) -> None:
        digest = registry.push_blob(repository, self.CONTENT)

        answer = registry.client.get(f"/v2/{repository}/blobs/{digest}", headers={"Range": header})

        assert (answer.status_code, answer.content) == (200, self.CONTENT)

    def test_not_again_what_the_client_has(self, registry: RegistryServer, repository: str) -> None:
        digest = registry.push_blob(repository, self.CONTENT)
        path = f"/v2/{repository}/blobs/{digest}"
        etag = registry.client.head(path).headers["ETag"]

        answer = registry.client.get(path, headers={"If-None-Match": etag})

        assert (answer.status_code, answer.content) == (304, b"")

    def test_only_from_repositories_that_have_it(
        self, registry: RegistryServer, repository: str
    ) -> None:
        digest = registry.push_blob(repository, b"mine")

        answer = registry.client.get(f"/v2/{repository}/other/blobs/{digest}")
        assert (answer.status_code, errors(answer)) == (404, ["NAME_UNKNOWN"])
        registry.push_blob(f"{repository}/other", b"other")
        answer = registry.client.get(f"/v2/{repository}/other/blobs/{digest}")
        assert (answer.status_code, errors(answer)) == (404, ["BLOB_UNKNOWN"])

    def test_not_where_its_file_is_lost(self, registry: RegistryServer, repository: str) -> None:
        """As after a kill in the middle of a removal; it can be pushed again."""
        content = f"lost by {repository}".encode()
        path = f"/v2/{repository}/blobs/{registry.push_blob(repository, content)}"
        registry.storage.blobs.path(digest_of(content)).unlink()

        assert registry.client.get(path).status_code == 404
        registry.push_blob(repository, content)
        assert registry.client.get(path).content == content

    def test_a_malformed_digest(self, registry: RegistryServer, repository: str) -> None:
        answer = registry.client.get(f"/v2/{repository}/blobs/sha256:abc")

        assert (answer.status_code, errors(answer)) == (400, ["DIGEST_INVALID"])


class TestMounting:
    def mount(self, registry: RegistryServer, repository: str, **parameters: str) -> httpx.Response:
        return registry.client.post(f"/v2/{repository}/blobs/uploads/", params=parameters)

    @pytest.mark.parametrize("named", [True, False], ids=["from", "anywhere"])
    def test_a_blob_that_is_there(
        self, registry: RegistryServer, repository: str, named: bool
    ) -> None:
        digest = registry.push_blob(f"{repository}/source", repository.encode())
        source = {"from": f"{repository}/source"} if named else {}

        answer = self.mount(registry, repository, mount=digest, **source)

        assert answer.status_code == 201
        assert answer.headers["Docker-Content-Digest"] == digest
        assert registry.client.get(answer.headers["Location"]).content == repository.encode()

    @pytest.mark.parametrize("source", ["nobody/here", "UPPER/case", ""])
    def test_what_is_not_there_is_uploaded(
        self, registry: RegistryServer, repository: str, source: str
    ) -> None:
        content = f"{repository} {source}".encode()

        answer = self.mount(registry, repository, mount=digest_of(content), **{"from": source})

        assert answer.status_code == 202
        closed = registry.client.put(
            answer.headers["Location"], params={"digest": digest_of(content)}, content=content
        )
        assert closed.status_code == 201

    def test_not_from_a_repository_that_lacks_it(
        self, registry: RegistryServer, repository: str
    ) -> None:
        digest = registry.push_blob(f"{repository}/one", repository.encode())
        registry.push_blob(f"{repository}/two", b"another")

        answer = self.mount(registry, repository, mount=digest, **{"from": f"{repository}/two"})

        assert answer.status_code == 202

    def test_a_malformed_digest(self, registry: RegistryServer, repository: str) -> None:
        answer = self.mount(registry, repository, mount="sha256:abc")

        assert (answer.status_code, errors(answer)) == (400, ["DIGEST_INVALID"])


class TestDeleting:
    def test_takes_effect_at_once(self, registry: RegistryServer, repository: str) -> None:
        path = f"/v2/{repository}/blobs/{registry.push_blob(repository, b'content')}"

        assert registry.client.delete(path).status_code == 202

        for method in ("GET", "HEAD", "DELETE"):
            assert registry.client.request(method, path).status_code == 404

    def test_leaves_it_to_other_repositories(
        self, registry: RegistryServer, repository: str
    ) -> None:
        digest = registry.push_blob(repository, repository.encode())
        other = f"{repository}/other"
        registry.client.post(f"/v2/{other}/blobs/uploads/?mount={digest}&from={repository}")

        registry.client.delete(f"/v2/{repository}/blobs/{digest}")

        assert registry.client.get(f"/v2/{other}/blobs/{digest}").content == repository.encode()

    def test_it_can_be_pushed_again(self, registry: RegistryServer, repository: str) -> None:
        digest = registry.push_blob(repository, b"content of " + repository.encode())
        registry.client.delete(f"/v2/{repository}/blobs/{digest}")

        registry.push_blob(repository, b"content of " + repository.encode())

        assert registry.client.head(f"/v2/{repository}/blobs/{digest}").status_code == 200

    def test_a_file_that_nobody_holds_is_removed(self, registry: RegistryServer) -> None:
        digest = registry.push_blob("file/one", b"a file of its own")
        registry.push_blob("file/two", b"a file of its own")
        file = registry.storage.blobs.path(digest)

        registry.client.delete(f"/v2/file/one/blobs/{digest}")
        assert file.exists()
        registry.client.delete(f"/v2/file/two/blobs/{digest}")
        assert not file.exists()
