"""`hubcli manifest get`: manifests and indexes as they are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from hubcli.cli.images import places
from hubcli.cli.manifests.declared import group
from hubcli.cli.options import Platform, References
from hubcli.cli.runtime import Runtime
from hubcli.errors import UsageError, doing
from hubcli.output.jsontext import to_json

if TYPE_CHECKING:
    from hubcli.oci import Manifest


@group.command("get")
def get(
    runtime: Runtime,
    references: References,
    raw: Annotated[
        bool, typer.Option("--raw", help="The exact bytes, on a terminal, too.")
    ] = False,
    platform: Platform = None,
) -> None:
    """Print a manifest or index.

    In a pipe the bytes are exactly those that are stored, so that they hash to the digest; on a
    terminal they are laid out for reading.

    \b
    Examples:
      hubcli manifest get library/hello-world
      hubcli manifest get ghcr.io/acme/api:v1 --platform linux/arm64 | sha256sum
      hubcli manifest get oci:app:latest
    """
    if raw and len(references) > 1:
        raise UsageError("--raw takes one reference: nothing would part the manifests")
    if len(references) == 1:
        _print(runtime, _manifest(runtime, references[0], platform), raw=raw)
        return
    for manifest in runtime.each(references, lambda text: _manifest(runtime, text, platform)):
        _print(runtime, manifest, raw=False)
        if not runtime.output.stdout_is_terminal and not manifest.content.endswith(b"\n"):
            runtime.output.data(b"\n")


def _manifest(runtime: Runtime, text: str, platform: str | None) -> Manifest:
    from hubcli.inspection import pick
    from hubcli.oci import parse_platform
    from hubcli.stores import spelling

    wanted = parse_platform(platform) if platform else None
    spelled = spelling.parse(text)
    with doing("get the manifest of", str(spelled)), places(runtime).source(spelled) as image:
        top = image.store.manifest(image.identifier)
        return top if wanted is None else pick(image.store, top, wanted).manifest


def _print(runtime: Runtime, manifest: Manifest, *, raw: bool) -> None:
    if raw or not runtime.output.stdout_is_terminal:
        runtime.output.data(manifest.content)
    else:
        runtime.output.text(to_json(json.loads(manifest.content), indent=2))
