"""Pieces of bytes as a stream of known position, that ends when too much has come out of it."""

from __future__ import annotations

from collections.abc import Iterator

from hubcli.errors import IntegrityFailure


class ByteStream:
    """`most` are the bytes that may be read, holes counted; IntegrityFailure for one more."""

    def __init__(self, chunks: Iterator[bytes], most: int, shown: str) -> None:
        self._chunks = chunks
        self._rest = memoryview(b"")
        self._most = most
        self._came = 0
        self._shown = shown
        self.at = 0

    def read(self, size: int, *, at_end: bool = False) -> bytes:
        """Exactly `size` bytes; with `at_end` nothing, too, where the stream has ended."""
        content = b"".join(self._pieces(size))
        if len(content) < size and (content or not at_end):
            raise self._cut_off()
        return content

    def chunks(self, size: int) -> Iterator[bytes]:
        """The next `size` bytes in pieces."""
        left = size
        for piece in self._pieces(size):
            left -= len(piece)
            yield bytes(piece)
        if left:
            raise self._cut_off()

    def skip(self, size: int) -> None:
        """Let the next `size` bytes pass."""
        left = size - sum(map(len, self._pieces(size)))
        if left:
            raise self._cut_off()

    def pad(self, size: int) -> None:
        """Let at most `size` bytes pass: the last padding of a tar may be missing (umoci)."""
        for _ in self._pieces(size):
            pass

    def drain(self) -> None:
        """Let all pass that is left."""
        self._rest = memoryview(b"")
        while self._next():
            self._rest = memoryview(b"")

    def count_holes(self, size: int) -> None:
        """Bytes that do not come out of the stream, but of what is made of it."""
        self._came += size
        if self._came > self._most:
            raise IntegrityFailure(
                f"{self._shown} unpacks to more than {self._most} bytes",
                hint="raise the limit with --max-unpacked if you trust the image",
            )

    def _pieces(self, size: int) -> Iterator[memoryview]:
        while size > 0 and (self._rest or self._next()):
            piece, self._rest = self._rest[:size], self._rest[size:]
            self.at += len(piece)
            size -= len(piece)
            yield piece

    def _next(self) -> bool:
        for chunk in self._chunks:
            if chunk:
                self.count_holes(len(chunk))
                self._rest = memoryview(chunk)
                return True
        return False

    def _cut_off(self) -> IntegrityFailure:
        return IntegrityFailure(f"{self._shown} is no readable tar: it is cut off")
