"""The group that the commands register in, and the views of what they show."""

from __future__ import annotations

from dataclasses import replace

from hubcli.cli.commands import Commands
from hubcli.output import Field, Kind, View

group = Commands("Manage tags.")

TAG = View(
    "tag",
    (
        Field("name", default=True),
        Field("digest", Kind.DIGEST, default=True),
        Field("status", default=True),
        Field("updated", Kind.TIME, default=True),
        Field("pushed", Kind.TIME, default=True),
        Field("pulled", Kind.TIME, default=True),
        Field("size", Kind.SIZE, default=True),
        Field("platforms", Kind.LIST),
        Field("reference"),
        Field("repository"),
        Field("media_type"),
        Field("type"),
        Field("created", Kind.TIME),
        Field("aliases", Kind.LIST),
        Field("expires", Kind.TIME),
    ),
)

REMOVAL = View(
    "removal",
    (
        Field("reference", default=True),
        Field("digest", Kind.DIGEST, default=True),
        Field("action", default=True),
        Field("reason", default=True),
        Field("name"),
        Field("repository"),
    ),
    key="reference",
)

POINTED = View(
    "tag",
    (
        Field("reference", default=True),
        Field("digest", Kind.DIGEST, default=True),
        Field("previous", Kind.DIGEST, default=True),
        Field("action", default=True),
        Field("name"),
        Field("repository"),
        Field("dry_run", Kind.BOOL),
    ),
    key="reference",
)
"""What tags are pointed at, and what they pointed at before."""

PRUNED = View(
    "removal",
    (
        Field("reference", default=True),
        Field("digest", Kind.DIGEST, default=True),
        Field("action", default=True),
        Field("reason", default=True),
        Field("rule"),
        Field("size", Kind.SIZE),
        Field("updated", Kind.TIME),
        Field("pulled", Kind.TIME),
        Field("status"),
        Field("error"),
        Field("name"),
        Field("repository"),
    ),
    key="reference",
)


def showing(view: View, names: tuple[str, ...], key: str | None = None) -> View:
    """`view` with these default columns; the key comes first in them."""
    key = key or view.key
    fields = tuple(replace(field, default=field.name in (key, *names)) for field in view.fields)
    return View(view.noun, tuple(sorted(fields, key=lambda field: field.name != key)), key)
