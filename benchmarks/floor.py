"""`python -m benchmarks.floor pull|push|copy …`: the least that moving an image takes in Python.

Sockets, SHA-256 and files, four threads, nothing else: no authentication, no repeats, no progress.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

_PIECE = 256 << 10
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"

Blob = dict[str, Any]


def _each(blobs: list[Blob], work: Callable[[Blob], None]) -> None:
    queue, lock = [*blobs], threading.Lock()

    def run() -> None:
        while True:
            with lock:
                if not queue:
                    return
                blob = queue.pop()
            work(blob)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _hashed(chunks: Iterator[bytes], blob: Blob) -> Iterator[bytes]:
    hashed = hashlib.sha256()
    for chunk in chunks:
        hashed.update(chunk)
        yield chunk
    assert blob["digest"] == f"sha256:{hashed.hexdigest()}"


def _manifest(host: str, repository: str) -> tuple[bytes, list[Blob]]:
    connection = http.client.HTTPConnection(host)
    connection.request("GET", f"/v2/{repository}/manifests/latest", headers={"Accept": _MANIFEST})
    content = connection.getresponse().read()
    document = json.loads(content)
    return content, [document["config"], *document["layers"]]


def _get(host: str, repository: str, blob: Blob) -> Iterator[bytes]:
    name, _, port = host.rpartition(":")
    with socket.create_connection((name, int(port))) as opened:
        opened.sendall(
            f"GET /v2/{repository}/blobs/{blob['digest']} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
        )
        read = b""
        while b"\r\n\r\n" not in read:
            read += opened.recv(8192)
        first = read.partition(b"\r\n\r\n")[2]
        left = blob["size"] - len(first)
        yield first
        while left:
            piece = opened.recv(min(_PIECE, left))
            assert piece, "the registry went away"
            left -= len(piece)
            yield piece


def _put(host: str, repository: str, blob: Blob, chunks: Iterator[bytes]) -> None:
    connection = http.client.HTTPConnection(host)
    connection.request("POST", f"/v2/{repository}/blobs/uploads/")
    begun = connection.getresponse()
    begun.read()
    location = begun.headers["Location"].partition(host)[2] or begun.headers["Location"]
    connection.putrequest("PUT", f"{location}&digest={blob['digest']}")
    connection.putheader("Content-Length", str(blob["size"]))
    connection.putheader("Content-Type", "application/octet-stream")
    connection.endheaders()
    for chunk in chunks:
        connection.send(chunk)
    answer = connection.getresponse()
    assert answer.status == 201, answer.read()


def _tag(host: str, repository: str, content: bytes) -> None:
    connection = http.client.HTTPConnection(host)
    headers = {"Content-Type": _MANIFEST}
    connection.request("PUT", f"/v2/{repository}/manifests/latest", content, headers)
    assert connection.getresponse().status == 201


def pull(host: str, repository: str, directory: str) -> None:
    _, blobs = _manifest(host, repository)
    Path(directory).mkdir(parents=True, exist_ok=True)

    def work(blob: Blob) -> None:
        file = os.open(Path(directory) / blob["digest"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for chunk in _hashed(_get(host, repository, blob), blob):
            os.write(file, chunk)
        os.close(file)

    _each(blobs, work)


def push(directory: str, host: str, repository: str) -> None:
    index = json.loads((Path(directory) / "index.json").read_bytes())
    blobs_of = Path(directory) / "blobs" / "sha256"
    content = (blobs_of / index["manifests"][0]["digest"][7:]).read_bytes()
    document = json.loads(content)

    def work(blob: Blob) -> None:
        with (blobs_of / blob["digest"][7:]).open("rb", buffering=0) as file:
            read = iter(lambda: file.read(_PIECE), b"")
            _put(host, repository, blob, _hashed(read, blob))

    _each([document["config"], *document["layers"]], work)
    _tag(host, repository, content)


def copy(from_host: str, from_repository: str, host: str, repository: str) -> None:
    content, blobs = _manifest(from_host, from_repository)

    def work(blob: Blob) -> None:
        chunks = _hashed(_get(from_host, from_repository, blob), blob)
        _put(host, repository, blob, chunks)

    _each(blobs, work)
    _tag(host, repository, content)


if __name__ == "__main__":
    {"pull": pull, "push": push, "copy": copy}[sys.argv[1]](*sys.argv[2:])
