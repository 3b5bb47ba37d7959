"""How far transfers are: bars on a terminal, lines elsewhere, always on stderr."""

from __future__ import annotations

from types import TracebackType
from typing import Protocol, Self


class Progress(Protocol):
    """What a transfer tells about its blobs, from any thread. A context manager.

    `key` names a blob within this transfer, its digest say; counts and totals are bytes.
    """

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def begin(self, key: str, label: str, total: int | None, *, done: int = 0) -> None:
        """A blob starts; `done` bytes of it are there from an earlier try."""

    def advance(self, key: str, count: int) -> None:
        """`count` more bytes have moved."""

    def restart(self, key: str) -> None:
        """The blob starts over from its first byte."""

    def finish(self, key: str, outcome: str) -> None:
        """The blob is done: `copied`, `skipped`, `mounted`, `resumed` or `failed`."""


class SilentProgress:
    """Says nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None

    def begin(self, key: str, label: str, total: int | None, *, done: int = 0) -> None:
        pass

    def advance(self, key: str, count: int) -> None:
        pass

    def restart(self, key: str) -> None:
        pass

    def finish(self, key: str, outcome: str) -> None:
        pass
