"""`hubcli tag`: the tags of repositories, on Docker Hub and on any registry."""

from hubcli.cli.tag.declared import group

__all__ = ["VERBS", "group"]

VERBS = {
    "cp": "copying",
    "inspect": "inspecting",
    "ls": "listing",
    "prune": "pruning",
    "restore": "restoring",
    "rm": "removing",
    "undelete": "restoring",
}
"""The module of each verb: only that of the one that was asked for is imported."""
