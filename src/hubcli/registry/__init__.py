"""The OCI distribution API (distribution-spec 1.1) as any registry serves it."""

from typing import TYPE_CHECKING

from hubcli import late

if TYPE_CHECKING:
    from hubcli.registry.calls import Call
    from hubcli.registry.client import Registry
    from hubcli.registry.repository import Repository

__all__ = ["Call", "Registry", "Repository"]

__getattr__ = late.names(
    __name__,
    calls="Call",
    client="Registry",
    repository="Repository",
)
