"""The group that the commands register in, their views, and the parameters they share."""

from __future__ import annotations

from typing import Annotated

import typer

from hubcli.cli.commands import Commands
from hubcli.output import Field, Kind, View

group = Commands("Manage webhooks, and receive what they send.")

WEBHOOK = View(
    "webhook",
    (
        Field("name", default=True),
        Field("url", default=True),
        Field("created", Kind.TIME, default=True),
        Field("updated", Kind.TIME),
        Field("urls", Kind.LIST),
        Field("slug"),
        Field("repository"),
    ),
)
DELIVERY = View(
    "delivery",
    (
        Field("delivered", Kind.TIME, default=True),
        Field("status", default=True),
        Field("tag", default=True),
        Field("pusher", default=True),
        Field("url"),
        Field("id"),
        Field("entry", Kind.OBJECT),
    ),
    key="delivered",
)
PUSH = View(
    "push",
    (
        Field("reference", default=True),
        Field("pusher", default=True),
        Field("pushed", Kind.TIME, default=True),
        Field("exit_code", Kind.NUMBER, default=True),
        Field("repository"),
        Field("tag"),
        Field("received", Kind.TIME),
        Field("private", Kind.BOOL),
        Field("official", Kind.BOOL),
        Field("payload", Kind.OBJECT),
    ),
    key="reference",
)

WebhookName = Annotated[str, typer.Argument(metavar="WEBHOOK", help="The name of a webhook.")]
"""Called so that nobody takes it for the name of a repository."""
