"""Command lines of hubcli that stand in texts, parsed by hubcli itself without being run."""

from __future__ import annotations

import io
import re
import shlex
from collections.abc import Iterator, Sequence
from typing import Any

import typer
from typer._click.exceptions import NoArgsIsHelpError

from hubcli.cli.app import root
from hubcli.cli.runtime import Runtime
from hubcli.output import Selection

_CODE = re.compile(r"^ {2,}\S.*$|`[^`\n]+`", re.MULTILINE)
_HUBCLI = re.compile(r"(?:^[ `]*|[|&;(] *|xargs(?: -\S+)* )(hubcli) ")
_PUNCTUATION = "|&;()<>`"


def command_lines(text: str) -> Iterator[list[str]]:
    """Each `hubcli …` in code, as words: in indented lines, and between backquotes."""
    for code in _CODE.findall(text.replace("\\\n", " ")):
        for found in _HUBCLI.finditer(code):
            words = _words(code[found.start(1) :])
            # What xargs runs has an argument more.
            yield [*words, "x/y"] if found[0].startswith("xargs") else words


def _words(text: str) -> list[str]:
    """Up to what ends the command, or begins a remark in another column."""
    command = re.split(r"\s{2,}", text.strip("`"), maxsplit=1)[0]
    lexer = shlex.shlex(command, posix=True, punctuation_chars=_PUNCTUATION)
    lexer.whitespace_split = True
    words: list[str] = []
    for word in lexer:
        if set(word) <= set(_PUNCTUATION):
            break
        words.append(word)
    return words


def parse(words: Sequence[str]) -> None:
    """Let hubcli read a command line; raises what is wrong with it."""
    runtime = Runtime({}, None, io.StringIO(), io.StringIO())
    command: Any = root()
    try:
        context = command.make_context("hubcli", list(words[1:]), obj=runtime)
        while hasattr(command, "commands"):
            rest = [*context._protected_args, *context.args]
            name, command, rest = command.resolve_command(context, rest)
            context = command.make_context(name, rest, parent=context)
    except (typer.Exit, NoArgsIsHelpError):
        return
    view = getattr(command.callback, "view", None)
    if view is not None:
        given = {name: context.params[name] for name in ("format", "fields", "query")}
        selection = Selection.parse(**given)
        if not selection.wants_field_help:
            selection.checked(view)
