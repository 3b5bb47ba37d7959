"""`hubcli team`: teams of organizations on Docker Hub, who is in them, and what they may do."""

from hubcli.cli.team import granting, listing, managing, members, revoking
from hubcli.cli.team.declared import group

__all__ = ["granting", "group", "listing", "managing", "members", "revoking"]
