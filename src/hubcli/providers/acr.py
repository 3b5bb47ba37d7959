"""Azure Container Registry: `/acr/v1`, beside `/v2/` and behind the same token server.

API: Azure/acr-cli docs/swagger.yaml, and what azure-containerregistry 1.2 sends. Names in its
paths are one segment. What is locked has false among its `changeableAttributes`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hubcli import timestamps
from hubcli.auth.challenge import CATALOG_SCOPE, repository_scope
from hubcli.auth.credentials import Credential
from hubcli.errors import Unsupported, UsageError
from hubcli.http.client import with_query
from hubcli.providers import azure
from hubcli.providers.calls import number, segment, text
from hubcli.providers.capabilities import (
    Edit,
    EditsRepositories,
    HasIdentity,
    ListsRepositories,
    ListsTags,
    ListsUntagged,
    RemovesRepositories,
    RemovesTags,
    Row,
    ShowsRepositories,
)
from hubcli.providers.provider import Provider
from hubcli.registry import pages
from hubcli.registry.calls import Call

_LOCKS = {
    "delete-enabled": "deleteEnabled",
    "list-enabled": "listEnabled",
    "read-enabled": "readEnabled",
    "write-enabled": "writeEnabled",
}
_SWITCHES = {"true": True, "false": False}
_ALL_TAGS = (".*", "^.*$")
_JSON = {"Accept": "application/json"}

_Object = Mapping[str, Any]


class AzureRegistry(
    Provider,
    HasIdentity,
    ListsRepositories,
    ShowsRepositories,
    EditsRepositories,
    RemovesRepositories,
    ListsTags,
    ListsUntagged,
    RemovesTags,
):
    """Repositories come with the first push, and are locked as a whole."""

    repository_lookups = frozenset({"created", "updated", "immutable_tags", "tag_count"})
    tag_fields = ("digest", "updated", "pushed", "size", "media_type")
    edits = frozenset({"immutable_tags"})
    options = {
        "delete-enabled": "true|false: whether it, and what is in it, can be deleted",
        "list-enabled": "true|false: whether its tags can be listed",
        "read-enabled": "true|false: whether it can be pulled",
        "write-enabled": "true|false: whether it can be pushed to",
    }
    identities = "azure-identity: AZURE_CLIENT_ID …, workload or managed identity, `az login`"

    def identity(self) -> Credential | None:
        """A refresh token of the registry for whom azure-identity finds."""
        return azure.identity(self)

    def repositories(self, namespace: str | None) -> Iterator[Row]:
        """GET /acr/v1/_catalog; names only, see `repository_lookups`."""
        first = with_query("/acr/v1/_catalog", {"n": pages.PAGE_SIZE})
        answers = self.at.registry().pages(Call("GET", first, _JSON, scopes=(str(CATALOG_SCOPE),)))
        for names in pages.distinct(pages.names(answer, "repositories") for answer in answers):
            for name in names:
                if namespace is None or name.startswith(f"{namespace}/"):
                    yield self._row(name, {})

    def repository(self, path: str) -> Row:
        """GET /acr/v1/{name}"""
        return self._row(path, self._send("GET", path, "metadata_read"))

    def check_edit(self, path: str, wish: Edit) -> None:  # noqa: ARG002 - all are alike
        _locks(wish)

    def edit_repository(self, path: str, wish: Edit) -> None:
        """PATCH /acr/v1/{name}: tags are immutable where nothing can be written."""
        self._send("PATCH", path, "metadata_write", body=_locks(wish))

    def remove_repository(self, path: str) -> None:
        """DELETE /acr/v1/{name}"""
        self._send("DELETE", path, "delete")

    def tags(self, path: str) -> Iterator[Row]:
        """GET /acr/v1/{name}/_tags, with what `_manifests` says of their digests."""
        sizes = _Sizes(self._listed(path, "_manifests", "manifests"))
        for tag in self._listed(path, "_tags", "tags"):
            name, digest = text(tag.get("name")), text(tag.get("digest"))
            if name is None:
                continue
            size, media_type = sizes.take(digest)
            # The time of a tag is that of its last push: it moves on with the tag.
            moved = timestamps.normalised(tag.get("lastUpdateTime"))
            yield {
                "name": name,
                "digest": digest,
                "updated": moved,
                "pushed": moved,
                "size": size,
                "media_type": media_type,
            }

    def remove_tag(self, path: str, tag: str, digest: str) -> None:  # noqa: ARG002 - not asked for
        """DELETE /acr/v1/{name}/_tags/{tag}"""
        self._send("DELETE", path, "delete", f"/_tags/{segment(tag)}")

    def untagged(self, path: str) -> Iterator[Row]:
        """GET /acr/v1/{name}/_manifests: those without tags."""
        for manifest in self._listed(path, "_manifests", "manifests"):
            digest = text(manifest.get("digest"))
            if digest is not None and not manifest.get("tags"):
                yield {
                    "digest": digest,
                    "updated": timestamps.normalised(manifest.get("lastUpdateTime")),
                    "pushed": timestamps.normalised(manifest.get("createdTime")),
                    "size": number(manifest.get("imageSize")),
                    "media_type": text(manifest.get("mediaType")),
                }

    def _listed(self, path: str, what: str, member: str) -> Iterator[_Object]:
        """Newest first, tags and manifests alike."""
        query = {"n": pages.PAGE_SIZE, "orderby": "timedesc"}
        first = with_query(f"/acr/v1/{segment(path)}/{what}", query)
        call = Call(
            "GET",
            first,
            _JSON,
            scopes=(str(repository_scope(path, "metadata_read")),),
            repository=path,
        )
        for answer in self.at.registry().pages(call):
            found = answer.object().get(member)
            yield from (one for one in found or () if isinstance(one, dict))

    def _send(
        self,
        method: str,
        path: str,
        action: str,
        below: str = "",
        body: _Object | None = None,
    ) -> _Object:
        """The object that is answered; empty where nothing is."""
        headers = _JSON if body is None else {**_JSON, "Content-Type": "application/json"}
        call = Call(
            method,
            f"/acr/v1/{segment(path)}{below}",
            headers,
            body=None if body is None else json.dumps(body).encode(),
            scopes=(str(repository_scope(path, action)),),
            repository=path,
        )
        try:
            answer = self.at.registry().send(call)
        except Unsupported as error:
            # How a lock is told; where there is none, it is the truth.
            error.hint = f"hubcli repo inspect {self.at.host}/{path}"
            raise
        return answer.object() if answer.content.strip() else {}

    def _row(self, path: str, about: _Object) -> Row:
        locks = about.get("changeableAttributes")
        writable = locks.get("writeEnabled") if isinstance(locks, dict) else None
        rules = None if not isinstance(writable, bool) else [] if writable else [_ALL_TAGS[0]]
        return {
            "name": f"{self.at.host}/{path}",
            "namespace": path.rpartition("/")[0] or None,
            "registry": self.at.host,
            "visibility": None,
            "created": timestamps.normalised(about.get("createdTime")),
            "updated": timestamps.normalised(about.get("lastUpdateTime")),
            "immutable_tags": rules,
            "tag_count": number(about.get("tagCount")),
        }


class _Sizes:
    """Size and type of manifests, which are read as far as somebody asks.

    A manifest is kept until it was asked for by all of its tags: where they come in about the
    same order, that is never much.
    """

    def __init__(self, manifests: Iterator[_Object]) -> None:
        self._manifests = manifests
        self._kept: dict[str, tuple[int, int | None, str | None]] = {}

    def take(self, digest: str | None) -> tuple[int | None, str | None]:
        """Those of a tag's manifest; None each where it is not told."""
        while digest is not None and digest not in self._kept:
            manifest = next(self._manifests, None)
            if manifest is None:
                return None, None
            tags, name = manifest.get("tags"), text(manifest.get("digest"))
            if name is not None and isinstance(tags, list) and tags:
                media_type = text(manifest.get("mediaType"))
                self._kept[name] = (len(tags), number(manifest.get("imageSize")), media_type)
        if digest is None:
            return None, None
        left, size, media_type = self._kept.pop(digest)
        if left > 1:
            self._kept[digest] = (left - 1, size, media_type)
        return size, media_type


def _switch(key: str, value: str) -> bool:
    if value not in _SWITCHES:
        raise UsageError(f"--option {key} takes true or false, not {value!r}")
    return _SWITCHES[value]


def _locks(wish: Edit) -> dict[str, bool]:
    """The members of a repository that change."""
    changes = {_LOCKS[key]: _switch(key, value) for key, value in wish.options.items()}
    if wish.immutable_tags is not None:
        changes["writeEnabled"] = not _all_or_none(wish.immutable_tags)
    return changes


def _all_or_none(rules: Sequence[str]) -> bool:
    """Whether all tags are to be immutable; Unsupported for rules that mean some."""
    if not rules:
        return False
    if not set(rules) <= set(_ALL_TAGS):
        raise Unsupported(
            "Azure locks all tags of a repository or none of them: --immutable-tags '.*'"
        )
    return True
