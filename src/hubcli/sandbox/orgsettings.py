"""What the sandbox's organizations set for their members."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hubcli.sandbox.database import Database

_SCHEMA = """
CREATE TABLE IF NOT EXISTS hub_organization_settings (
  organization TEXT NOT NULL REFERENCES hub_accounts (name),
  kind TEXT NOT NULL,
  document TEXT NOT NULL,
  PRIMARY KEY (organization, kind)
) WITHOUT ROWID;
"""
RESTRICTED_IMAGES = "restricted_images"
REGISTRY_ACCESS = "registry_access"
_DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    RESTRICTED_IMAGES: {
        "enabled": False,
        "allow_official_images": True,
        "allow_verified_publishers": True,
    },
    REGISTRY_ACCESS: {
        "enabled": False,
        "standard_registries": [{"id": "DockerHub", "allowed": True}],
        "custom_registries": [],
    },
}


class OrganizationSettings:
    """JSON documents by organization and kind."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.create(_SCHEMA)

    def get(self, organization: str, kind: str) -> dict[str, Any]:
        """What is set, or what is so where nobody set anything."""
        row = self._database.row(
            "SELECT document FROM hub_organization_settings WHERE organization = ? AND kind = ?",
            (organization, kind),
        )
        return {**_DEFAULTS[kind], **({} if row is None else json.loads(row["document"]))}

    def put(self, organization: str, kind: str, document: Mapping[str, Any]) -> None:
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO hub_organization_settings VALUES (?, ?, ?)",
                (organization, kind, json.dumps(document)),
            )
