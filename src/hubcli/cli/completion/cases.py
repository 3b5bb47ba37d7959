"""What the scripts for bash and zsh share: shell functions that look things up by `case`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from hubcli.cli.completion.tree import Node


def lookups(top: Node, node: Callable[[Node], str]) -> str:
    """The functions `_hubcli_node`, `_hubcli_value` and `_hubcli_argument`.

    They set `values`, or `kind` where the values are not fixed, and `listed` where commas part
    them; `node` writes what else a command sets.
    """
    nodes = (f"{_quoted(one.key)}) {node(one)} ;;" for one in top.walk())
    return "\n".join(
        [
            _function("_hubcli_node", "$1", nodes),
            _function("_hubcli_value", "$1 $2", _values(top)),
            _function("_hubcli_argument", "$1 $2", _arguments(top)),
        ]
    )


def _function(name: str, subject: str, cases: Iterator[str]) -> str:
    body = "\n".join(f"        {case}" for case in cases)
    return f"{name}() {{\n    case {_quoted(subject)} in\n{body}\n    esac\n}}\n"


def _values(top: Node) -> Iterator[str]:
    """By command and flag; flags that mean the same everywhere share one case per command."""
    for node in top.walk():
        for option in node.options:
            given = _given(option.values, option.kind)
            if option.takes_value and given:
                names = "|".join(_quoted(f"{node.key} {name}") for name in option.names)
                yield f"{names}) {given}{' listed=1' if option.list else ''} ;;"


def _arguments(top: Node) -> Iterator[str]:
    """By command and place of the argument."""
    for node in top.walk():
        for number, argument in enumerate(node.arguments):
            given = _given(argument.values, argument.kind)
            if given:
                later = f"|{_quoted(f'{node.key} ')}*" if argument.many else ""
                yield f"{_quoted(f'{node.key} {number}')}{later}) {given} ;;"


def _given(values: tuple[str, ...], kind: str | None) -> str:
    if values:
        return f"values=({' '.join(values)})"
    return f"kind={kind}" if kind else ""


def _quoted(text: str) -> str:
    return f'"{text}"'
