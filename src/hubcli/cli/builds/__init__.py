"""`hubcli build`: automated builds on Docker Hub, while there are any."""

from hubcli.cli.builds import exporting, looking, triggering
from hubcli.cli.builds.declared import group

__all__ = ["exporting", "group", "looking", "triggering"]
