"""Write the generated pages of docs/, and tables of other pages; `--check` only looks."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import attacks
import conformance
import operations
import registries

from hubcli.cli.app import ALIASES, COMMANDS, load, root
from hubcli.cli.commands import SHOWING, common_options, network_options
from hubcli.output import View

DIRECTORY = Path(__file__).parent
BAR = "\\|"
_INTRODUCTION = """\
# Commands

Generated from the code by `make completions`; do not edit.

`hubcli help COMMAND` shows the same at the terminal. `hubcli help TOPIC` explains what is common to
all of them: `references`, `formats`, `exit-codes`, `environment`, `auth`. Square brackets stand
around what may be left out, and `…` follows what may be repeated.
"""
_COMMON = """\
## Options of many commands

Every command takes the first three, before the command or after it; those that talk to servers take
the next two, and those that show data the rest. Of the fields of a command, those in bold are shown
when none are named.
"""


class Entry(NamedTuple):
    """A command, how it is called, and its place in the tree as help needs it."""

    path: str
    command: Any
    context: Any

    @property
    def anchor(self) -> str:
        return self.path.replace(" ", "-")


def pages() -> dict[str, str]:
    """The generated files by their names."""
    commands = list(entries())
    return {
        "commands.md": page(commands),
        "conformance.md": conformance.page(),
        "providers.md": registries.page(),
        "hub-api.md": operations.page((entry.path, entry.command) for entry in commands),
        "../README.md": registries.readme(_read("../README.md") or ""),
        "../SECURITY.md": attacks.security(_read("../SECURITY.md") or ""),
    }


def page(entries: Sequence[Entry]) -> str:
    """docs/commands.md."""
    sections = [
        _INTRODUCTION,
        _overview(entries),
        _COMMON,
        _table([*common_options(), *network_options(), *_showing(entries)], entries[0].context),
        *(line for entry in entries for line in _section(entry)),
    ]
    return "\n".join(section.rstrip("\n") + "\n" for section in sections if section)


def entries() -> Iterator[Entry]:
    """All commands that do something, in the order of `hubcli --help`."""
    context = root().make_context("hubcli", ["help"], resilient_parsing=True)
    for name, row in COMMANDS.items():
        if not row.hidden:
            yield from _below(load(name), f"hubcli {name}", context)


def _below(command: Any, path: str, parent: Any) -> Iterator[Entry]:
    context = type(parent)(command, info_name=path.rpartition(" ")[2], parent=parent)
    children = getattr(command, "commands", None)
    if children is None:
        yield Entry(path, command, context)
    for name, child in (children or {}).items():
        if not child.hidden:
            yield from _below(child, f"{path} {name}", context)


def _overview(entries: Iterable[Entry]) -> str:
    rows = (
        (f"[{entry.path}](#{entry.anchor})", entry.command.get_short_help_str())
        for entry in entries
    )
    also = (f"`hubcli {alias}` is `hubcli {name}`." for alias, name in ALIASES.items())
    return "\n".join([*_rows(rows), "", *also])


def _section(entry: Entry) -> Iterator[str]:
    usage = " ".join(entry.command.collect_usage_pieces(entry.context))
    yield f"## {entry.path}"
    yield f"    {entry.path} {usage}"
    yield from _text(entry.command.help or "")
    shared = {name for option in [*common_options(), *network_options()] for name in option.opts}
    shared |= {name for option in _showing([entry]) for name in option.opts}
    own = [one for one in entry.command.params if not shared & {*one.opts}]
    yield _table(own, entry.context)
    view = getattr(entry.command.callback, "view", None)
    if view is not None:
        yield _fields(view)


def _text(help: str) -> Iterator[str]:
    """The docstring: its paragraphs, and examples as they stand."""
    for paragraph in help.split("\n\n"):
        if paragraph.startswith("\b"):
            title, examples = paragraph.removeprefix("\b\n").split("\n", 1)
            yield title
            yield _code(examples)
        elif paragraph.startswith("    "):
            yield _code(paragraph)
        else:
            yield textwrap.fill(" ".join(paragraph.split()), 100, break_on_hyphens=False)


def _code(text: str) -> str:
    return textwrap.indent(textwrap.dedent(text), "    ")


def _showing(entries: Iterable[Entry]) -> list[Any]:
    """The options that show data, as the first command that has them declares them."""
    for entry in entries:
        found = [one for one in entry.command.params if one.name in SHOWING]
        if len(found) == len(SHOWING):
            return found
    return []


def _table(parameters: Iterable[Any], context: Any) -> str:
    shown = (one for one in parameters if not getattr(one, "hidden", False))
    rows = [(f"`{_spelled(one, context)}`", " ".join((one.help or "").split())) for one in shown]
    return "\n".join(_rows(rows)) if rows else ""


def _spelled(parameter: Any, context: Any) -> str:
    if parameter.param_type_name == "argument":
        return str(parameter.make_metavar(ctx=context))
    names = ", ".join([*parameter.opts, *parameter.secondary_opts])
    return names if parameter.is_flag else f"{names} {parameter.make_metavar(ctx=context)}"


def _rows(rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    yield from ("| | |", "|---|---|")
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', BAR) for cell in row)} |"


def _fields(view: View) -> str:
    names = [f"**{field.name}**" if field in view.defaults else field.name for field in view.fields]
    return textwrap.fill(f"Fields: {', '.join(names)}.", 100, break_on_hyphens=False)


def main() -> int:
    generated = pages()
    if "--check" not in sys.argv[1:]:
        for name, text in generated.items():
            (DIRECTORY / name).write_text(text, encoding="utf-8")
        return 0
    stale = [name for name, text in generated.items() if _read(name) != text]
    for name in stale:
        print(f"{name} is not what the code says: make completions", file=sys.stderr)
    return 1 if stale else 0


def _read(name: str) -> str | None:
    path = DIRECTORY / name
    return path.read_text(encoding="utf-8") if path.is_file() else None


if __name__ == "__main__":
    sys.exit(main())
