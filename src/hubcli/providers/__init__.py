"""Registries with APIs of their own: what each can do beyond the registry protocol.

A registry is a row in `rows.ROWS` and, where it has an API, a file here with a `Provider`.
"""

from hubcli.providers.capabilities import (
    CreatesRepositories,
    Creation,
    Edit,
    EditsRepositories,
    HasIdentity,
    ListsRepositories,
    ListsTags,
    ListsUntagged,
    RemovesManifests,
    RemovesRepositories,
    RemovesTags,
    RestoresTags,
    Row,
    Searches,
    ShowsRepositories,
    capabilities,
)
from hubcli.providers.directory import Identities, Providers
from hubcli.providers.provider import Provider, Refusal, Surroundings
from hubcli.providers.recognition import Recognised
from hubcli.providers.rows import ROWS, ProviderRow

__all__ = [
    "ROWS",
    "CreatesRepositories",
    "Creation",
    "Edit",
    "EditsRepositories",
    "HasIdentity",
    "Identities",
    "ListsRepositories",
    "ListsTags",
    "ListsUntagged",
    "Provider",
    "ProviderRow",
    "Providers",
    "Recognised",
    "Refusal",
    "RemovesManifests",
    "RemovesRepositories",
    "RemovesTags",
    "RestoresTags",
    "Row",
    "Searches",
    "ShowsRepositories",
    "Surroundings",
    "capabilities",
]
