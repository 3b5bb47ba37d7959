"""`hubcli tag inspect`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hubcli.cli.commands import One, Several, Shown
from hubcli.cli.options import References
from hubcli.cli.runtime import Runtime
from hubcli.cli.tag.declared import group
from hubcli.cli.views import IMAGE
from hubcli.errors import HubcliError, doing
from hubcli.output import Row
from hubcli.reference import Reference, parse

if TYPE_CHECKING:
    from hubcli.oci import Platform


@group.command("inspect", shows=IMAGE)
def inspect(
    runtime: Runtime,
    references: References,
    platform: Annotated[
        str | None,
        typer.Option("--platform", metavar="P", help="Whose configuration and layers to show."),
    ] = None,
) -> Shown:
    """Show what a tag points at: digest, platforms, configuration, layers, attestations.

    Of an image for several platforms, configuration and layers are those of this machine's, or of
    --platform.

    \b
    Examples:
      hubcli tag inspect library/hello-world
      hubcli tag inspect ghcr.io/acme/api:v1 --platform linux/arm64 --query config.labels
    """
    from hubcli.oci import parse_platform

    work = partial(_image, runtime, platform=parse_platform(platform) if platform else None)
    if len(references) == 1:
        return One(work(references[0]))
    return Several(runtime.each(references, work))


def _image(runtime: Runtime, text: str, *, platform: Platform | None) -> Row:
    from hubcli.inspection import inspect

    reference = parse(text)
    with doing("inspect", str(reference)):
        return inspect(
            runtime.session.repository(reference),
            reference.identifier,
            reference=_named(reference).short,
            platform=platform,
            sizes=partial(_sizes_on_hub, runtime, reference),
        )


def _named(reference: Reference) -> Reference:
    """The reference with the tag that is meant where none was written."""
    return reference if reference.tag or reference.digest else reference.tagged("latest")


def _sizes_on_hub(runtime: Runtime, reference: Reference) -> Mapping[str, int]:
    """The sizes of a tag's images as Hub's API has them: reading each manifest counts as a pull."""
    if not reference.on_hub or reference.digest:
        return {}
    try:
        row = runtime.session.hub.tags.inspect(reference.path, reference.identifier)
    except HubcliError:
        return {}  # they are found in the manifests, too
    images: Any = row["images"]
    return {image["digest"]: image["size"] for image in images if image["size"] is not None}
