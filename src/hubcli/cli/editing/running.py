"""Running an edit: where the image is, where it goes, and the row that tells its new digest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hubcli.cli.commands import One, Shown
from hubcli.cli.images import places, shown
from hubcli.cli.runtime import Runtime
from hubcli.errors import UsageError, doing
from hubcli.output import Field, Kind, Selection, View

if TYPE_CHECKING:
    from hubcli.authoring.draft import Draft
    from hubcli.oci import Manifest, Platform
    from hubcli.stores.spelling import Local
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
    platforms: Sequence[Platform] = (),
    tag: str | None = None,
    to: str | None = None,
    dry_run: bool = False,
) -> Shown:
    """Read an image, have it changed, and write it back, or where `tag` or `to` say.

    Nothing is written where the image and its place stay what they are. An archive on stdout is
    all that goes there. Where only one image can go it is that of `platforms`, if that is one.
    """
    from hubcli.authoring.draft import Draft
    from hubcli.cli.transfer.jobs import holds_one_platform, is_stream
    from hubcli.cli.transfer.telling import asked
    from hubcli.stores import spelling
    from hubcli.transfer import graph

    source = spelling.parse(text)
    output = runtime.output
    wanted = _destination(source, tag, to)
    with doing(action, text):
        destination = _rewritten(runtime, source, wanted)
    to_stdout = is_stream(destination) and not dry_run
    if to_stdout and asked(selection):
        raise UsageError("the archive goes to stdout already; leave --format out")
    with doing(action, text), places(runtime).pair(source, destination) as (image, target):
        draft = Draft()
        in_place = source == wanted
        with doing(action, image.shown):
            old = image.store.manifest(image.identifier)
            new = work(image, old, draft)
            if new.is_index and len(platforms) == 1 and holds_one_platform(destination):
                entry = graph.choose(new, platforms[0])
                new = draft.manifests.get(entry.digest) or graph.child(image.store, entry)
            target = _identified(image, target, new, destination, in_place=in_place)
        if not dry_run and (to_stdout or not in_place or new.digest != old.digest):
            with output.progress(quiet=selection.quiet) as progress:
                draft.write(new, image, target, progress)
        elif not dry_run and not selection.quiet:
            output.notice(f"{image.shown} stays as it is")
    if to_stdout:
        if not selection.quiet:
            output.notice(f"stdout has {new.digest}")
        return None
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


def platforms_of(texts: list[str] | None) -> tuple[Platform, ...]:
    """Read `OS/ARCH[/VARIANT]`, several with commas between them."""
    from hubcli import oci

    named = [part for text in texts or () for part in text.split(",")]
    return tuple(dict.fromkeys(map(oci.parse_platform, named)))


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
    if source.kind == spelling.DOCKER_DAEMON:
        return replace(source, path=_tagged_in_engine(source.path, tag))
    return replace(source, name=tag, digest=None)


def _tagged_in_engine(name: str, tag: str) -> str:
    from hubcli.reference import parse

    if name.startswith("sha256:"):
        raise UsageError(f"{name} is no name that a --tag could go with; give the new one: --to")
    return parse(name).tagged(tag).short.removeprefix("library/")


def _rewritten(runtime: Runtime, source: Spelled, destination: Spelled) -> Spelled:
    """Where the image goes: where that is the archive it comes from, under its name in that.

    An archive is written whole: UsageError where there is more in it, which would be lost.
    """
    from hubcli.stores import archive, spelling

    if not (isinstance(source, spelling.Local) and isinstance(destination, spelling.Local)):
        return destination
    kinds = {spelling.ARCHIVE, spelling.OCI_ARCHIVE, spelling.DOCKER_ARCHIVE}
    if source.kind not in kinds or source.is_stream or not _is_same_file(source, destination):
        return destination
    with places(runtime).source(source) as image:
        image.store.resolve(image.identifier)
        kind, name, lost = archive.replacing(image.store, destination.name)
    if lost:
        raise UsageError(
            f"{source.path} is written whole, and {', '.join(lost)} would be lost with it",
            hint="give the new image a place of its own: --to DST",
        )
    return replace(destination, kind=kind, name=name)


def _is_same_file(one: Local, other: Local) -> bool:
    try:
        return Path(one.path).samefile(other.path)
    except OSError:
        return False


def _identified(
    image: Image, target: Target, new: Manifest, destination: Spelled, *, in_place: bool
) -> Target:
    """The target under the name that the new image gets: the old one's, or its own digest."""
    from hubcli.reference import Reference
    from hubcli.stores import ONLY, spelling
    from hubcli.stores.index import name_of

    target = replace(target, digest=None)
    if isinstance(destination, Reference):
        return replace(target, identifier=new.digest) if destination.digest else target
    if in_place and target.identifier == ONLY:
        name = name_of(image.store.resolve(image.identifier))
        if name is None and destination.kind != spelling.OCI:
            return target
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
