"""Which of the tags that belong to images by their names (`sha256-….sig`) are mirrored along."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hubcli.mirroring.choosing import Chosen
from hubcli.mirroring.comparing import Comparing, Found
from hubcli.mirroring.ends import image, placed
from hubcli.mirroring.item import Item, Known
from hubcli.retention.attached import key_of, subject_of


def attached(chosen: Chosen, found: Mapping[Item, Found], comparing: Comparing) -> list[Item]:
    """The items of the tags that belong to what the target has or will have.

    Those that the target has already need no further look. Of the others, what is inside an index
    is only read where its own digest does not explain them.
    """
    names = [name for name in chosen.attached if _suffixed(name)]
    roots = {
        item: one.digest
        for item, one in found.items()
        if one.digest and item.mapping is chosen.mapping
    }
    wanted = {name for name in names if chosen.target.of(name).there}
    wanted |= _of(names, roots.values())
    if set(names) - wanted:
        for item, digest in roots.items():
            wanted |= _of(names, comparing.children(item, digest))
            if not set(names) - wanted:
                break
    return [_item(chosen, name) for name in names if name in wanted]


def _of(names: Iterable[str], digests: Iterable[str]) -> set[str]:
    keys = {key_of(digest) for digest in digests}
    return {name for name in names if subject_of(name) in keys}


def _suffixed(name: str) -> bool:
    """Without a suffix it is a list of referrers, which registries keep themselves."""
    return "." in name


def _item(chosen: Chosen, name: str) -> Item:
    mapping = chosen.mapping
    known = Known(True, chosen.attached[name])
    source = image(mapping.source, name)
    target = placed(mapping.target, mapping.source, name)
    return Item(mapping, source, target, known, chosen.target.of(name), is_attached=True)
