"""What a registry's own API may be able to do: small capabilities, each of them optional.

A provider has those that its class inherits; `isinstance(provider, ListsTags)` asks for one.
Paths are those of references, without the host. Rows have the fields of the command line's
contract; fields that a registry does not tell may be left out. Every method raises NotFound where
what it is about is not there, and whatever failure an answer means.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields

from hubcli.auth.credentials import Credential

Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class Creation:
    """A repository that is to be made; what is None was not asked for.

    `options` are the provider's own (`Provider.options`), checked against that.
    """

    private: bool | None = None
    description: str | None = None
    immutable_tags: bool | None = None
    scan_on_push: bool | None = None
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def asked(self) -> list[str]:
        """The names of what was asked for, `options` aside."""
        return [
            one.name
            for one in fields(self)
            if one.name != "options" and getattr(self, one.name) is not None
        ]


@dataclass(frozen=True, slots=True)
class Edit:
    """What is to change; None is what stays.

    `immutable_tags` are regular expressions of tags that never change, none of them to let all
    change.
    """

    private: bool | None = None
    description: str | None = None
    immutable_tags: Sequence[str] | None = None
    scan_on_push: bool | None = None
    options: Mapping[str, str] = field(default_factory=dict)


class ListsRepositories:
    def repositories(self, namespace: str | None) -> Iterable[Row]:
        """The repositories below a namespace; without one those that are one's own, or all."""
        raise NotImplementedError


class CreatesRepositories:
    def create_repository(self, path: str, wish: Creation) -> Row:
        """Make a repository; Conflict where there is one of that name."""
        raise NotImplementedError


class ShowsRepositories:
    def repository(self, path: str) -> Row:
        """The row of one repository."""
        raise NotImplementedError


class EditsRepositories:
    def edit_repository(self, path: str, wish: Edit) -> None:
        """Change what `wish` names, which the provider has said (`edits`) that it can."""
        raise NotImplementedError


class RemovesRepositories:
    def remove_repository(self, path: str) -> None:
        """Delete a repository with all that is in it."""
        raise NotImplementedError


class ListsTags:
    def tags(self, path: str) -> Iterable[Row]:
        """The tags, each a row with `name` and what the class says that it tells (`tag_fields`).

        Paged calls, as few as can be; never one for each tag. Where the API refuses, or knows no
        such repository, the registry itself is asked.
        """
        raise NotImplementedError


class ListsUntagged:
    def untagged(self, path: str) -> Iterable[Row]:
        """The manifests that no tag points at, each a row with `digest` and what else is told.

        The images of an index may be among them: registries count them as untagged.
        """
        raise NotImplementedError


class RemovesTags:
    def remove_tag(self, path: str, tag: str, digest: str) -> None:
        """Remove one tag, which points at `digest`, and no other tag of that manifest."""
        raise NotImplementedError


class RemovesManifests:
    def remove_manifest(self, path: str, digest: str) -> None:
        """Delete a manifest with all its tags, for a registry that does not by `/v2/`.

        It serves `manifest rm`; and `tag rm`, as on any registry (see `registry.untag`), unless
        the API removes tags, too.
        """
        raise NotImplementedError


class RestoresTags:
    def restore_tag(self, path: str, tag: str, digest: str | None) -> str:
        """Bring back a tag as it was last, or as it was at `digest`; the digest it has now."""
        raise NotImplementedError


class Searches:
    def search(self, words: str) -> Iterable[Row]:
        """Rows of search results, the best first."""
        raise NotImplementedError


class HasIdentity:
    def identity(self) -> Credential | None:
        """A credential for the registry, from whom the user is to this provider anyway.

        The last source before anonymous: `at.credential` must not be asked here. None where there
        is no such identity, CredentialFailure where it is there and broken.
        """
        raise NotImplementedError


CAPABILITIES: Mapping[str, tuple[type, ...]] = {
    "repo ls": (ListsRepositories,),
    "repo create": (CreatesRepositories,),
    "repo inspect": (ShowsRepositories,),
    "repo edit": (EditsRepositories,),
    "repo rm": (RemovesRepositories,),
    "tag ls": (ListsTags,),
    "tag ls --untagged": (ListsUntagged,),
    "tag rm": (RemovesTags, RemovesManifests),
    "tag undelete": (RestoresTags,),
    "search": (Searches,),
    "sign-in": (HasIdentity,),
}
"""What each command needs of a provider: one of these."""


def capabilities(provider: type | None) -> list[str]:
    """The commands that a provider's class serves by an API of its own."""
    return [
        name
        for name, kinds in CAPABILITIES.items()
        if provider is not None and any(issubclass(provider, one) for one in kinds)
    ]
