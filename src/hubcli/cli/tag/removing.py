"""`hubcli tag rm`: shows which tags will go, asks, and removes them one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property, partial
from typing import TYPE_CHECKING, Annotated, Protocol

import typer

from hubcli.cli.commands import Rows, Shown
from hubcli.cli.options import DryRun, Yes
from hubcli.cli.plans import ask, these
from hubcli.cli.runtime import Runtime
from hubcli.cli.tag.declared import REMOVAL, group
from hubcli.errors import Conflict, NotFound, UsageError, doing
from hubcli.output import Row, Selection
from hubcli.reference import Reference, parse_pattern

if TYPE_CHECKING:
    from hubcli.registry.untag import Untagger
    from hubcli.session import Session

_ACTION = "delete"


@dataclass(frozen=True)
class Target:
    """A tag that is to go, what it points at, and why it was chosen."""

    reference: Reference
    digest: str | None
    reason: str

    @property
    def tag(self) -> str:
        return self.reference.identifier

    @property
    def row(self) -> Row:
        return {
            "reference": self.reference.short,
            "digest": self.digest,
            "action": _ACTION,
            "reason": self.reason,
            "name": self.tag,
            "repository": self.reference.name,
        }


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


class HubTags:
    """Docker Hub's API deletes a tag and nothing else."""

    def __init__(self, session: Session, repository: Reference) -> None:
        self._tags = session.hub.tags
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


class RegistryTags:
    """Any registry, by the ways of `registry.untag`."""

    def __init__(self, session: Session, repository: Reference) -> None:
        self._session = session
        self._reference = repository
        self._repository = session.repository(repository)

    @cached_property
    def _untagger(self) -> Untagger:
        from hubcli.providers import RemovesManifests
        from hubcli.registry.untag import Untagger

        provider = self._session.provider(self._reference.host)
        return Untagger(
            self._session.deleting_in(self._reference),
            self._session.warn,
            delete=partial(provider.remove_manifest, self._reference.path)
            if isinstance(provider, RemovesManifests)
            else None,
        )

    def digest(self, tag: str) -> str | None:
        return self._repository.resolve(tag).digest

    def matching(self, glob: str) -> Iterator[tuple[str, str | None]]:
        from hubcli.providers import ListsTags
        from hubcli.registry.details import Details

        provider = self._session.provider(self._reference.host)
        if isinstance(provider, ListsTags) and "digest" in provider.tag_fields:
            for row in provider.tags(self._reference.path):
                if fnmatchcase(str(row["name"]), glob):
                    yield str(row["name"]), None if row["digest"] is None else str(row["digest"])
            return

        names = (
            name for page in self._repository.tags() for name in page if fnmatchcase(name, glob)
        )
        for name, details in Details(self._repository, {"digest"}).of(names):
            if details is not None:
                yield name, details["digest"]

    def remove(self, tag: str, digest: str | None) -> None:
        self._untagger.remove(tag, digest or self._repository.resolve(tag).digest)


class ProviderTags(RegistryTags):
    """A registry whose own API removes a tag alone."""

    def remove(self, tag: str, digest: str | None) -> None:
        from hubcli.providers import RemovesTags

        found = self.digest(tag)
        if digest is not None and found != digest:
            raise Conflict(f"it was moved meanwhile, to {found}; nothing was deleted")
        provider = self._session.provider(self._reference.host)
        assert isinstance(provider, RemovesTags)
        provider.remove_tag(self._reference.path, tag, str(found))


@group.command(
    "rm",
    shows=REMOVAL,
    calls=(
        "DELETE /v2/repositories/{namespace}/{repository}/tags/{tag}",
        "DELETE /v2/namespaces/{namespace}/repositories/{repository}/tags/{tag}",
    ),
)
def rm(
    runtime: Runtime,
    selection: Selection,
    references: Annotated[
        list[str],
        typer.Argument(metavar="REF…", help="Tags, as REPO:TAG, or patterns, as 'REPO:pr-*'."),
    ],
    yes: Yes = False,
    dry_run: DryRun = False,
) -> Shown:
    """Delete tags, and nothing but these: other tags of the same image stay.

    \b
    Examples:
      hubcli tag rm acme/api:old
      hubcli tag rm 'acme/api:pr-*' --dry-run
      hubcli tag rm 'ghcr.io/acme/api:pr-*' --yes
    """
    wishes = [_wish(text) for text in references]
    places = {place: _tags(runtime, place) for place, _ in wishes}
    targets = _targets(runtime, wishes, places)
    if dry_run:
        return Rows(target.row for target in targets)
    if not targets:
        return None
    if not yes:
        lines = [f"{target.reference.short}  {target.digest or ''}" for target in targets]
        question = f"Delete {these(targets, 'tag', 'tags')}?"
        ask(runtime.output, lines, question, "nothing was deleted")
    for target in targets:
        with runtime.attempting(), doing(_ACTION, str(target.reference)):
            places[target.reference.bare()].remove(target.tag, target.digest)
            if not selection.quiet:
                runtime.output.notice(f"deleted {target.reference.short}")
    return None


def _wish(text: str) -> tuple[Reference, str]:
    """The repository, and the tag or pattern in it; nobody is taken to have meant `latest`."""
    reference, glob = parse_pattern(text)
    wanted = glob or reference.tag
    if wanted is None or reference.digest:
        raise UsageError(
            "a tag is wanted here" if wanted is None else "a tag alone is wanted, without a digest",
            action=_ACTION,
            reference=text,
            hint=f"hubcli tag ls {reference.name}",
        )
    return reference.bare(), wanted


def _tags(runtime: Runtime, repository: Reference) -> Tags:
    if repository.on_hub:
        return HubTags(runtime.session, repository)
    from hubcli.providers import RemovesTags

    with doing(_ACTION, str(repository)):
        removes_tags = isinstance(runtime.session.provider(repository.host), RemovesTags)
    return (ProviderTags if removes_tags else RegistryTags)(runtime.session, repository)


def _targets(
    runtime: Runtime, wishes: Sequence[tuple[Reference, str]], places: Mapping[Reference, Tags]
) -> list[Target]:
    """What is to go, each tag once; wishes that nothing answers to are reported."""
    found: dict[Reference, Target] = {}
    for repository, wanted in wishes:
        with runtime.attempting(), doing(_ACTION, f"{repository}:{wanted}"):
            # All or nothing: what could be listed in part only is not understood well enough.
            for target in list(_answering(places[repository], repository, wanted)):
                found.setdefault(target.reference, target)
    return list(found.values())


def _answering(tags: Tags, repository: Reference, wanted: str) -> Iterator[Target]:
    from hubcli.reference import is_glob

    if not is_glob(wanted):
        yield Target(repository.tagged(wanted), tags.digest(wanted), "named")
        return
    matched = False
    for tag, digest in tags.matching(wanted):
        matched = True
        yield Target(repository.tagged(tag), digest, f"matches {wanted}")
    if not matched:
        raise NotFound("no tag matches")
