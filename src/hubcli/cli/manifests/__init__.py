"""`hubcli manifest`: manifests and indexes, read, written and deleted as they are."""

from hubcli.cli.manifests import reading, removing, writing
from hubcli.cli.manifests.declared import group

__all__ = ["group", "reading", "removing", "writing"]
