"""Templates in docker's style: Go's text/template, the part of it that people type."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from hubcli.errors import UsageError
from hubcli.output.template.nodes import Scope
from hubcli.output.template.parser import parse
from hubcli.output.template.values import Heading
from hubcli.output.views import Field, View

if TYPE_CHECKING:
    from hubcli.output.formats import Layout

_TABLE = "table"
# How docker's tables stand: three spaces between columns, none narrower than ten.
_PADDING, _NARROWEST = 3, 10


class Template:
    r"""A parsed template: `{{.name}}\t{{.digest}}`, or with `table ` before it, with headings.

    Values print as in tsv: null as nothing, lists comma-joined, control characters visible.
    What the template itself says is printed as it is; `\t` and `\n` in it are tab and newline.
    """

    def __init__(self, source: str) -> None:
        """UsageError, with the position, where `source` cannot be parsed."""
        self._in_columns = source.startswith(_TABLE)
        skipped = len(_TABLE) if self._in_columns else 0
        if self._in_columns:
            skipped += len(source[skipped:]) - len(source[skipped:].lstrip())
            source = source.rstrip()
        self._body, self._fields = parse(source, skipped)

    def check(self, view: View, fields: tuple[Field, ...]) -> None:
        """UsageError where the template names a field that is not among these of `view`."""
        chosen = replace(view, fields=fields, key=fields[0].name)
        for node in self._fields:
            try:
                node.name_exactly(chosen.field(node.names[0]).name)
            except UsageError as error:
                reason = f"template, character {node.at + 1}: {error.reason}"
                raise UsageError(reason, hint="--fields help lists the fields") from None

    def render(self, value: object) -> str:
        """The template filled in for one row, or one result of a query."""
        out: list[str] = []
        self._body.write(Scope(value), out)
        return "".join(out)

    def write(self, values: Iterable[object], layout: Layout) -> None:
        """Print the values, a line for each as they come; a `table` once all are there."""
        if not self._in_columns:
            for value in values:
                layout.write(self.render(value) + "\n")
            return
        heading = self.render(Heading.of(layout.view))
        lines = [heading, *(self.render(value) for value in values)]
        layout.write(_aligned("\n".join(lines).split("\n")))


def _aligned(lines: list[str]) -> str:
    """Tab-separated lines in columns; what stands after the last tab of a line is not padded."""
    from hubcli.output.table import cell_width

    table = [line.split("\t") for line in lines]
    widths: dict[int, int] = {}
    for cells in table:
        for at, cell in enumerate(cells[:-1]):
            widths[at] = max(widths.get(at, _NARROWEST), cell_width(cell) + _PADDING)
    text = []
    for cells in table:
        padded = [
            cell + " " * (widths[at] - cell_width(cell)) for at, cell in enumerate(cells[:-1])
        ]
        text.append("".join([*padded, cells[-1]]) + "\n")
    return "".join(text)
