"""What goes into `Authorization`: tokens, fetched when a server asks for them, and kept."""

from typing import TYPE_CHECKING

from hubcli import late

if TYPE_CHECKING:
    from hubcli.auth.tokens.cache import Token, TokenCache
    from hubcli.auth.tokens.hub import HubAuthorizer
    from hubcli.auth.tokens.registry import RegistryAuthorizer
    from hubcli.auth.tokens.scim import ScimAuthorizer

__all__ = ["HubAuthorizer", "RegistryAuthorizer", "ScimAuthorizer", "Token", "TokenCache"]

__getattr__ = late.names(
    __name__,
    cache="Token TokenCache",
    hub="HubAuthorizer",
    registry="RegistryAuthorizer",
    scim="ScimAuthorizer",
)
