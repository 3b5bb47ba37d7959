"""The program: runs the command line and turns whatever happens into an exit code."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from hubcli import __version__

if TYPE_CHECKING:
    from hubcli.cli.runtime import Runtime


def main() -> None:
    """The entry point `hubcli`."""
    sys.exit(_program(sys.argv[1:]))


def credential_helper() -> None:
    """The entry point `docker-credential-hubcli`."""
    sys.exit(_program(["auth", "helper", *sys.argv[1:]]))


def _program(arguments: Sequence[str]) -> int:
    """`run` in a process of its own, whose memory is not tidied up on the way nor at the end.

    What a start makes is there to the end: looking through it for garbage, as Python does again
    and again, and three times before it ends, takes a tenth of a short command and finds nothing.
    """
    gc.set_threshold(10_000)
    try:
        return run(arguments, os.environ, sys.stdin, sys.stdout, sys.stderr)
    finally:
        gc.freeze()


def run(
    arguments: Sequence[str],
    environ: Mapping[str, str],
    stdin: TextIO | None,
    stdout: TextIO | None,
    stderr: TextIO | None,
) -> int:
    """Run one command line; the exit code is that of the contract, nothing is raised."""
    if list(arguments) == ["--version"] and stdout is not None:
        return _print_version(stdout, stderr)
    from hubcli.cli.runtime import Runtime

    runtime = Runtime(environ, stdin, stdout, stderr)
    try:
        try:
            return _invoke(arguments, runtime)
        finally:
            runtime.close()
    except BrokenPipeError:
        return int(runtime.exit_code)
    except KeyboardInterrupt:
        return 130
    finally:
        _settle(stdout)


def _invoke(arguments: Sequence[str], runtime: Runtime) -> int:
    from typer import Abort
    from typer._click.exceptions import ClickException, NoArgsIsHelpError

    from hubcli.cli.app import invoke
    from hubcli.errors import HubcliError, most_severe

    try:
        code = invoke(arguments, runtime)
        runtime.output.flush()
        return code or int(runtime.exit_code)
    except NoArgsIsHelpError as asked:
        runtime.output.text(asked.ctx.get_help() if asked.ctx else "")
        return 0
    except ClickException as error:
        failure = _usage_failure(error)
    except HubcliError as error:
        failure = error
    except (Abort, EOFError):
        return 130
    except (BrokenPipeError, KeyboardInterrupt):
        raise
    except Exception as error:  # noqa: BLE001 - the last line of defence against a traceback
        failure = _surprise(error, runtime)
    runtime.report(failure)
    return int(most_severe(runtime.exit_code))


def _usage_failure(error: Any) -> Any:
    from hubcli.errors import UsageError

    message = " ".join(error.format_message().split()).rstrip(".")
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "hubcli"
    return UsageError(message[:1].lower() + message[1:], hint=f"{path} --help")


def _surprise(error: Exception, runtime: Runtime) -> Any:
    """A defect of ours, or the system's refusal: never a traceback unless it is asked for."""
    from hubcli.errors import HubcliError

    if runtime.debug:
        import traceback

        runtime.output.notice("".join(traceback.format_exception(error)))
    if isinstance(error, OSError):
        named = f"{error.filename}: " if error.filename else ""
        return HubcliError(f"{named}{error.strerror or error}", code="SYSTEM")
    return HubcliError(
        f"unexpected {type(error).__name__}: {error}",
        code="INTERNAL",
        hint="--debug shows where it came from",
    )


def _print_version(stdout: TextIO, stderr: TextIO | None) -> int:
    """Without importing the command line: scripts ask for it often."""
    try:
        stdout.write(f"hubcli {__version__}\n")
        stdout.flush()
    except BrokenPipeError:
        return 0
    except OSError as error:
        with contextlib.suppress(OSError):
            print(f"error: {error.strerror} (SYSTEM)", file=stderr)
        return 1
    finally:
        _settle(stdout)
    return 0


def _settle(stdout: TextIO | None) -> None:
    """Point stdout nowhere if it takes nothing more: Python would complain of that at its end."""
    try:
        if stdout is not None:
            stdout.flush()
    except (OSError, ValueError):
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stdout.fileno() if stdout else 1)


if __name__ == "__main__":
    main()
