"""`hubcli org`: organizations on Docker Hub, their members, invites, settings and audit log."""

from hubcli.cli.org import (
    auditlog,
    exporting,
    inviting,
    listing,
    members,
    registryaccess,
    settings,
    tokens,
)
from hubcli.cli.org.declared import group

group.add_typer(tokens.group, name="token")

__all__ = [
    "auditlog",
    "exporting",
    "group",
    "inviting",
    "listing",
    "members",
    "registryaccess",
    "settings",
]
