"""Uploads of blobs (distribution-spec 1.1, "Pushing blobs"): mounted, in one PUT, or in chunks.

An upload that breaks goes on where its status (`GET <location>`) says; a registry that has lost
it, as distribution 2.8 does after every broken request, is sent the blob from the start again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from hubcli import oci
from hubcli.auth.challenge import repository_scope
from hubcli.errors import (
    HubcliError,
    IntegrityFailure,
    NotFound,
    TLSFailure,
    Unavailable,
    Untrusted,
)
from hubcli.http import retry
from hubcli.http.client import with_query
from hubcli.http.origin import on_origin
from hubcli.http.response import Response
from hubcli.oci import Descriptor, Verifier
from hubcli.registry.blobs import OpenAt, Outcome
from hubcli.registry.calls import ANY_ERROR, Call

if TYPE_CHECKING:
    from hubcli.registry.repository import Repository

DEFAULT_CHUNK = 16 << 20
"""Bytes of a chunk where a registry wants chunks, but not larger ones."""

_RANGE = re.compile(r"(?:bytes=)?0-(\d{1,19})")
_LEAST = re.compile(r"\d{1,19}")
_MISMATCH = frozenset({"DIGEST_INVALID", "SIZE_INVALID"})
_BINARY = {"Content-Type": oci.OCTET_STREAM}


class _OutOfOrder(HubcliError):
    """The registry has more or less of an upload than we thought."""

    code = "RANGE_INVALID"


class Session:
    """One upload on the registry's side; its location is always the newest one it told."""

    def __init__(self, repository: Repository, answer: Response) -> None:
        self._repository = repository
        self._location = ""
        self._move(answer)
        least = _LEAST.fullmatch(answer.headers.get("oci-chunk-min-length", ""))
        self.least_chunk = int(least[0]) if least else 0

    def put(self, digest: str, body: Callable[[], Iterator[bytes]], first: int, size: int) -> None:
        """Complete the upload with the bytes from `first` on, none if that is `size`."""
        headers = {**_BINARY, "Content-Length": str(size - first)}
        if 0 < first < size:
            headers["Content-Range"] = f"{first}-{size - 1}"
        url = with_query(self._location, {"digest": digest})
        self._send(Call("PUT", url, headers, body=body if first < size else b""))

    def patch(self, body: Callable[[], Iterator[bytes]], first: int, end: int) -> int:
        """Send the bytes from `first` up to `end`; where the registry wants to go on."""
        headers = {
            **_BINARY,
            "Content-Length": str(end - first),
            "Content-Range": f"{first}-{end - 1}",
        }
        answer = self._send(Call("PATCH", self._location, headers, body=body))
        self._move(answer)
        told = _received(answer)
        # Quay tells one byte more than it has: what was never sent is nothing to go by.
        return told if told is not None and first <= told < end else end

    def received(self) -> int | None:
        """Bytes that the registry has of it; None where it has lost it, or does not say.

        A single byte is as good as nothing: distribution says `0-0` for both.
        """
        try:
            answer = self._repository.send(Call("GET", self._location, accepted=ANY_ERROR))
        except Unavailable:
            return None
        if not answer.ok:
            return None
        self._move(answer)
        told = _received(answer)
        if told is not None and self._repository.registry.quirks.counts_one_too_many:
            told -= 1
        return told if told is not None and told > 1 else None

    def cancel(self) -> None:
        """Give it up; whether the registry minds is of no interest any more."""
        with suppress(HubcliError):
            self._repository.send(
                Call("DELETE", self._location, accepted=ANY_ERROR, repeatable=False)
            )

    def _send(self, call: Call) -> Response:
        """Send a part, once: whether, and from where, it may be sent again is to be found out."""
        answer = self._repository.send(replace(call, repeatable=False, accepted=(416,)))
        if answer.status == 416:
            raise _OutOfOrder("the registry wants another part of the blob")
        return answer

    def _move(self, answer: Response) -> None:
        location = answer.headers.get("location")
        if location:
            self._location = on_origin(answer.url, location, "the upload's location")
        elif not self._location:
            raise Unavailable("the registry began an upload, but did not say where")


def begin(repository: Repository, digest: str) -> Session:
    """A new upload."""
    algorithm = digest.partition(":")[0]
    target = with_query(
        "blobs/uploads/", {"digest-algorithm": algorithm if algorithm != "sha256" else None}
    )
    # Nothing is lost if two are begun: the registry forgets the one that is not used.
    return Session(repository, repository.send(Call("POST", target, body=b"", repeatable=True)))


def mount(repository: Repository, digest: str, from_path: str) -> Session | Literal[True] | None:
    """Whether the blob was mounted; else the upload that the registry began, if it did.

    The token is for both repositories.
    """
    target = with_query("blobs/uploads/", {"mount": digest, "from": from_path})
    scopes = (str(repository_scope(from_path, "pull")),)
    call = Call("POST", target, body=b"", scopes=scopes, accepted=ANY_ERROR, repeatable=True)
    answer = repository.send(call)
    if answer.status == 201:
        return True
    return Session(repository, answer) if answer.status == 202 else None


class Uploader:
    """Brings one blob into a repository, with as many tries as make sense."""

    def __init__(
        self,
        repository: Repository,
        descriptor: Descriptor,
        open_at: OpenAt,
        chunk_size: int | None,
        sleep: Callable[[float], None],
    ) -> None:
        self._repository = repository
        self._descriptor = descriptor
        self._chunk_size = chunk_size
        self._sleep = sleep
        self._feed = _Feed(descriptor, open_at)
        self._session: Session | None = None
        self._resumed = False

    def run(self, mount_from: str | None) -> Outcome:
        """Mount or upload; HubcliError, and no upload left open, where neither works."""
        try:
            if mount_from is not None:
                if self._mounted(mount_from):
                    return "mounted"
                if self._repository.blobs.has(self._descriptor):
                    self._cancel()
                    return "skipped"
            self._upload()
        except BaseException:
            self._cancel()
            raise
        finally:
            self._feed.close()
        return "resumed" if self._resumed else "copied"

    def _cancel(self) -> None:
        if self._session is not None:
            self._session.cancel()

    def _mounted(self, from_path: str) -> bool:
        """Mount, or find the blob there already; a session that was offered instead is kept."""
        answer = mount(self._repository, self._descriptor.digest, from_path)
        if isinstance(answer, Session):
            self._session = answer
        return answer is True

    def _upload(self) -> None:
        """Send, and after a failure go on from what the registry has; counted while nothing moves.

        What a registry refuses after a resumption is sent once more from the start: it may have
        told a wrong offset.
        """
        first, most, failures = 0, 0, 0
        while True:
            if self._session is None:
                self._session = begin(self._repository, self._descriptor.digest)
                first = 0
            try:
                self._send(self._session, first)
            except HubcliError as error:
                if not self._may_try_again(error, first):
                    raise self._meant(error) from error
                failed = error
            else:
                return
            reached = self._reached(self._session, failed)
            if reached is None and self._repository.blobs.has(self._descriptor):
                return  # only the answer was lost
            if reached is None:
                self._session, reached = None, 0
            failures = 1 if reached > most else failures + 1
            if failures >= retry.ATTEMPTS:
                raise failed
            first, most = reached, max(most, reached)
            self._resumed = self._resumed or first > 0
            self._sleep(retry.backoff(failures))

    def _reached(self, session: Session, error: HubcliError) -> int | None:
        """Where to go on after a failure; None to start again."""
        if not self._repository.registry.quirks.chunks:
            return None
        if not _is_break(error) and not isinstance(error, _OutOfOrder):
            return None
        received = session.received()
        return received if received is None or received <= self._descriptor.size else None

    def _send(self, session: Session, first: int) -> None:
        size = self._descriptor.size
        chunk = self._chunk(session)
        while chunk and size - first > chunk:
            first = session.patch(self._body(first, first + chunk), first, first + chunk)
        session.put(self._descriptor.digest, self._body(first, size), first, size)

    def _chunk(self, session: Session) -> int:
        """Bytes of a chunk; 0 for one PUT of everything."""
        if not self._repository.registry.quirks.chunks:
            return 0
        if self._chunk_size:
            return max(self._chunk_size, session.least_chunk)
        return max(DEFAULT_CHUNK, session.least_chunk) if session.least_chunk else 0

    def _body(self, first: int, end: int) -> Callable[[], Iterator[bytes]]:
        return lambda: self._feed.chunks(first, end)

    def _may_try_again(self, error: HubcliError, first: int) -> bool:
        if self._feed.failure is not None:
            return False
        if error.code in _MISMATCH:
            return first > 0
        return _is_break(error) or _is_lost(error)

    def _meant(self, error: HubcliError) -> HubcliError:
        """The source's failure, rather than what it did to the upload; a mismatch is one."""
        if self._feed.failure is not None:
            return self._feed.failure
        if error.code in _MISMATCH:
            return IntegrityFailure(f"the registry refuses {self._descriptor.digest}: {error}")
        return error


class _Feed:
    """The source, opened where the registry wants to go on, each byte of it hashed once."""

    def __init__(self, descriptor: Descriptor, open_at: OpenAt) -> None:
        self._descriptor = descriptor
        self._open_at = open_at
        self._verifier = Verifier(descriptor.digest, descriptor.size)
        self._opened = ExitStack()
        self._chunks: Iterator[bytes] = iter(())
        self._at = -1
        self._rest = b""
        self.failure: HubcliError | None = None

    def chunks(self, first: int, end: int) -> Iterator[bytes]:
        """The bytes from `first` to `end`; the last ones come only if all of it is verified."""
        try:
            if self._at != first:
                self._reopen(first)
            while self._at < end:
                chunk = self._next()
                used, self._rest = chunk[: end - self._at], chunk[end - self._at :]
                self._check(used)
                self._at += len(used)
                yield used
        except HubcliError as error:
            self.failure = error
            raise

    def close(self) -> None:
        self._opened.close()

    def _reopen(self, first: int) -> None:
        self._opened.close()
        self._at, self._rest = first, b""
        self._chunks = self._opened.enter_context(self._open_at(first))

    def _next(self) -> bytes:
        chunk = self._rest or next(self._chunks, b"")
        if not chunk:
            size = self._descriptor.size
            raise IntegrityFailure(f"{self._descriptor.digest} ends before its {size} bytes")
        return chunk

    def _check(self, chunk: bytes) -> None:
        fresh = self._at + len(chunk) - self._verifier.seen
        if fresh > 0:
            self._verifier.update(chunk[len(chunk) - fresh :])
            if self._verifier.seen == self._descriptor.size:
                self._verifier.finish()


def _received(answer: Response) -> int | None:
    """How many bytes the `Range` header says are there."""
    found = _RANGE.fullmatch(answer.headers.get("range", "").strip())
    return int(found[1]) + 1 if found else None


def _is_break(error: HubcliError) -> bool:
    """Whether the way to the registry failed, or the registry for a moment."""
    return isinstance(error, Unavailable) and not isinstance(error, TLSFailure | Untrusted)


def _is_lost(error: HubcliError) -> bool:
    """Whether the registry knows no such upload, or wants to go on from another place."""
    lost = error.code.startswith("BLOB_UPLOAD_") or isinstance(error, NotFound)
    return lost or isinstance(error, _OutOfOrder)
