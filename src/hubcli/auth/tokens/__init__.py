"""What goes into `Authorization`: tokens, fetched when a server asks for them, and kept."""

from hubcli.auth.tokens.cache import Token, TokenCache
from hubcli.auth.tokens.hub import HubAuthorizer
from hubcli.auth.tokens.registry import RegistryAuthorizer
from hubcli.auth.tokens.scim import ScimAuthorizer

__all__ = ["HubAuthorizer", "RegistryAuthorizer", "ScimAuthorizer", "Token", "TokenCache"]
