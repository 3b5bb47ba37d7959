"""Who the user is, for which host: credentials, and the places that keep them."""

from hubcli.auth.credentials.credential import Credential, Kind
from hubcli.auth.credentials.keychain import Keychain, Source, Store, keychain, store

__all__ = ["Credential", "Keychain", "Kind", "Source", "Store", "keychain", "store"]
