"""Running an edit: where the image is, where it goes, and the row that tells its new digest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from hubcli.cli.commands import One
from hubcli.cli.images import places, shown
from hubcli.cli.runtime import Runtime
from hubcli.errors import UsageError, doing
from hubcli.output import Field, Kind, Selection, View

if TYPE_CHECKING:
    from hubcli.authoring.draft import Draft
    from hubcli.oci import Manifest, Platform
    from hubcli.transfer import Image, Target
    from hubcli.transfer.places import Spelled

EDIT = View(
    "image",
    (
        Field("reference", default=True),
        Field("digest", Kind.DIGEST, default=True),
        Field("previous", Kind.DIGEST, default=True),
        Field("media_type"),
        Field("size", Kind.SIZE),
        Field("platforms", Kind.LIST),
        Field("dry_run", Kind.BOOL),
    ),
    key="digest",
)

Reference = Annotated[
    str, typer.Argument(metavar="REF", help="A reference, or an image in a local store.")
]
Tag = Annotated[
    str | None, typer.Option("--tag", metavar="NEW", help="Give the new image this tag.")
]
To = Annotated[
    str | None,
    typer.Option("--to", metavar="DST", help="Write the new image here: a reference or a store."),
]

Work = Callable[["Image", "Manifest", "Draft"], "Manifest"]
"""Makes the new image of an old one; what is new goes into the draft."""


def edit(
    runtime: Runtime,
    selection: Selection,
    action: str,
    text: str,
    work: Work,
    *,
    tag: str | None = None,
    to: str | None = None,
    dry_run: bool = False,
) -> One:
    """Read an image, have it changed, and write it back, or where `tag` or `to` say.

    Nothing is written where the image and its place stay what they are.
    """
    from hubcli.authoring.draft import Draft
    from hubcli.stores import spelling

    source = spelling.parse(text)
    destination = _destination(source, tag, to)
    output = runtime.output
    with places(runtime).pair(source, destination) as (image, target):
        draft = Draft()
        with doing(action, image.shown):
            old = image.store.manifest(image.identifier)
            new = work(image, old, draft)
            target = _identified(image, target, source, destination, new)
        in_place = source == destination
        if not dry_run and not (in_place and new.digest == old.digest):
            with output.progress(quiet=selection.quiet) as progress:
                draft.write(new, image, target, progress)
        elif not dry_run and not selection.quiet:
            output.notice(f"{image.shown} stays as it is")
    return One(
        {
            "reference": _shown(destination, target, new),
            "digest": new.digest,
            "previous": old.digest,
            "media_type": new.media_type,
            "size": len(new.content),
            "platforms": [str(platform) for platform in new.platforms()],
            "dry_run": dry_run,
        }
    )


def platform_of(text: str | None) -> Platform | None:
    from hubcli import oci

    return None if text is None else oci.parse_platform(text)


def pairs(texts: list[str] | None, option: str) -> dict[str, str]:
    """Read `K=V` of each; UsageError where there is no name or no `=`."""
    found = {}
    for text in texts or ():
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise UsageError(f"{option} takes NAME=VALUE, not {text!r}")
        found[name] = value
    return found


def _destination(source: Spelled, tag: str | None, to: str | None) -> Spelled:
    from hubcli.reference import Reference, is_tag
    from hubcli.stores import spelling

    if tag is not None and to is not None:
        raise UsageError("--tag and --to exclude each other")
    if to is not None:
        return spelling.parse(to)
    if tag is None:
        return source
    if not is_tag(tag):
        raise UsageError(f"--tag takes a tag, not {tag!r}")
    if isinstance(source, Reference):
        return source.tagged(tag)
    return replace(source, name=tag, digest=None)


def _identified(
    image: Image, target: Target, source: Spelled, destination: Spelled, new: Manifest
) -> Target:
    """The target under the name that the new image gets: the old one's, or its own digest."""
    from hubcli.reference import Reference
    from hubcli.stores import ONLY
    from hubcli.stores.layout import name_of

    if isinstance(destination, Reference):
        return replace(target, identifier=new.digest) if destination.digest else target
    if source == destination and target.identifier == ONLY:
        name = name_of(image.store.resolve(image.identifier))
        if name is None:
            raise UsageError("the image has no name; give the new one a name with --tag")
        return replace(target, identifier=name)
    return target


def _shown(destination: Spelled, target: Target, new: Manifest) -> str:
    from hubcli.reference import Reference

    if not isinstance(destination, Reference):
        return target.shown
    if destination.digest:
        return destination.at(new.digest).short
    return shown(destination.tagged(destination.identifier))
