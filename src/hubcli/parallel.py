"""Doing several things at once with a few threads, and handing out results in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import local
from typing import TypeVar

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

_PATIENCE = 5.0
_here = local()


def in_order(
    work: Callable[[_Item], _Result], items: Iterable[_Item], workers: int
) -> Iterator[_Result]:
    """`work(item)` for each item, at most `workers` at once, results in the order of `items`.

    Items are taken no more than twice `workers` ahead of what has been handed out, so that an
    endless source and a slow consumer need little memory. The first failure is raised in its turn;
    what has not begun by then never does. Whoever stops taking results waits a while for what is
    running: it may use what is closed next.
    """
    pool = ThreadPoolExecutor(max_workers=max(1, workers), initializer=_begin_working)
    waiting: deque[Future[_Result]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) >= 2 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except GeneratorExit:
        pool.shutdown(wait=False, cancel_futures=True)
        _await_running(waiting)
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _begin_working() -> None:
    _here.is_worker = True


def _await_running(futures: Iterable[Future[_Result]]) -> None:
    """Wait for those that run, but not without end and never in one of the threads that run them.

    The garbage collector closes a forgotten generator wherever it happens to be called: in one of
    its own workers, or while this thread holds a lock that they need.
    """
    if not getattr(_here, "is_worker", False):
        wait([future for future in futures if future.running()], _PATIENCE)
