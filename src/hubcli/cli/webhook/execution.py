"""Running a command for each push: never through a shell, one after the other."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from hubcli.errors import HubcliError, UsageError

if TYPE_CHECKING:
    from hubcli.webhooks import Push

SECRET = "HUBCLI_WEBHOOK_SECRET"  # noqa: S105 - the name of the variable that holds it
_PATIENCE = 10
_STDERR = 2


def checked(command: Sequence[str], environ: Mapping[str, str]) -> Sequence[str]:
    """`command`, if its program can be run; UsageError now rather than at the first push."""
    if command and shutil.which(command[0], path=environ.get("PATH")) is None:
        raise UsageError(
            f"there is no program {command[0]!r} that can be run; its arguments stand behind --",
            hint="hubcli webhook listen --help",
        )
    return command


def run(command: Sequence[str], push: Push, environ: Mapping[str, str]) -> int:
    """Run a command with the payload on stdin and the main fields in the environment.

    Its exit code, or 128 and the number of the signal that ended it. What it prints goes to
    stderr: stdout is ours. HubcliError where it cannot be run.
    """
    passed = {name: value for name, value in environ.items() if name != SECRET}
    try:
        child = subprocess.Popen(
            [*command], stdin=subprocess.PIPE, stdout=_STDERR, env=passed | push.environ
        )
    except OSError as error:
        raise HubcliError(
            error.strerror or str(error), action="run", reference=command[0]
        ) from error
    try:
        child.communicate(push.content)
    except KeyboardInterrupt:
        # At a terminal the command got the same Ctrl-C: it may have something to put in order.
        with suppress(subprocess.TimeoutExpired):
            child.wait(_PATIENCE)
        raise
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()
    return child.returncode if child.returncode >= 0 else 128 - child.returncode
