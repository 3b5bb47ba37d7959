"""The groups that the commands register in, the parameters they share, and their views."""

from __future__ import annotations

from typing import Annotated

import typer

from hubcli.cli.commands import Commands
from hubcli.output import Field, Kind, View

group = Commands("Manage organizations.")
member_group = Commands("Manage the members of an organization.")
invite_group = Commands("Manage invites to an organization.")
group.add_typer(member_group, name="member")
group.add_typer(invite_group, name="invite")

ORGANIZATION = View(
    "organization",
    (
        Field("name", default=True),
        Field("role", default=True),
        Field("plan", default=True),
        Field("teams", Kind.NUMBER, default=True),
        Field("full_name", default=True),
        Field("own_teams", Kind.LIST),
        Field("company"),
        Field("location"),
        Field("badge"),
        Field("active", Kind.BOOL),
        Field("parent"),
        Field("profile_url"),
        Field("id"),
        Field("created", Kind.TIME),
    ),
)
MEMBER = View(
    "member",
    (
        Field("name", default=True),
        Field("full_name", default=True),
        Field("email", default=True),
        Field("role", default=True),
        Field("teams", Kind.LIST, default=True),
        Field("guest", Kind.BOOL),
        Field("joined", Kind.TIME),
        Field("last_login", Kind.TIME),
        Field("last_seen", Kind.TIME),
        Field("desktop_version"),
        Field("company"),
        Field("location"),
        Field("id"),
    ),
)
INVITE = View(
    "invite",
    (
        Field("id", default=True),
        Field("invitee", default=True),
        Field("team", default=True),
        Field("role", default=True),
        Field("created", Kind.TIME, default=True),
        Field("inviter"),
        Field("organization"),
    ),
    key="id",
)

Organization = Annotated[str, typer.Argument(metavar="ORG", help="An organization.")]
Users = Annotated[
    list[str] | None, typer.Argument(metavar="[USER…]", help="Docker IDs of members.")
]
