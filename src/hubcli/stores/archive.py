"""Archives of images: opened in place or from a stream, and written.

OCI archives are written as their blobs come (`oci_archive`): into `FILE.partial`, which an
interrupted run leaves for the next one, and which takes the place of `FILE` once it is whole. One
that is to be compressed grows in the same way, and is compressed at the end: what is compressed
can be neither filled in several places at once nor gone on with.

In docker's archives layers are plain, and how long they are is known only once they have been
decompressed. So the blobs of such an image are staged as they are, in a layout `FILE.partial/` (or,
for a stream, in a temporary one), and each layer is decompressed into a file of its own before it
is entered.
"""

from __future__ import annotations

import gzip
import shutil
import tempfile
import threading
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from hubcli import files
from hubcli.errors import HubcliError, IntegrityFailure, NotFound, Unsupported, UsageError
from hubcli.oci import Descriptor, Manifest
from hubcli.stores import Source, docker_archive, tar
from hubcli.stores.collection import Collection, sort, take_over
from hubcli.stores.index import INDEX
from hubcli.stores.layout import FixedLayout, Layout, LayoutDirectory
from hubcli.stores.oci_archive import GrowingArchive, StreamedArchive
from hubcli.stores.spelling import ARCHIVE, DOCKER_ARCHIVE, OCI_ARCHIVE
from hubcli.stores.tar import Sink, Tar
from hubcli.stores.tree import CHUNK

MOST_INFLATED = 1 << 30
MOST_RATIO = 200
"""A compressed archive may grow to a gibibyte, or to 200 times its size, whichever is more."""

_GZIP = b"\x1f\x8b"
_OTHERS = {b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"\x28\xb5\x2f\xfd": "zstd"}


@contextmanager
def opened(
    path: Path | BinaryIO, kind: str, shown: str, *, compress: bool = False
) -> Iterator[Source]:
    """The images of an archive in a file or on a stream; gzip is undone into a temporary file.

    Of `kind` `archive` it is what its content says. With `compress` the layers of docker's archives
    are compressed. IntegrityFailure for a damaged archive, NotFound for a missing file.
    """
    with ExitStack() as stack:
        try:
            raw = stack.enter_context(path.open("rb")) if isinstance(path, Path) else path
        except FileNotFoundError:
            raise NotFound(f"there is no file {path}") from None
        if not isinstance(path, Path):
            raw = _spooled(raw, stack)
        scratch = None
        if compress:
            scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hubcli-")))
        yield _reader(Tar(_inflated(raw, shown, stack), shown), kind, shown, scratch)


def _reader(content: Tar, kind: str, shown: str, scratch: Path | None) -> Source:
    """The right kind of store. Docker 25 and later write archives that are of both kinds; their
    layers, if plain, had better be compressed on the way to a registry."""
    dockers = docker_archive.DockerArchive(content, shown, scratch)
    if kind == DOCKER_ARCHIVE:
        return dockers
    is_layout = content.size(INDEX) is not None
    is_dockers = content.size(docker_archive.MANIFESTS) is not None
    if kind == ARCHIVE and is_dockers and (not is_layout or (scratch and dockers.is_plain())):
        return dockers
    if kind == ARCHIVE and not is_layout:
        content.check_ended(f"there is no {INDEX}")
        raise UsageError(f"{shown} is neither an OCI archive nor one of docker's")
    return FixedLayout(content, shown)


def _spooled(stream: BinaryIO, stack: ExitStack) -> BinaryIO:
    """A copy that can be sought in: what comes through a pipe can be read once only."""
    copy = stack.enter_context(files.temporary())
    while chunk := stream.read(CHUNK):
        with files.keeping():
            copy.write(chunk)
    with files.keeping():
        copy.seek(0)
    return copy


def _inflated(raw: BinaryIO, shown: str, stack: ExitStack) -> BinaryIO:
    magic = raw.read(6)
    raw.seek(0)
    for start, name in _OTHERS.items():
        if magic.startswith(start):
            raise Unsupported(f"{shown} is compressed with {name}; gzip and plain tar are read")
    if not magic.startswith(_GZIP):
        return raw
    copy = stack.enter_context(files.temporary())
    most = max(MOST_INFLATED, MOST_RATIO * raw.seek(0, 2))
    raw.seek(0)
    size = 0
    try:
        with gzip.GzipFile(fileobj=raw) as stream:
            while chunk := stream.read(CHUNK):
                size += len(chunk)
                if size > most:
                    raise IntegrityFailure(f"{shown} inflates to more than {most} bytes")
                with files.keeping():
                    copy.write(chunk)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise IntegrityFailure(f"{shown} is damaged: {error}") from error
    with files.keeping():
        copy.flush()
    return copy


class Staging(LayoutDirectory):
    """The layout that becomes an archive of docker's. Those are never up to date: the digest of
    the image that they were made of is lost."""

    def images_there(self) -> list[Descriptor]:
        """What was put into it, nothing in a dry run."""
        return self.images() if (self.directory / INDEX).exists() else []

    def resolve(self, identifier: str) -> Descriptor:
        raise NotFound(f"there is no archive with {identifier or 'an image'} yet")

    def check(self, root: Manifest) -> None:
        """Unsupported for what such an archive cannot hold."""
        docker_archive.check(root)


def replacing(store: Source, name: str | None) -> tuple[str, str | None, list[str]]:
    """What an archive that was opened becomes when one image is written in its place: the kind,
    the image's name, which is what it had unless `name` is given, and what would be lost."""
    is_dockers = isinstance(store, docker_archive.DockerArchive)
    names = store.names() if isinstance(store, docker_archive.DockerArchive | Layout) else []
    if is_dockers and name is not None:
        name = docker_archive.whole_name(name)
    if name is None and len(names) == 1:
        name = names[0]
    if names == [None]:
        names = []
    lost = [other or "an image without a name" for other in names if other != name]
    return DOCKER_ARCHIVE if is_dockers else OCI_ARCHIVE, name, lost


Written = GrowingArchive | StreamedArchive | Staging


@contextmanager
def created(path: Path, kind: str, name: str) -> Iterator[Written]:
    """A store whose image becomes the archive `path` once the block has ended well.

    Whoever wants to write the same one waits for that.
    """
    growing = path.with_name(f"{path.name}.partial")
    with files.locked(growing, stays=False):
        kept = _staged(growing, path, name) if kind == DOCKER_ARCHIVE else _grown(growing, path)
        with kept as store:
            try:
                yield store
            except IntegrityFailure:
                _remove(growing)
                raise


@contextmanager
def streamed(sink: Sink, kind: str, name: str) -> Iterator[Written]:
    """As `created`, but written to a stream: nothing is left behind, whatever happens."""
    if kind != DOCKER_ARCHIVE:
        archive = StreamedArchive(sink)
        yield archive
        if not archive.is_empty:
            archive.finish()
        return
    with packed(sink, name) as staging:
        yield staging


@contextmanager
def collected(path: Path, keep_others: bool | None = False) -> Iterator[Collection]:
    """An archive for the images of many repositories, which becomes `path` once the block has
    ended well; otherwise what has been written by then is left for the next run.

    What was not written because it is there already is taken over from the archive that is
    replaced, and with `keep_others` whatever else is in it; with None nothing is.
    """
    growing = path.with_name(f"{path.name}.partial")
    with files.locked(growing, stays=False), _grown(growing, path, keep_others) as archive:
        yield Collection(archive)


@contextmanager
def streamed_collection(sink: Sink) -> Iterator[Collection]:
    """As `collected`, but written to a stream."""
    with streamed(sink, OCI_ARCHIVE, "") as archive:
        assert isinstance(archive, StreamedArchive)
        yield Collection(archive)
        sort(archive)


@contextmanager
def packed(sink: Sink, name: str) -> Iterator[Staging]:
    """A layout whose image is written to a stream as an archive of docker's, in the end."""
    with tempfile.TemporaryDirectory(prefix="hubcli-") as directory:
        staging = Staging(Path(directory))
        yield staging
        if staging.images_there():
            _pack(staging, sink, name)


@contextmanager
def _grown(growing: Path, path: Path, keep_others: bool | None = None) -> Iterator[GrowingArchive]:
    """What becomes the archive `path`; unless `keep_others` is None, with what it had before."""
    with ExitStack() as stack:
        archive = GrowingArchive(growing, _Replaced(path, stack))
        try:
            yield archive
            if keep_others is not None:
                take_over(archive, keep_others=keep_others)
                sort(archive)
            if not archive.is_empty:
                archive.finish()
                stack.close()
                _put(growing, path)
        finally:
            if archive.is_useless():
                _remove(growing)


class _Replaced:
    """The archive at `path`, opened when it is first asked for, until the `stack` closes it."""

    def __init__(self, path: Path, stack: ExitStack) -> None:
        self._path = path
        self._stack = stack
        self._lock = threading.Lock()
        self._is_tried = False
        self._found: Layout | None = None

    def __call__(self) -> Layout | None:
        """None where there is no archive, or nothing that can be read as one."""
        with self._lock:
            if not self._is_tried:
                self._is_tried = True
                self._found = self._open()
            return self._found

    def _open(self) -> Layout | None:
        try:
            store = self._stack.enter_context(opened(self._path, OCI_ARCHIVE, str(self._path)))
        except (HubcliError, OSError):
            return None
        return store if isinstance(store, Layout) else None


@contextmanager
def _staged(growing: Path, path: Path, name: str) -> Iterator[Staging]:
    if growing.is_file():
        growing.unlink()
    staging = Staging(growing)
    try:
        yield staging
        if staging.images_there():
            whole = growing / "packed"
            with files.naming(whole), whole.open("wb") as file:
                _pack(staging, file, name)
            _put(whole, path)
            _remove(growing)
    finally:
        if not [*growing.glob("blobs/*/*"), *growing.glob(".partial/*")]:
            _remove(growing)  # nothing of it is worth keeping


def _put(plain: Path, path: Path) -> None:
    """Have a plain archive take its place, compressed where the name of that says so.

    Layers are compressed already: more than the least effort would be in vain.
    """
    if path.name.lower().endswith((".tar.gz", ".tgz")):
        target = plain.with_name(f"{plain.name}.gz")
        try:
            with files.naming(target), plain.open("rb") as whole, target.open("wb") as file:
                _compress(whole, file)
        except BaseException:
            target.unlink(missing_ok=True)
            raise
        plain.unlink()
        plain = target
    plain.replace(path)


def _compress(plain: BinaryIO, file: BinaryIO) -> None:
    with gzip.GzipFile(filename="", fileobj=file, mode="wb", compresslevel=1, mtime=0) as stream:
        shutil.copyfileobj(plain, stream, CHUNK)


def _remove(growing: Path) -> None:
    if growing.is_dir():
        shutil.rmtree(growing, ignore_errors=True)
    else:
        growing.unlink(missing_ok=True)


def _pack(staging: Staging, sink: Sink, name: str) -> None:
    root = staging.manifest(staging.images_there()[-1].digest)
    with tar.writing(sink) as add:
        docker_archive.write(staging.directory, root, name, add)
