"""`hubcli repo`: repositories, on Docker Hub and (to list them) on any registry."""

from hubcli.cli.repo import (
    changing,
    collaborating,
    creating,
    freezing,
    listing,
    permitting,
    reading,
    removing,
)
from hubcli.cli.repo.declared import group

__all__ = [
    "changing",
    "collaborating",
    "creating",
    "freezing",
    "group",
    "listing",
    "permitting",
    "reading",
    "removing",
]
