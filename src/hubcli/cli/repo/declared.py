"""The group that the commands register in, their views, and the parameters they share."""

from __future__ import annotations

from typing import Annotated

import typer

from hubcli.cli.commands import Commands
from hubcli.output import Field, Kind, View

group = Commands("Manage repositories.")
collaborator_group = Commands("Manage who may push to a repository of a person.")
permission_group = Commands("See which teams may use a repository of an organization.")
group.add_typer(collaborator_group, name="collaborator")
group.add_typer(permission_group, name="permission")

REPOSITORY = View(
    "repository",
    (
        Field("name", default=True),
        Field("visibility", default=True),
        Field("description", default=True),
        Field("stars", Kind.NUMBER, default=True),
        Field("pulls", Kind.NUMBER, default=True),
        Field("updated", Kind.TIME, default=True),
        Field("namespace"),
        Field("registry"),
        Field("created", Kind.TIME),
        Field("pushed", Kind.TIME),
        Field("size", Kind.SIZE),
        Field("categories", Kind.LIST),
        Field("immutable_tags", Kind.LIST),
        Field("archived", Kind.BOOL),
        Field("permissions", Kind.LIST),
        Field("tag_count", Kind.NUMBER),
    ),
)

DETAILS = View("repository", (*REPOSITORY.fields, Field("readme")))

FROZEN = View(
    "tag",
    (
        Field("name", default=True),
        Field("rules", Kind.LIST, default=True),
        Field("reference"),
        Field("repository"),
    ),
)
COPY = View(
    "copied",
    (
        Field("item", default=True),
        Field("name", default=True),
        Field("action", default=True),
        Field("digest", Kind.DIGEST, default=True),
        Field("previous", Kind.DIGEST, default=True),
        Field("reason", default=True),
        Field("reference"),
        Field("source"),
        Field("dry_run", Kind.BOOL),
    ),
    key="reference",
)
RENAMED = View(
    "repository",
    (
        Field("name", default=True),
        Field("previous", default=True),
        Field("tags", Kind.NUMBER, default=True),
        Field("deleted", Kind.BOOL, default=True),
        Field("left_behind", Kind.LIST),
    ),
)
COLLABORATOR = View(
    "collaborator",
    (Field("name", default=True), Field("full_name", default=True), Field("repository")),
)
PERMISSION = View(
    "permission",
    (
        Field("name", default=True),
        Field("permission", default=True),
        Field("team"),
        Field("team_id", Kind.NUMBER),
        Field("repository"),
    ),
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="A repository, as NAMESPACE/NAME.")]
Names = Annotated[list[str], typer.Argument(metavar="NAME…", help="Repositories.")]
Description = Annotated[
    str | None,
    typer.Option("--description", metavar="TEXT", help="A short description, up to 100 bytes."),
]
Readme = Annotated[
    str | None,
    typer.Option("--readme", metavar="FILE", help="The overview, in Markdown; - is stdin."),
]
Private = Annotated[
    bool | None, typer.Option("--private/--public", help="Who may see and pull it.")
]
ProviderOptions = Annotated[
    list[str] | None,
    typer.Option(
        "--option",
        metavar="KEY=VALUE",
        help="What only this registry knows: hubcli registry providers (repeatable).",
    ),
]
Categories = Annotated[
    list[str] | None,
    typer.Option("--category", metavar="C", help="A category of Docker Hub (up to three times)."),
]
