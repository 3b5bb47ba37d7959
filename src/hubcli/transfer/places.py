"""Images by how they are spelled: which store they are in, opened for reading or for writing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

from hubcli.errors import UsageError, doing
from hubcli.reference import Reference, is_tag, parse
from hubcli.stores import ONLY, Source, Store, spelling
from hubcli.stores.spelling import Local
from hubcli.transfer.images import Image, Target

if TYPE_CHECKING:
    from hubcli.stores.collection import Collection
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
    `stdout` give the streams that `-` stands for, `engine` the docker engine.

    Archives that several images come from, or go to, are opened once: `sharing`, `collecting`.
    """

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
        self._shared: dict[tuple[str, str], Source] = {}
        self._collections: dict[str, Collection] = {}

    @contextmanager
    def sharing(self, local: Local) -> Iterator[Source]:
        """The archive or layout of some images, which `pair` and `source` find open meanwhile."""
        from hubcli.stores.layout import Layout

        with self._opened(local, compress=False) as image:
            if isinstance(image.store, Layout) and local.kind != spelling.OCI:
                self._shared[local.kind, local.path] = image.store
            try:
                yield image.store
            finally:
                self._shared.pop((local.kind, local.path), None)

    def is_shared(self, local: Local) -> bool:
        return (local.kind, local.path) in self._shared

    @contextmanager
    def collecting(
        self, local: Local, *, dry_run: bool = False, keep_others: bool = False
    ) -> Iterator[None]:
        """An archive that all images go into which `pair` is told to write there meanwhile; it is
        whole once the block has ended well, and begun otherwise. With `keep_others` what it had
        before stays in it, too."""
        from hubcli.stores import archive

        shown = str(replace(local, name=None))
        with ExitStack() as stack:
            stack.enter_context(doing(_WRITE, "stdout" if local.is_stream else shown))
            if local.is_stream:
                opened = stack.enter_context(archive.streamed_collection(self._stdout()))
            else:
                keeping = None if dry_run else keep_others
                opened = stack.enter_context(archive.collected(Path(local.path), keeping))
            self._collections[local.path] = opened
            stack.callback(self._collections.pop, local.path)
            yield

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
        elif isinstance(destination, Local) and destination.path in self._collections:
            with self.source(source) as read:
                yield read, self._collected(destination, name_in_collection(source, destination))
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
        if (local.kind, local.path) in self._shared:
            yield Image(self._shared[local.kind, local.path], local.identifier, str(local))
            return
        from hubcli.stores import archive

        content = self._stdin() if local.is_stream else Path(local.path)
        with archive.opened(content, local.kind, _place(local), compress=compress) as store:
            yield Image(store, local.identifier, str(local))

    def _collected(self, local: Local, name: str) -> Target:
        from hubcli.stores.collection import called_in_part
        from hubcli.stores.index import whole

        collection = self._collections[local.path]
        shown = str(replace(local, name=name or None))
        reference = whole(name)
        if reference is None:
            return Target(collection.archive, name, shown, digest=local.digest)
        part = collection.part(reference.repository)
        return Target(part, called_in_part(reference), shown, digest=local.digest)

    @contextmanager
    def _created(self, local: Local, name: str) -> Iterator[Target]:
        """An image to be written; also told are the failures of what is written at the end."""
        shown = str(replace(local, name=name or None))
        if local.kind == spelling.DOCKER_DAEMON:
            from hubcli.stores.docker_daemon.images import loading

            shown = str(local)
            with doing(_WRITE, shown), loading(self._engine(), local.path, shown) as store:
                yield Target(store, ONLY, shown, digest=local.digest)
            return
        if local.kind == spelling.OCI:
            from hubcli.stores.layout import LayoutDirectory

            layout = LayoutDirectory(Path(local.path))
            yield Target(layout, name, shown, digest=local.digest, is_added=name == ONLY)
            return
        from hubcli.stores import archive

        if local.is_stream:
            shown = "stdout"
            with doing(_WRITE, shown), archive.streamed(self._stdout(), local.kind, name) as store:
                yield Target(store, name, shown, digest=local.digest)
        else:
            path = Path(local.path)
            with doing(_WRITE, shown), archive.created(path, local.kind, name) as store:
                yield Target(store, name, shown, replaces=path.exists(), digest=local.digest)


def _remote(reference: Reference, repository: Repository) -> Image:
    return Image(repository, reference.identifier, str(reference), reference.host, reference.path)


def _target(reference: Reference, repository: Repository) -> Target:
    identifier, digest = reference.tag or reference.identifier, reference.digest
    shown, host, path = str(reference), reference.host, reference.path
    return Target(repository, identifier, shown, host, path, digest=digest)


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


def name_in_collection(source: Spelled, destination: Local) -> str:
    """What an image is called among those of other repositories: by its whole name, if it has one,
    unless something else is spelled."""
    if destination.name is not None:
        return destination.name
    if isinstance(source, Local):
        return _name_of(source, destination.kind)
    if source.tag or not source.digest:
        return str(source.tagged(source.tag or "latest"))
    return str(source)


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
