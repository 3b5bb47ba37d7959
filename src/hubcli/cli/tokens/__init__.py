"""`hubcli token`: personal access tokens of Docker Hub."""

from hubcli.cli.tokens import rotating
from hubcli.cli.tokens.managing import group

__all__ = ["group", "rotating"]
