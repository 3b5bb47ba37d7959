"""The blobs of a repository: downloads that go on after a break, uploads by `uploads`.

distribution-spec 1.1, "Pulling blobs": `GET /v2/<name>/blobs/<digest>`, with `Range` to go on.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from typing import TYPE_CHECKING, Literal

from hubcli import oci
from hubcli.errors import ConnectionBroken, IntegrityFailure, TimedOut
from hubcli.http import retry
from hubcli.http.client import Stream
from hubcli.oci import Descriptor
from hubcli.registry.calls import Call

if TYPE_CHECKING:
    from hubcli.registry.repository import Repository

OpenAt = Callable[[int], AbstractContextManager[Iterator[bytes]]]
"""Opens a blob's source at an offset in bytes, as often as need be."""

Outcome = Literal["copied", "skipped", "mounted", "resumed"]

# A compressed answer would have other offsets, and another length, than the blob.
_PLAIN = {"Accept-Encoding": "identity"}
_PROGRESS = 64 << 10
"""Bytes that a try must bring, or a quarter of a small blob, if it is not to count as failed."""

_CONTENT_RANGE = re.compile(r"bytes\s+(?:(\d{1,19})-\d+|\*)/(\d{1,19}|\*)")


class Blobs:
    """Reads and writes blobs."""

    def __init__(
        self, repository: Repository, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.repository = repository
        self._sleep = sleep

    def size(self, digest: str) -> int | None:
        """Bytes of a blob; None where there is none, or the registry does not say."""
        answer = self.repository.send(Call("HEAD", f"blobs/{digest}", accepted=(404,)))
        length = answer.headers.get("content-length", "")
        return int(length) if answer.ok and length.isdecimal() else None

    def head(self, digest: str) -> tuple[int | None, str | None]:
        """Bytes and media type of a blob, as far as the registry tells; NotFound without one."""
        answer = self.repository.send(Call("HEAD", f"blobs/{digest}", _PLAIN))
        length = answer.headers.get("content-length", "")
        return int(length) if length.isdecimal() else None, answer.media_type or None

    def has(self, descriptor: Descriptor) -> bool:
        """Whether the blob is there. Its length is no part of that: some answers are compressed."""
        call = Call("HEAD", f"blobs/{descriptor.digest}", accepted=(404,))
        return self.repository.send(call).ok

    @contextmanager
    def open(self, descriptor: Descriptor, offset: int = 0) -> Iterator[Iterator[bytes]]:
        """The blob's bytes from `offset` on, unverified; broken connections are made anew.

        The iterator raises NotFound where there is no such blob, and IntegrityFailure where it is
        longer or shorter than the descriptor says.
        """
        with closing(self._chunks(descriptor, offset)) as chunks:
            yield chunks

    def read(self, descriptor: Descriptor) -> bytes:
        """A small blob, an image's config say, whole and verified."""
        if descriptor.size > oci.LARGEST_MANIFEST:
            raise IntegrityFailure(f"{descriptor.digest} is longer than it should be")
        with self.open(descriptor) as chunks:
            content = b"".join(chunks)
        oci.verify(content, descriptor.digest, descriptor.size)
        return content

    def upload(
        self,
        descriptor: Descriptor,
        open_at: OpenAt,
        *,
        mount_from: str | None = None,
        chunk_size: int | None = None,
    ) -> Outcome:
        """Upload a blob, or mount it from the repository `mount_from` of the same registry.

        It goes in one request, or in chunks of `chunk_size` bytes, or as the registry wants them.
        `skipped` where a mount is refused because, or although, the blob is there.

        It is hashed while it passes: IntegrityFailure, and no blob, where the source is wrong.
        """
        from hubcli.registry.uploads import Uploader

        uploader = Uploader(self.repository, descriptor, open_at, chunk_size, self._sleep)
        return uploader.run(mount_from)

    def mount(self, digest: str, from_path: str) -> bool:
        """Whether the registry took the blob from another of its repositories."""
        from hubcli.registry import uploads

        session = uploads.mount(self.repository, digest, from_path)
        if isinstance(session, uploads.Session):
            session.cancel()
        return session is True

    def delete(self, digest: str) -> None:
        """Delete a blob (`DELETE /v2/<name>/blobs/<digest>`); manifests that need it break."""
        self.repository.send(Call("DELETE", f"blobs/{digest}"))

    def _chunks(self, descriptor: Descriptor, offset: int) -> Generator[bytes]:
        """Ask, and ask again for what is missing; tries are counted while nothing comes."""
        at, failures, ranged = offset, 0, True
        while at < descriptor.size:
            before = at
            try:
                with self.repository.stream(_get(descriptor, at if ranged else 0)) as stream:
                    start = _start(stream, descriptor, at)
                    if start is None:
                        ranged = False
                        continue
                    for chunk in _skipped(stream, at - start) if at > start else stream:
                        at += len(chunk)
                        if at > descriptor.size:
                            raise IntegrityFailure(
                                f"{descriptor.digest} is longer than its {descriptor.size} bytes"
                            )
                        yield chunk
                if at < descriptor.size:
                    raise _Ended(descriptor, at)
            except (ConnectionBroken, TimedOut, _Ended):
                advanced = at - before >= min(_PROGRESS, descriptor.size // retry.ATTEMPTS)
                failures = 1 if advanced else failures + 1
                if failures >= retry.ATTEMPTS:
                    raise
                self._sleep(0 if advanced else retry.backoff(failures))


class _Ended(IntegrityFailure):
    """The body ended, by all signs as it should, before the blob did."""

    def __init__(self, descriptor: Descriptor, at: int) -> None:
        super().__init__(f"{descriptor.digest} ends after {at} of its {descriptor.size} bytes")


def _get(descriptor: Descriptor, offset: int) -> Call:
    headers = dict(_PLAIN)
    if offset:
        headers["Range"] = f"bytes={offset}-"
    return Call("GET", f"blobs/{descriptor.digest}", headers, accepted=(416,))


def _start(stream: Stream, descriptor: Descriptor, wanted: int) -> int | None:
    """The offset at which the body starts; None where only the whole blob can be asked for.

    IntegrityFailure where the registry's blob has another length than the descriptor says.
    """
    if stream.status == 200:
        length = stream.headers.get("content-length", "")
        plain = not stream.headers.get("content-encoding")
        if plain and length.isdecimal():
            _check_length(int(length), descriptor)
        return 0
    told = _CONTENT_RANGE.fullmatch(stream.headers.get("content-range", "").strip().lower())
    if told and told[2] != "*":
        _check_length(int(told[2]), descriptor)
    if stream.status == 206 and told and told[1] and int(told[1]) == wanted:
        return wanted
    if stream.status == 416 and wanted == 0:
        raise IntegrityFailure(f"the registry has nothing of {descriptor.digest}")
    return None


def _check_length(found: int, descriptor: Descriptor) -> None:
    if found != descriptor.size:
        raise IntegrityFailure(
            f"{descriptor.digest} has {found} bytes where {descriptor.size} were promised"
        )


def _skipped(chunks: Stream, count: int) -> Iterator[bytes]:
    """The chunks without their first `count` bytes."""
    for chunk in chunks:
        if count >= len(chunk):
            count -= len(chunk)
        else:
            yield chunk[count:] if count else chunk
            count = 0
