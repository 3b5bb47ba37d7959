"""The groups that the commands register in, their views, and the parameters they share."""

from __future__ import annotations

from typing import Annotated

import typer

from hubcli.cli.commands import Commands
from hubcli.output import Field, Kind, View

group = Commands("Manage teams of organizations.")
member_group = Commands("Manage the members of a team.")
repository_group = Commands("See the repositories of a team.")
group.add_typer(member_group, name="member")
group.add_typer(repository_group, name="repo")

TEAM = View(
    "team",
    (
        Field("name", default=True),
        Field("description", default=True),
        Field("members", Kind.NUMBER, default=True),
        Field("role", default=True),
        Field("id", Kind.NUMBER),
        Field("uuid"),
        Field("organization"),
        Field("team"),
    ),
)
MEMBER = View(
    "member",
    (
        Field("name", default=True),
        Field("full_name", default=True),
        Field("email", default=True),
        Field("role"),
        Field("guest", Kind.BOOL),
        Field("joined", Kind.TIME),
        Field("company"),
        Field("location"),
        Field("id"),
    ),
)
GRANT = View(
    "repository",
    (
        Field("name", default=True),
        Field("permission", default=True),
        Field("team"),
    ),
)
CHANGE = View(
    "repository",
    (
        Field("name", default=True),
        Field("action", default=True),
        Field("permission", default=True),
        Field("was", default=True),
        Field("team"),
    ),
)

Team = Annotated[str, typer.Argument(metavar="ORG/TEAM", help="A team of an organization.")]
Teams = Annotated[list[str], typer.Argument(metavar="ORG/TEAM…", help="Teams.")]
Users = Annotated[
    list[str] | None, typer.Argument(metavar="[USER…]", help="Docker IDs of members.")
]
Description = Annotated[
    str | None, typer.Option("--description", metavar="TEXT", help="What the team is for.")
]
Repositories = Annotated[
    list[str],
    typer.Argument(metavar="REPO…", help="Repositories of the organization, or 'ORG/PATTERN'."),
]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Say nothing but what went wrong.")]
