"""The group that the commands register in, and the view of what they show."""

from __future__ import annotations

from hubcli.cli.commands import Commands
from hubcli.output import Field, Kind, View

group = Commands("Read and write manifests.")

MANIFEST = View(
    "manifest",
    (
        Field("reference", default=True),
        Field("digest", Kind.DIGEST, default=True),
        Field("media_type", default=True),
        Field("size", Kind.SIZE, default=True),
        Field("tags", Kind.LIST),
        Field("dry_run", Kind.BOOL),
    ),
    key="digest",
)
