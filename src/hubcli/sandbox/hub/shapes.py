"""How the Hub API shows repositories."""

from __future__ import annotations

from typing import Any

from hubcli.sandbox.hub.calls import Call
from hubcli.sandbox.hub.categories import CATEGORIES
from hubcli.sandbox.hub.contents import content_type
from hubcli.sandbox.hub.state import Hub
from hubcli.sandbox.repositories import HubRepository

_STATUS = {0: "Inactive", 1: "Active"}


class RepositoryShapes:
    """Rows of the Hub's list as the API's JSON objects."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def entry(self, repository: HubRepository) -> dict[str, Any]:
        """One of a list (`repository_list_entry`)."""
        media_types, content_types, size = self._contents(repository)
        return {
            "name": repository.name,
            "namespace": repository.namespace,
            "repository_type": repository.type,
            "status": repository.status,
            "status_description": _STATUS[repository.status].lower(),
            "description": repository.description,
            "is_private": repository.is_private,
            "star_count": repository.stars,
            "pull_count": repository.pulls,
            "last_updated": repository.updated,
            "last_modified": repository.modified,
            "date_registered": repository.created,
            "affiliation": "",
            "media_types": media_types,
            "content_types": content_types,
            "categories": _categories(repository),
            "storage_size": size,
        }

    def whole(self, call: Call, repository: HubRepository) -> dict[str, Any]:
        """All there is to one (`repository_info`)."""
        rights = self._hub.rights(call, repository)
        account = None if call.identity is None else call.identity.account
        return {
            **self.entry(repository),
            "user": repository.namespace,
            "status_description": _STATUS[repository.status],
            "is_automated": False,
            "collaborator_count": len(self._hub.collaborators.of(repository.id)),
            "affiliation": "owner" if rights.admin else None,
            "hub_user": repository.creator,
            "has_starred": account is not None
            and self._hub.repositories.has_starred(repository, account),
            "full_description": repository.full_description,
            "permissions": {"read": True, "write": rights.write, "admin": rights.admin},
            "immutable_tags_settings": {
                "enabled": repository.immutable_tags,
                "rules": list(repository.immutable_rules),
            },
            "source": None,
        }

    def _contents(self, repository: HubRepository) -> tuple[list[str], list[str], int]:
        """The media types of configs, what they make of it, and the bytes of all blobs."""
        database = self._hub.storage.database
        rows = database.rows(
            "SELECT DISTINCT config_type FROM registry_named_manifests"
            " WHERE repository = ? AND config_type IS NOT NULL ORDER BY config_type",
            (repository.path,),
        )
        media_types = [str(row["config_type"]) for row in rows]
        size = database.row(
            "SELECT coalesce(sum(size), 0) FROM registry_named_blobs WHERE repository = ?",
            (repository.path,),
        )
        content_types = sorted({content_type(media_type) for media_type in media_types})
        return media_types, content_types, int(size[0]) if size else 0


def _categories(repository: HubRepository) -> list[dict[str, str]]:
    return [{"slug": slug, "name": CATEGORIES[slug]} for slug in repository.categories]
