"""JMESPath over the JSON of a listing or a thing; its result as rows for the other formats."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from hubcli.errors import UsageError
from hubcli.output.views import Field, Kind, Row

if TYPE_CHECKING:
    from jmespath.parser import ParsedResult


class Query:
    """A checked expression."""

    def __init__(self, expression: str) -> None:
        """UsageError, with the position, where `expression` is no JMESPath."""
        import jmespath
        from jmespath.exceptions import JMESPathError

        self._expression = expression
        try:
            self._compiled: ParsedResult = jmespath.compile(expression)
        except JMESPathError as error:
            raise _refused(expression, error) from None

    def search(self, document: object) -> object:
        """What the expression yields; UsageError where a function refuses what it is given."""
        from jmespath.exceptions import JMESPathError

        try:
            return self._compiled.search(document)
        except JMESPathError as error:
            raise _refused(self._expression, error) from None


def _refused(expression: str, error: Exception) -> UsageError:
    told = " ".join(str(error).split())
    return UsageError(f"--query {expression!r}: {told}", hint="https://jmespath.org/tutorial.html")


def as_rows(result: object) -> tuple[tuple[Field, ...], list[Row]]:
    """A query's result as columns and rows.

    A list of objects has their keys as columns, in the order of first sight; a list of lists has
    numbered ones; anything else stands in one column called `value`, one row per element.
    """
    elements: list[object] = (
        list(result) if isinstance(result, list) else [] if result is None else [result]
    )
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
