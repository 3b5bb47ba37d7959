"""The OCI distribution API (distribution-spec 1.1) as any registry serves it."""

from hubcli.registry.calls import Call
from hubcli.registry.client import Registry
from hubcli.registry.repository import Repository

__all__ = ["Call", "Registry", "Repository"]
