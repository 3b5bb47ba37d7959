"""`hubcli help [TOPIC]`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from hubcli.cli.commands import Commands
from hubcli.cli.runtime import Runtime
from hubcli.errors import UsageError

verbs = Commands()

_TOPICS = Path(__file__).parent / "topics"


def topics() -> dict[str, str]:
    """The topics by name, each with its title."""
    files = sorted(_TOPICS.glob("*.txt"))
    return {file.stem: _text(file.stem).partition("\n")[0] for file in files}


def _text(topic: str) -> str:
    return (_TOPICS / f"{topic}.txt").read_text(encoding="utf-8")


@verbs.command("help", network=False)
def help_(
    runtime: Runtime,
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[TOPIC|COMMAND…]", help="What to explain.")
    ] = None,
) -> None:
    """Explain a topic: references, tags, formats, exit-codes, environment, auth.

    \b
    Examples:
      hubcli help formats
      hubcli help tag ls
    """
    if not words:
        runtime.output.text(_contents())
    elif len(words) == 1 and words[0] in topics():
        runtime.output.text(_text(words[0]))
    else:
        runtime.output.text(_of_command(words))


def _contents() -> str:
    """The topics, and where the commands are listed."""
    listed = "\n".join(f"  {name:<13}{title}" for name, title in topics().items())
    return (
        f"Topics, for `hubcli help TOPIC`:\n\n{listed}\n\n"
        "`hubcli --help` lists the commands, `hubcli help COMMAND` explains one."
    )


def _of_command(words: list[str]) -> str:
    """The help of the command that `words` call."""
    from hubcli.cli.app import ALIASES, COMMANDS, load, root

    context = root().make_context("hubcli", [words[0]], resilient_parsing=True)
    command: Any = None
    for number, word in enumerate(words):
        if number == 0:
            name = ALIASES.get(word, word)
            command = load(name) if name in COMMANDS else None
        else:
            command = getattr(command, "commands", {}).get(word)
        if command is None:
            raise UsageError(
                f"there is no topic or command {' '.join(words[: number + 1])!r}",
                hint=f"topics are {', '.join(topics())}",
            )
        context = type(context)(command, info_name=word, parent=context)
    return str(command.get_help(context))
