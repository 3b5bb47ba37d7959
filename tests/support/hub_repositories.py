"""Repositories for tests on a sandbox's Hub, made without the requests of a push."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from hubcli.sandbox import seed
from support.sandbox import SandboxServer


def hub_repository(
    sandbox: SandboxServer, path: str, tags: Mapping[str, str], *, private: bool = False
) -> dict[str, str]:
    """Make `path` with these tags, each of the image whose text it is given; their digests.

    Tags with the same text are of the same image; each is a second newer than the one before.
    """
    parts = sandbox.parts
    namespace = path.partition("/")[0]
    if parts.accounts.find(namespace) is None:
        parts.accounts.add(namespace, is_organization=True)
        parts.accounts.add_member(namespace, sandbox.username, "owner")
    parts.repositories.create(path, sandbox.username, is_private=private, type="image")
    digests = {}
    for second, (tag, text) in enumerate(tags.items()):
        image = seed.small(text)
        for blob in image.blobs:
            parts.storage.blobs.put(path, blob)
        moment = datetime.fromisoformat("2026-01-01T00:00:00Z").replace(
            minute=second // 60, second=second % 60
        )
        parts.storage.manifests.put(
            path, image.manifest, tags=[tag], pushed_by=sandbox.username, pushed_at=moment
        )
        digests[tag] = image.manifest.digest
    return digests
