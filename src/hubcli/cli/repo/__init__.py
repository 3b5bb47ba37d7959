"""`hubcli repo`: repositories, on Docker Hub and (to list them) on any registry."""

from hubcli.cli.repo.declared import group

__all__ = ["VERBS", "group"]

VERBS = {
    "collaborator": "collaborating",
    "copy": "copying",
    "create": "creating",
    "edit": "changing",
    "inspect": "reading",
    "ls": "listing",
    "permission": "permitting",
    "readme": "reading",
    "rename": "renaming",
    "rm": "removing",
    "star": "reading",
    "unstar": "reading",
    "verify-tags": "freezing",
}
"""The module of each verb: only that of the one that was asked for is imported."""
