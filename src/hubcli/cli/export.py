"""`hubcli export`: the file system of an image, or a file of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hubcli.cli.commands import Commands
from hubcli.cli.contents import MaxUnpacked, Opened, limits, opened
from hubcli.cli.images import Stdout
from hubcli.cli.options import Platform
from hubcli.cli.runtime import Runtime
from hubcli.errors import HubcliError, Unsupported, UsageError

if TYPE_CHECKING:
    from hubcli.layers import Limits, Spool
    from hubcli.stores.tar import Sink

verbs = Commands()

_CHUNK = 1 << 20


@verbs.command("export")
def export(
    runtime: Runtime,
    reference: Annotated[str, typer.Argument(metavar="REF", help="An image.")],
    path: Annotated[
        str | None, typer.Argument(metavar="[PATH]", help="A file or directory of the image.")
    ] = None,
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="FILE", help="Write to FILE, not to stdout.")
    ] = "-",
    platform: Platform = None,
    max_unpacked: MaxUnpacked = None,
) -> None:
    """Write an image's file system as a tar, or one file of it.

    Of a directory PATH it is a tar, too; of a file its content, symbolic links are followed inside
    the image. Everything that is read is verified before the first byte is written.

    \b
    Examples:
      hubcli export alpine -o alpine.tar
      hubcli export alpine /etc/os-release | grep ID
      hubcli export alpine /etc | tar tv
    """
    if output == "-" and runtime.output.stdout_is_terminal:
        raise UsageError("bytes as they are go to stdout, and that is a terminal; name a FILE: -o")
    with opened(runtime, reference, platform, "export") as image:
        _export(runtime, image, path, output, limits(max_unpacked))


def _export(runtime: Runtime, image: Opened, path: str | None, output: str, limits: Limits) -> None:
    from hubcli.layers import Spool

    with Spool(image.store.blobs) as spool:
        whole = path is None or path.endswith("/")
        if whole or not _quick(runtime, image, spool, path or "/", output, limits):
            _thorough(runtime, image, spool, path or "/", output, limits)


def _quick(
    runtime: Runtime, image: Opened, spool: Spool, path: str, output: str, limits: Limits
) -> bool:
    """Write a file for which not all layers need be read, and whether it is one."""
    from hubcli.files import keeping, temporary
    from hubcli.layers.names import inside
    from hubcli.layers.single import newest

    with temporary() as content:
        if not newest(spool, image.layers, inside(path), content, limits):
            return False
        with keeping():
            content.seek(0)
        with _sink(runtime, output) as sink:
            while chunk := content.read(_CHUNK):
                sink.write(chunk)
    return True


def _thorough(
    runtime: Runtime, image: Opened, spool: Spool, path: str, output: str, limits: Limits
) -> None:
    from hubcli.layers import read_tree, write_tar
    from hubcli.layers.flattening import contents
    from hubcli.layers.names import shown

    tree = read_tree(spool, image.layers, limits)
    below, node = tree.resolve(path)
    kind = node.inode.header.kind
    if kind not in {"directory", "file"}:
        raise Unsupported(f"{shown(below)} is no file, but a {kind}")
    with _sink(runtime, output) as sink:
        if node.is_directory:
            write_tar(tree, spool, image.layers, sink, below)
            return
        for _, chunks in contents([node.inode], spool, image.layers, limits):
            for chunk in chunks:
                sink.write(chunk)


@contextmanager
def _sink(runtime: Runtime, output: str) -> Iterator[Sink]:
    """stdout, or a file that takes its place when all is in it."""
    from hubcli import files

    if output == "-":
        yield Stdout(runtime)
        return
    try:
        with files.replacing(Path(output), mode=0o644) as file:
            yield file
    except OSError as error:
        raise HubcliError(f"cannot write {output}: {error.strerror}") from error
