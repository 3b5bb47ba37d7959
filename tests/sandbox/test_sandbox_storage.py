"""What the sandbox keeps: in memory or in a directory, through restarts and sudden ends."""

from __future__ import annotations

import signal
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from hubcli import oci
from hubcli.sandbox.content.tags import Order
from hubcli.sandbox.database import Database
from hubcli.sandbox.storage import Storage
from hubcli.sandbox.uploads import Uploads
from support.processes import Server, serving
from support.sandbox_registry import (
    INDEX,
    MANIFEST,
    Document,
    descriptor,
    digest_of,
    encoded,
    image,
    index,
    registry_server,
)

NOW = datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC)
PROGRAM = """
import sys, time
from pathlib import Path
from support.sandbox_registry import registry_server
with registry_server(Path(sys.argv[1])) as registry:
    print("port", registry.port, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def storage() -> Iterator[Storage]:
    storage = Storage(now=lambda: NOW)
    yield storage
    storage.close()


def put_image(storage: Storage, repository: str, architecture: str, **members: object) -> Document:
    """Store an image and its blobs; its descriptor."""
    config = encoded({"os": "linux", "architecture": architecture, "variant": "v9"})
    layer = f"layer for {architecture}".encode()
    storage.blobs.put(repository, config)
    storage.blobs.put(repository, layer)
    content = encoded(image(config, [layer], **members))
    storage.manifests.put(repository, oci.parse_manifest(content, MANIFEST))
    return descriptor(content, MANIFEST)


def put_index(storage: Storage, repository: str, tag: str, entries: list[Document]) -> str:
    content = encoded(index(entries))
    manifest = oci.parse_manifest(content, INDEX)
    storage.manifests.put(repository, manifest, tags=[tag], pushed_by="alice")
    return manifest.digest


class TestTagRecords:
    def test_of_an_image(self, storage: Storage) -> None:
        found = put_image(storage, "a/b", "arm")
        storage.tags.point("a/b", {"v1": (found["digest"], NOW)}, pushed_by="alice")

        tag = storage.tags.get("a/b", "v1")

        assert tag is not None
        assert (tag.digest, tag.media_type, tag.is_index) == (found["digest"], MANIFEST, False)
        assert tag.config_type == tag.artifact_type == "application/vnd.oci.image.config.v1+json"
        assert (tag.pushed_by, tag.created_at, tag.pushed_at) == ("alice", NOW, NOW)
        assert tag.pulled_at is None
        (only,) = tag.images
        assert only.digest == found["digest"]
        assert only.platform == oci.Platform("linux", "arm", "v9")
        config = encoded({"os": "linux", "architecture": "arm", "variant": "v9"})
        assert only.size == tag.size == len(config) + len(b"layer for arm")
        assert (only.pushed_at, only.pulled_at, only.attestation) == (NOW, None, False)

    def test_of_an_index(self, storage: Storage) -> None:
        """An entry's own platform counts; what it lacks, the image's config tells."""
        arm = put_image(storage, "a/b", "arm")
        amd = put_image(storage, "a/b", "amd64")
        absent = descriptor(
            b"absent", MANIFEST, platform={"os": "windows", "architecture": "amd64"}
        )
        attestation = descriptor(
            b"proof", MANIFEST, platform={"os": "unknown", "architecture": "unknown"}
        )
        named = amd | {"platform": {"os": "linux", "architecture": "amd64", "os.version": "1"}}
        digest = put_index(storage, "a/b", "v1", [named, arm, absent, attestation])

        tag = storage.tags.get("a/b", "v1")

        assert tag is not None
        assert (tag.digest, tag.is_index, tag.artifact_type) == (digest, True, None)
        assert [found.platform for found in tag.images] == [
            oci.Platform("linux", "amd64", None, "1"),
            oci.Platform("linux", "arm", "v9"),
            oci.Platform("windows", "amd64"),
            oci.Platform("unknown", "unknown"),
        ]
        assert [found.attestation for found in tag.images] == [False, False, False, True]
        assert tag.images[2].size == len(b"absent")
        assert tag.images[2].pushed_at is None
        assert tag.size == sum(found.size for found in tag.images[:3])

    def test_of_a_tag_that_moved(self, storage: Storage) -> None:
        old = put_image(storage, "a/b", "arm")["digest"]
        new = put_image(storage, "a/b", "amd64")["digest"]
        storage.tags.point("a/b", {"v1": (old, NOW)}, pushed_by="alice")
        later = NOW + timedelta(days=1)
        storage.tags.point("a/b", {"v1": (new, later)}, pushed_by="bob")

        tag = storage.tags.get("a/b", "v1")

        assert tag is not None
        assert (tag.digest, tag.pushed_by) == (new, "bob")
        assert (tag.created_at, tag.pushed_at) == (NOW, later)
        assert storage.tags.names_of("a/b", old) == []
        assert storage.tags.names_of("a/b", new) == ["v1"]

    def test_in_any_order(self, storage: Storage) -> None:
        digest = put_image(storage, "a/b", "arm")["digest"]
        # Pushed in the order c, a, b; d is as old as b.
        ages = {"a": 2, "b": 1, "c": 3, "d": 1, "x-1": 9}
        storage.tags.point(
            "a/b", {name: (digest, NOW - timedelta(hours=age)) for name, age in ages.items()}
        )

        def listed(**options: object) -> list[str]:
            return [tag.name for tag in storage.tags.page("a/b", **options)]  # type: ignore[arg-type]  # as page() has them

        assert listed() == ["b", "d", "a", "c", "x-1"]
        assert listed(descending=False) == ["x-1", "c", "a", "b", "d"]
        assert listed(order=Order.NAME, descending=False) == ["a", "b", "c", "d", "x-1"]
        assert listed(order=Order.NAME, offset=1, limit=2) == ["d", "c"]
        assert listed(containing="-") == ["x-1"]
        assert storage.tags.count("a/b") == 5
        assert storage.tags.count("a/b", containing="x") == 1
        assert storage.tags.count("nobody/knows") == 0
        assert storage.tags.page("nobody/knows") == []

    def test_a_pull_by_digest_is_one_of_every_tag_of_it(self, storage: Storage) -> None:
        digest = put_image(storage, "a/b", "arm")["digest"]
        storage.tags.point("a/b", {"v1": (digest, NOW), "v2": (digest, NOW)})
        later = NOW + timedelta(hours=1)

        storage.manifests.pulled("a/b", digest, later)

        for tag in storage.tags.page("a/b"):
            assert tag.pulled_at == tag.images[0].pulled_at == later


class TestDeleting:
    def test_a_tag_and_nothing_else(self, storage: Storage) -> None:
        digest = put_image(storage, "a/b", "arm")["digest"]
        storage.tags.point("a/b", {"v1": (digest, NOW), "v2": (digest, NOW)})

        assert storage.tags.delete("a/b", "v1")
        assert not storage.tags.delete("a/b", "v1")
        assert not storage.tags.delete("a/c", "v2")

        assert storage.tags.names("a/b") == ["v2"]
        assert storage.manifests.get("a/b", digest) is not None

    def test_a_repository_with_all_that_only_it_holds(self, storage: Storage) -> None:
        for name in ("a/b", "a/c"):
            found = put_image(storage, name, "arm")
            put_index(storage, name, "v1", [found])
        own = storage.blobs.put("a/b", b"only here")
        shared = digest_of(b"layer for arm")

        assert storage.blobs.delete_repository("a/b")
        assert not storage.blobs.delete_repository("a/b")

        assert storage.repositories.names() == ["a/c"]
        assert storage.tags.names("a/b") == []
        assert storage.manifests.get("a/b", "v1") is None
        assert not storage.blobs.path(own).exists()
        assert storage.blobs.size("a/c", shared) == len(b"layer for arm")
        # A new one of the same name begins empty.
        storage.blobs.put("a/b", b"new")
        assert storage.tags.names("a/b") == []
        assert storage.blobs.size("a/b", shared) is None

    def test_a_file_stays_where_the_deletion_is_undone(self, storage: Storage) -> None:
        digest = storage.blobs.put("a/b", b"content")

        def fail() -> None:
            with storage.database.transaction():
                storage.blobs.delete("a/b", digest)
                raise LookupError

        with pytest.raises(LookupError):
            fail()

        assert storage.blobs.size("a/b", digest) == len(b"content")


class TestTransactions:
    @pytest.fixture
    def database(self, tmp_path: Path) -> Iterator[Database]:
        database = Database(tmp_path / "test.db")
        database.create("CREATE TABLE notes (text TEXT UNIQUE)")
        yield database
        database.close()

    def notes(self, database: Database) -> list[str]:
        return [row["text"] for row in database.rows("SELECT text FROM notes ORDER BY text")]

    def add(self, database: Database, text: str) -> None:
        with database.transaction() as connection:
            connection.execute("INSERT INTO notes VALUES (?)", (text,))

    def test_a_failure_undoes_all_of_it(self, database: Database) -> None:
        self.add(database, "before")

        def fail() -> None:
            with database.transaction():
                self.add(database, "inside")
                self.add(database, "before")

        with pytest.raises(sqlite3.IntegrityError):
            fail()

        assert self.notes(database) == ["before"]

    def test_a_failure_that_is_caught_undoes_its_own_part(self, database: Database) -> None:
        def fail() -> None:
            with database.transaction():
                self.add(database, "inner")
                raise LookupError

        with database.transaction():
            self.add(database, "outer")
            with pytest.raises(LookupError):
                fail()
            self.add(database, "outer again")

        assert self.notes(database) == ["outer", "outer again"]

    def test_what_is_to_follow_waits_for_the_outermost(self, database: Database) -> None:
        done: list[list[str]] = []
        with database.transaction():
            with database.transaction():
                database.after_commit(lambda: done.append(self.notes(database)))
                self.add(database, "inner")
            self.add(database, "outer")
            assert done == []

        assert done == [["inner", "outer"]]
        database.after_commit(lambda: done.append([]))
        assert done[1:] == [[]]


class TestDirectories:
    def test_everything_is_found_again(self, tmp_path: Path) -> None:
        with registry_server(tmp_path) as registry:
            digest = registry.push_image("a/b", "v1")
            started = registry.client.post("/v2/a/b/blobs/uploads/")
            location = started.headers["Location"]
            registry.client.patch(location, content=b"first ")
            secret = registry.storage.database.secret("some")

        with registry_server(tmp_path) as registry:
            assert registry.fetch("a/b", "v1").headers["Docker-Content-Digest"] == digest
            assert registry.client.get(location).headers["Range"] == "0-5"
            assert registry.client.patch(location, content=b"second").status_code == 202
            closed = registry.client.put(location, params={"digest": digest_of(b"first second")})
            assert closed.status_code == 201
            assert registry.storage.database.secret("some") == secret
            assert registry.storage.database.secret("other") != secret

    def test_uploads_that_nobody_went_on_with_are_forgotten(self, tmp_path: Path) -> None:
        with registry_server(tmp_path) as registry:
            fresh, old = (
                registry.client.post("/v2/a/b/blobs/uploads/").headers["Location"] for _ in "12"
            )
            yesterday = time.time() - 25 * 3600
            with registry.storage.database.transaction() as connection:
                connection.execute(
                    "UPDATE registry_uploads SET started_at = ? WHERE id = ?",
                    (yesterday, old.rpartition("/")[2]),
                )

        with registry_server(tmp_path) as registry:
            assert registry.client.get(fresh).status_code == 204
            assert registry.client.get(old).status_code == 404
            assert len(list((tmp_path / "uploads").iterdir())) == 1

    def test_a_killed_process_leaves_what_it_had_answered(self, tmp_path: Path) -> None:
        data = tmp_path / "data"
        tests = Path(__file__).parents[1]
        running = serving(
            [sys.executable, "-c", PROGRAM, data],
            ready=r"port (\d+)",
            directory=tmp_path,
            environ={"PYTHONPATH": str(tests)},
        )
        with running as server, client_of(int(server.ready[1])) as client:
            pushed = self.push_until_killed(client, server)
        assert len(pushed) >= 5

        with registry_server(data) as registry:
            for number, digest in enumerate(pushed):
                path = f"/v2/a/b/blobs/{digest}"
                assert registry.client.get(path).content == self.blob(number)
            # And it goes on as before.
            registry.push_image("a/b", "v1")

    def blob(self, number: int) -> bytes:
        return f"blob {number} ".encode() * 10_000

    def push_until_killed(self, client: httpx.Client, server: Server) -> list[str]:
        """The digests of those blobs whose push was answered."""
        pushed: list[str] = []
        for number in range(1000):
            content = self.blob(number)
            digest = digest_of(content)
            if number == 5:
                server.process.send_signal(signal.SIGKILL)
            try:
                answer = client.post(f"/v2/a/b/blobs/uploads/?digest={digest}", content=content)
            except httpx.TransportError:
                break
            assert answer.status_code == 201
            pushed.append(digest)
        return pushed

    def test_memory_leaves_nothing_behind(self) -> None:
        storage = Storage()
        directory = storage.files.upload_path("x").parents[1]
        storage.blobs.put("a/b", b"content")
        assert directory.exists()

        storage.close()

        assert not directory.exists()


def test_a_session_is_finished_while_another_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    # Whoever looks reads the database with the sessions locked; whoever finishes has the database.
    storage = Storage()  # closed at the end only: with a deadlock, that would wait, too
    uploads = Uploads(storage)
    upload = uploads.start("a/b", "sha256")
    upload.append(b"content")
    looking, finishing = threading.Event(), threading.Event()
    read, adopt = storage.database.row, storage.blobs.adopt

    def row(statement: str, parameters: tuple[str, ...] = ()) -> sqlite3.Row | None:
        if "registry_uploads" in statement:
            looking.set()
            finishing.wait(10)
        return read(statement, parameters)

    def adopting(repository: str, upload: str, digest: str) -> None:
        finishing.set()
        looking.wait(10)
        adopt(repository, upload, digest)

    monkeypatch.setattr(storage.database, "row", row)
    monkeypatch.setattr(storage.blobs, "adopt", adopting)
    found: list[object] = []
    threads = [
        threading.Thread(target=lambda: found.append(uploads.find("a/b", "no-such")), daemon=True),
        threading.Thread(target=uploads.finish, args=(upload, digest_of(b"content")), daemon=True),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert not any(thread.is_alive() for thread in threads), "they wait for each other"
    assert found == [None]
    assert storage.blobs.size("a/b", digest_of(b"content")) == len(b"content")
    assert uploads.find("a/b", upload.id) is None
    storage.close()


def client_of(port: int) -> httpx.Client:
    return httpx.Client(base_url=f"http://127.0.0.1:{port}", verify=False)


def test_thousands_of_tags_are_seeded_in_one_transaction(storage: Storage) -> None:
    with storage.database.transaction():
        for number in range(300):
            found = put_image(storage, f"library/name-{number}", "amd64", annotations={"n": "x"})
            storage.tags.point(f"library/name-{number}", {"latest": (found["digest"], NOW)})
        digest = put_image(storage, "library/many", "amd64")["digest"]
        storage.tags.point(
            "library/many",
            {f"1.{n}": (digest, NOW - timedelta(minutes=n)) for n in range(5000)},
        )
    tags = storage.tags.page("library/many")

    assert [tag.name for tag in tags] == [f"1.{n}" for n in range(5000)]
