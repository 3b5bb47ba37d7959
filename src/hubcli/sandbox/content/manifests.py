"""Manifests and indexes as pushed, and what can be asked about them.

The bytes are kept verbatim. What listings and the referrers API need is read from them once, when
they arrive.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from hubcli import oci
from hubcli.errors import IntegrityFailure
from hubcli.sandbox.content.blobs import Blobs
from hubcli.sandbox.content.repositories import Repositories
from hubcli.sandbox.content.tags import Tags
from hubcli.sandbox.database import Database

_LARGEST_CONFIG = 4 << 20
_LARGEST_INTEGER = 2**63 - 1

_INSERT = """
INSERT INTO registry_manifests (repository_id, digest, media_type, content, subject, artifact_type,
  config_type, annotations, image_size, os, architecture, variant, os_version, pushed_at)
VALUES (:key, :digest, :media_type, :content, :subject, :artifact_type,
  :config_type, :annotations, :image_size, :os, :architecture, :variant, :os_version, :pushed_at)
ON CONFLICT DO UPDATE SET media_type = excluded.media_type, pushed_at = excluded.pushed_at
"""


@dataclass(frozen=True, slots=True)
class StoredManifest:
    """A manifest as it was pushed."""

    digest: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Referrer:
    """A manifest or index whose `subject` is the digest that was asked for."""

    digest: str
    media_type: str
    size: int
    artifact_type: str | None
    annotations: Mapping[str, str]


class Manifests:
    """The manifests of all repositories."""

    def __init__(
        self,
        database: Database,
        repositories: Repositories,
        blobs: Blobs,
        tags: Tags,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._repositories = repositories
        self._blobs = blobs
        self._tags = tags
        self._now = now

    def get(self, repository: str, reference: str) -> StoredManifest | None:
        """The manifest that a tag or a digest means."""
        row = self._database.row(
            "SELECT digest, media_type, content FROM registry_named_manifests"
            " WHERE repository = :repository AND digest = coalesce("
            "(SELECT digest FROM registry_named_tags"
            " WHERE repository = :repository AND name = :reference), :reference)",
            {"repository": repository, "reference": reference},
        )
        return None if row is None else StoredManifest(*row)

    def put(
        self,
        repository: str,
        manifest: oci.Manifest,
        *,
        tags: Iterable[str] = (),
        pushed_by: str | None = None,
        pushed_at: datetime | None = None,
    ) -> None:
        """Store a manifest that was checked, and move `tags` to it."""
        moment = pushed_at or self._now()
        with self._database.transaction() as connection:
            key = self._repositories.make(connection, repository)
            row = self._row(repository, manifest)
            connection.execute(_INSERT, row | {"key": key, "pushed_at": moment.timestamp()})
            _write_children(connection, key, manifest)
            pointers = dict.fromkeys(tags, (manifest.digest, moment))
            self._tags.point(repository, pointers, pushed_by=pushed_by)

    def pulled(self, repository: str, reference: str, moment: datetime | None = None) -> None:
        """Note when a manifest was fetched: by its tag, or by digest for all tags of it.

        Docker asks a tag for its digest and then fetches by digest.
        """
        with self._database.transaction() as connection:
            facts = {
                "key": self._repositories.id(repository),
                "reference": reference,
                "moment": (moment or self._now()).timestamp(),
            }
            connection.execute(
                "UPDATE registry_tags SET pulled_at = :moment"
                " WHERE repository_id = :key AND :reference IN (name, digest)",
                facts,
            )
            connection.execute(
                "UPDATE registry_manifests SET pulled_at = :moment WHERE repository_id = :key"
                " AND digest = coalesce((SELECT digest FROM registry_tags"
                " WHERE repository_id = :key AND name = :reference), :reference)",
                facts,
            )

    def delete(self, repository: str, digest: str) -> bool:
        """Remove a manifest and every tag of it; False where it was not there."""
        with self._database.transaction() as connection:
            done = connection.execute(
                "DELETE FROM registry_manifests WHERE repository_id = ? AND digest = ?",
                (self._repositories.id(repository), digest),
            )
        return done.rowcount > 0

    def referrers(
        self,
        repository: str,
        subject: str,
        *,
        artifact_type: str | None = None,
        after: str = "",
        limit: int = -1,
    ) -> list[Referrer]:
        """What refers to the digest `subject`, by digest, from behind `after` on."""
        found = self._database.rows(
            "SELECT digest, media_type, length(content) AS size, artifact_type, annotations"
            " FROM registry_named_manifests WHERE repository = :repository AND subject = :subject"
            " AND digest > :after AND artifact_type IS coalesce(:artifact_type, artifact_type)"
            " ORDER BY digest LIMIT :limit",
            {
                "repository": repository,
                "subject": subject,
                "after": after,
                "artifact_type": artifact_type,
                "limit": limit,
            },
        )
        return [
            Referrer(digest, media_type, size, artifact_type, json.loads(annotations))
            for digest, media_type, size, artifact_type, annotations in found
        ]

    def _row(self, repository: str, manifest: oci.Manifest) -> dict[str, str | bytes | int | None]:
        platform = self._platform(repository, manifest)
        parts = (*manifest.layers, *([manifest.config] if manifest.config else []))
        return {
            "digest": manifest.digest,
            "media_type": manifest.media_type,
            "content": manifest.content,
            "subject": manifest.subject.digest if manifest.subject else None,
            "artifact_type": manifest.artifact_type,
            "config_type": manifest.config.media_type if manifest.config else None,
            "annotations": json.dumps(manifest.annotations),
            "image_size": min(sum(part.size for part in parts), _LARGEST_INTEGER),
            **_columns(platform),
        }

    def _platform(self, repository: str, manifest: oci.Manifest) -> oci.Platform | None:
        """The platform in the config of an image; None for everything else."""
        config = manifest.config
        if config is None or not manifest.is_image or config.size > _LARGEST_CONFIG:
            return None
        if self._blobs.size(repository, config.digest) is None:
            return None
        try:
            content = self._blobs.path(config.digest).read_bytes()
            return oci.config_platform(oci.parse_object(content, "the config"))
        except IntegrityFailure:
            return None


def _columns(platform: oci.Platform | None) -> dict[str, str | None]:
    if platform is None:
        return {"os": None, "architecture": None, "variant": None, "os_version": None}
    return {
        "os": platform.os,
        "architecture": platform.architecture,
        "variant": platform.variant,
        "os_version": platform.os_version,
    }


def _write_children(connection: sqlite3.Connection, key: int, manifest: oci.Manifest) -> None:
    connection.executemany(
        "INSERT OR IGNORE INTO registry_children (repository_id, parent, position, digest,"
        " media_type, size, os, architecture, variant, os_version, attestation)"
        " VALUES (:key, :parent, :position, :digest,"
        " :media_type, :size, :os, :architecture, :variant, :os_version, :attestation)",
        [
            {
                "key": key,
                "parent": manifest.digest,
                "position": position,
                "digest": entry.digest,
                "media_type": entry.media_type,
                "size": entry.size,
                "attestation": entry.is_attestation,
                **_columns(entry.platform),
            }
            for position, entry in enumerate(manifest.manifests)
        ],
    )
