"""Archives of images: opened in place or from a stream, and written from a layout beside them.

An archive that is written grows as a layout directory `FILE.partial/`, so that an interrupted run
can be gone on with; at the end it is packed, put in place by renaming, and the directory removed.
"""

from __future__ import annotations

import gzip
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from hubcli import files
from hubcli.errors import HubcliError, IntegrityFailure, NotFound, Unsupported, UsageError
from hubcli.oci import Descriptor, Manifest
from hubcli.stores import Source, docker_archive, tar
from hubcli.stores.layout import INDEX, MARKER, Layout, LayoutDirectory, blob_name
from hubcli.stores.spelling import ARCHIVE, DOCKER_ARCHIVE, OCI_ARCHIVE
from hubcli.stores.tar import Add, Sink, Tar
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
        raise UsageError(f"{shown} is neither an OCI archive nor one of docker's")
    return Layout(content, shown)


def _spooled(stream: BinaryIO, stack: ExitStack) -> BinaryIO:
    """A copy that can be sought in: what comes through a pipe can be read once only."""
    copy = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
    shutil.copyfileobj(stream, copy, CHUNK)
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
    copy = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
    most = max(MOST_INFLATED, MOST_RATIO * raw.seek(0, 2))
    raw.seek(0)
    size = 0
    try:
        with gzip.GzipFile(fileobj=raw) as stream:
            while chunk := stream.read(CHUNK):
                size += len(chunk)
                if size > most:
                    raise IntegrityFailure(f"{shown} inflates to more than {most} bytes")
                copy.write(chunk)
    except (OSError, EOFError, zlib.error) as error:
        raise IntegrityFailure(f"{shown} is damaged: {error}") from error
    return copy


class Staging(LayoutDirectory):
    """The layout that becomes an archive; what the archive holds by now is what it resolves."""

    def __init__(self, directory: Path, existing: Path | None, kind: str) -> None:
        super().__init__(directory)
        self._existing = existing
        self._kind = kind

    def resolve(self, identifier: str) -> Descriptor:
        if self._existing is None or self._kind == DOCKER_ARCHIVE:
            raise NotFound("there is no archive yet")
        try:
            with opened(self._existing, self._kind, str(self._existing)) as archive:
                return archive.resolve(identifier)
        except (HubcliError, OSError) as error:
            raise NotFound("there is no such image in the archive") from error


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


@contextmanager
def created(path: Path, kind: str, name: str) -> Iterator[Staging]:
    """A layout whose image becomes the archive `path` once the block has ended well."""
    with _directory(path) as directory:
        staging = Staging(directory, path, kind)
        try:
            yield staging
            if (directory / INDEX).exists():
                _put(staging, path, kind, name)
        except IntegrityFailure:
            shutil.rmtree(directory, ignore_errors=True)
            raise


@contextmanager
def streamed(sink: Sink, kind: str, name: str) -> Iterator[Staging]:
    """As `created`, but written to a stream: with no layout left behind, whatever happens."""
    with tempfile.TemporaryDirectory(prefix="hubcli-") as directory:
        staging = Staging(Path(directory), None, kind)
        yield staging
        if (staging.directory / INDEX).exists():
            _pack(staging, sink, kind, name)


@contextmanager
def _directory(path: Path) -> Iterator[Path]:
    """`FILE.partial`, or one of our own where another process is at work in that."""
    with ExitStack() as stack:
        directory = path.with_name(f"{path.name}.partial")
        try:
            stack.enter_context(files.locked(directory / "use", wait=False))
        except OSError:
            made = tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".partial", dir=path.parent)
            directory = Path(made)
        try:
            yield directory
        finally:
            _discard_if_empty(directory)


def _discard_if_empty(directory: Path) -> None:
    """Nothing worth keeping: not one blob, whole or in part."""
    kept = [*directory.glob("blobs/*/*"), *directory.glob(".partial/*")]
    if not kept:
        shutil.rmtree(directory, ignore_errors=True)


def _put(staging: Staging, path: Path, kind: str, name: str) -> None:
    packed = staging.directory / "packed"
    with packed.open("wb") as file, _compressed(file, path) as sink:
        _pack(staging, sink, kind, name)
    packed.replace(path)
    shutil.rmtree(staging.directory, ignore_errors=True)


@contextmanager
def _compressed(file: BinaryIO, path: Path) -> Iterator[Sink]:
    """Layers are compressed already: more than the least effort would be in vain."""
    if not path.name.lower().endswith((".tar.gz", ".tgz")):
        yield file
        return
    with gzip.GzipFile(filename="", fileobj=file, mode="wb", compresslevel=1, mtime=0) as stream:
        yield stream


def _pack(staging: Staging, sink: Sink, kind: str, name: str) -> None:
    root = staging.manifest(staging.images()[-1].digest)
    with tar.writing(sink) as add:
        if kind == DOCKER_ARCHIVE:
            docker_archive.write(staging.directory, root, name, add)
        else:
            _write_layout(staging, root, add)


def _write_layout(staging: Staging, root: Manifest, add: Add) -> None:
    for name in (MARKER, INDEX):
        add(name, staging.directory / name)
    for digest in sorted(_needed(staging, root)):
        add(blob_name(digest), staging.directory / blob_name(digest))


def _needed(staging: Staging, manifest: Manifest) -> set[str]:
    """The digests of a manifest and of all below it that are there."""
    found = {manifest.digest}
    for child in manifest.children():
        if child.is_manifest:
            with suppress(NotFound):
                found |= _needed(staging, staging.manifest(child.digest))
        elif staging.blobs.has(child):
            found.add(child.digest)
    return found
