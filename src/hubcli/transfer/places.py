"""Images by how they are spelled: which store they are in, opened for reading or for writing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

from hubcli.errors import UsageError, doing
from hubcli.reference import Reference, is_tag, parse
from hubcli.stores import ONLY, Store, spelling
from hubcli.stores.spelling import Local
from hubcli.transfer.images import Image, Target

if TYPE_CHECKING:
    from hubcli.stores.docker_daemon.engine import Engine
    from hubcli.stores.tar import Sink


class Repository(Store, Protocol):
    """A registry's repository as a store; `scopes` are what its requests ask a token for."""

    scopes: tuple[str, ...]


Spelled = Reference | Local

_WRITE = "write to"

Open = Callable[..., Repository]
"""`open(reference, "pull", "push")`."""


class Places:
    """Opens images. `repository` makes the client of a repository, for some actions; `stdin` and
    `stdout` give the streams that `-` stands for, `engine` the docker engine."""

    def __init__(
        self,
        repository: Open,
        stdin: Callable[[], BinaryIO],
        stdout: Callable[[], Sink],
        engine: Callable[[], Engine],
    ) -> None:
        self._repository = repository
        self._stdin = stdin
        self._stdout = stdout
        self._engine = engine

    @contextmanager
    def source(self, spelled: Spelled) -> Iterator[Image]:
        """An image to be read."""
        if isinstance(spelled, Reference):
            yield _remote(spelled, self._repository(spelled, "pull"))
        else:
            with self._opened(spelled, compress=False) as image:
                yield image

    @contextmanager
    def pair(self, source: Spelled, destination: Spelled) -> Iterator[tuple[Image, Target]]:
        """An image to be read, and one to be written; an archive is written at the end."""
        if isinstance(source, Reference) and isinstance(destination, Reference):
            yield self._between(source, destination)
        elif isinstance(source, Local) and isinstance(destination, Reference):
            with self._opened(source, compress=True) as read:
                yield read, _target(destination, self._repository(destination, "pull", "push"))
        elif isinstance(destination, Local):
            name = destination.name or _name_of(source, destination.kind)
            with self.source(source) as read, self._created(destination, name) as written:
                yield read, written

    def _between(self, source: Reference, destination: Reference) -> tuple[Image, Target]:
        """Two references; in the same registry one token is asked for that is good for both."""
        read = self._repository(source, "pull")
        written = self._repository(destination, "pull", "push")
        if source.host == destination.host:
            own = () if source.path == destination.path else read.scopes
            read.scopes = written.scopes = (*written.scopes, *own)
        return _remote(source, read), _target(destination, written)

    @contextmanager
    def _opened(self, local: Local, *, compress: bool) -> Iterator[Image]:
        if local.kind == spelling.DOCKER_DAEMON:
            from hubcli.stores.docker_daemon.images import saved

            with saved(self._engine(), local.path, str(local), compress=compress) as store:
                yield Image(store, ONLY, str(local))
            return
        if local.kind == spelling.OCI:
            from hubcli.stores.layout import LayoutDirectory

            yield Image(LayoutDirectory(Path(local.path)), local.identifier, str(local))
            return
        from hubcli.stores import archive

        content = self._stdin() if local.is_stream else Path(local.path)
        with archive.opened(content, local.kind, _place(local), compress=compress) as store:
            yield Image(store, local.identifier, str(local))

    @contextmanager
    def _created(self, local: Local, name: str) -> Iterator[Target]:
        """An image to be written; also told are the failures of what is written at the end."""
        shown = str(replace(local, name=name or None))
        if local.kind == spelling.DOCKER_DAEMON:
            from hubcli.stores.docker_daemon.images import loading

            shown = str(local)
            with doing(_WRITE, shown), loading(self._engine(), local.path, shown) as store:
                yield Target(store, ONLY, shown)
            return
        if local.kind == spelling.OCI:
            from hubcli.stores.layout import LayoutDirectory

            yield Target(LayoutDirectory(Path(local.path)), name, shown)
            return
        from hubcli.stores import archive

        if local.is_stream:
            shown = "stdout"
            with doing(_WRITE, shown), archive.streamed(self._stdout(), local.kind, name) as store:
                yield Target(store, name, shown)
        else:
            path = Path(local.path)
            with doing(_WRITE, shown), archive.created(path, local.kind, name) as store:
                yield Target(store, name, shown, replaces=path.exists())


def _remote(reference: Reference, repository: Repository) -> Image:
    return Image(repository, reference.identifier, str(reference), reference.host, reference.path)


def _target(reference: Reference, repository: Repository) -> Target:
    return Target(repository, reference.identifier, str(reference), reference.host, reference.path)


def _name_of(source: Spelled, kind: str) -> str:
    """The name that an image gets in a local store where none is spelled: the one it had."""
    if isinstance(source, Local) and source.kind == spelling.DOCKER_DAEMON:
        return source.path if kind == spelling.DOCKER_ARCHIVE else _tag_of(source.path)
    if isinstance(source, Local):
        return _called(source) if kind == spelling.DOCKER_ARCHIVE else source.name or ONLY
    if source.digest and not source.tag:
        return ONLY
    tag = source.tag or "latest"
    if kind == spelling.DOCKER_ARCHIVE:
        return source.tagged(tag).short.removeprefix("library/")
    return tag


def _tag_of(name: str) -> str:
    """The tag in what an engine calls an image; an id has none."""
    try:
        return parse(name).tag or ONLY
    except UsageError:
        return ONLY


def _called(local: Local) -> str:
    """`NAME:TAG` for an image in a store that knows tags only: by where it lies."""
    name = local.name or "latest"
    if not is_tag(name) or local.is_stream:
        return local.name or ONLY
    called = f"{Path(local.path).name.partition('.')[0].lower()}:{name}"
    try:
        parse(called)
    except UsageError:
        return ONLY
    return called


def _place(local: Local) -> str:
    """The archive itself, as messages call it."""
    return "the archive on stdin" if local.is_stream else local.path
