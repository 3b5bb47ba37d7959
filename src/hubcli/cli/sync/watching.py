"""Doing it again and again: a round fails, the watch goes on."""

from __future__ import annotations

import time
from collections.abc import Callable

from hubcli.cli.foreground import Ending
from hubcli.cli.runtime import Runtime
from hubcli.errors import HubcliError, UsageError

_SHORTEST = 1.0


def interval(text: str) -> float:
    """Read `1h`, `30m`, `1h30m` in seconds."""
    from hubcli import timestamps

    found = timestamps.span(text)
    if found is None or found.total_seconds() < _SHORTEST:
        raise UsageError(f"--watch takes how often, as in 30m or 1h, not {text[:40]!r}")
    return found.total_seconds()


def watch(runtime: Runtime, seconds: float, work: Callable[[], None]) -> None:
    """Work every so many seconds, until somebody wants it to end: that is no failure.

    The exit code is that of the last round.
    """

    def round_() -> None:
        runtime.renew()
        try:
            work()
        except HubcliError as error:
            runtime.report(error)
        runtime.output.flush()

    with Ending() as ending:
        try:
            repeated(round_, seconds, ending.wait)
        except KeyboardInterrupt:
            runtime.output.notice("ended in the middle; the next run goes on from there")


def repeated(
    work: Callable[[], None],
    seconds: float,
    wait: Callable[[float], bool],
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Work every `seconds`, at once where it took longer, until a `wait` was cut short."""
    while True:
        began = clock()
        work()
        if wait(max(0.0, began + seconds - clock())):
            return
