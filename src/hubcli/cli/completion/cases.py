"""What the scripts for bash and zsh share: shell functions that look things up by `case`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from hubcli.cli.completion.tree import Node, Value


def lookups(top: Node, node: Callable[[Node], str]) -> str:
    """The functions `_hubcli_node`, `_hubcli_value` and `_hubcli_argument`.

    The first sets what `node` writes for a command; the others set `values` (words with spaces
    between), `kind` (of what is looked up) and `listed` (where commas part the values).
    """
    nodes = (f"{_quoted(one.key)}) {node(one)} ;;" for one in top.walk() if one.has_more)
    return "\n".join(
        [
            _function("_hubcli_node", "$1", [*nodes, f"*) {node(Node((), ''))} ;;"]),
            _function("_hubcli_value", "$1 $2", _values(top)),
            _function("_hubcli_argument", "$1 $2", _arguments(top)),
        ]
    )


def _function(name: str, subject: str, cases: Iterable[str]) -> str:
    body = "\n".join(f"        {case}" for case in cases)
    return f"{name}() {{\n    case {_quoted(subject)} in\n{body}\n    esac\n}}\n"


def _values(top: Node) -> Iterator[str]:
    """By command and flag; flags of a command that take the same share a case."""
    for node in top.walk():
        flags: dict[Value, list[str]] = {}
        for name, option in node.flags:
            if option.value is not None and not option.value.is_free:
                flags.setdefault(option.value, []).append(_quoted(f"{node.key} {name}"))
        for value, names in flags.items():
            yield f"{'|'.join(names)}) {_given(value)} ;;"


def _arguments(top: Node) -> Iterator[str]:
    """By command and place of the argument, from 0."""
    for node in top.walk():
        for number, argument in enumerate(node.arguments):
            if not argument.value.is_free:
                later = f"|{_quoted(f'{node.key} ')}*" if argument.many else ""
                yield f"{_quoted(f'{node.key} {number}')}{later}) {_given(argument.value)} ;;"


def _given(value: Value) -> str:
    parts = {
        "values": value.words and f"'{' '.join(value.words)}'",
        "kind": value.kind,
        "listed": "1" if value.listed else None,
    }
    return " ".join(f"{name}={part}" for name, part in parts.items() if part)


def _quoted(text: str) -> str:
    return f'"{text}"'
