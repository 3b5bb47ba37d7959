"""`python -m benchmarks.stub`: a registry, and a Docker Hub, of any size, that costs no time.

Repositories are named by what is in them: `n/5000` has 5,000 tags, each an image of its own, with
names `0.0.0` and on; Docker Hub has the same ones. Pages are asked for as distribution has them,
and as Hub does. It prints its HOST:PORT, and takes the number of repositories in its catalog.
"""

from __future__ import annotations

import asyncio
import bisect
import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache, lru_cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
_NO_REPOSITORIES = 0


@contextmanager
def stub(repositories: int = _NO_REPOSITORIES) -> Iterator[str]:
    """HOST:PORT of one with so many repositories in its catalog."""
    command = [sys.executable, "-m", "benchmarks.stub", str(repositories)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.send_signal(signal.SIGTERM)


def tag(number: int) -> str:
    return f"{number // 100}.{number // 10 % 10}.{number % 10}"


@cache
def _names(count: int, what: str) -> list[str]:
    make = tag if what == "tags" else "team/app-{:06}".format
    return sorted(make(number) for number in range(count))


@lru_cache(maxsize=100_000)
def _image(name: str) -> tuple[bytes, str]:
    config = _config(name)
    layer = hashlib.sha256(f"layer {name}".encode()).hexdigest()
    manifest = {
        "schemaVersion": 2,
        "mediaType": _MANIFEST,
        "config": {"mediaType": _CONFIG, "digest": _digest(config), "size": len(config)},
        "layers": [{"mediaType": _LAYER, "digest": f"sha256:{layer}", "size": 1000}],
    }
    content = json.dumps(manifest).encode()
    _blobs[_digest(config)] = config
    return content, _digest(content)


_blobs: dict[str, bytes] = {}


def _config(name: str) -> bytes:
    diffs = [f"sha256:{hashlib.sha256(name.encode()).hexdigest()}"]
    made = {"architecture": "amd64", "os": "linux", "created": "2026-11-01T09:00:00Z"}
    return json.dumps({**made, "rootfs": {"type": "layers", "diff_ids": diffs}}).encode()


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _page(what: str, count: int, query: dict[str, list[str]], path: str) -> tuple[bytes, list[str]]:
    """Names after `last`, with the link to those that follow."""
    names = _names(count, what)
    size = int(query.get("n", ["1000"])[0])
    last = query.get("last", [""])[0]
    start = bisect.bisect_right(names, last) if last else 0
    page = names[start : start + size]
    more = start + size < count
    link = [f'Link: <{path}?n={size}&last={page[-1]}>; rel="next"'] if more else []
    return json.dumps({"name": "it", what: page}).encode(), link


def _hub(count: int, query: dict[str, list[str]]) -> bytes:
    """A page of Hub's list of tags, which gives no more than 100 at once."""
    size, page = min(100, int(query["page_size"][0])), int(query["page"][0])
    last = count - (page - 1) * size
    rows = [_hub_tag(number) for number in range(last - 1, max(-1, last - 1 - size), -1)]
    return json.dumps({"count": count, "next": None, "previous": None, "results": rows}).encode()


def _hub_tag(number: int) -> dict[str, Any]:
    digest = f"sha256:{hashlib.sha256(str(number).encode()).hexdigest()}"
    moment = f"20{10 + number // 10000:02}-01-01T{number // 60 % 24:02}:{number % 60:02}:00.000000Z"
    image = {"architecture": "amd64", "os": "linux", "digest": digest, "size": 1000}
    times = dict.fromkeys(("last_updated", "tag_last_pushed", "tag_last_pulled"), moment)
    return {
        "id": number,
        "name": tag(number),
        "full_size": 1000,
        "digest": digest,
        "tag_status": "active",
        "media_type": _MANIFEST,
        "content_type": "image",
        **times,
        "images": [{**image, "status": "active", "last_pushed": moment, "last_pulled": moment}],
    }


def _answer(target: str, repositories: int) -> tuple[bytes, list[str]]:
    """The body, and headers beyond its length."""
    url = urlsplit(target)
    query, parts = parse_qs(url.query), url.path.strip("/").split("/")
    if "namespaces" in parts:
        return _hub(int(parts[-2]), query), []
    if parts[-1] == "_catalog":
        return _page("repositories", repositories, query, url.path)
    if parts[-2:] == ["tags", "list"]:
        return _page("tags", int(parts[-3]), query, url.path)
    if "manifests" in parts:
        content, digest = _image(parts[-1])
        return content, [f"Content-Type: {_MANIFEST}", f"Docker-Content-Digest: {digest}"]
    if "blobs" in parts:
        return _blobs[parts[-1]], ["Content-Type: application/octet-stream"]
    return b"{}", []


class _Server(asyncio.Protocol):
    repositories = _NO_REPOSITORIES

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport
        self._read = b""

    def data_received(self, data: bytes) -> None:
        self._read += data
        while b"\r\n\r\n" in self._read:
            head, _, self._read = self._read.partition(b"\r\n\r\n")
            method, target, _ = head.split(b"\r\n")[0].decode().split(" ")
            body, headers = _answer(target, self.repositories)
            lines = ["HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *headers]
            if not any(line.startswith("Content-Type") for line in headers):
                lines.append("Content-Type: application/json")
            sent = "\r\n".join(lines).encode() + b"\r\n\r\n"
            self._transport.write(sent if method == "HEAD" else sent + body)


async def _main(repositories: int) -> None:
    _Server.repositories = repositories
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Server, "127.0.0.1", 0)
    address, port = server.sockets[0].getsockname()
    print(f"{address}:{port}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    os.environ.pop("PYTHONASYNCIODEBUG", None)
    with suppress(KeyboardInterrupt):
        asyncio.run(_main(int(sys.argv[1])))
