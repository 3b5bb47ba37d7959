"""What commands that look into an image have in common: the image opened, and what it may cost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from hubcli.cli.images import places, shown
from hubcli.cli.runtime import Runtime
from hubcli.errors import doing

if TYPE_CHECKING:
    from hubcli.inspection import Picked
    from hubcli.layers import Layer, Limits
    from hubcli.stores import Source

MaxUnpacked = Annotated[
    int | None,
    typer.Option(
        "--max-unpacked",
        metavar="GIB",
        min=1,
        help="What a layer may unpack to (1 GiB, or 200 times its size).",
    ),
]


@dataclass(frozen=True, slots=True)
class Opened:
    """An image, of one platform, whose layers can be read."""

    store: Source
    picked: Picked
    layers: tuple[Layer, ...]
    shown: str
    is_local: bool
    platforms: tuple[str, ...] | None
    """Those of an index; None where it is an image."""


@contextmanager
def opened(runtime: Runtime, text: str, platform: str | None, action: str) -> Iterator[Opened]:
    """The image that `text` spells; failures inside are told as those of `action`."""
    from hubcli.inspection import pick
    from hubcli.layers import layers_of
    from hubcli.oci import parse_platform
    from hubcli.stores import spelling

    wanted = parse_platform(platform) if platform else None
    spelled = spelling.parse(text)
    with doing(action, str(spelled)), places(runtime).source(spelled) as image:
        top = image.store.manifest(image.identifier)
        picked = pick(image.store, top, wanted)
        layers = layers_of(image.store, picked.manifest)
        offered = tuple(map(str, top.platforms())) if top.is_index else None
        is_local = isinstance(spelled, spelling.Local)
        yield Opened(image.store, picked, layers, shown(spelled), is_local, offered)


def limits(max_unpacked: int | None) -> Limits:
    """The limits that `--max-unpacked` says."""
    from hubcli.layers import Limits

    return Limits(unpacked=None if max_unpacked is None else max_unpacked << 30)
