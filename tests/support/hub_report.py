"""A pytest plugin: fails the run where Hub requests or answers depart from Docker's document.

A run of the whole suite says which documented operations it has left unanswered.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import pytest

from support import openapi
from support.exchanges import Recorder, Verdict
from support.openapi import Exchange

_KEY = "hub_verdict"
_MOST_SHOWN = 50
_PARTIAL = ("keyword", "markexpr", "deselect", "ignore", "ignore_glob", "lf", "maxfail")
"""Options with which a run is not of the whole suite."""


class HubReport:
    """Judges exchanges where they were recorded, and sums up where the run is controlled."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._verdict = Verdict()

    def judge(self, exchanges: Iterable[Exchange]) -> None:
        """Compare what a sandbox has seen with the document."""
        for exchange in exchanges:
            self._verdict.add(exchange)

    @pytest.hookimpl
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        Recorder.test = item.nodeid

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """Of pytest-xdist: a worker has ended."""
        found = getattr(node, "workeroutput", {}).get(_KEY)
        if found is not None:
            self._verdict.merge(found)

    @pytest.hookimpl
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        verdict = self._verdict
        output = getattr(self._config, "workeroutput", None)
        if output is not None:
            output[_KEY] = verdict.as_data()
        elif verdict.faults and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        verdict = self._verdict
        if openapi.document_path() is None:
            terminalreporter.write_line("Hub requests: not compared, no OpenAPI document at hand")
            return
        counts = (sum(verdict.documented.values()), sum(verdict.undocumented.values()))
        terminalreporter.write_line(
            f"Hub requests: {counts[0]} on documented routes, {counts[1]} on known others"
            f"{_listed(verdict.undocumented)}"
        )
        if missing := self._missing():
            terminalreporter.section("Documented operations that no test has called", red=True)
            terminalreporter.write_line("\n".join(missing))
        if not verdict.faults:
            return
        terminalreporter.section("Hub exchanges that Docker's document does not allow", red=True)
        counted = Counter(verdict.faults)
        for fault, times in counted.most_common(_MOST_SHOWN):
            terminalreporter.write_line(f"{times} x {fault}")
        if len(counted) > _MOST_SHOWN:
            terminalreporter.write_line(f"… and {len(counted) - _MOST_SHOWN} more")

    def _missing(self) -> list[str]:
        """What a whole run should have called, and has not; of a part nothing is expected."""
        whole = self._config.args_source is pytest.Config.ArgsSource.TESTPATHS
        part = any(self._config.getoption(name, default=None) for name in _PARTIAL)
        return self._verdict.unexercised if whole and not part else []


def _listed(routes: Counter[str]) -> str:
    listed = ", ".join(f"{route} x {times}" for route, times in routes.most_common())
    return f" ({listed})" if listed else ""
