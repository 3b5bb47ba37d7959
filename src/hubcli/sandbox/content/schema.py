"""The registry's tables, and views of them by a repository's name.

Times are seconds since 1970. The views are what is read from; `registry_images` are the entries of
indexes, with what is known of them from their own manifests.
"""

SCHEMA = """
CREATE TABLE IF NOT EXISTS registry_repositories (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
);
CREATE TABLE IF NOT EXISTS registry_blobs (
  repository_id INTEGER NOT NULL REFERENCES registry_repositories ON DELETE CASCADE,
  digest TEXT NOT NULL,
  size INTEGER NOT NULL,
  PRIMARY KEY (repository_id, digest)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS registry_blobs_by_digest ON registry_blobs (digest);
CREATE TABLE IF NOT EXISTS registry_manifests (
  repository_id INTEGER NOT NULL REFERENCES registry_repositories ON DELETE CASCADE,
  digest TEXT NOT NULL,
  media_type TEXT NOT NULL,
  content BLOB NOT NULL,
  subject TEXT,
  artifact_type TEXT,
  config_type TEXT,
  annotations TEXT NOT NULL,
  image_size INTEGER NOT NULL,
  os TEXT,
  architecture TEXT,
  variant TEXT,
  os_version TEXT,
  pushed_at REAL NOT NULL,
  pulled_at REAL,
  PRIMARY KEY (repository_id, digest)
);
CREATE INDEX IF NOT EXISTS registry_referrers
  ON registry_manifests (repository_id, subject, digest) WHERE subject IS NOT NULL;
CREATE TABLE IF NOT EXISTS registry_children (
  repository_id INTEGER NOT NULL,
  parent TEXT NOT NULL,
  position INTEGER NOT NULL,
  digest TEXT NOT NULL,
  media_type TEXT NOT NULL,
  size INTEGER NOT NULL,
  os TEXT,
  architecture TEXT,
  variant TEXT,
  os_version TEXT,
  attestation INTEGER NOT NULL,
  PRIMARY KEY (repository_id, parent, position),
  FOREIGN KEY (repository_id, parent) REFERENCES registry_manifests ON DELETE CASCADE
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS registry_tags (
  repository_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  digest TEXT NOT NULL,
  pushed_by TEXT,
  created_at REAL NOT NULL,
  pushed_at REAL NOT NULL,
  pulled_at REAL,
  PRIMARY KEY (repository_id, name),
  FOREIGN KEY (repository_id, digest) REFERENCES registry_manifests ON DELETE CASCADE
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS registry_tags_by_digest ON registry_tags (repository_id, digest);
CREATE TABLE IF NOT EXISTS registry_uploads (
  id TEXT PRIMARY KEY,
  repository TEXT NOT NULL,
  algorithm TEXT NOT NULL,
  started_at REAL NOT NULL
) WITHOUT ROWID;

CREATE VIEW IF NOT EXISTS registry_named_blobs AS
  SELECT repositories.name AS repository, blobs.digest, blobs.size
  FROM registry_blobs AS blobs
  JOIN registry_repositories AS repositories ON repositories.id = blobs.repository_id;
CREATE VIEW IF NOT EXISTS registry_named_manifests AS
  SELECT repositories.name AS repository, manifests.*
  FROM registry_manifests AS manifests
  JOIN registry_repositories AS repositories ON repositories.id = manifests.repository_id;
CREATE VIEW IF NOT EXISTS registry_named_tags AS
  SELECT repositories.name AS repository, tags.*, manifests.media_type, manifests.artifact_type,
    manifests.config_type, manifests.image_size AS size, manifests.os, manifests.architecture,
    manifests.variant, manifests.os_version, 0 AS attestation,
    manifests.pushed_at AS image_pushed_at, manifests.pulled_at AS image_pulled_at
  FROM registry_tags AS tags
  JOIN registry_repositories AS repositories ON repositories.id = tags.repository_id
  JOIN registry_manifests AS manifests
    ON manifests.repository_id = tags.repository_id AND manifests.digest = tags.digest;
CREATE VIEW IF NOT EXISTS registry_images AS
  SELECT children.repository_id, children.parent, children.position, children.digest,
    children.media_type, children.attestation,
    coalesce(nullif(manifests.image_size, 0), children.size) AS size,
    coalesce(children.os, manifests.os) AS os,
    coalesce(children.architecture, manifests.architecture) AS architecture,
    iif(children.os IS NULL, manifests.variant, children.variant) AS variant,
    iif(children.os IS NULL, manifests.os_version, children.os_version) AS os_version,
    manifests.pushed_at AS image_pushed_at, manifests.pulled_at AS image_pulled_at
  FROM registry_children AS children
  LEFT JOIN registry_manifests AS manifests
    ON manifests.repository_id = children.repository_id AND manifests.digest = children.digest;
"""
