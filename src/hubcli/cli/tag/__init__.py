"""`hubcli tag`: the tags of repositories, on Docker Hub and on any registry."""

from hubcli.cli.tag import copying, inspecting, listing, pruning, removing, restoring
from hubcli.cli.tag.declared import group

__all__ = ["copying", "group", "inspecting", "listing", "pruning", "removing", "restoring"]
