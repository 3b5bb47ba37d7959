"""What the person asked to see: format, fields, query, quiet - checked before any request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hubcli.errors import UsageError
from hubcli.output.views import Field, View

if TYPE_CHECKING:
    from hubcli.output.query import Query
    from hubcli.output.template import Template

FORMAT_NAMES = ("table", "json", "jsonl", "csv", "tsv")
_HELP = ("help",)


@dataclass(frozen=True)
class Choice:
    """A selection that fits a view.

    `fields` are those of JSON, `columns` those of table, tsv and csv. `format` is None where
    nobody named one, and where a template is to be used.
    """

    view: View
    fields: tuple[Field, ...]
    columns: tuple[Field, ...]
    format: str | None = None
    template: Template | None = None
    query: Query | None = None
    quiet: bool = False


@dataclass(frozen=True)
class Selection:
    """The values of `--format`, `--fields`, `--query` and `-q`, not yet held against a view."""

    format: str | None = None
    fields: tuple[str, ...] | None = None
    query: str | None = None
    quiet: bool = False

    @classmethod
    def parse(
        cls,
        *,
        format: str | None = None,
        fields: str | None = None,
        query: str | None = None,
        quiet: bool = False,
    ) -> Selection:
        """The options as typed: `fields` is `a,b,c`. UsageError on what is wrong in any view."""
        names = None
        if fields is not None:
            names = tuple(dict.fromkeys(part.strip() for part in fields.split(",") if part.strip()))
            if not names:
                raise UsageError("--fields names no field", hint="--fields help lists them")
        selection = cls(format or None, names, query or None, quiet)
        selection._form()
        return selection

    @property
    def wants_field_help(self) -> bool:
        """`--fields help`: the fields are to be listed (`Output.describe`), nothing else done."""
        return self.fields == _HELP

    @property
    def wants_json(self) -> bool:
        """Whether errors are JSON objects too."""
        return self.format in {"json", "jsonl"}

    def checked(self, view: View) -> Choice:
        """This selection held against `view`.

        UsageError on an unknown format or field, a bad template or a bad query; nothing has been
        asked of a server by then.
        """
        format, template = self._form()
        query = None
        if self.query is not None:
            from hubcli.output.query import Query

            query = Query(self.query)
        fields, columns = self._fields(view)
        if template is not None and query is None:
            template.check(view, fields)
        return Choice(view, fields, columns, format, template, query, self.quiet)

    def _fields(self, view: View) -> tuple[tuple[Field, ...], tuple[Field, ...]]:
        """The fields of JSON and of the other formats."""
        if self.fields is None:
            return view.fields, view.defaults
        chosen = tuple(dict.fromkeys(view.field(name) for name in self.fields))
        return chosen, chosen

    def _form(self) -> tuple[str | None, Template | None]:
        wanted = self.format
        if wanted is None or wanted in FORMAT_NAMES:
            return wanted, None
        if "{{" in wanted:
            from hubcli.output.template import Template

            return None, Template(wanted)
        raise UsageError(
            f"unknown format {wanted!r}; it is one of {', '.join(FORMAT_NAMES)}, "
            "or a template such as '{{.name}}'"
        )
