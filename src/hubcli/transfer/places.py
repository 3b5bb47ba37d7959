"""Images by how they are spelled: which store they are in, opened for reading or for writing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from hubcli.errors import Unsupported
from hubcli.reference import Reference
from hubcli.stores import ONLY, Store, spelling
from hubcli.stores.layout import LayoutDirectory
from hubcli.stores.spelling import Local
from hubcli.transfer.engine import Image


class Repository(Store, Protocol):
    """A registry's repository as a store; `scopes` are what its requests ask a token for."""

    scopes: tuple[str, ...]


Spelled = Reference | Local
Open = Callable[..., Repository]
"""`open(reference, "pull", "push")`."""


class Places:
    """Opens images. `repository` makes the client of a repository, for some actions."""

    def __init__(self, repository: Open) -> None:
        self._repository = repository

    @contextmanager
    def source(self, spelled: Spelled) -> Iterator[Image]:
        """An image to be read."""
        if isinstance(spelled, Reference):
            yield _remote(spelled, self._repository(spelled, "pull"))
        else:
            with self._opened(spelled) as image:
                yield image

    @contextmanager
    def pair(self, source: Spelled, destination: Spelled) -> Iterator[tuple[Image, Image]]:
        """An image to be read, and one to be written; an archive is written at the end."""
        if isinstance(source, Reference) and isinstance(destination, Reference):
            yield self._between(source, destination)
        elif isinstance(destination, Reference):
            with self.source(source) as read:
                yield read, _remote(destination, self._repository(destination, "pull", "push"))
        else:
            name = destination.name or _name_of(source)
            with self.source(source) as read, self._created(destination, name) as written:
                yield read, written

    def _between(self, source: Reference, destination: Reference) -> tuple[Image, Image]:
        """Two references; in the same registry one token is asked for that is good for both."""
        read = self._repository(source, "pull")
        written = self._repository(destination, "pull", "push")
        if source.host == destination.host:
            own = () if source.path == destination.path else read.scopes
            read.scopes = written.scopes = (*written.scopes, *own)
        return _remote(source, read), _remote(destination, written)

    @contextmanager
    def _opened(self, local: Local) -> Iterator[Image]:
        if local.kind != spelling.OCI:
            raise _unsupported(local)
        yield Image(LayoutDirectory(Path(local.path)), local.identifier, str(local))

    @contextmanager
    def _created(self, local: Local, name: str) -> Iterator[Image]:
        if local.kind != spelling.OCI:
            raise _unsupported(local)
        shown = str(Local(local.kind, local.path, name or None))
        yield Image(LayoutDirectory(Path(local.path)), name, shown)


def _remote(reference: Reference, repository: Repository) -> Image:
    return Image(repository, reference.identifier, str(reference), reference.host, reference.path)


def _name_of(source: Spelled) -> str:
    """The name that an image gets in a local store where none is spelled: the one it had."""
    if isinstance(source, Local):
        return source.name or ONLY
    return source.tag or (ONLY if source.digest else "latest")


def _unsupported(local: Local) -> Unsupported:
    return Unsupported(f"hubcli cannot use {local.kind}: yet", reference=str(local))
