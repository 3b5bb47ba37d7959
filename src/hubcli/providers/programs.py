"""Asking a vendor's own command line who the user is."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping

from hubcli.errors import CredentialFailure

_TIMEOUT = 30.0


def printed(environ: Mapping[str, str], name: str, *arguments: str) -> str | None:
    """What a program of the PATH prints; None where it is not there, fails, or prints nothing."""
    program = shutil.which(name, path=environ.get("PATH"))
    if program is None:
        return None
    try:
        done = subprocess.run(
            [program, *arguments],
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT,
        )
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError) as error:
        raise CredentialFailure(f"{name} cannot be asked who you are: {error}") from error
    return done.stdout.strip() or None if done.returncode == 0 else None
