"""`hubcli tag ls oci:DIR`: what the images of a local store are called."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from hubcli.cli.images import places
from hubcli.cli.runtime import Runtime
from hubcli.cli.tag.arranging import Counted, Found, arranged
from hubcli.cli.tag.wishes import Wish
from hubcli.errors import Unsupported, UsageError
from hubcli.output import Row

if TYPE_CHECKING:
    from hubcli.oci import Descriptor
    from hubcli.stores import Source
    from hubcli.stores.spelling import Local

TOLD = ("digest", "media_type")
"""What an OCI layout tells at once, an archive of docker's of each image."""

# Repositories begin with none of these: what spells a store is imported for stores alone.
_MAYBE = re.compile(r"(?:oci|ocidir|oci-archive|docker-archive|docker-daemon):|[./-]")
_UNTOLD = frozenset({"updated", "pushed", "pulled"})
_WORKERS = 4


def store_in(text: str) -> Local | None:
    """The local store that `text` spells, without an image in it; None for a repository."""
    if _MAYBE.match(text) is None:
        return None
    from hubcli.stores import spelling

    local = spelling.parse_local(text)
    if local.kind == spelling.DOCKER_DAEMON:
        raise UsageError("an engine lists its images itself", hint="docker image ls")
    if local.name or local.digest:
        raise UsageError("a store is wanted here, without a name", reference=text)
    return local


def find_local(runtime: Runtime, local: Local, wish: Wish) -> Found:
    """The rows of a store's images that `wish` asks for."""
    if wish.order is not None and wish.order.key in _UNTOLD:
        raise Unsupported(
            f"a local store does not say when images were {wish.order.key}",
            hint=f"hubcli tag ls {local} --sort created",
        )
    counted = Counted(_rows(runtime, local, wish))
    if wish.needs_all:
        return arranged(counted, wish)
    return Found(counted, counted.total)


def _rows(runtime: Runtime, local: Local, wish: Wish) -> Iterator[Row]:
    from hubcli.registry.details import Details

    with places(runtime).sharing(local) as store:
        named = ((n, d) for n, d in _images(store) if (n is None) == wish.untagged)
        wanted = [(n, d) for n, d in named if n is None or wish.names(n)]
        details = Details(store, wish.lookups() - set(TOLD), workers=_WORKERS)
        found = details.of(image.digest for _, image in wanted) if details.wanted else None
        for name, image in wanted:
            row = _row(local, name, image)
            if found is not None:
                _, more = next(found)
                row |= more or {}
            if wish.accepts(row):
                yield row


def _images(store: Source) -> Iterator[tuple[str | None, Descriptor]]:
    """Each image with its name, None for one without; an image of several names as often."""
    from hubcli.stores.docker_archive import DockerArchive
    from hubcli.stores.index import name_of
    from hubcli.stores.layout import Layout

    if isinstance(store, Layout):
        yield from ((name_of(image), image) for image in store.images())
    elif isinstance(store, DockerArchive):
        yield from ((name, store.resolve(name)) for name in store.tags())


def _row(local: Local, name: str | None, image: Descriptor) -> dict[str, object]:
    place = f"{local}:{name}" if name is not None else f"{local}@{image.digest}"
    about = {"digest": image.digest, "media_type": image.media_type}
    return {"name": name, "reference": place, "repository": str(local), **about}
