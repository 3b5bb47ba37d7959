"""Refuses to start a program with a secret among its arguments: everybody can read those."""

import sys
from collections.abc import Callable, Iterable

_STARTING = {"subprocess.Popen": 1, "os.posix_spawn": 1, "os.exec": 1, "os.system": 0}
"""Events of the audit hook (Python's "Audit events table"), and where their arguments stand."""


class SecretInArguments(RuntimeError):
    """Code under test wanted to start a program with a secret among its arguments."""


def install(secrets: Iterable[str], watching: Callable[[], bool] = lambda: True) -> None:
    """Guard this process from now on, whenever `watching` says so."""

    def audit(event: str, arguments: tuple[object, ...]) -> None:
        at = _STARTING.get(event)
        if at is None or not watching():
            return
        told = repr(arguments[at])
        for secret in secrets:
            if secret in told:
                raise SecretInArguments(f"a program is started with {secret!r} in its arguments")

    sys.addaudithook(audit)
