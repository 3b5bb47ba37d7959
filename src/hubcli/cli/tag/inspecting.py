"""`hubcli tag inspect`."""

from __future__ import annotations

from hubcli.cli.commands import Shown, named
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
    return named(runtime, references, lambda text: inspected(runtime, text, wanted))
