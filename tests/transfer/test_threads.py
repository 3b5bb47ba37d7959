"""Work side by side: all of it, or until the first failure."""

from __future__ import annotations

import threading
import time

import pytest

from hubcli.errors import NotFound
from hubcli.transfer.threads import Stopped, Workers


def test_everything_is_done_a_few_at_a_time() -> None:
    lock, running, most, done = threading.Lock(), 0, 0, []

    def work(item: int) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.01)
        with lock:
            running -= 1
            done.append(item)

    Workers(3).each(work, range(12))
    assert sorted(done) == list(range(12))
    assert most == 3


def test_the_first_failure_stops_the_rest() -> None:
    workers = Workers(2)
    begun: list[int] = []
    other, stopped = threading.Event(), threading.Event()

    def work(item: int) -> None:
        begun.append(item)
        if item == 0:
            assert other.wait(5)
            raise NotFound("gone")
        other.set()
        try:
            while True:
                workers.check()
                time.sleep(0.001)
        except Stopped:
            stopped.set()
            raise

    with pytest.raises(NotFound, match="gone"):
        workers.each(work, range(100))
    assert stopped.is_set()
    assert len(begun) <= 2


def test_workers_can_be_used_again_after_a_failure() -> None:
    workers = Workers(2)

    def fail(_: int) -> None:
        raise NotFound("gone")

    with pytest.raises(NotFound):
        workers.each(fail, [1])
    done: list[int] = []
    workers.each(done.append, [1, 2])
    assert sorted(done) == [1, 2]


def test_nothing_to_do_is_done() -> None:
    Workers(4).each(lambda _: None, [])
