"""What a noun's rows consist of: declared once, and formats, selection, help and docs follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from hubcli.errors import UsageError

Row = Mapping[str, object]


class Kind(Enum):
    """What a field holds in a row; the value is how help and documentation call it."""

    TEXT = "text"
    NUMBER = "number"
    SIZE = "bytes"
    TIME = "time"
    DIGEST = "digest"
    BOOL = "yes/no"
    LIST = "list"
    OBJECT = "object"


@dataclass(frozen=True)
class Field:
    """One field of a row.

    `default` fields are the columns of table, tsv and csv; JSON has all. `header` replaces the
    name in capitals above a table. `display` names another key of the row whose text a table
    shows instead where it has one (a server's `1B+` for a number).
    """

    name: str
    kind: Kind = Kind.TEXT
    default: bool = False
    header: str | None = None
    display: str | None = None

    @property
    def heading(self) -> str:
        return self.header or self.name.replace("_", " ").upper()


@dataclass(frozen=True)
class View:
    """The fields of a noun in their order, and the one that `-q` prints."""

    noun: str
    fields: tuple[Field, ...]
    key: str = "name"

    def __post_init__(self) -> None:
        names = self.names
        if len(set(names)) != len(names):
            raise ValueError(f"the view of {self.noun} has a field twice")
        if self.key not in names:
            raise ValueError(f"the view of {self.noun} has no field {self.key!r} for its key")

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(field.name for field in self.fields)

    @property
    def defaults(self) -> tuple[Field, ...]:
        """The columns nobody has to ask for; all where none is marked."""
        return tuple(field for field in self.fields if field.default) or self.fields

    @property
    def key_field(self) -> Field:
        return self.field(self.key)

    @property
    def plural(self) -> str:
        noun = self.noun
        return f"{noun[:-1]}ies" if noun[-1:] == "y" and noun[-2:-1] not in "aeiou" else f"{noun}s"

    def find(self, name: str) -> Field | None:
        """The field of that name, however it is capitalised: docker's `MediaType` is media_type."""
        wanted = plain_name(name)
        for field in self.fields:
            if field.name == name or plain_name(field.name) == wanted:
                return field
        return None

    def field(self, name: str) -> Field:
        """The field of that name; UsageError naming the valid ones where there is none."""
        found = self.find(name)
        if found is None:
            raise UsageError(
                f"a {self.noun} has no field {name!r}; it has {', '.join(self.names)}",
            )
        return found


def plain_name(name: str) -> str:
    """A field's name without what people vary in it: case, `_` and `-`."""
    return name.replace("_", "").replace("-", "").lower()


FIELDS = View(
    "field",
    (
        Field("name", default=True),
        Field("kind", default=True),
        Field("default", Kind.BOOL, default=True),
    ),
)


def described(view: View) -> list[Row]:
    """One row of `FIELDS` per field of `view`, for `--fields help` and the documentation."""
    shown = view.defaults
    return [
        {"name": field.name, "kind": field.kind.value, "default": field in shown}
        for field in view.fields
    ]
