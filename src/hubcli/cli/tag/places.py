"""Where tags are removed from: Docker Hub, a registry's own API, or what `/v2/` can do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from fnmatch import fnmatchcase
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from hubcli.cli.provided import removing_manifests
from hubcli.cli.runtime import Runtime
from hubcli.errors import Conflict, NotFound, Unsupported, doing
from hubcli.reference import Reference

if TYPE_CHECKING:
    from hubcli.registry import Repository
    from hubcli.registry.untag import Untagger
    from hubcli.session import Session


class Tags(Protocol):
    """The tags of a repository, to be looked at and removed one by one."""

    def digest(self, tag: str) -> str | None:
        """What a tag points at, None where that is not told; NotFound without such a tag."""
        ...

    def matching(self, glob: str) -> Iterator[tuple[str, str | None]]:
        """The tags that match, with what they point at."""
        ...

    def remove(self, tag: str, digest: str | None) -> None:
        """Remove a tag alone; Conflict where it points elsewhere by now."""
        ...

    @property
    def keeps_manifests(self) -> bool:
        """Whether a manifest is surely still there when its last tag has been removed."""
        ...

    @property
    def deletes_manifests(self) -> bool:
        """Whether it may have to be deleted by us, so that its last tag goes."""
        ...

    def remove_together(self, tags: Sequence[str], digest: str | None) -> bool:
        """Remove tags that point at one manifest; whether that was deleted with them.

        Conflict where one of them points elsewhere by now: some of the others may be gone then.
        """
        ...

    def remove_manifest(self, digest: str) -> None:
        """Delete a manifest that has no tag; that it is gone already is as good.

        Conflict where a tag needs it by now.
        """
        ...


class HubTags:
    """Docker Hub's API deletes a tag and nothing else."""

    keeps_manifests, deletes_manifests = True, False

    def __init__(self, session: Session, repository: Reference) -> None:
        self._tags = session.hub.tags
        self._pace = session.hub.pace
        self._path = repository.path

    def digest(self, tag: str) -> str | None:
        digest = self._tags.inspect(self._path, tag)["digest"]
        return None if digest is None else str(digest)

    def matching(self, glob: str) -> Iterator[tuple[str, str | None]]:
        from hubcli.tags import names

        wanted = names(glob)
        for row in self._tags.list(self._path, name=wanted.literal):
            if wanted(str(row["name"])):
                digest = row["digest"]
                yield str(row["name"]), None if digest is None else str(digest)

    def remove(self, tag: str, digest: str | None) -> None:
        found = self.digest(tag)
        if found != digest:
            raise Conflict(f"it was moved meanwhile, to {found}; nothing was deleted")
        self._tags.delete(self._path, tag)

    def remove_together(self, tags: Sequence[str], digest: str | None) -> bool:
        for tag in tags:
            self._pace.wait()
            self.remove(tag, digest)
        return False

    def remove_manifest(self, digest: str) -> None:
        raise Unsupported(f"Docker Hub's API does not delete manifests, such as {digest}")


class RegistryTags:
    """Any registry, by the ways of `registry.untag`."""

    def __init__(self, session: Session, repository: Reference) -> None:
        self._session = session
        self._reference = repository
        self._repository = session.repository(repository)

    @cached_property
    def _untagger(self) -> Untagger:
        from hubcli.registry.untag import Untagger

        return Untagger(self._deleting, self._session.warn, delete=self._by_provider)

    @cached_property
    def _deleting(self) -> Repository:
        return self._session.deleting_in(self._reference)

    @property
    def _by_provider(self) -> Callable[[str], None] | None:
        return removing_manifests(self._session, self._reference)

    def digest(self, tag: str) -> str | None:
        return self._repository.resolve(tag).digest

    def matching(self, glob: str) -> Iterator[tuple[str, str | None]]:
        from hubcli.providers import ListsTags
        from hubcli.registry.details import Details

        provider = self._session.provider(self._reference.host)
        if isinstance(provider, ListsTags) and "digest" in provider.tag_fields:
            for row in provider.tags(self._reference.path):
                if provider.tells(row["name"]) and fnmatchcase(str(row["name"]), glob):
                    yield str(row["name"]), None if row["digest"] is None else str(row["digest"])
            return

        names = (
            name for page in self._repository.tags() for name in page if fnmatchcase(name, glob)
        )
        for name, details in Details(self._repository, {"digest"}).of(names):
            if details is not None:
                yield name, details["digest"]

    @property
    def keeps_manifests(self) -> bool:
        return self._repository.registry.quirks.deletes_tags is True

    @property
    def deletes_manifests(self) -> bool:
        return not self.keeps_manifests

    def remove(self, tag: str, digest: str | None) -> None:
        self._untagger.remove(tag, digest or self._repository.resolve(tag).digest)

    def remove_together(self, tags: Sequence[str], digest: str | None) -> bool:
        wanted = digest or self._repository.resolve(tags[0]).digest
        return self._untagger.remove_together(tags, wanted) == "manifest"

    def remove_manifest(self, digest: str) -> None:
        with suppress(NotFound):
            if not self._untagger.remove_untagged(digest):
                raise Conflict("a tag needs it by now; nothing was deleted")


class ProviderTags(RegistryTags):
    """A registry whose own API removes a tag alone."""

    keeps_manifests, deletes_manifests = False, False

    def remove_together(self, tags: Sequence[str], digest: str | None) -> bool:
        for tag in tags:
            self.remove(tag, digest)
        return False

    def remove(self, tag: str, digest: str | None) -> None:
        from hubcli.providers import RemovesTags

        found = self.digest(tag)
        if digest is not None and found != digest:
            raise Conflict(f"it was moved meanwhile, to {found}; nothing was deleted")
        provider = self._session.provider(self._reference.host)
        assert isinstance(provider, RemovesTags)
        provider.remove_tag(self._reference.path, tag, str(found))


def tags_in(runtime: Runtime, repository: Reference, action: str) -> Tags:
    """The tags of a repository, by the way in which one of them can be removed there."""
    if repository.on_hub:
        return HubTags(runtime.session, repository)
    from hubcli.providers import RemovesTags

    with doing(action, str(repository)):
        removes_tags = isinstance(runtime.session.provider(repository.host), RemovesTags)
    return (ProviderTags if removes_tags else RegistryTags)(runtime.session, repository)
