"""The tags that go along when a repository is copied: which, and what the other side has by now."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hubcli.cli.runtime import Runtime
from hubcli.cli.tag.sources import Wish, find
from hubcli.errors import NotFound, doing
from hubcli.output import Row
from hubcli.reference import Reference

if TYPE_CHECKING:
    from hubcli.registry import Repository
    from hubcli.tags import Choice
    from hubcli.transfer import Options

_LIST = "list the tags of"
# A registry's own list of what refers to an image, where it has no API for that: it is made anew.
_REFERRERS = re.compile(r"sha256-[0-9a-f]{64}|sha512-[0-9a-f]{64}")
_SIGNATURES = re.compile(r"sha256-[0-9a-f]{64}\.(?:sig|att|sbom)")


@dataclass(frozen=True, slots=True)
class Move:
    """A tag, the digest that it has, and the one that it has on the other side by now."""

    tag: str
    digest: str | None
    before: str | None
    force: bool = False

    @property
    def action(self) -> str:
        if self.digest is None:
            return "missing"
        if self.before is None:
            return "create"
        if self.before == self.digest:
            return "keep"
        return "replace" if self.force else "conflict"

    @property
    def is_to_do(self) -> bool:
        return self.action in {"create", "replace"}


@dataclass(frozen=True)
class Moves:
    """What is to be copied from a repository to another. `others` counts what only that has.

    `signatures` says that there are cosign's tags, which were not chosen by name.
    """

    source: Reference
    destination: Reference
    moves: Sequence[Move]
    others: int
    signatures: bool = False

    def of(self, *actions: str) -> list[Move]:
        return [move for move in self.moves if move.action in actions]

    def row(self, move: Move, *, dry_run: bool) -> Row:
        reasons = {
            "conflict": "another image has this tag; --force replaces it",
            "missing": "it points at nothing that could be pulled",
        }
        return {
            "item": "tag",
            "name": move.tag,
            "action": move.action,
            "digest": move.digest,
            "previous": move.before,
            "reason": reasons.get(move.action),
            "reference": self.destination.tagged(move.tag).short,
            "source": self.source.tagged(move.tag).short,
            "dry_run": dry_run,
        }

    def groups(self, *, kept: bool = False) -> Mapping[str, tuple[str, ...]]:
        """The tags to be written, by digest: what several tags point at moves once.

        With `kept` also the digests that are there already, whose tags need not be written.
        """
        found: dict[str, list[str]] = {}
        for move in self.moves:
            if move.digest is not None and (move.is_to_do or (kept and move.action == "keep")):
                tags = found.setdefault(move.digest, [])
                if move.is_to_do:
                    tags.append(move.tag)
        return {digest: tuple(tags) for digest, tags in found.items()}


def planned(
    runtime: Runtime, source: Reference, destination: Reference, choice: Choice, *, force: bool
) -> Moves:
    """The tags that are chosen, looked up on both sides, a few at once."""
    from hubcli.parallel import in_order

    session, workers = runtime.session, runtime.settings.defaults.concurrency
    there = on_the_other_side(runtime, destination)
    read, written = session.repository(source), session.repository(destination)

    def look(row: Row) -> Move:
        tag = str(row["name"])
        digest = row.get("digest") or _digest(read, tag)
        before = None
        if tag in there:
            before = there[tag] or _digest(written, tag)
        return Move(tag, str(digest) if digest else None, before, force)

    with doing(_LIST, source.name):
        moves = [*in_order(look, rows(runtime, source, choice), workers)]
        signatures = not choice.everything and _are_signed(runtime, source, choice)
    others = there.keys() - {move.tag for move in moves}
    left = sum(_REFERRERS.fullmatch(tag) is None for tag in others)
    return Moves(source, destination, moves, left, signatures)


def rows(runtime: Runtime, source: Reference, choice: Choice) -> Iterator[Row]:
    """The tags that are chosen, as rows with their digests as far as those are told."""
    found = find(runtime.session, source, Wish(choice, fields=("digest",)))
    return (row for row in found if not _REFERRERS.fullmatch(str(row["name"])))


def on_the_other_side(runtime: Runtime, reference: Reference) -> dict[str, str | None]:
    """The tags of a repository with their digests, as far as those are told at once; none where
    there is no such repository."""
    try:
        if reference.on_hub:
            listing = runtime.session.hub.tags.list(reference.path)
            return {str(row["name"]): _told(row) for row in listing}
        pages = runtime.session.repository(reference).tags()
        return {tag: None for page in pages for tag in page}
    except NotFound:
        return {}


def _told(row: Row) -> str | None:
    digest = row.get("digest")
    return None if digest is None else str(digest)


def _digest(repository: Repository, tag: str) -> str | None:
    found = repository.find(tag)
    return None if found is None else found.digest


def _are_signed(runtime: Runtime, source: Reference, choice: Choice) -> bool:
    """Whether images that were chosen by name may have signatures under other names."""
    from hubcli.tags import Names

    signatures = replace(choice, names=Names(globs=("sha256-*",)), since=None, until=None)
    found = find(runtime.session, source, Wish(replace(signatures, limit=None, order=None)))
    return any(_SIGNATURES.fullmatch(str(row["name"])) for row in found)


def differing(
    runtime: Runtime, destination: Reference, moves: Iterable[Move]
) -> Iterator[tuple[Move, str | None]]:
    """The tags that the other side does not have as they should be, with what it has."""
    from hubcli.parallel import in_order

    repository = runtime.session.repository(destination)

    def look(move: Move) -> tuple[Move, str | None]:
        return move, _digest(repository, move.tag)

    with doing("verify", destination.name):
        for move, digest in in_order(look, moves, runtime.settings.defaults.concurrency):
            if digest is None or digest != move.digest:
                yield move, digest


def options(moves: Moves, jobs: int, *, dry_run: bool = False) -> Options:
    from hubcli.transfer import Options

    return Options(jobs=jobs, referrers=True, digest_tags=moves.signatures, dry_run=dry_run)
