"""`hubcli webhook`: whom Docker Hub tells of pushes, and a server that can be told."""

from hubcli.cli.webhook import listening, managing
from hubcli.cli.webhook.declared import group

__all__ = ["group", "listening", "managing"]
