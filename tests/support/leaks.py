"""Finds secrets in what runs of hubcli leave behind: streams, debug lines, files, command lines.

Every run of every test is looked through (`support.running`, `support.terminal`), and so is the
home of its user when the test is over. What is looked for: the secrets that tests plant, those that
a run was given, and whatever has the shape of a token.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from support.guard.planted import PLANTED, TOKENS

_GIVEN = ("HUBCLI_PASSWORD", "HUBCLI_TOKEN", "HUBCLI_SCIM_TOKEN")
_SHORTEST = 8
"""Characters of a secret that a run was given, from which on it is no word of another text."""

_SHAPES = re.compile(
    r"dckr_(?:pat|oat)_[\w-]{16,}|\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]+"
    r"|(?:Bearer|Basic) [\w=+/.-]{12,}"
)
_SHOWING = (
    *(("auth", "token"), ("auth", "helper"), ("token", "create"), ("token", "rotate")),
    *(("org", "token", "create"), ("sandbox",)),
)
"""Commands that are there to print a secret on stdout."""

_KEEPING = re.compile(r"(^|/)(auth|config)\.json$|(^|/)sandboxes?/|(^|/)keyrings/")
"""Files that are there to hold credentials, and the user's own."""

_OWN = ("cache", "config", "state")
"""Where hubcli keeps things, below the home of a test's user."""


class Leaked(AssertionError):
    """A secret stands where it should not."""


class Watch:
    """Whether a run of hubcli in this process is under way, and the debug lines it would print."""

    def __init__(self) -> None:
        self.on = False
        self.lines: list[str] = []

    def __call__(self) -> bool:
        return self.on

    @contextmanager
    def running(self) -> Iterator[list[str]]:
        """The debug lines of a run, whether or not it was asked for them."""
        from hubcli.http.client import Client

        say = Client._say

        def said(client: Client, line: str) -> None:
            self.lines.append(line)
            say(client, line)

        self.on, self.lines = True, []
        try:
            with mock.patch.object(Client, "_say", said):
                yield self.lines
        finally:
            self.on = False


WATCH = Watch()


def check_run(
    argv: Sequence[str],
    environ: Mapping[str, str],
    stdin: str | bytes,
    stdout: str,
    stderr: str,
    lines: Iterable[str] = (),
) -> None:
    """Leaked, with the place, where a run of `hubcli ARGV` printed a secret."""
    secrets = _secrets(argv, environ, stdin)
    showing = any(_begins(argv, command) for command in _SHOWING)
    places = {"stdout": "" if showing else stdout, "stderr": stderr, "--debug": "\n".join(lines)}
    for place, text in places.items():
        _check(text, secrets, f"{place} of hubcli {' '.join(argv)[:60]}")


def check_home(home: Path) -> None:
    """Leaked where hubcli kept a secret in a file that is not for it, or one that others can read.

    Tokens are no leak in the cache, which is there for them, in files of the user alone.
    """
    for directory in _OWN:
        for path in (home / directory / "hubcli").rglob("*"):
            shown = str(path.relative_to(home))
            if path.is_symlink() or not path.is_file():
                continue
            if path.stat().st_mode & 0o077 and path.name != "config.toml":  # tests write theirs
                raise Leaked(f"{shown} has mode {path.stat().st_mode & 0o777:o}")
            if not _KEEPING.search(shown):
                secrets = frozenset(PLANTED) - frozenset(TOKENS if directory == "cache" else ())
                text = path.read_bytes().decode(errors="replace")
                _check(text, secrets, shown, shapes=directory != "cache")


def _secrets(argv: Sequence[str], environ: Mapping[str, str], stdin: str | bytes) -> frozenset[str]:
    given = [environ[name] for name in _GIVEN if name in environ]
    if any(argument.endswith("-stdin") for argument in argv):
        given.append(stdin.decode(errors="replace") if isinstance(stdin, bytes) else stdin)
    found = {secret for text in given if len(secret := text.strip()) >= _SHORTEST}
    return frozenset({*PLANTED, *found})


def _check(text: str, secrets: frozenset[str], place: str, *, shapes: bool = True) -> None:
    for secret in secrets:
        if secret in text:
            raise Leaked(f"{secret!r} stands in the {place}")
        # A user name before it moves the digits: each of the three ways is looked for.
        if any(part in text for part in _encoded(secret)):
            raise Leaked(f"{secret!r} stands in the {place}, in base64")
    if shapes and (found := _SHAPES.search(text)):
        raise Leaked(f"{found[0][:16]!r}… stands in the {place}")


def _encoded(secret: str) -> Iterator[str]:
    for offset in range(3):
        digits = base64.b64encode(b"\0" * offset + secret.encode()).decode().rstrip("=")
        yield digits[(0, 2, 3)[offset] : len(digits) - 1]


def _begins(argv: Sequence[str], command: tuple[str, ...]) -> bool:
    """Whether the words of a command come first, options before them aside."""
    words = [argument for argument in argv if not argument.startswith("-")]
    return tuple(words[: len(command)]) == command
