"""The receiving side of Docker Hub's webhooks: a server that takes what Hub sends on a push."""

from hubcli.webhooks.events import Malformed, Push, read_push
from hubcli.webhooks.listener import Listener

__all__ = ["Listener", "Malformed", "Push", "read_push"]
