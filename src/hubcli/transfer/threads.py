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

        begun: list[_Thread] = []
        try:
            begun.extend(_Thread(work_off) for _ in range(min(self.count, len(queue))))
            for one in begun:
                if not one.has_ended_well():
                    failures.append(_gone())
                    self._stop.set()
        except BaseException:
            self._stop.set()
            deadline = time.monotonic() + _GRACE
            for one in begun:
                one.wait(max(0.0, deadline - time.monotonic()))
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
                    while number not in found and not failures and thread.is_alive():
                        changed.wait(0.5)
                    if number not in found and not failures:
                        failures.append(_gone())
                if failures:
                    raise failures[0]
                yield found.pop(number)
        except BaseException:
            self._stop.set()
            thread.join(_GRACE)
            raise


def _gone() -> HubcliError:
    return HubcliError("a thread is gone, its work undone", code="INTERNAL")


class _Thread:
    """Does `work` in a thread of its own.

    Nobody joins it: a thread whose `join` is interrupted counts as ended before Python 3.13,
    though it is not.
    """

    def __init__(self, work: Callable[[], None]) -> None:
        self._ended = threading.Event()
        self._work = work
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def wait(self, seconds: float) -> bool:
        """Whether it has come to its end, after so many seconds at most."""
        return self._ended.wait(seconds)

    def has_ended_well(self) -> bool:
        """Wait for its end, but so that signals come through on every platform; whether it came
        there by itself, and is not simply gone."""
        while not self.wait(0.5):
            if not self._thread.is_alive():
                return self._ended.is_set()
        return True

    def _run(self) -> None:
        try:
            self._work()
        finally:
            self._ended.set()
