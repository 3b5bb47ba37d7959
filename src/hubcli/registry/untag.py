"""Removing one tag and nothing else, also where a registry deletes manifests only.

distribution-spec 1.1, "Deleting tags": `DELETE …/manifests/<tag>`, which many registries refuse.
Deleting the manifest by digest removes every tag on it; so that is done only if no other tag
needs it. Otherwise the tag is first moved to a manifest made for the purpose, which is deleted.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Literal

from hubcli import oci
from hubcli.errors import Conflict, HubcliError, NotFound, Unsupported
from hubcli.oci import Descriptor, Manifest
from hubcli.registry import referrers
from hubcli.registry.calls import Call
from hubcli.registry.needs import Needs
from hubcli.registry.repository import Repository

Way = Literal["tag", "manifest", "placeholder"]

_REFUSED = frozenset({400, 404, 405, 501})
"""How registries answer that delete manifests only, or nothing, when they are given a tag."""


class Untagger:
    """Removes tags of one repository, one at a time; its token must be good for everything.

    `warn` is told where a registry took more than it was asked to, and what was done about it.
    `delete` deletes a manifest by digest where `/v2/` does not.
    """

    def __init__(
        self,
        repository: Repository,
        warn: Callable[[str], None] = lambda _: None,
        *,
        delete: Callable[[str], None] | None = None,
    ) -> None:
        self._repository = repository
        self._warn = warn
        self._needs = Needs(repository)
        quirks = repository.registry.quirks
        self._takes_tags: bool | None = quirks.deletes_tags
        self._deletes = delete is not None
        self._delete = delete or repository.delete

    def remove(self, tag: str, digest: str) -> Way:
        """Remove a tag that points at `digest`; what was deleted for it.

        Conflict where it points elsewhere by now, Unsupported (and nothing changed) where the
        registry does not delete.
        """
        return self.remove_together((tag,), digest)

    def remove_together(self, tags: Sequence[str], digest: str) -> Way:
        """Remove tags of one manifest, which goes at once where nothing else needs it.

        Conflict where one of them points elsewhere by now: some of the others may be gone then.
        """
        left = [tag for tag in tags if not self._remove_as_tag(tag, digest)]
        return self._remove_manifest(left, digest) if left else "tag"

    def remove_untagged(self, digest: str) -> bool:
        """Delete a manifest that no tag needs; False, and nothing changed, where one does."""
        if self._needs.tags_needing(digest, besides=()):
            return False
        self._delete(digest)
        return True

    def _remove_as_tag(self, tag: str, digest: str) -> bool:
        """Remove a tag as such; False where that is not how it is done here."""
        self._check(tag, digest)
        if self._takes_tags is None:
            self._takes_tags = self._try_tag(tag, digest)
            return self._takes_tags or self._is_gone(tag)
        return self._takes_tags and self._delete_tag(tag)

    def _remove_manifest(self, tags: Sequence[str], digest: str) -> Way:
        self._require_deletes()
        manifest = self._repository.manifest(digest)
        others = self._needs.tags_needing(digest, besides=tags)
        for tag in tags:
            self._check(tag, digest)
        if others:
            for tag in tags:
                self._replace(tag, manifest)
        else:
            self._delete(digest)
            referrers.leave(self._repository, manifest)
        for tag in tags:
            self._verify(tag, manifest, others)
        return "placeholder" if others else "manifest"

    def _check(self, tag: str, digest: str) -> None:
        found = self._repository.resolve(tag)
        if found.digest != digest:
            raise Conflict(f"it was moved meanwhile, to {found.digest}; nothing was deleted")

    def _try_tag(self, tag: str, digest: str) -> bool:
        """Delete a tag as such, for the first time here; False where that is not to be done again.

        A registry may take the tag for the manifest it points at, and remove all its tags.
        """
        manifest, before = self._repository.manifest(digest), self._names()
        if not self._delete_tag(tag):
            return False
        lost = before - self._names() - {tag}
        if not lost or not self._is_gone(digest):
            return True
        self._put_back(sorted(lost), manifest)
        return False

    def _delete_tag(self, tag: str) -> bool:
        answer = self._repository.send(Call("DELETE", f"manifests/{tag}", accepted=_REFUSED))
        return answer.ok or (answer.status == 404 and self._is_gone(tag))

    def _names(self) -> set[str]:
        return {name for page in self._repository.tags() for name in page}

    def _is_gone(self, identifier: str) -> bool:
        try:
            self._repository.resolve(identifier)
        except NotFound:
            return True
        return False

    def _require_deletes(self) -> None:
        """Unsupported unless manifests can be deleted: asked with a digest that nothing has."""
        if self._deletes:
            return
        if not self._repository.registry.quirks.deletes_manifests:
            raise self._undeletable()
        nothing = f"sha256:{secrets.token_hex(32)}"
        answer = self._repository.send(Call("DELETE", f"manifests/{nothing}", accepted=_REFUSED))
        if not answer.ok and answer.status != 404:
            raise self._undeletable()
        self._deletes = True

    def _undeletable(self) -> Unsupported:
        return Unsupported(f"{self._repository.registry.host} deletes neither tags nor manifests")

    def _replace(self, tag: str, manifest: Manifest) -> None:
        """Move the tag to a placeholder and delete that; put it back if that fails."""
        placeholder = self._placeholder(manifest)
        self._repository.put_manifest(tag, placeholder)
        try:
            self._delete(placeholder.digest)
        except BaseException:
            self._repository.put_manifest(tag, manifest)
            raise

    def _placeholder(self, like: Manifest) -> Manifest:
        """A manifest that nobody has, of the same family as `like`: an image without layers."""
        docker = like.media_type in {oci.DOCKER_MANIFEST, oci.DOCKER_LIST}
        config = _json(
            {
                "architecture": "amd64",
                "os": "linux",
                "config": {"Labels": {"placeholder": secrets.token_hex(16)}},
                "rootfs": {"type": "layers", "diff_ids": []},
            }
        )
        described = Descriptor(
            oci.DOCKER_CONFIG if docker else oci.OCI_CONFIG, oci.digest_of(config), len(config)
        )
        self._repository.blobs.upload(described, _from_memory(config))
        media_type = oci.DOCKER_MANIFEST if docker else oci.OCI_MANIFEST
        document = {
            "schemaVersion": 2,
            "mediaType": media_type,
            "config": described.to_json(),
            "layers": [],
        }
        return oci.parse_manifest(_json(document), media_type)

    def _verify(self, tag: str, manifest: Manifest, others: Mapping[str, str]) -> None:
        """The tag is gone and its siblings stand; those that do not are put back.

        Where their manifest stands, it was somebody else who removed them at the same time.
        """
        siblings = [name for name, digest in others.items() if digest == manifest.digest]
        lost = [name for name in siblings if self._is_gone(name)]
        if lost and self._is_gone(manifest.digest):
            self._put_back(lost, manifest)
        if not self._is_gone(tag) and self._repository.resolve(tag).digest == manifest.digest:
            raise HubcliError("the registry says that it was deleted, and still has it")

    def _put_back(self, names: Sequence[str], manifest: Manifest) -> None:
        for name in names:
            self._repository.put_manifest(name, manifest)
            self._warn(f"the registry removed {self._repository}:{name} as well; it was put back")


def _from_memory(content: bytes) -> Callable[[int], AbstractContextManager[Iterator[bytes]]]:
    """`content` as `Blobs.upload` reads its source: anew from any offset."""
    return lambda offset: nullcontext(iter((content[offset:],)))


def _json(document: object) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()
