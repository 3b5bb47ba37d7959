"""Write docs/commands.md from the command tree: `python docs/generate.py`; `--check` only looks."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hubcli.cli.app import ALIASES, COMMANDS, load, root
from hubcli.cli.commands import common_options, network_options
from hubcli.output import View

PAGE = Path(__file__).parent / "commands.md"
BAR = "\\|"
_COMMON = {name for option in [*common_options(), *network_options()] for name in option.opts}
_SHOWING = {"--format", "--fields", "--query", "-q", "--quiet"}


def page() -> str:
    """The whole page."""
    lines = [
        "# Commands",
        "",
        "Generated from the code by `make completions`; do not edit.",
        "",
        "Every command takes `--debug`, `--no-color` and `--config FILE`, those that talk to",
        "servers `--max-wait SECONDS` and `--plain-http`, and those that show data `--format`,",
        "`--fields`, `--query` and `-q`. Fields in bold are shown when none are named.",
        "",
    ]
    context = root().make_context("hubcli", ["help"], resilient_parsing=True)
    for name, entry in COMMANDS.items():
        if not entry.hidden:
            lines += _command(load(name), f"hubcli {name}", context)
    lines += [f"`{alias}` is short for `{name}`." for alias, name in ALIASES.items()]
    return "\n".join(lines).rstrip() + "\n"


def _command(command: Any, path: str, parent: Any) -> Iterator[str]:
    context = type(parent)(command, info_name=path.rpartition(" ")[2], parent=parent)
    children = getattr(command, "commands", None)
    if children is not None:
        for name, child in children.items():
            if not child.hidden:
                yield from _command(child, f"{path} {name}", context)
        return
    usage = " ".join(piece for piece in command.collect_usage_pieces(context))
    yield from (f"## {path}", "", f"    {path} {usage}", "")
    yield from _text(command.help or "")
    rows = [_row(parameter, context) for parameter in command.params]
    own = [row for row in rows if row]
    if own:
        yield from ("| | |", "|---|---|", *own, "")
    view = getattr(command.callback, "view", None)
    if view is not None:
        yield from (_fields(view), "")


def _text(help: str) -> Iterator[str]:
    """The docstring: its paragraphs, and examples as they stand."""
    for paragraph in help.split("\n\n"):
        if paragraph.startswith("\b"):
            title, *lines = paragraph.removeprefix("\b").strip("\n").split("\n")
            yield from (title, "", *(f"    {line.strip()}" for line in lines), "")
        else:
            yield from (" ".join(paragraph.split()), "")


def _row(parameter: Any, context: Any) -> str | None:
    names = [*parameter.opts, *parameter.secondary_opts]
    if getattr(parameter, "hidden", False) or set(names) & (_COMMON | _SHOWING):
        return None
    if parameter.param_type_name == "argument":
        shown = parameter.make_metavar(ctx=context)
    else:
        metavar = "" if parameter.is_flag else f" {parameter.make_metavar(ctx=context)}"
        shown = ", ".join(f"{name}{metavar}" for name in names)
    cells = (f"`{shown}`", " ".join((parameter.help or "").split()))
    return f"| {' | '.join(cell.replace('|', BAR) for cell in cells)} |"


def _fields(view: View) -> str:
    names = [f"**{field.name}**" if field in view.defaults else field.name for field in view.fields]
    return f"Fields: {', '.join(names)}."


def main() -> int:
    if "--check" in sys.argv[1:]:
        if PAGE.read_text(encoding="utf-8") == page():
            return 0
        print(f"{PAGE.name} is not what the code says: make completions", file=sys.stderr)
        return 1
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
