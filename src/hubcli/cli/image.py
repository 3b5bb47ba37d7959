"""`hubcli inspect` and `digest`: what an image is, in a registry or a local store."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hubcli.cli.commands import Commands, Shown, named
from hubcli.cli.images import places, shown
from hubcli.cli.inspected import inspected
from hubcli.cli.options import Platform, References
from hubcli.cli.runtime import Runtime
from hubcli.cli.views import IMAGE
from hubcli.errors import doing
from hubcli.output import Field, Kind, Selection, View

if TYPE_CHECKING:
    from hubcli import oci
    from hubcli.oci import Manifest
    from hubcli.transfer import Image

verbs = Commands()

DIGEST = View(
    "digest",
    (
        Field("digest", Kind.DIGEST, default=True),
        Field("reference"),
        Field("media_type"),
        Field("size", Kind.SIZE),
    ),
    key="digest",
)


@verbs.command("inspect", shows=IMAGE)
def inspect(
    runtime: Runtime,
    references: References,
    raw: Annotated[
        bool, typer.Option("--raw", help="Print the manifest or index, byte for byte.")
    ] = False,
    platform: Platform = None,
) -> Shown:
    """Show an image: its manifest and configuration.

    \b
    Examples:
      hubcli inspect alpine
      hubcli inspect alpine --format json --query config.env
      hubcli inspect --raw oci:app:latest
    """
    wanted = _platform(platform)
    if raw:
        for content in runtime.each(references, lambda ref: _raw(runtime, ref, wanted)):
            runtime.output.data(content)
            if len(references) > 1 and not content.endswith(b"\n"):
                runtime.output.data(b"\n")
        return None
    return named(runtime, references, lambda ref: inspected(runtime, ref, wanted))


@verbs.command("digest", shows=DIGEST)
def digest(
    runtime: Runtime,
    selection: Selection,
    references: References,
    platform: Platform = None,
) -> Shown:
    """Print the digest a reference points at.

    It costs one request, which no registry counts as a pull.

    \b
    Examples:
      hubcli digest alpine
      hubcli digest --platform linux/arm64 alpine:3
    """
    wanted = _platform(platform)

    def row(reference: str) -> dict[str, Any]:
        return _digest(runtime, reference, wanted)

    asked = selection.format or selection.fields or selection.query
    if not asked:
        for found in _one_or_each(runtime, references, row):
            runtime.output.text(found["digest"])
        return None
    return named(runtime, references, row)


def _one_or_each(runtime: Runtime, references: list[str], row: Any) -> Iterator[dict[str, Any]]:
    """The rows; of several those that fail are reported one by one."""
    if len(references) == 1:
        yield row(references[0])
    else:
        yield from runtime.each(references, row)


def _platform(text: str | None) -> oci.Platform | None:
    from hubcli.oci import parse_platform

    return None if text is None else parse_platform(text)


def _raw(runtime: Runtime, text: str, platform: oci.Platform | None) -> bytes:
    from hubcli.stores import spelling

    spelled = spelling.parse(text)
    with doing("read", str(spelled)), places(runtime).source(spelled) as image:
        return _manifest(image, platform).content


def _digest(runtime: Runtime, text: str, platform: oci.Platform | None) -> dict[str, Any]:
    from hubcli.stores import spelling

    spelled = spelling.parse(text)
    with doing("read", str(spelled)), places(runtime).source(spelled) as image:
        if platform is not None:
            found = _manifest(image, platform).descriptor
        else:
            found = image.store.resolve(image.identifier)
    return {
        "digest": found.digest,
        "reference": shown(spelled),
        "media_type": found.media_type,
        "size": found.size,
    }


def _manifest(image: Image, platform: oci.Platform | None) -> Manifest:
    """The manifest or index; with a platform, the image's own manifest."""
    from hubcli import inspection

    top = image.store.manifest(image.identifier)
    return top if platform is None else inspection.pick(image.store, top, platform).manifest
