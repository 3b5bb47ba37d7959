"""`hubcli webhook listen`: receive what Docker Hub sends on pushes."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from hubcli.cli.commands import Rows, Shown
from hubcli.cli.listings import by_line
from hubcli.cli.runtime import Runtime
from hubcli.cli.secretline import secret_line
from hubcli.cli.webhook.declared import PUSH, group
from hubcli.cli.webhook.execution import SECRET, checked, run
from hubcli.errors import HubcliError, UsageError
from hubcli.output import Row, Selection, visible

if TYPE_CHECKING:
    from hubcli.webhooks import Listener, Push

_ENDING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))


@group.command("listen", shows=PUSH, network=False)
def listen(
    runtime: Runtime,
    selection: Selection,
    port: Annotated[
        int,
        typer.Option("--port", metavar="P", min=0, max=65535, help="The port; 0 is any free one."),
    ] = 0,
    host: Annotated[
        str, typer.Option("--host", metavar="ADDRESS", help="The address to listen on.")
    ] = "127.0.0.1",
    program: Annotated[
        str | None,
        typer.Option("--exec", metavar="PROGRAM", help="Run this for each push, without a shell."),
    ] = None,
    secret_stdin: Annotated[
        bool, typer.Option("--secret-stdin", help="Read the secret part of the URL from stdin.")
    ] = False,
    once: Annotated[bool, typer.Option("--once", help="End after the first push.")] = False,
    count: Annotated[
        int | None, typer.Option("--count", metavar="N", min=1, help="End after N pushes.")
    ] = None,
    arguments: Annotated[
        list[str] | None,
        typer.Argument(metavar="[-- ARG…]", help="Arguments of the program of --exec."),
    ] = None,
) -> Shown:
    """Receive what Docker Hub sends on pushes.

    Serves plain HTTP, for a tunnel or a reverse proxy to stand before.
    The URL that is printed ends in a secret, because Hub signs nothing.
    It is a new one each time unless --secret-stdin or HUBCLI_WEBHOOK_SECRET gives one.

    The program gets the payload on stdin, and the main fields as HUBCLI_REFERENCE,
    HUBCLI_REPOSITORY, HUBCLI_TAG, HUBCLI_PUSHER and HUBCLI_PUSHED.
    Programs run one after the other, and what they print goes to stderr.
    Up to 100 pushes wait meanwhile; more are refused. SIGTERM lets those that wait be done.

    \b
    Examples:
      hubcli webhook listen --port 8080
      hubcli webhook listen --port 8080 --exec ./deploy.sh -- --environment production
      hubcli webhook listen --once --format jsonl --fields reference,pusher
    """
    from hubcli.webhooks import Listener

    command = checked(_command(program, arguments or ()), runtime.environ)
    secret = _secret(runtime, secret_stdin)
    if selection.query and not (once or count):
        raise UsageError("--query needs all pushes before it shows one: say --count, too")
    listener = Listener(
        host,
        port,
        secret=secret,
        count=1 if once else count,
        refused=lambda why: runtime.output.warning(f"refused what is no push: {why}"),
    )
    url = listener.url("…" if secret else None)
    runtime.output.notice(f"listening at {url}")
    rows = _handled(runtime, listener, command)
    if by_line(runtime, selection):
        for row in rows:
            runtime.output.text(_told(row))
        return None
    return Rows(rows)


def _command(program: str | None, arguments: Sequence[str]) -> list[str]:
    if program is None and arguments:
        raise UsageError("there are arguments, but no program", hint="hubcli webhook listen --help")
    return [] if program is None else [program, *arguments]


def _secret(runtime: Runtime, from_stdin: bool) -> str | None:
    from hubcli.webhooks.listener import checked_secret

    given = runtime.environ.get(SECRET) or None
    if from_stdin:
        given = secret_line(runtime, "the secret")
    return None if given is None else checked_secret(given)


def _handled(runtime: Runtime, listener: Listener, command: Sequence[str]) -> Iterator[Row]:
    """A row for each push, once its command has ended."""
    with _on_termination(listener.stop), listener:
        for push in listener.pushes():
            yield {**push.row, "exit_code": _exit_code(runtime, command, push)}


def _exit_code(runtime: Runtime, command: Sequence[str], push: Push) -> int | None:
    """How the command ended; a failure is reported, and the next push is waited for."""
    if not command:
        return None
    code = None
    with runtime.attempting():
        code = run(command, push, runtime.environ)
        if code:
            raise HubcliError(
                f"{command[0]} ended with exit code {code}",
                action="handle the push of",
                reference=push.reference,
            )
    return code


@contextmanager
def _on_termination(stop: Callable[[], None]) -> Iterator[None]:
    """`stop` when the system wants this program to end; at once if it wants it again."""

    def handle(number: int, _: object) -> None:
        signal.signal(number, signal.SIG_DFL)
        stop()

    before = {number: signal.signal(number, handle) for number in _ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _told(row: Row) -> str:
    ended = "" if row["exit_code"] is None else f", exit code {row['exit_code']}"
    moment = row["pushed"] or row["received"]
    return visible(f"{moment}  {row['reference']} pushed by {row['pusher']}{ended}")
