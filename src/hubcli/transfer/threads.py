"""A few threads at work on many items, which Ctrl-C and the first failure end at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from hubcli.errors import HubcliError

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")
_GRACE = 2.0
"""Seconds in which threads that were told to stop may clean up."""


class Stopped(HubcliError):
    """The work was given up because other work failed, or the user wants it to end."""

    code = "STOPPED"


class Workers:
    """Does things side by side. Its threads never keep the process from ending.

    What is stopped `above`, by the workers that it works for, is stopped here, too.
    """

    def __init__(self, count: int, above: Workers | None = None) -> None:
        self.count = max(1, count)
        self._above = above
        self._stop = threading.Event()

    def check(self) -> None:
        """To be called in the middle of long work: Stopped once it is of no use any more."""
        if self._stop.is_set():
            raise Stopped("given up")
        if self._above is not None:
            self._above.check()

    def each(self, work: Callable[[_Item], object], items: Iterable[_Item]) -> None:
        """`work(item)` for all items; the first failure is raised, the rest given up by then."""
        queue = list(reversed(list(items)))
        failures: list[BaseException] = []
        lock = threading.Lock()

        def work_off() -> None:
            while not failures and not self._stop.is_set():
                with lock:
                    if not queue:
                        return
                    item = queue.pop()
                try:
                    work(item)
                except BaseException as failure:  # noqa: BLE001 - raised again by the caller
                    failures.append(failure)
                    self._stop.set()

        begun: list[threading.Event] = []
        try:
            begun.extend(_started(work_off) for _ in range(min(self.count, len(queue))))
            for ended in begun:
                _wait(ended)
        except BaseException:
            self._stop.set()
            deadline = time.monotonic() + _GRACE
            for ended in begun:
                ended.wait(max(0.0, deadline - time.monotonic()))
            raise
        if failures:
            self._stop.clear()
            raise next((one for one in failures if not isinstance(one, Stopped)), failures[0])

    def results(
        self, work: Callable[[_Item], _Result], items: Iterable[_Item]
    ) -> Iterator[_Result]:
        """`work(item)` for all items: what comes of them, in their order, as soon as it is there.

        The first failure is raised; it, and whoever takes no more results, ends the rest.
        """
        todo = list(items)
        found: dict[int, _Result] = {}
        failures: list[BaseException] = []
        changed = threading.Condition()

        def one(number: int) -> None:
            result = work(todo[number])
            with changed:
                found[number] = result
                changed.notify_all()

        def all_of_them() -> None:
            try:
                self.each(one, range(len(todo)))
            except BaseException as failure:  # noqa: BLE001 - raised again by the consumer
                with changed:
                    failures.append(failure)
                    changed.notify_all()

        thread = threading.Thread(target=all_of_them, daemon=True)
        thread.start()
        try:
            for number in range(len(todo)):
                with changed:
                    while number not in found and not failures:
                        changed.wait(0.5)
                if failures:
                    raise failures[0]
                yield found.pop(number)
        except BaseException:
            self._stop.set()
            thread.join(_GRACE)
            raise


def _started(work: Callable[[], None]) -> threading.Event:
    """Do `work` in a thread; what is set once it has ended.

    A thread whose `join` is interrupted counts as ended before Python 3.13, though it is not.
    """
    ended = threading.Event()

    def run() -> None:
        try:
            work()
        finally:
            ended.set()

    threading.Thread(target=run, daemon=True).start()
    return ended


def _wait(ended: threading.Event) -> None:
    """Until it is set, but so that signals come through on every platform."""
    while not ended.wait(0.5):
        pass
