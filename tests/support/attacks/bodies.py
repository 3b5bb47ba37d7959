"""Answers that are too long, unpack to too much, or are no answers."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable, Iterator

from support.attacks.attack import (
    IMAGE,
    MANIFEST_TYPE,
    REGISTRY,
    Ask,
    Attack,
    Script,
    always,
    answer,
    digest_of,
    head,
)

MEMORY = 96 << 20
"""Bytes that hubcli may hold at most while it is attacked."""

_TAGS = ("tag", "ls", f"{REGISTRY}/a/b")
_MANIFEST = ("manifest", "get", IMAGE)
_GIGABYTES = 10 << 30
_PIECE = bytes(1 << 18)


def _endless(status: int = 200, headers: dict[str, str | bytes] | None = None) -> Script:
    def script(ask: Ask, stopped: threading.Event) -> Iterator[bytes]:
        yield head(status, {"Content-Type": MANIFEST_TYPE, **(headers or {})})
        chunked = "Transfer-Encoding" in (headers or {})
        size = b"%x\r\n" % len(_PIECE) if chunked else b""
        for _ in range(_GIGABYTES // len(_PIECE)):
            yield size + _PIECE + (b"\r\n" if chunked else b"")

    return script


def _zeros(times: int, size: int) -> bytes:
    """So many bytes of zeros, compressed over and over."""
    content = bytes(size)
    for _ in range(times):
        packer = zlib.compressobj(9, zlib.DEFLATED, 31)
        content = packer.compress(content) + packer.flush()
    return content


def _packed(coding: str, content: Callable[[], bytes]) -> Script:
    return always(lambda: answer(content(), 200, {"Content-Encoding": coding}))


def _raw(content: bytes) -> Script:
    return always(lambda: [content])


def _document(content: bytes) -> Script:
    headers = {"Content-Type": MANIFEST_TYPE, "Docker-Content-Digest": digest_of(content)}
    return always(lambda: answer(content, 200, headers))


def _early_hints(ask: Ask, stopped: threading.Event) -> Iterator[bytes]:
    while True:
        yield b"HTTP/1.1 103 Early Hints\r\n\r\n"
        stopped.wait(0.01)


ATTACKS = (
    Attack(
        "manifest-of-10-gigabytes",
        "sends a manifest of 10 GB, and says so",
        "stops reading at 16 MB",
        _MANIFEST,
        _endless(headers={"Content-Length": str(_GIGABYTES)}),
        says="longer than 16777216 bytes",
        most=MEMORY,
    ),
    Attack(
        "manifest-without-end",
        "sends a manifest of 10 GB without saying how long it is",
        "stops reading at 16 MB",
        _MANIFEST,
        _endless(headers={"Transfer-Encoding": "chunked"}),
        says="longer than 16777216 bytes",
        most=MEMORY,
    ),
    Attack(
        "error-without-end",
        "refuses with an error of 10 GB",
        "reads the first megabyte",
        _MANIFEST,
        _endless(404, {"Content-Length": str(_GIGABYTES)}),
        exit_code=3,
        says="NOT_FOUND",
        most=MEMORY,
    ),
    Attack(
        "gzip-bomb",
        "sends 64 MB of zeros as 64 kB with Content-Encoding: gzip",
        "unpacks it piece by piece, and stops at the limit",
        _TAGS,
        _packed("gzip", lambda: _zeros(1, 64 << 20)),
        says="longer than 33554432 bytes",
        most=MEMORY,
    ),
    Attack(
        "gzip-bomb-in-a-gzip-bomb",
        "packs gigabytes of zeros into a few hundred bytes by several codings",
        "undoes one coding only",
        _TAGS,
        _packed("gzip, gzip", lambda: _zeros(2, 64 << 20)),
        says="compressed more than once",
        most=MEMORY,
    ),
    Attack(
        "gzip-that-is-none",
        "says gzip of what is none",
        "says that the answer is damaged",
        _TAGS,
        _packed("gzip", lambda: b'{"tags": []}'),
        says="compressed, and damaged",
    ),
    Attack(
        "json-bomb",
        "sends JSON of ten million empty lists",
        "refuses JSON of more than two million values",
        _TAGS,
        always(lambda: answer(b'{"tags":[' + b"[]," * 10_000_000 + b"[]]}")),
        says="of more than 2000000 values",
        most=MEMORY,
    ),
    Attack(
        "deep-json",
        "nests JSON a hundred thousand levels deep",
        "reads a hundred levels",
        _TAGS,
        always(lambda: answer(b'{"tags":' + b"[" * 100_000 + b"]" * 100_000 + b"}")),
        says="nested too deeply",
        most=MEMORY,
    ),
    Attack(
        "deep-manifest",
        "nests a manifest a thousand levels deep",
        "reads a hundred levels",
        _MANIFEST,
        _document(b'{"schemaVersion":2,"x":' + b'{"x":' * 900 + b"1" + b"}" * 901),
        exit_code=7,
        says="nested too deeply",
    ),
    Attack(
        "number-beyond-64-bits",
        "sends a number of four thousand digits",
        "refuses numbers beyond 64 bits",
        _MANIFEST,
        _document(b'{"schemaVersion":2,"layers":[],"x":' + b"9" * 4000 + b"}"),
        exit_code=7,
        says="is not JSON (INTEGRITY)",
    ),
    Attack(
        "html-for-json",
        "answers with a web page under status 200",
        "says so",
        _TAGS,
        always(lambda: answer(b"<html><script>alert(1)</script></html>")),
        says="answered with HTML where JSON was due",
        kept=("<script>",),
    ),
    Attack(
        "body-shorter-than-told",
        "ends a body before the length that it told",
        "asks again, four times in all",
        _TAGS,
        always(lambda: answer(b'{"tags": []}', 200, {"Content-Length": "5000"})),
        says="the body ends after 12 of 5000 bytes",
    ),
    Attack(
        "two-lengths",
        "tells two lengths of one body",
        "takes neither",
        _TAGS,
        _raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 12\r\n\r\n" + b"{}" * 6),
        says="broke",
    ),
    Attack(
        "length-below-zero",
        "tells a length below zero",
        "does not take it",
        _TAGS,
        _raw(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{}"),
        says="broke",
    ),
    Attack(
        "head-without-end",
        "sends header lines without end",
        "stops reading at 100 kB",
        _TAGS,
        always(lambda: [b"HTTP/1.1 200 OK\r\n", *[b"X-Padding: " + b"x" * 1000 + b"\r\n"] * 400]),
        says="broke",
        most=MEMORY,
    ),
    Attack(
        "early-hints-without-end",
        "sends provisional answers (103) for ever, and no final one",
        "waits for a head as long as for any other",
        _TAGS,
        _early_hints,
        says="stopped answering (TIMEOUT)",
        environ={"READ_TIMEOUT": "0.4"},
    ),
    Attack(
        "another-protocol",
        "changes to another protocol unasked",
        "hangs up",
        _TAGS,
        _raw(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"),
        says="broke",
    ),
)
