"""The view of what `hubcli sync` shows."""

from __future__ import annotations

from hubcli.output import Field, Kind, View

MIRRORED = View(
    "mirrored image",
    (
        Field("target", default=True),
        Field("result", default=True),
        Field("digest", Kind.DIGEST, default=True),
        Field("bytes", Kind.SIZE, default=True),
        Field("reason", default=True),
        Field("source"),
        Field("entry"),
        Field("platforms", Kind.LIST),
        Field("attached", Kind.NUMBER),
        Field("blobs", Kind.OBJECT),
        Field("seconds", Kind.NUMBER),
        Field("dry_run", Kind.BOOL),
    ),
    key="target",
)
