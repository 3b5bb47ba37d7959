"""Ways to run hubcli: in this process, and as a process of its own; both in a private home."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from support import leaks

NOBODY = "127.0.0.1:9"
"""Where nothing listens: the default of everything that would go out to the internet."""

_GUARD = Path(__file__).parent / "guard"
_KEPT = ("PATH", "TMPDIR", "PYTHONDONTWRITEBYTECODE")


def private_environ(home: Path) -> dict[str, str]:
    """Variables for a user of one's own: nothing of the real user's is read or changed.

    Without a session bus, so without a keyring; docker.io is a port where nobody listens.
    """
    directories = {
        "HOME": home,
        "XDG_CONFIG_HOME": home / "config",
        "XDG_CACHE_HOME": home / "cache",
        "XDG_DATA_HOME": home / "data",
        "XDG_STATE_HOME": home / "state",
        "XDG_RUNTIME_DIR": home / "runtime",
    }
    for directory in directories.values():
        directory.mkdir(parents=True, exist_ok=True)
    directories["XDG_RUNTIME_DIR"].chmod(0o700)
    kept = {name: value for name, value in os.environ.items() if _is_kept(name)}
    return {
        **kept,
        **{name: str(path) for name, path in directories.items()},
        "LC_ALL": "C.UTF-8",
        "PYTHONPATH": str(_GUARD),
        # No cloud's metadata server is asked: each is at an address that is not this machine's.
        "AZURE_TOKEN_CREDENTIALS": "dev",
        "NO_GCE_CHECK": "true",
        "HUBCLI_HUB_URL": f"http://{NOBODY}",
        "HUBCLI_DOCKER_REGISTRY": f"http://{NOBODY}",
    }


def _is_kept(name: str) -> bool:
    return name in _KEPT or name.startswith(("COV_", "COVERAGE_"))


@dataclass(frozen=True)
class Result:
    """What a run of hubcli left behind."""

    exit_code: int
    stdout: str
    stderr: str
    stdout_bytes: bytes = b""

    def json(self) -> Any:
        """stdout as one JSON value."""
        return json.loads(self.stdout)

    def lines(self) -> list[str]:
        """stdout by lines."""
        return self.stdout.splitlines()


class _Stream(io.TextIOWrapper):
    """Text over bytes in memory, like a real standard stream; a terminal if told so."""

    def __init__(self, content: bytes = b"", *, terminal: bool = False) -> None:
        super().__init__(io.BytesIO(content), encoding="utf-8", write_through=True)
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal

    def content(self) -> bytes:
        self.flush()
        buffer = self.buffer
        assert isinstance(buffer, io.BytesIO)
        return buffer.getvalue()


@dataclass(frozen=True)
class InProcess:
    """Runs hubcli in this process: quick, and seen by debuggers."""

    environ: Mapping[str, str]
    directory: Path

    def __call__(
        self,
        *argv: str | Path,
        stdin: str | bytes = b"",
        env: Mapping[str, str] | None = None,
        terminal: bool = False,
        columns: int = 80,
    ) -> Result:
        """Run `hubcli ARGV`; with `terminal` all three streams claim to be one."""
        from hubcli.__main__ import run

        environ = {**self.environ, **(env or {})}
        if terminal:
            environ = {"TERM": "xterm-256color", "COLUMNS": str(columns), **environ}
        source = _Stream(stdin.encode() if isinstance(stdin, str) else stdin, terminal=terminal)
        out, err = _Stream(terminal=terminal), _Stream(terminal=terminal)
        words = [str(argument) for argument in argv]
        with (
            mock.patch.dict(os.environ, environ, clear=True),
            contextlib.chdir(self.directory),
            leaks.WATCH.running() as lines,
        ):
            exit_code = run(words, environ, source, out, err)
        written = out.content()
        shown, told = written.decode(errors="backslashreplace"), err.content().decode()
        leaks.check_run(words, environ, stdin, shown, told, lines)
        return Result(exit_code, shown, told, written)


@dataclass(frozen=True)
class Subprocess:
    """Runs `python -m hubcli`: the real thing, with pipes for streams."""

    environ: Mapping[str, str]
    directory: Path

    def __call__(
        self,
        *argv: str | Path,
        stdin: str | bytes = b"",
        env: Mapping[str, str] | None = None,
        timeout: float = 60,
    ) -> Result:
        """Run `hubcli ARGV` to its end."""
        environ = {**self.environ, **(env or {})}
        done = subprocess.run(
            self.command(*argv),
            input=stdin.encode() if isinstance(stdin, str) else stdin,
            capture_output=True,
            env=environ,
            cwd=self.directory,
            timeout=timeout,
        )
        shown = done.stdout.decode(errors="backslashreplace")
        told = done.stderr.decode(errors="backslashreplace")
        leaks.check_run([str(argument) for argument in argv], environ, stdin, shown, told)
        return Result(done.returncode, shown, told, done.stdout)

    def start(
        self, *argv: str | Path, env: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """Start `hubcli ARGV` with three pipes, to be stopped, signalled or cut off midway."""
        return subprocess.Popen(
            self.command(*argv),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**self.environ, **(env or {})},
            cwd=self.directory,
        )

    @staticmethod
    def command(*argv: str | Path) -> list[str]:
        """The argument vector of `hubcli ARGV`."""
        return [sys.executable, "-m", "hubcli", *map(str, argv)]
