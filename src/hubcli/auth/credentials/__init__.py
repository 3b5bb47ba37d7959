"""Who the user is, for which host: credentials, and the places that keep them."""

from hubcli.auth.credentials.credential import (
    IDENTITY_TOKEN_USER,
    Credential,
    Kind,
    account_key,
    docker_address,
)
from hubcli.auth.credentials.helper import NOT_FOUND
from hubcli.auth.credentials.keychain import (
    Keychain,
    Source,
    Store,
    foreign_keychain,
    keychain,
    own_stores,
    store,
)

__all__ = [
    "IDENTITY_TOKEN_USER",
    "NOT_FOUND",
    "Credential",
    "Keychain",
    "Kind",
    "Source",
    "Store",
    "account_key",
    "docker_address",
    "foreign_keychain",
    "keychain",
    "own_stores",
    "store",
]
