"""What commands cost, counted and not timed: round trips, and calls as their input grows."""

from __future__ import annotations

import hashlib
import json
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

import hubcli
from hubcli import oci
from support.peaks import peak
from support.proxy import Proxy
from support.running import InProcess
from support.sandbox import SandboxServer
from support.scripted import Answer, ScriptedServer, Seen

OURS = str(Path(hubcli.__file__).parent)
HELLO = "library/hello-world"


@pytest.mark.parametrize(
    ("command", "first", "second"),
    [
        ("digest", [f"HEAD /v2/{HELLO}/manifests/latest", "GET /token"], 1),
        ("tag ls", ["GET /v2/", "GET /token"], 1),
        ("inspect --raw", [f"GET /v2/{HELLO}/manifests/latest", "GET /token"], 1),
    ],
)
def test_one_small_operation_takes_one_connection_and_no_needless_request(
    cli: InProcess,
    sandbox: SandboxServer,
    proxy: Callable[..., Proxy],
    command: str,
    first: list[str],
    second: int,
) -> None:
    far = proxy(sandbox.host)
    words = [*command.split(), f"{far.host}/{HELLO}"]
    assert cli(*words).exit_code == 0
    assert [request.partition("?")[0] for request in far.requests][:-1] == first
    assert (len(far.requests), far.connections) == (3, 1)
    far.forget()
    assert cli(*words).exit_code == 0
    assert (len(far.requests), far.connections) == (second, 1)


@contextmanager
def registry_of(count: int) -> Iterator[ScriptedServer]:
    """A registry with so many repositories, and as many tags in each; a Hub with them, too."""

    def script(seen: Seen) -> Answer:
        url = urlsplit(seen.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        if "namespaces" in url.path:
            return _json(_hub_page(count, int(query["page"])))
        if url.path.endswith("/_catalog"):
            return _page("repositories", "team/app-{:05}", count, url.path, query)
        if url.path.endswith("/tags/list"):
            return _page("tags", "1.{}.0", count, url.path, query)
        if "/manifests/" in url.path:
            manifest = _manifest(url.path.rpartition("/")[2])
            return Answer(200, manifest, {"Content-Type": oci.OCI_MANIFEST})
        return Answer(200, _CONFIG if "/blobs/" in url.path else b"{}")

    with ScriptedServer(script) as server:
        yield server


_CONFIG = json.dumps({"architecture": "amd64", "os": "linux"}).encode()


def _manifest(tag: str) -> bytes:
    """One of its own for each tag; they share the configuration."""
    config = {
        "mediaType": oci.OCI_CONFIG,
        "digest": f"sha256:{hashlib.sha256(_CONFIG).hexdigest()}",
        "size": len(_CONFIG),
    }
    content = {"schemaVersion": 2, "mediaType": oci.OCI_MANIFEST, "config": config, "layers": []}
    return json.dumps({**content, "annotations": {"tag": tag}}).encode()


def _page(what: str, form: str, count: int, path: str, query: dict[str, str]) -> Answer:
    """A hundred names, and the link to those after them."""
    start = int(query.get("last", 0))
    names = [form.format(number) for number in range(start, min(count, start + 100))]
    more = start + 100 < count
    link = {"Link": f'<{path}?last={start + 100}>; rel="next"'} if more else {}
    return _json({what: names}, **link)


def _hub_page(count: int, page: int) -> dict[str, Any]:
    rows = [
        {"name": f"1.{number}.0", "last_updated": "2026-11-01T09:00:00Z", "images": []}
        for number in range(100 * (page - 1), min(count, 100 * page))
    ]
    return {"count": count, "next": None, "results": rows}


def _json(body: object, **headers: str) -> Answer:
    return Answer(200, json.dumps(body).encode(), {"Content-Type": "application/json", **headers})


def calls(cli: InProcess, count: int, command: str) -> int:
    """How many functions hubcli's own code calls for a command, in all its threads."""
    counted = 0

    def count_call(frame: FrameType, event: str, _: object) -> None:
        nonlocal counted
        if event in {"call", "c_call"} and frame.f_code.co_filename.startswith(OURS):
            counted += 1

    with registry_of(count) as server:
        words = command.format(host=server.url.removeprefix("http://")).split()
        environ = {"HUBCLI_HUB_URL": server.url}
        before = sys.getprofile()
        threading.setprofile(count_call)
        sys.setprofile(count_call)
        try:
            result = cli(*words, env=environ)
        finally:
            sys.setprofile(before)
            threading.setprofile(None)
    assert (result.exit_code, len(result.lines())) == (0, count)
    return counted


@pytest.mark.parametrize(
    ("command", "size"),
    [
        ("tag ls {host}/a/b", 200),
        ("tag ls {host}/a/b --sort version", 200),
        ("tag ls {host}/a/b --filter 1.*", 200),
        ("tag ls {host}/a/b --details", 20),
        ("tag ls a/b --all", 300),
        ("repo ls {host}", 200),
    ],
)
def test_twice_the_input_is_twice_the_work(cli: InProcess, command: str, size: int) -> None:
    least, once, twice = (calls(cli, count, command) for count in (1, size, 2 * size))
    assert 1.8 <= (twice - least) / (once - least) <= 2.1


def test_a_list_is_printed_as_it_comes(
    sandbox: SandboxServer, environ: dict[str, str], tmp_path: Path
) -> None:
    listing = ["tag", "ls", f"{sandbox.host}/bigorg/nightly"]
    few, many = (
        peak([*listing, "--limit", limit], [*listing, "--limit", "1"], environ, tmp_path / "out")
        for limit in ("3500", "5000")
    )
    # The last few pages are remembered, as a server may tell a name twice, and nothing else.
    assert many - few < 64 << 10
