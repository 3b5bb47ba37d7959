"""What a target has and is not to have: tags that no entry chooses at its source."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from hubcli.mirroring.choosing import Chosen
from hubcli.mirroring.ends import End, bare, identifier, image
from hubcli.retention.attached import subject_of
from hubcli.tags import Names


@dataclass(frozen=True, slots=True)
class These(Names):
    """Some tags by their names, and no others."""

    tags: frozenset[str] = frozenset()

    def __call__(self, name: str) -> bool:
        return name in self.tags


@dataclass(frozen=True, slots=True)
class Extras:
    """The tags of a target that are to go, in its order, and how many are wanted there.

    Tags that belong to an image by their names are not among them: they go along with it.
    """

    entry: str
    target: End
    tags: tuple[str, ...]
    wanted: int

    @property
    def names(self) -> Names:
        return These(tags=frozenset(self.tags))


def extras(found: Iterable[Chosen], has: Callable[[str], bool] = lambda _: True) -> list[Extras]:
    """By target, where an entry wants them gone; what any entry chooses stays.

    Of single tags only those whose image, by its whole name, this worker `has`.
    """
    by_target: dict[End, list[Chosen]] = {}
    for chosen in found:
        by_target.setdefault(bare(chosen.mapping.target), []).append(chosen)
    return [one for target, group in by_target.items() if (one := _extras(target, group, has))]


def _extras(target: End, group: list[Chosen], has: Callable[[str], bool]) -> Extras | None:
    asking = [chosen for chosen in group if chosen.mapping.entry.delete_extra]
    if not asking:
        return None
    wanted = {identifier(item.target) for chosen in group for item in chosen.items}
    there = [tag for tag in asking[0].target.digests if subject_of(tag) is None]
    going = tuple(tag for tag in there if tag not in wanted and has(str(image(target, tag))))
    if not going:
        return None
    return Extras(asking[0].mapping.entry.name, target, going, len(wanted))
