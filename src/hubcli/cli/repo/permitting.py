"""`hubcli repo permission ls`: what teams may do with a repository."""

from __future__ import annotations

from hubcli.cli.commands import Rows, Shown
from hubcli.cli.listings import Cut, told
from hubcli.cli.options import Limit
from hubcli.cli.repo.declared import PERMISSION, Name, permission_group
from hubcli.cli.repo.names import on_hub
from hubcli.cli.runtime import Runtime
from hubcli.errors import doing

_LIST = "list the teams of"
_NONE = "hubcli knows teams on Docker Hub only, not on {host}"


@permission_group.command(
    "ls", shows=PERMISSION, calls=("GET /v2/repositories/{namespace}/{repository}/groups",)
)
def ls(runtime: Runtime, name: Name, limit: Limit = None) -> Shown:
    """List the teams that may use a repository, and what they may do.

    Owners and editors of the organization may do everything with all of its repositories.
    Repositories of a person have collaborators instead: hubcli repo collaborator ls.

    \b
    Examples:
      hubcli repo permission ls acme/api
      hubcli repo permission ls acme/api --format json
    """
    path = on_hub(name, _LIST, _NONE).path
    organization = path.partition("/")[0]
    with doing(_LIST, path):
        listing = runtime.session.hub.grants.of_repository(path)
        total = listing.count
    rows = (
        {**row, "name": f"{organization}/{row['team'] or row['team_id']}"}
        for row in told(_LIST, path, listing)
    )
    cut = Cut(rows, limit, lambda: total)
    return Rows(cut, more=cut.more if runtime.output.stdout_is_terminal else None)
