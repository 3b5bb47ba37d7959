"""Answers that come so slowly that they never end (slow loris), or that say to wait."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from support.attacks.attack import (
    IMAGE,
    REGISTRY,
    Ask,
    Attack,
    Pieces,
    Script,
    always,
    answer,
    challenge,
    digest_of,
    head,
)

_TAGS = ("tag", "ls", f"{REGISTRY}/a/b")
_BLOB = bytes(1 << 20)
_GET_BLOB = ("blob", "get", f"{REGISTRY}/a/b@{digest_of(_BLOB)}")
_HURRIED = {"READ_TIMEOUT": "0.3"}


def _dripping(start: bytes, drop: bytes) -> Script:
    """The start at once, then a drop again and again, sooner than any time-out."""

    def script(ask: Ask, stopped: threading.Event) -> Iterator[bytes]:
        yield start
        while not stopped.wait(0.05):
            yield drop

    return script


def _token_dripping(ask: Ask, stopped: threading.Event) -> Pieces:
    if ask.path != "/token":
        return challenge(f"https://{REGISTRY}/token")
    return _dripping(head(200, {"Content-Length": "5000"}), b" ")(ask, stopped)


ATTACKS = (
    Attack(
        "silence",
        "takes a request and says nothing",
        "waits for `read_timeout` (60 s)",
        _TAGS,
        _dripping(b"", b""),
        says="stopped answering (TIMEOUT)",
        environ=_HURRIED,
    ),
    Attack(
        "head-in-drops",
        "sends a byte of the head now and then",
        "waits `read_timeout` for the whole head",
        _TAGS,
        _dripping(b"HTTP/1.1 200 OK\r\nX: ", b"x"),
        says="stopped answering (TIMEOUT)",
        environ=_HURRIED,
    ),
    Attack(
        "body-in-drops",
        "sends a byte of a document now and then",
        "wants 256 bytes a second, and the whole within ten times `read_timeout`",
        _TAGS,
        _dripping(head(200, {"Content-Length": "5000"}), b" "),
        says="stopped answering (TIMEOUT)",
        environ=_HURRIED,
    ),
    Attack(
        "chunk-in-drops",
        "sends the extension of a chunk byte by byte",
        "waits `read_timeout` for the whole line",
        _TAGS,
        _dripping(head(200, {"Transfer-Encoding": "chunked"}) + b"5;", b"x"),
        says="stopped answering (TIMEOUT)",
        environ=_HURRIED,
    ),
    Attack(
        "gzip-in-drops",
        "drips compressed bytes that unpack to nothing",
        "counts the bytes as they come, not what they unpack to",
        _TAGS,
        _dripping(
            head(200, {"Content-Length": "5000", "Content-Encoding": "gzip"})
            + b"\x1f\x8b\x08\x08\x00\x00\x00\x00\x00\x03",
            b"n",
        ),
        says="stopped answering (TIMEOUT)",
        environ=_HURRIED,
    ),
    Attack(
        "document-in-spoons",
        "sends a document just fast enough, for ever",
        "waits ten times `read_timeout` for the whole",
        _TAGS,
        _dripping(head(200, {"Content-Length": "50000000"}), b" " * 100),
        says="takes too long for its answer (TIMEOUT)",
        bounds={"hubcli.http.transport._WHOLE": 1},
        environ={"READ_TIMEOUT": "0.8"},
    ),
    Attack(
        "blob-in-spoons",
        "sends a byte of a layer now and then, and goes on so when it is asked again",
        "tries four times, and counts none that brought next to nothing",
        _GET_BLOB,
        _dripping(head(200, {"Content-Length": str(len(_BLOB))}), b"x"),
        says="stopped answering (TIMEOUT)",
        environ={"READ_TIMEOUT": "0.15"},
    ),
    Attack(
        "token-in-drops",
        "has its token server send a byte now and then",
        "waits as for any other answer",
        _TAGS,
        _token_dripping,
        says="stopped answering (TIMEOUT)",
        signs_in=False,
        environ=_HURRIED,
    ),
    Attack(
        "a-year-of-waiting",
        "asks to come back in a year",
        "says so, and ends at once",
        ("digest", IMAGE),
        always(lambda: answer(b"", 429, {"Retry-After": "31536000"})),
        exit_code=5,
        says="come back at 20",
    ),
    Attack(
        "waiting-that-is-no-number",
        "asks to wait for a time that is no number",
        "tries again as if it had not said how long",
        ("digest", IMAGE),
        always(lambda: answer(b"", 429, {"Retry-After": "NaN"})),
        exit_code=5,
        says="(RATE_LIMITED)",
    ),
    Attack(
        "waiting-till-no-date",
        "asks to wait till a date that no calendar has",
        "tries again as if it had not said how long",
        ("digest", IMAGE),
        always(
            lambda: answer(b"", 429, {"Retry-After": "Fri, 01 Jan 2027 00:00:00 +9999999999999999"})
        ),
        exit_code=5,
        says="(RATE_LIMITED)",
    ),
)
