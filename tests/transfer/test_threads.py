"""Work side by side: all of it, or until the first failure."""

from __future__ import annotations

import signal
import threading
import time

import pytest

from hubcli.errors import HubcliError, NotFound
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


def test_ctrl_c_waits_for_what_cleans_up() -> None:
    """For the very thread that it was waiting for when it came, too."""
    workers = Workers(1)
    caller, cleaned = threading.get_ident(), threading.Event()

    def work(_: int) -> None:
        time.sleep(0.01)  # the caller waits by then, or else this shows nothing
        signal.pthread_kill(caller, signal.SIGINT)
        try:
            while True:
                workers.check()
        except Stopped:
            time.sleep(0.01)
            cleaned.set()

    with pytest.raises(KeyboardInterrupt):
        workers.each(work, [1])
    assert cleaned.is_set()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_is_gone_is_neither_waited_for_nor_taken_for_done() -> None:
    def gone(*_: object) -> None:
        raise MemoryError("before its first line")

    before = threading.gettrace()
    threading.settrace(gone)
    try:
        with pytest.raises(HubcliError, match="a thread is gone"):
            Workers(2).each(lambda _: None, range(2))
        with pytest.raises(HubcliError, match="a thread is gone"):
            next(Workers(2).results(lambda item: item, range(2)))
    finally:
        threading.settrace(before)


def test_nothing_to_do_is_done() -> None:
    Workers(4).each(lambda _: None, [])


def test_results_come_in_the_order_of_the_items() -> None:
    """However long each takes, and one by one: nobody waits for the last of them."""
    late = threading.Event()

    def work(item: int) -> int:
        if item == 1:
            assert late.wait(5)
        return item * item

    results = Workers(3).results(work, range(3))
    assert next(results) == 0
    late.set()
    assert list(results) == [1, 4]


def test_the_first_failure_is_raised_in_place_of_results() -> None:
    def work(item: int) -> int:
        if item == 1:
            raise NotFound("gone")
        return item

    with pytest.raises(NotFound):
        list(Workers(1).results(work, range(3)))


def test_whoever_takes_no_more_results_stops_the_rest() -> None:
    above = Workers(2)
    stopped = threading.Event()

    def work(item: int) -> int:
        below = Workers(1, above)
        while item:
            try:
                below.check()
            except Stopped:
                stopped.set()
                raise
            time.sleep(0.001)
        return item

    results = above.results(work, range(2))
    assert next(results) == 0
    results.close()  # type: ignore[attr-defined]
    assert stopped.wait(5)
