"""Views that commands of several modules show."""

from __future__ import annotations

from hubcli.output import Field, Kind, View

IMAGE = View(
    "image",
    (
        Field("reference", default=True),
        Field("digest", Kind.DIGEST, default=True),
        Field("media_type", default=True),
        Field("size", Kind.SIZE, default=True),
        Field("platforms", Kind.LIST),
        Field("platform", default=True),
        Field("created", Kind.TIME, default=True),
        Field("config", Kind.OBJECT),
        Field("layers", Kind.LIST),
        Field("annotations", Kind.OBJECT),
        Field("attestations", Kind.LIST),
    ),
    key="reference",
)

LIMIT = View(
    "limit",
    (
        Field("kind", default=True),
        Field("limit", Kind.NUMBER, default=True, display="limit_display"),
        Field("remaining", Kind.NUMBER, default=True),
        Field("window_seconds", Kind.NUMBER, default=True),
        Field("resets", Kind.TIME, default=True),
        Field("source", default=True),
    ),
    key="kind",
)
