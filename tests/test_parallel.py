"""Doing several things at once, in order."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from collections.abc import Iterator
from itertools import count, islice

import pytest

from hubcli.parallel import in_order


def test_results_come_in_the_order_of_the_items() -> None:
    def slow_first(item: int) -> int:
        time.sleep(0.05 if item == 0 else 0)
        return item * 10

    assert list(in_order(slow_first, range(20), 4)) == [item * 10 for item in range(20)]


def test_no_more_than_the_workers_at_once() -> None:
    running, most, lock = 0, 0, threading.Lock()

    def work(_: int) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.01)
        with lock:
            running -= 1

    list(in_order(work, range(12), 3))
    assert most == 3


def test_an_endless_source_is_read_a_little_ahead() -> None:
    taken = 0

    def source() -> Iterator[int]:
        nonlocal taken
        for item in count():
            taken += 1
            yield item

    assert list(islice(in_order(lambda item: item, source(), 2), 5)) == [0, 1, 2, 3, 4]
    assert taken <= 5 + 4


def test_a_failure_is_raised_in_its_turn_and_ends_the_rest() -> None:
    begun: list[int] = []

    def work(item: int) -> int:
        begun.append(item)
        if item == 3:
            raise ValueError("three")
        time.sleep(0.01)
        return item

    results = in_order(work, range(1000), 2)
    assert list(islice(results, 3)) == [0, 1, 2]
    with pytest.raises(ValueError, match="three"):
        next(results)
    assert len(begun) < 20


def test_who_stops_taking_waits_for_what_is_running() -> None:
    running, ended = threading.Event(), threading.Event()

    def work(item: int) -> int:
        if item == 1:
            running.set()
            time.sleep(0.05)
            ended.set()
        return item

    results = in_order(work, count(), 2)
    next(results)
    assert running.wait(5)
    results.close()  # type: ignore[attr-defined]
    assert ended.is_set()


def test_a_forgotten_one_may_be_collected_by_its_own_worker() -> None:
    running, go_on, collected = threading.Event(), threading.Event(), threading.Event()

    def work(item: int) -> int:
        if item == 1:
            running.set()
            go_on.wait(5)
            gc.collect()
            collected.set()
        return item

    holder: dict[str, object] = {}
    holder["results"] = results = in_order(work, count(), 2)
    holder["itself"] = holder
    next(results)
    assert running.wait(5)
    cycle = weakref.ref(results)
    del results, holder
    go_on.set()
    assert collected.wait(5)
    assert cycle() is None
