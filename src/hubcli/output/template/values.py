"""What templates compute with: row values, text that is safe to print, headings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hubcli.errors import UsageError
from hubcli.output.text import visible
from hubcli.output.views import View, plain_name


class Printable(str):
    """Text that may be printed as it is: the template's own, or made visible already."""

    __slots__ = ()


class Heading(str):
    """Stands for a value when the heading of a `table` template is made.

    Whatever is done to it, it stays the heading of its field.
    """

    __slots__ = ("view",)
    view: View | None

    @classmethod
    def of(cls, view: View) -> Heading:
        """What stands for a whole row."""
        row = cls(view.noun.upper())
        row.view = view
        return row

    def field(self, name: str) -> Heading:
        found = self.view.find(name) if self.view is not None else None
        heading = Heading(found.heading if found else name.replace("_", " ").upper())
        heading.view = None
        return heading


def printable(value: object) -> Printable:
    """The value as text: as in tsv, see `formats.cell`."""
    from hubcli.output.formats import cell

    if isinstance(value, Printable):
        return value
    return Printable(visible(value) if isinstance(value, Heading) else cell(value))


def lookup(value: object, name: str) -> object:
    """The field `name` of an object, however it is capitalised; null where it has none.

    UsageError where `value` is something that has no fields.
    """
    if isinstance(value, Mapping):
        if name in value:
            found: object = value[name]
            return found
        wanted = plain_name(name)
        return next((item for key, item in value.items() if plain_name(str(key)) == wanted), None)
    if isinstance(value, Heading):
        return value.field(name)
    if value is None:
        return None
    kind = "list" if isinstance(value, list | tuple) else "plain value"
    raise UsageError(f"template: a {kind} has no field {name!r}")


def elements(value: object) -> Iterable[tuple[object, object]]:
    """What `range` goes over: index and element, or key and value in the order of the keys."""
    if isinstance(value, Mapping):
        return sorted(value.items(), key=lambda pair: str(pair[0]))
    if isinstance(value, list | tuple):
        return enumerate(value)
    if isinstance(value, Heading):
        return [(value, value)]
    if value is None:
        return ()
    raise UsageError("template: range needs a list or an object")
