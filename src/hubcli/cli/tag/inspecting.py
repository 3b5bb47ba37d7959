"""`hubcli tag inspect`."""

from __future__ import annotations

from hubcli.cli.commands import One, Several, Shown
from hubcli.cli.inspected import inspected
from hubcli.cli.options import Platform, References
from hubcli.cli.runtime import Runtime
from hubcli.cli.tag.declared import group
from hubcli.cli.views import IMAGE


@group.command(
    "inspect",
    shows=IMAGE,
    calls=("GET /v2/namespaces/{namespace}/repositories/{repository}/tags/{tag}",),
)
def inspect(runtime: Runtime, references: References, platform: Platform = None) -> Shown:
    """Show what a tag points at: digest, platforms, configuration, layers, attestations.

    Of an image for several platforms, configuration and layers are those of this machine's, or of
    --platform.

    \b
    Examples:
      hubcli tag inspect library/hello-world
      hubcli tag inspect ghcr.io/acme/api:v1 --platform linux/arm64 --query config.labels
    """
    from hubcli.oci import parse_platform

    wanted = parse_platform(platform) if platform else None
    if len(references) == 1:
        return One(inspected(runtime, references[0], wanted))
    return Several(runtime.each(references, lambda text: inspected(runtime, text, wanted)))
