"""Tags: what they point at, and how they are listed.

The registry lists bare names; the Hub all that is known of a tag and of the images it leads to.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from hubcli import oci
from hubcli.sandbox.content.repositories import Repositories
from hubcli.sandbox.database import Database


class Order(StrEnum):
    """What a listing is sorted by; ties are broken by name."""

    NAME = "name"
    CREATED = "created_at"
    PUSHED = "pushed_at"
    PULLED = "pulled_at"


@dataclass(frozen=True, slots=True)
class ImageRecord:
    """One thing that a tag leads to: its own manifest, or an entry of its index.

    `size` is that of config and layers in bytes; for an index inside an index, and for a manifest
    that was never pushed, that of the manifest itself.
    """

    digest: str
    media_type: str
    size: int
    platform: oci.Platform | None
    attestation: bool
    pushed_at: datetime | None
    pulled_at: datetime | None


@dataclass(frozen=True, slots=True)
class TagRecord:
    """A tag and what it points at; times in UTC.

    `artifact_type` is the manifest's own or, for a manifest without one, its config's media type
    (`config_type`); an index may have neither.
    """

    name: str
    digest: str
    media_type: str
    artifact_type: str | None
    config_type: str | None
    images: tuple[ImageRecord, ...]
    pushed_by: str | None
    created_at: datetime
    pushed_at: datetime
    pulled_at: datetime | None

    @property
    def is_index(self) -> bool:
        return self.media_type in oci.INDEX_TYPES

    @property
    def size(self) -> int:
        """Bytes of all its images together, attestations left out."""
        return sum(image.size for image in self.images if not image.attestation)


class Tags:
    """The tags of all repositories."""

    def __init__(self, database: Database, repositories: Repositories) -> None:
        self._database = database
        self._repositories = repositories

    def point(
        self,
        repository: str,
        tags: Mapping[str, tuple[str, datetime]],
        *,
        pushed_by: str | None = None,
    ) -> None:
        """Point each of `tags` at the digest of a manifest that is there, as of a time."""
        with self._database.transaction() as connection:
            key = self._repositories.make(connection, repository)
            connection.executemany(
                "INSERT INTO registry_tags"
                " (repository_id, name, digest, pushed_by, created_at, pushed_at)"
                " VALUES (:key, :name, :digest, :pushed_by, :moment, :moment)"
                " ON CONFLICT DO UPDATE SET digest = excluded.digest,"
                " pushed_by = excluded.pushed_by, pushed_at = excluded.pushed_at",
                [
                    {
                        "key": key,
                        "name": name,
                        "digest": digest,
                        "pushed_by": pushed_by,
                        "moment": moment.timestamp(),
                    }
                    for name, (digest, moment) in tags.items()
                ],
            )

    def delete(self, repository: str, name: str) -> bool:
        """Remove a tag and nothing else; False where it was not there."""
        with self._database.transaction() as connection:
            done = connection.execute(
                "DELETE FROM registry_tags WHERE repository_id = ? AND name = ?",
                (self._repositories.id(repository), name),
            )
        return done.rowcount > 0

    def names(self, repository: str, *, after: str = "", limit: int = -1) -> list[str]:
        """Names in ASCII order from behind `after` on, at most `limit` where that is not -1."""
        found = self._database.rows(
            "SELECT name FROM registry_named_tags WHERE repository = ? AND name > ?"
            " ORDER BY name LIMIT ?",
            (repository, after, limit),
        )
        return [row["name"] for row in found]

    def names_of(self, repository: str, digest: str) -> list[str]:
        """The tags that point at `digest`, in ASCII order."""
        found = self._database.rows(
            "SELECT name FROM registry_named_tags WHERE repository = ? AND digest = ?"
            " ORDER BY name",
            (repository, digest),
        )
        return [row["name"] for row in found]

    def count(self, repository: str, *, containing: str = "") -> int:
        """How many tags have `containing` in their name."""
        row = self._database.row(
            "SELECT count(*) FROM registry_named_tags WHERE repository = ? AND instr(name, ?) > 0",
            (repository, containing),
        )
        return int(row[0]) if row else 0

    def get(self, repository: str, name: str) -> TagRecord | None:
        """One tag; None where there is none of that name."""
        found = self._database.rows(
            "SELECT * FROM registry_named_tags WHERE repository = ? AND name = ?",
            (repository, name),
        )
        return next(iter(self._records(found)), None)

    def page(
        self,
        repository: str,
        *,
        containing: str = "",
        order: Order = Order.PUSHED,
        descending: bool = True,
        offset: int = 0,
        limit: int = -1,
    ) -> list[TagRecord]:
        """The tags with `containing` in their name, sorted, from `offset` on."""
        direction = "DESC" if descending else "ASC"
        found = self._database.rows(
            "SELECT * FROM registry_named_tags"  # noqa: S608 - only constants are put in
            " WHERE repository = ? AND instr(name, ?) > 0"
            f" ORDER BY {order} {direction}, name LIMIT ? OFFSET ?",
            (repository, containing, limit, offset),
        )
        return self._records(found)

    def _records(self, rows: Sequence[sqlite3.Row]) -> list[TagRecord]:
        # Thousands of tags may lead to a handful of indexes.
        images: dict[str, tuple[ImageRecord, ...]] = {}
        records = []
        for row in rows:
            digest = row["digest"]
            if digest not in images:
                images[digest] = self._images(row)
            records.append(_record(row, images[digest]))
        return records

    def _images(self, row: sqlite3.Row) -> tuple[ImageRecord, ...]:
        if row["media_type"] not in oci.INDEX_TYPES:
            return (_image(row),)
        entries = self._database.rows(
            "SELECT * FROM registry_images WHERE repository_id = ? AND parent = ?"
            " ORDER BY position",
            (row["repository_id"], row["digest"]),
        )
        return tuple(_image(entry) for entry in entries)


def _record(row: sqlite3.Row, images: tuple[ImageRecord, ...]) -> TagRecord:
    return TagRecord(
        name=row["name"],
        digest=row["digest"],
        media_type=row["media_type"],
        artifact_type=row["artifact_type"],
        config_type=row["config_type"],
        images=images,
        pushed_by=row["pushed_by"],
        created_at=datetime.fromtimestamp(row["created_at"], UTC),
        pushed_at=datetime.fromtimestamp(row["pushed_at"], UTC),
        pulled_at=_moment(row["pulled_at"]),
    )


def _image(row: sqlite3.Row) -> ImageRecord:
    platform = None
    if row["os"] is not None:
        platform = oci.Platform(row["os"], row["architecture"], row["variant"], row["os_version"])
    return ImageRecord(
        digest=row["digest"],
        media_type=row["media_type"],
        size=row["size"],
        platform=platform,
        attestation=bool(row["attestation"]),
        pushed_at=_moment(row["image_pushed_at"]),
        pulled_at=_moment(row["image_pulled_at"]),
    )


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
