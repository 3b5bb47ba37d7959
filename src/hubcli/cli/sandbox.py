"""`hubcli sandbox`: a Docker Hub and its registry of one's own, on loopback."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hubcli.cli.commands import Commands
from hubcli.cli.runtime import Runtime
from hubcli.errors import HubcliError

if TYPE_CHECKING:
    from hubcli.sandbox.server import Running

group = Commands("Run a local Docker Hub with its registry.")

_PACKAGES = ("starlette", "uvicorn")
"""What the extra `sandbox` adds."""

Port = Annotated[
    int | None, typer.Option("--port", metavar="P", min=1, max=65535, help="The port to use.")
]


@group.command("up", network=False)
def up(
    runtime: Runtime,
    port: Port = None,
    data: Annotated[
        Path | None,
        typer.Option("--data", metavar="DIR", help="Keep everything in DIR, not in memory."),
    ] = None,
) -> None:
    """Serve a sandbox until Ctrl-C.

    Prints the variables that lead programs to it; in another shell use

        eval "$(hubcli sandbox env)"
    """
    from hubcli import config
    from hubcli.cli.foreground import Interruption
    from hubcli.sandbox import environment, records

    with Interruption() as interruption, _serving(port or 0, data) as (running, home):
        record = records.Record(
            running.sandbox.id, running.port, os.getpid(), running.url, str(home), time.time()
        )
        with records.noted(config.state_directory() / "sandboxes", record):
            added = environment.variables(running.url, home, runtime.environ)
            runtime.output.text(environment.script(added))
            runtime.output.flush()
            runtime.output.notice(f"The sandbox is up at {running.url}; Ctrl-C ends it.")
            runtime.output.notice('In another shell: eval "$(hubcli sandbox env)"')
            interruption.wait()


@group.command("env", network=False)
def env(runtime: Runtime, port: Port = None) -> None:
    """Print the variables of the sandbox that is up.

    For a POSIX shell: eval "$(hubcli sandbox env)"
    """
    from hubcli import config
    from hubcli.sandbox import environment, records

    record = records.find(config.state_directory() / "sandboxes", port)
    added = environment.variables(record.url, Path(record.home), runtime.environ)
    runtime.output.text(environment.script(added))


@group.command("run", network=False, raw_arguments=True)
def run(
    runtime: Runtime,
    command: Annotated[list[str], typer.Argument(metavar="-- CMD [ARG]…", help="What to run.")],
) -> None:
    """Run a command inside a sandbox of its own.

    The exit code is the command's, or 128 and the number of the signal that ended it.
    """
    from hubcli.cli import foreground

    with _serving(0, None) as (running, home):
        raise typer.Exit(foreground.run(runtime, command, _environ(runtime, running, home)))


@group.command("demo", network=False)
def demo(runtime: Runtime) -> None:
    """Walk through what a registry does.

    Follows Docker's page "What is a registry?" inside a sandbox of its own.
    Signs in, searches, makes a private repository, pushes to it, lists its tags and pulls.
    """
    from hubcli.cli.demo import Demo

    with _serving(0, None) as (running, home):
        Demo(runtime, _environ(runtime, running, home), home / "demo").walk()


def _environ(runtime: Runtime, running: Running, home: Path) -> dict[str, str]:
    from hubcli.sandbox import environment

    added = environment.variables(running.url, home, runtime.environ)
    return environment.inside(runtime.environ, added)


@contextmanager
def _serving(port: int, data: Path | None) -> Iterator[tuple[Running, Path]]:
    """A sandbox, and the directory of its private files: in `data`, else a temporary one."""
    import tempfile
    from importlib.util import find_spec

    missing = [package for package in _PACKAGES if find_spec(package) is None]
    if missing:
        raise HubcliError(
            f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not installed",
            action="start the sandbox",
            hint="pip install 'hubcli[sandbox]'",
        )
    from hubcli.sandbox import environment
    from hubcli.sandbox.app import Settings
    from hubcli.sandbox.server import serving

    with (
        serving(Settings(data), port) as running,
        tempfile.TemporaryDirectory(prefix="hubcli-sandbox-", ignore_cleanup_errors=True) as made,
    ):
        home = Path(made) / "home" if data is None else data.absolute() / "home"
        environment.prepare(home)
        yield running, home
