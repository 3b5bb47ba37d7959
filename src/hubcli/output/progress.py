"""How far transfers are: bars on a terminal, lines elsewhere, always on stderr."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from hubcli.output import human
from hubcli.output.terminal import Terminal
from hubcli.output.text import visible

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

# Enough to look alive; each drawing costs some milliseconds that the transfer could use.
_DRAWINGS_PER_SECOND = 8
_LABEL_WIDTH = 24


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


@dataclass
class _Blob:
    """`moved` counts the bytes of this try, `done` those that were there before."""

    label: str
    total: int | None
    done: int = 0
    moved: int = 0
    started: float = 0.0

    @property
    def present(self) -> int:
        return self.done + self.moved


class _Account:
    """What both kinds of progress keep: the blobs under way, and what has become of the rest."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._lock = threading.RLock()
        self._blobs: dict[str, _Blob] = {}
        self._outcomes: Counter[str] = Counter()
        self._moved = 0
        self._started = time.monotonic()

    def _open(self, key: str, label: str, total: int | None, done: int) -> _Blob:
        blob = _Blob(visible(label), total, done, started=time.monotonic())
        self._blobs[key] = blob
        return blob

    def _move(self, key: str, count: int) -> _Blob | None:
        self._moved += count
        blob = self._blobs.get(key)
        if blob is not None:
            blob.moved += count
        return blob

    def _close(self, key: str, outcome: str) -> _Blob:
        self._outcomes[outcome] += 1
        return self._blobs.pop(key, None) or _Blob(visible(key), None, started=time.monotonic())

    def _summary(self) -> str | None:
        """`9 copied, 3 skipped: 123MB in 4.2 s (29.3MB/s)`; None where nothing was finished."""
        if not self._outcomes:
            return None
        counts = ", ".join(f"{count} {visible(name)}" for name, count in self._outcomes.items())
        seconds = time.monotonic() - self._started
        return f"{counts}: {_speed(self._moved, seconds)}"


class LineProgress(_Account):
    """One line for each finished blob, and a summary: for logs and pipes."""

    def __enter__(self) -> Self:
        self._started = time.monotonic()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        summary = self._summary()
        if kind is None and summary is not None:
            self._terminal.say(summary)

    def begin(self, key: str, label: str, total: int | None, *, done: int = 0) -> None:
        with self._lock:
            self._open(key, label, total, done)

    def advance(self, key: str, count: int) -> None:
        with self._lock:
            self._move(key, count)

    def restart(self, key: str) -> None:
        with self._lock:
            if (blob := self._blobs.get(key)) is not None:
                blob.moved = blob.done = 0

    def finish(self, key: str, outcome: str) -> None:
        with self._lock:
            blob = self._close(key, outcome)
        line = f"{visible(outcome)} {blob.label}"
        if blob.moved:
            line += f" {_speed(blob.moved, time.monotonic() - blob.started)}"
        elif blob.total is not None:
            line += f" {human.size(blob.total)}"
        self._terminal.say(line)


class BarProgress(_Account):
    """A bar for each blob under way and one for all; nothing of them stays."""

    def __init__(self, terminal: Terminal) -> None:
        super().__init__(terminal)
        self._bars: Bars | None = None
        self._all: TaskID | None = None
        self._tasks: dict[str, TaskID] = {}
        self._total = 0

    def __enter__(self) -> Self:
        self._started = time.monotonic()
        self._bars = _bars(self._terminal)
        self._all = self._bars.add_task("total", total=None, visible=False)
        self._bars.start()
        self._terminal.above_bars = self._say_above
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._terminal.above_bars = None
        if self._bars is not None:
            self._bars.stop()
            self._bars = None
        summary = self._summary()
        if kind is None and summary is not None:
            self._terminal.say(summary)

    def _say_above(self, line: str) -> None:
        from rich.text import Text

        if self._bars is not None:
            self._bars.console.print(Text(line), soft_wrap=True)

    def begin(self, key: str, label: str, total: int | None, *, done: int = 0) -> None:
        with self._lock:
            if (before := self._blobs.get(key)) is not None:
                self._forget(key, before)
            blob = self._open(key, label, total, done)
            self._total += total or 0
            self._advance_all(done)
            if self._bars is not None:
                description = _fitting(blob.label)
                self._tasks[key] = self._bars.add_task(description, total=total, completed=done)

    def advance(self, key: str, count: int) -> None:
        with self._lock:
            self._move(key, count)
            self._advance_all(count)
            if self._bars is not None and (task := self._tasks.get(key)) is not None:
                self._bars.advance(task, count)

    def restart(self, key: str) -> None:
        with self._lock:
            if (blob := self._blobs.get(key)) is None:
                return
            self._advance_all(-blob.present)
            blob.moved = blob.done = 0
            if self._bars is not None and (task := self._tasks.get(key)) is not None:
                self._bars.reset(task)

    def finish(self, key: str, outcome: str) -> None:
        with self._lock:
            blob = self._close(key, outcome)
            if outcome == "failed":
                self._forget(key, blob)
                return
            self._remove(key)
            # What was skipped or mounted counts as there, or the whole would never be full.
            self._advance_all(max((blob.total or 0) - blob.present, 0))

    def _forget(self, key: str, blob: _Blob) -> None:
        """Leave the blob out of the whole."""
        self._remove(key)
        self._total -= blob.total or 0
        self._advance_all(-blob.present)

    def _remove(self, key: str) -> None:
        task = self._tasks.pop(key, None)
        if task is not None and self._bars is not None:
            self._bars.remove_task(task)

    def _advance_all(self, count: int) -> None:
        if self._bars is not None and self._all is not None:
            self._bars.update(self._all, total=self._total, advance=count, visible=True)


def _fitting(label: str) -> str:
    from hubcli.output.table import cut

    return cut(human.short_digest(label), _LABEL_WIDTH, "...")


def _speed(count: int, seconds: float) -> str:
    told = f"{human.size(count)} in {human.span(seconds)}"
    return f"{told} ({human.size(count / seconds)}/s)" if count and seconds > 0 else told


def _bars(terminal: Terminal) -> Bars:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )
    from rich.table import Column

    console = Console(
        file=terminal.stderr,
        force_terminal=True,
        no_color=not terminal.error_color,
        width=terminal.width,
        legacy_windows=False,
    )
    return Progress(
        TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True)),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=console,
        refresh_per_second=_DRAWINGS_PER_SECOND,
        transient=True,
        # The streams stay what they are: messages come through `Terminal.say`, data to stdout.
        redirect_stdout=False,
        redirect_stderr=False,
    )
