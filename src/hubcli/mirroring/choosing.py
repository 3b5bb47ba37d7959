"""From a pair of repositories to its images: the tags that are named, and those that are chosen."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hubcli.errors import doing
from hubcli.mirroring.ends import Part, Source, bare, identifier, image, placed
from hubcli.mirroring.item import UNKNOWN, Item, Known, Mapping
from hubcli.mirroring.tables import Table, table
from hubcli.mirroring.world import World
from hubcli.reference import Reference, is_tag
from hubcli.retention.attached import subject_of
from hubcli.stores.index import whole
from hubcli.stores.spelling import Local
from hubcli.tags import Choice

_EVERY_TAG = Choice()


@dataclass(frozen=True, slots=True)
class Chosen:
    """The images of a pair; `attached` are the source's tags that belong to images by their
    names, with what they point at where that is told. `refused` are names that no tag can have."""

    mapping: Mapping
    items: tuple[Item, ...]
    target: Table
    attached: dict[str, str | None]
    refused: tuple[str, ...] = ()


def choose(world: World, mapping: Mapping) -> Chosen:
    """The images of a pair that its entry wants."""
    entry = mapping.entry
    one = identifier(mapping.source)
    named = entry.named if one is None else (one,)
    wanted: dict[str, Known] = {}
    attached: dict[str, str | None] = {}
    if entry.choice is not None and one is None:
        with doing("list tags of", str(mapping.source)):
            wanted, attached = _listed(world, mapping.source, entry.choice, entry.digest_tags)
    count = len(wanted) + len(named)
    whole = entry.delete_extra
    with doing("list tags of", str(bare(mapping.target))):
        there = table(world, bare(mapping.target), count, wholly=whole)
    items = [_named(mapping, text, there) for text in named]
    taken = {item.target for item in items}
    refused = []
    for tag, known in wanted.items():
        if isinstance(mapping.target, Reference) and not is_tag(tag):
            refused.append(tag)
            continue
        target = placed(mapping.target, mapping.source, tag)
        if target not in taken:
            source = image(mapping.source, tag)
            items.append(Item(mapping, source, target, known, there.of(tag)))
    return Chosen(mapping, tuple(items), there, attached, tuple(refused))


def _listed(
    world: World, source: Source, choice: Choice, digest_tags: bool
) -> tuple[dict[str, Known], dict[str, str | None]]:
    """The tags that are chosen; and those that belong to images, if they are wanted."""
    unlimited = replace(choice, limit=None)
    rows = list(world.rows(source, unlimited))
    chosen = choice.of(row for row in rows if not subject_of(str(row["name"])))
    known = {
        str(row["name"]): Known(True, row.get("digest"), row.get("media_type")) for row in chosen
    }
    if not digest_tags:
        return known, {}
    everything = rows if unlimited == _EVERY_TAG else world.rows(source, _EVERY_TAG)
    names = ((str(row["name"]), row.get("digest")) for row in everything)
    return known, {name: digest for name, digest in names if subject_of(name)}


def _named(mapping: Mapping, text: str, there: Table) -> Item:
    """The item of a tag, a digest, `TAG@DIGEST` or, in a local store, a whole name; the source
    need not have it."""
    named = whole(text) if isinstance(mapping.source, Local) else None
    if named is not None:
        tag, digest, source = named.tag or "", named.digest or "", mapping.source
    else:
        tag, _, digest = text.rpartition("@") if "@" in text else (text, "", "")
        source = image(mapping.source, digest or tag)
    assert not isinstance(source, Part)
    own = identifier(mapping.target) or tag or digest
    target = placed(mapping.target, mapping.source, own)
    known = Known(True, digest) if digest else UNKNOWN
    return Item(mapping, source, target, known, there.of(own))
