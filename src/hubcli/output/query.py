"""JMESPath over the JSON of a listing or a thing; its result as rows for the other formats."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hubcli.errors import UsageError
from hubcli.output.formats import FORMATS, Layout, project
from hubcli.output.jsontext import to_json
from hubcli.output.views import Field, Kind, Row, View

if TYPE_CHECKING:
    from jmespath.parser import ParsedResult

    from hubcli.output.selection import Choice


_GUIDE = "https://jmespath.org/tutorial.html shows how queries are written"


class Query:
    """A checked expression."""

    def __init__(self, expression: str) -> None:
        """UsageError, with the position, where `expression` is no JMESPath."""
        import jmespath
        from jmespath.exceptions import JMESPathError

        self._expression = expression
        try:
            self._compiled: ParsedResult = jmespath.compile(expression)
        except (JMESPathError, RecursionError) as error:
            raise _refused(expression, error) from None
        unknown = _unknown_functions(self._compiled.parsed)
        if unknown:
            raise UsageError(f"--query {expression!r}: no function {unknown[0]!r}", hint=_GUIDE)

    def search(self, document: object) -> object:
        """What the expression yields; UsageError where a function refuses what it is given."""
        from jmespath.exceptions import JMESPathError

        try:
            return self._compiled.search(document)
        except JMESPathError as error:
            raise _refused(self._expression, error) from None


def answer(choice: Choice, format: str, rows: Iterable[Row], layout: Layout) -> None:
    """Print what the chosen query yields.

    It sees the document that `--format json` would print, whatever the format: the whole array of
    a listing, the object of a single thing. jsonl prints an element of its result per line, the
    other formats see each element as a row.
    """
    if choice.query is None:
        raise ValueError("no query was chosen")
    documents = [project(row, choice.fields) for row in rows]
    result = choice.query.search(documents[0] if layout.single else documents)
    if choice.template is not None:
        choice.template.write(_elements(result), layout)
    elif format == "json":
        indent = 2 if layout.terminal.stdout_is_terminal else None
        layout.write(to_json(result, indent=indent) + "\n")
    elif format == "jsonl":
        for element in _elements(result):
            layout.write(to_json(element) + "\n")
    else:
        fields, found = as_rows(result)
        view = View("result", fields, key=fields[0].name)
        layout = replace(layout, view=view, fields=fields, columns=fields, cards=False)
        FORMATS[format](found, layout)


def _elements(result: object) -> list[object]:
    if result is None:
        return []
    return list(result) if isinstance(result, list) else [result]


def _unknown_functions(node: Mapping[str, Any]) -> list[str]:
    """The functions an expression calls that there are not; jmespath itself notices when run."""
    from jmespath.functions import Functions

    unknown = [
        name
        for child in node["children"]
        if isinstance(child, dict)
        for name in _unknown_functions(child)
    ]
    if node["type"] == "function_expression" and node["value"] not in Functions.FUNCTION_TABLE:
        unknown.insert(0, node["value"])
    return unknown


def _refused(expression: str, error: Exception) -> UsageError:
    told = " ".join(str(error).split())
    return UsageError(f"--query {expression!r}: {told}", hint=_GUIDE)


def as_rows(result: object) -> tuple[tuple[Field, ...], list[Row]]:
    """A query's result as columns and rows.

    A list of objects has their keys as columns, in the order of first sight; a list of lists has
    numbered ones; anything else stands in one column called `value`, one row per element.
    """
    elements = _elements(result)
    if elements and all(isinstance(element, Mapping) for element in elements):
        rows = [element for element in elements if isinstance(element, Mapping)]
        return _fields(dict.fromkeys(str(key) for row in rows for key in row)), rows
    if elements and all(isinstance(element, list) for element in elements):
        numbered = [
            {str(at): value for at, value in enumerate(element)}
            for element in elements
            if isinstance(element, list)
        ]
        width = max(len(row) for row in numbered)
        return _fields(str(at) for at in range(width)), list(numbered)
    return _fields(["value"]), [{"value": element} for element in elements]


def _fields(names: Iterable[str]) -> tuple[Field, ...]:
    return tuple(Field(name, Kind.TEXT, default=True) for name in names)
