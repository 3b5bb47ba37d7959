"""Transfers as they go on: bars at a terminal, lines in a log, silence where wanted."""

from __future__ import annotations

import re
import sys
import threading
import time
from pathlib import Path

import pytest

from hubcli.output.progress import BarProgress, LineProgress, Progress, SilentProgress
from support.streams import Streams
from support.terminal import at_terminal

DIGEST = "sha256:" + "ab" * 32


def transfer(progress: Progress) -> None:
    with progress:
        progress.begin("a", "config", 1500)
        progress.advance("a", 1000)
        progress.advance("a", 500)
        progress.finish("a", "copied")
        progress.begin("b", "layer \x1b[2J", 4_000_000)
        progress.finish("b", "skipped")
        progress.begin("c", "manifest", None, done=700)
        progress.advance("c", 300)
        progress.restart("c")
        progress.advance("c", 1000)
        progress.finish("c", "resumed")
        progress.finish("d", "mounted")


def without_times(text: str) -> str:
    return re.sub(r"in [\d.]+ s \(\S+/s\)", "in TIME", text)


def test_lines() -> None:
    streams = Streams()
    progress = streams.output.progress()
    assert isinstance(progress, LineProgress)
    transfer(progress)
    assert streams.out == ""
    assert without_times(streams.err) == (
        "copied config 1.5kB in TIME\n"
        "skipped layer \\x1b[2J 4MB\n"
        "resumed manifest 1kB in TIME\n"
        "mounted d\n"
        "1 copied, 1 skipped, 1 resumed, 1 mounted: 2.8kB in TIME\n"
    )


def test_nothing_to_do_is_no_summary() -> None:
    streams = Streams()
    with streams.output.progress():
        pass
    assert streams.err == ""


def test_a_transfer_that_failed_has_no_summary() -> None:
    streams = Streams()

    def cut_off(progress: Progress) -> None:
        with progress:
            progress.begin("a", "config", 10)
            progress.finish("a", "failed")
            raise ValueError("cut")

    with pytest.raises(ValueError, match="cut"):
        cut_off(streams.output.progress())
    assert streams.err == "failed config 10B\n"


@pytest.mark.parametrize("terminal", [False, True])
def test_silence(terminal: bool) -> None:
    streams = Streams(terminal=terminal)
    progress = streams.output.progress(quiet=True)
    assert isinstance(progress, SilentProgress)
    transfer(progress)
    assert (streams.out, streams.err) == ("", "")


def test_a_terminal_that_cannot_move_its_cursor_gets_lines() -> None:
    streams = Streams(terminal=True, environ={"TERM": "dumb"})
    assert isinstance(streams.output.progress(), LineProgress)


def test_bars_leave_nothing_but_the_summary() -> None:
    streams = Streams(terminal=True)
    progress = streams.output.progress()
    assert isinstance(progress, BarProgress)
    transfer(progress)
    assert streams.out == ""
    *_, last = streams.err.splitlines()
    assert without_times(last).endswith("1 copied, 1 skipped, 1 resumed, 1 mounted: 2.8kB in TIME")


@pytest.mark.parametrize("terminal", [False, True])
def test_threads_lose_no_byte(terminal: bool) -> None:
    streams = Streams(terminal=terminal)
    with streams.output.progress() as progress:

        def copy(key: str) -> None:
            progress.begin(key, key, 1000)
            for _ in range(1000):
                progress.advance(key, 1)
            progress.finish(key, "copied")

        threads = [threading.Thread(target=copy, args=(str(n),)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert without_times(streams.err.splitlines()[-1]).endswith("8 copied: 8kB in TIME")


@pytest.mark.parametrize("terminal", [False, True])
def test_keys_that_never_began_are_no_failure(terminal: bool) -> None:
    streams = Streams(terminal=terminal)
    with streams.output.progress() as progress:
        progress.advance("x", 5)
        progress.restart("x")
        progress.finish("x", "copied")
    assert "1 copied" in streams.err


def total_of(progress: Progress) -> tuple[float, float | None]:
    """How full the bar for all is: done, and of how much."""
    assert isinstance(progress, BarProgress)
    assert progress._bars is not None
    task = progress._bars.tasks[0]
    return task.completed, task.total


def test_the_bar_for_all_counts_every_blob_once() -> None:
    with Streams(terminal=True).output.progress() as progress:
        progress.begin("a", "a", 100, done=40)
        progress.begin("b", "b", 50)
        assert total_of(progress) == (40, 150)
        progress.advance("a", 10)
        assert total_of(progress) == (50, 150)
        progress.restart("a")
        assert total_of(progress) == (0, 150)
        progress.begin("a", "a", 100)
        progress.advance("a", 100)
        assert total_of(progress) == (100, 150)
        progress.finish("a", "copied")
        assert total_of(progress) == (100, 150)
        progress.finish("b", "skipped")
        assert total_of(progress) == (150, 150)
        progress.begin("c", "c", 70)
        progress.advance("c", 30)
        progress.finish("c", "failed")
        assert total_of(progress) == (150, 150)


SCRIPT = """
import os, sys, time
from hubcli.output import Output
output = Output.of_process(os.environ)
with output.progress() as progress:
    progress.begin("a", "%s", 2000000)
    progress.advance("a", 500000)
    time.sleep(0.4)
    output.notice("waiting for [bold]ghcr.io[/bold]")
    time.sleep(0.4)
    %s
    progress.advance("a", 1500000)
    progress.finish("a", "copied")
"""


def script(body: str) -> list[str]:
    return [sys.executable, "-c", SCRIPT % (DIGEST, body)]


def test_bars_at_a_real_terminal(tmp_path: Path) -> None:
    with at_terminal(script("pass"), environ={}, directory=tmp_path, columns=100) as screen:
        assert screen.wait() == 0
        assert "sha256:abababababab" in screen.screen
        assert "0.5/2.0 MB" in screen.screen
        assert "total" in screen.screen
        assert "waiting for [bold]ghcr.io[/bold]\n" in screen.screen
        final = screen.left
        assert [without_times(line) for line in final] == [
            "waiting for [bold]ghcr.io[/bold]",
            "1 copied: 2MB in TIME",
        ]


def test_ctrl_c_leaves_nothing_behind(tmp_path: Path) -> None:
    with at_terminal(script("time.sleep(20)"), environ={}, directory=tmp_path) as screen:
        screen.expect("waiting for")
        time.sleep(0.5)  # let the line be written out: a stroke in the middle of it may repeat it
        screen.send("\x03")
        assert screen.wait() != 0
        final = screen.left
        assert final[0] == "waiting for [bold]ghcr.io[/bold]"
        assert final[1].startswith(("^CTraceback", "Traceback"))
        assert screen.raw.rindex("\x1b[?25h") > screen.raw.rindex("\x1b[?25l")
