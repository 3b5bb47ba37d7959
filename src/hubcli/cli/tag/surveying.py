"""What has to be known of a repository before it is said which of its tags go."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from hubcli.cli.runtime import Runtime
from hubcli.cli.tag.places import Tags, tags_in
from hubcli.cli.tag.sources import Wish, find, told_by
from hubcli.errors import Denied, IntegrityFailure, NotFound, NotSignedIn, Unsupported, UsageError
from hubcli.output import Row
from hubcli.reference import Reference, is_tag

if TYPE_CHECKING:
    from hubcli.oci import Manifest
    from hubcli.registry import Repository
    from hubcli.retention.facts import Node, Tag
    from hubcli.retention.planning import Plan
    from hubcli.retention.rules import Rules, Verdict
    from hubcli.retention.undo import Entry

_MOST_ATTACHED = 10_000


@dataclass(frozen=True)
class Surveyed:
    """A repository, where its tags are removed, and what is planned there."""

    reference: Reference
    tags: Tags
    plan: Plan
    read: Callable[[str], Manifest | None]

    def without_what_stays(self) -> Surveyed:
        return replace(self, plan=self.plan.without_what_stays())

    def entries(self) -> Iterator[Entry]:
        """What brings back all that goes, in the order in which it goes.

        With the manifests themselves where they may be deleted along with their tags.
        """
        from hubcli.retention.undo import Entry

        for group in self.plan.groups:
            if group.digest is None:
                continue
            manifest = None if self.tags.keeps_manifests else self.read(group.digest)
            kind = None if manifest is None else manifest.media_type
            content = None if manifest is None else manifest.content
            for name in group.tags:
                yield Entry(self.reference.tagged(name), group.digest, kind, content)
            for each in group.referrers:
                attached = self.read(each)
                if attached is not None:
                    where = self.reference.at(each)
                    yield Entry(where, each, attached.media_type, attached.content)


class Survey:
    """Plans for one repository; on Docker Hub by its API alone."""

    def __init__(self, runtime: Runtime, reference: Reference, action: str) -> None:
        self._session = runtime.session
        self._reference = reference
        self._tags = tags_in(runtime, reference, action)
        self._inside = Inside()

    def plan(self, rules: Sequence[Rules], now: float) -> Surveyed:
        """What these rules say, and what is left of it by what needs what.

        Unsupported, before anything is asked for, where a rule needs what nobody tells here.
        """
        from hubcli.retention.planning import judged, settled
        from hubcli.tags import TIMES

        told = self._told
        if any(each.unused_for is not None for each in rules) and "pulled" not in told:
            raise Unsupported(f"{self._reference.host} does not tell when tags were pulled")
        dated = any(each.needs_moments for each in rules)
        tags = [*self._listed(dated and not {*TIMES} & {*told})]
        verdicts = judged(tags, rules, now, self._frozen)
        plan = settled(verdicts, self._nodes(verdicts), self._frozen)
        if plan.count and self._tags.deletes_manifests:
            plan = plan.with_referrers(self._attached(plan))
        return Surveyed(self._reference, self._tags, plan, self._read)

    @cached_property
    def _told(self) -> tuple[str, ...]:
        """What is told of all tags at once, or by the registry's own API."""
        if self._reference.on_hub:
            return ("digest", "updated", "pushed", "pulled", "size")
        return told_by(self._session, self._reference)

    @cached_property
    def _repository(self) -> Repository:
        return self._session.repository(self._reference)

    # Tags

    def _listed(self, by_creation: bool) -> Iterator[Tag]:
        from hubcli.retention.facts import tag_of

        for row in self._rows("created" if by_creation else "digest"):
            if not is_tag(str(row["name"])):
                continue  # whatever that is, nobody can ask for it
            if self._reference.on_hub:
                self._inside.heed(row)
            yield tag_of(row)

    def _rows(self, *fields: str) -> Iterable[Row]:
        from hubcli.tags import choice

        wish = Wish(choice(), fields=("digest", *fields), people=False)
        return find(self._session, self._reference, wish)

    # What never goes

    def _frozen(self, tag: Tag) -> str | None:
        if tag.immutable:
            return "it is immutable"
        rule = self._rule_for(tag.name)
        return None if rule is None else f"immutable by the rule {rule}"

    def _rule_for(self, name: str) -> str | None:
        for rule, names in self._rules:
            if _matches(rule, name) if names is None else name in names:
                return rule
        return None

    @cached_property
    def _rules(self) -> Sequence[tuple[str, Collection[str] | None]]:
        """Regular expressions of tags that never change, as far as the registry tells them.

        With the tags that each means, where that is for the registry to say.
        """
        if not self._reference.on_hub:
            return [(rule, None) for rule in self._rules_elsewhere()]
        repositories, path = self._session.hub.repositories, self._reference.path
        found: list[tuple[str, Collection[str] | None]] = []
        for rule in _texts(repositories.inspect(path)["immutable_tags"]):
            try:
                found.append((rule, frozenset(repositories.frozen_by(path, rule))))
            except Denied:  # who may delete tags need not be one who may see to rules
                found.append((rule, None))
        return found

    def _rules_elsewhere(self) -> Sequence[str]:
        from hubcli.providers import ShowsRepositories

        provider = self._session.provider(self._reference.host)
        if "immutable_tags" not in provider.edits or not isinstance(provider, ShowsRepositories):
            return ()
        try:
            return _texts(provider.repository(self._reference.path).get("immutable_tags"))
        except (NotSignedIn, Denied, NotFound, Unsupported):
            return ()  # then what is immutable is refused, one by one

    # What needs what

    def _nodes(self, verdicts: Sequence[Verdict]) -> Mapping[str, Node]:
        from hubcli.retention.attached import subject_of
        from hubcli.retention.reading import read_nodes

        if not any(one.goes for one in verdicts):
            return {}
        if self._reference.on_hub:
            if self._inside.missed:
                for row in self._rows():
                    self._inside.heed(row)
            return self._inside.nodes
        # What belongs to others may go, too: that is decided by what is read here.
        going, staying = (
            [
                one.tag.digest
                for one in verdicts
                if one.tag.digest is not None
                and goes is (one.goes or subject_of(one.tag.name) is not None)
            ]
            for goes in (True, False)
        )
        return read_nodes(self._read, going, staying, self._repository.registry.concurrency)

    def _read(self, digest: str) -> Manifest | None:
        try:
            return self._repository.manifest(digest)
        except NotFound:
            return None
        except IntegrityFailure:
            if self._repository.resolve(digest).is_manifest:
                raise
            return None  # Docker's schema 1 refers to no manifest

    def _attached(self, plan: Plan) -> Mapping[str, Sequence[str]]:
        """What is attached to manifests that go, and to that in turn, by their digest."""
        listing = Attached(self._repository, {one.tag.name for one in plan.verdicts})
        found: dict[str, Sequence[str]] = {}
        for group in plan.groups:
            if group.digest is not None and group.digest not in plan.needed:
                found[group.digest] = listing.of(group.digest)
        return found


class Inside:
    """Which images are in which tags, as Hub tells, where a tag belongs to one of those.

    Of all others nothing is kept: there may be many.
    """

    def __init__(self) -> None:
        self.nodes: dict[str, Node] = {}
        self.missed = False
        """Whether all tags have to be looked at again: some came before it was known who asks."""
        self._owners: set[str] = set()
        self._passed = False

    def heed(self, row: Row) -> None:
        from hubcli.retention.attached import key_of, subject_of
        from hubcli.retention.facts import Node

        owner = subject_of(str(row["name"]))
        if owner is not None and owner not in self._owners:
            self._owners.add(owner)
            self.missed |= self._passed
        digest, images = row.get("digest"), row.get("images")
        if not isinstance(digest, str) or not isinstance(images, list):
            return
        told = [image["digest"] for image in images if image["digest"] not in {None, digest}]
        self._passed |= bool(told)
        inside = tuple(each for each in told if key_of(each) in self._owners)
        if inside:
            self.nodes[digest] = Node(digest, inside)


class Attached:
    """The referrers of manifests; where they are in fallback indexes, only where there is one."""

    def __init__(self, repository: Repository, names: Collection[str]) -> None:
        self._repository = repository
        self._names = names
        self._has_api: bool | None = None

    def of(self, digest: str) -> Sequence[str]:
        """The digests of what is attached to it, and to that in turn, the outermost first."""
        found: dict[str, None] = {}
        todo = [digest]
        while todo and len(found) < _MOST_ATTACHED:
            for each in self._listed(todo.pop()):
                if each not in found:
                    found[each] = None
                    todo.append(each)
        return [*reversed(found)]

    def _listed(self, digest: str) -> Sequence[str]:
        from hubcli.registry import referrers

        if self._has_api is False and referrers.fallback_tag(digest) not in self._names:
            return ()
        how, listed = self._repository.listed_referrers(digest)
        self._has_api = how == referrers.API
        return [each.digest for each in listed]


def _matches(rule: str, name: str) -> bool:
    """Whether a rule for whole names means one; one that cannot be read, or might take for ever to
    be tried, might mean any."""
    from hubcli.tags.patterns import compiled

    try:
        return compiled(rule).fullmatch(name) is not None
    except UsageError:
        return True


def _texts(value: object) -> Sequence[str]:
    return [str(each) for each in value] if isinstance(value, list) else ()
