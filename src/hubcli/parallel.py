"""Doing several things at once with a few threads, and handing out results in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def in_order(
    work: Callable[[_Item], _Result], items: Iterable[_Item], workers: int
) -> Iterator[_Result]:
    """`work(item)` for each item, at most `workers` at once, results in the order of `items`.

    Items are taken no more than twice `workers` ahead of what has been handed out, so that an
    endless source and a slow consumer need little memory. The first failure is raised in its turn;
    what has not begun by then never does. Whoever stops taking results waits for what is running:
    it may use what is closed next.
    """
    pool = ThreadPoolExecutor(max_workers=max(1, workers))
    waiting: deque[Future[_Result]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) >= 2 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except GeneratorExit:
        pool.shutdown(cancel_futures=True)
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
