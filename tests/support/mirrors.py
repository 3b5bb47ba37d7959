"""Repositories to be mirrored on the plain registry of the sandbox, made without any push."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hubcli.sandbox import seed
from support.sandbox_registry import RegistryServer


@dataclass(frozen=True)
class Asked:
    """A request that a registry was sent."""

    method: str
    path: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def stocked(server: RegistryServer, path: str, tags: Mapping[str, str]) -> dict[str, str]:
    """Give `path` these tags, each of the image whose text it is given; their digests."""
    names: dict[str, list[str]] = {}
    for tag, text in tags.items():
        names.setdefault(text, []).append(tag)
    digests: dict[str, str] = {}
    for text, its in names.items():
        image = seed.small(text)
        for blob in image.blobs:
            server.storage.blobs.put(path, blob)
        server.storage.manifests.put(path, image.manifest, tags=its, pushed_by=None)
        digests |= dict.fromkeys(its, image.manifest.digest)
    return {tag: digests[tag] for tag in tags}


def tags_of(server: RegistryServer, path: str) -> dict[str, str]:
    """The tags that a repository has by now, with what they point at."""
    answer = server.client.get(f"/v2/{path}/tags/list")
    names = answer.json()["tags"] or [] if answer.is_success else []
    return {name: server.fetch(path, name).headers["Docker-Content-Digest"] for name in names}


def asked(server: RegistryServer, containing: str = "") -> list[Asked]:
    """What a registry was asked for since `forget`."""
    rows = server.client.get("/_sandbox/requests").json()
    found = [Asked(row["method"], row["path"]) for row in rows]
    return [one for one in found if containing in str(one) and "/_sandbox/" not in one.path]


def forget(server: RegistryServer) -> None:
    server.client.delete("/_sandbox/requests")
