"""`hubcli repo`: repositories, on Docker Hub and (to list them) on any registry."""

from hubcli.cli.repo import changing, creating, listing, reading, removing
from hubcli.cli.repo.declared import group

__all__ = ["changing", "creating", "group", "listing", "reading", "removing"]
