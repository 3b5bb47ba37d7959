"""Lets threads begin to be traced one after the other.

CPython 3.11 refuses to install a trace function while another thread installs one, and the thread
that it refuses dies before its first line. An audit hook in Python, as the guards here are, is
asked in the middle of that, and lets other threads run. Coverage traces each thread.
"""

import sys


def install() -> None:
    """Guard this process from now on, if coverage traces its threads by now."""
    if "coverage" not in sys.modules:
        return
    import threading
    from typing import Any

    hook = threading.gettrace()
    if hook is None:
        return
    threading.settrace(None)  # as coverage itself ends it
    begin: Any = threading.Thread._bootstrap_inner  # type: ignore[attr-defined]
    installing = threading.Lock()

    def begun(thread: threading.Thread) -> None:
        with installing:
            sys.settrace(hook)
            _first_call()
        begin(thread)

    threading.Thread._bootstrap_inner = begun  # type: ignore[attr-defined]


def _first_call() -> None:
    """Where coverage's hook puts its real tracer in its own place."""
