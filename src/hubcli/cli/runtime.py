"""What a command is handed: output, settings and session, each made when it is first touched."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, TextIO, TypeVar

from hubcli.errors import ExitCode, HubcliError, most_severe
from hubcli.output import Output

if TYPE_CHECKING:
    from hubcli.config import Settings
    from hubcli.session import Session

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class Runtime:
    """One run of hubcli: streams, environment, the options common to all commands.

    Tests replace it whole. The plain attributes are set while the command line is parsed.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        stdin: TextIO | None,
        stdout: TextIO | None,
        stderr: TextIO | None,
    ) -> None:
        self.environ = environ
        self.debug = False
        self.no_color = False
        self.config_file: str | None = None
        self.plain_http = False
        self.max_wait: float | None = None
        self.json_errors = False
        self.stdin = stdin
        self.stdout = stdout
        self.stderr = stderr
        self._reported: list[ExitCode] = []

    @cached_property
    def output(self) -> Output:
        return Output(self.stdin, self.stdout, self.stderr, self.environ, no_color=self.no_color)

    @cached_property
    def settings(self) -> Settings:
        from hubcli import config

        return config.load(self.environ, path=self.config_file, plain_http=self.plain_http)

    @cached_property
    def session(self) -> Session:
        from hubcli.session import Session

        return Session(
            self.settings,
            notify=self.output.notice,
            warn=self.output.warning,
            trace=self.output.notice if self.debug else None,
            max_wait=self.max_wait,
        )

    def close(self) -> None:
        """Let go of connections, if any were made."""
        if "session" in self.__dict__:
            self.session.close()

    def renew(self) -> None:
        """Begin as if nothing had been done yet: for commands that do the same again and again.

        Failures so far count no more, and what servers may make us wait is counted anew.
        """
        self.close()
        self.__dict__.pop("session", None)
        self._reported.clear()

    @property
    def exit_code(self) -> ExitCode:
        """The most severe of the failures reported so far."""
        return most_severe(*self._reported)

    def report(self, error: HubcliError) -> None:
        """Print a failure and remember its exit code; the command may go on."""
        self._reported.append(error.exit_code)
        self.output.error(error, as_json=self.json_errors)

    @contextmanager
    def attempting(self) -> Iterator[None]:
        """For one part of a batch: a failure inside is reported, and the batch goes on."""
        try:
            yield
        except HubcliError as error:
            self.report(error)

    def each(self, items: Iterable[_Item], work: Callable[[_Item], _Result]) -> Iterator[_Result]:
        """The result of `work` for each item in turn; those that fail are reported and left out."""
        for item in items:
            try:
                result = work(item)
            except HubcliError as error:
                self.report(error)
            else:
                yield result
