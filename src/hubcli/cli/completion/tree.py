"""The command tree as completion scripts need it: names, help lines, and what a value can be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from hubcli.cli.app import ALIASES, COMMANDS, load, root
from hubcli.output.selection import FORMAT_NAMES

DYNAMIC = ("repository", "reference", "registry")
"""Kinds of values that `hubcli __complete KIND PREFIX` knows."""

FILES = "file"
_METAVARS = {
    "REPO": "repository",
    "REF": "reference",
    "NEW": "repository",
    "OLD": "repository",
    "SRC": "reference",
    "DST": "reference",
    "HOST": "registry",
    "FILE": FILES,
    "DIR": FILES,
    "DEST": FILES,
    "LIST": FILES,
}


@dataclass(frozen=True, slots=True)
class Option:
    """A flag. `values` are its words, `kind` says where else they come from; neither: any text."""

    names: tuple[str, ...]
    help: str
    takes_value: bool
    values: tuple[str, ...] = ()
    kind: str | None = None
    list: bool = False


@dataclass(frozen=True, slots=True)
class Argument:
    """What stands after the flags; `many` when the last one may be repeated."""

    values: tuple[str, ...] = ()
    kind: str | None = None
    many: bool = False


@dataclass(frozen=True, slots=True)
class Node:
    """A command; `path` is how it is called, without `hubcli`."""

    path: tuple[str, ...]
    help: str
    options: tuple[Option, ...]
    arguments: tuple[Argument, ...]
    children: tuple[Node, ...]

    @property
    def name(self) -> str:
        return self.path[-1] if self.path else "hubcli"

    @property
    def key(self) -> str:
        return " ".join(self.path)

    def walk(self) -> Iterator[Node]:
        yield self
        for child in self.children:
            yield from child.walk()

    def argument(self, number: int) -> Argument | None:
        """What the argument at that place (from 0) is."""
        if number < len(self.arguments):
            return self.arguments[number]
        last = self.arguments[-1] if self.arguments else None
        return last if last and last.many else None


def tree() -> Node:
    """The whole tree; every command's module is imported for it."""
    children = [_node(load(name), (name,)) for name, entry in COMMANDS.items() if not entry.hidden]
    children += [_node(load(target), (alias,)) for alias, target in ALIASES.items()]
    return Node((), "", _options(root()), (), tuple(children))


def _node(command: Any, path: tuple[str, ...]) -> Node:
    children = [
        _node(child, (*path, name))
        for name, child in getattr(command, "commands", {}).items()
        if not child.hidden
    ]
    return Node(
        path, _line(command.help), _options(command), tuple(_arguments(command)), tuple(children)
    )


def _line(text: str | None) -> str:
    return (text or "").strip().partition("\n")[0].rstrip(".")


def _options(command: Any) -> tuple[Option, ...]:
    found = [_option(command, parameter) for parameter in command.params if _is_shown(parameter)]
    return (*found, Option(("-h", "--help"), "Show help", takes_value=False))


def _is_shown(parameter: Any) -> bool:
    return parameter.param_type_name == "option" and not parameter.hidden


def _option(command: Any, parameter: Any) -> Option:
    names = (*parameter.opts, *parameter.secondary_opts)
    values = _words(parameter)
    listed = "--fields" in names
    if "--format" in names:
        values = FORMAT_NAMES
    view = getattr(command.callback, "view", None)
    if listed and view is not None:
        values = (*view.names, "help")
    takes_value = not parameter.is_flag
    kind = _kind(parameter.metavar) if takes_value and not values else None
    return Option(names, _line(parameter.help), takes_value, values, kind, listed)


def _arguments(command: Any) -> Iterator[Argument]:
    for parameter in command.params:
        if parameter.param_type_name != "argument":
            continue
        values = _words(parameter)
        yield Argument(values, None if values else _kind(parameter.metavar), parameter.nargs == -1)


def _words(parameter: Any) -> tuple[str, ...]:
    choices: Sequence[Any] = getattr(parameter.type, "choices", ())
    return tuple(str(getattr(choice, "value", choice)) for choice in choices)


def _kind(metavar: str | None) -> str | None:
    """By the name that help gives the value: `REPO…` is a repository."""
    name = (metavar or "").strip("[]").partition("|")[0].rstrip(".…")
    return _METAVARS.get(name.partition("_")[0])
