"""The sandbox's registry: OCI distribution-spec 1.1 over HTTP, with its token server."""

from hubcli.sandbox.registry.resources import RESERVED
from hubcli.sandbox.registry.routes import registry_routes

__all__ = ["RESERVED", "registry_routes"]
