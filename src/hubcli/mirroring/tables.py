"""What a target has by now, read at once where it can be: so that most tags need no request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hubcli.errors import HubcliError, NotFound
from hubcli.mirroring.ends import End, is_archive
from hubcli.mirroring.item import UNKNOWN, Known
from hubcli.mirroring.world import World
from hubcli.reference import Reference
from hubcli.stores.index import name_of
from hubcli.stores.layout import LayoutDirectory
from hubcli.tags import Choice

_ABSENT = Known(there=False)
_WORTH_A_LIST = 2
"""Tags for which a list of names is asked for, instead of asking for each."""


@dataclass(frozen=True, slots=True)
class Table:
    """The tags of a repository or store. `digests` has None for those that a list only names.

    `whole` says whether a tag that is not in it is not there.
    """

    digests: Mapping[str, str | None]
    whole: bool = True

    def of(self, tag: str) -> Known:
        if tag in self.digests:
            return Known(there=True, digest=self.digests[tag])
        return _ABSENT if self.whole else UNKNOWN


NOTHING_KNOWN = Table({}, whole=False)


def table(world: World, target: End, wanted: int, *, wholly: bool = False) -> Table:
    """What a target has, as far as that is worth a request for so many tags.

    With `wholly` a list that cannot be had is a failure; else each tag is asked for then.
    """
    if is_archive(target):
        return NOTHING_KNOWN  # what is in it stays in it only if it is asked for
    if not isinstance(target, Reference):
        return _of_layout(target.path)
    if wanted < _WORTH_A_LIST and not wholly:
        return NOTHING_KNOWN
    try:
        rows = world.rows(target, Choice())
        return Table({str(row["name"]): row.get("digest") for row in rows})
    except NotFound:
        return Table({})
    except HubcliError:
        if wholly:
            raise
        return NOTHING_KNOWN


def _of_layout(path: str) -> Table:
    """A layout in a directory; its tags with their digests."""
    try:
        images = LayoutDirectory(Path(path)).images()
    except NotFound:
        return Table({})
    named = ((name_of(image), image.digest) for image in images)
    return Table({name: digest for name, digest in named if name is not None})
