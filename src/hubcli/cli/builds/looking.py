"""`hubcli build source|history`."""

from __future__ import annotations

from hubcli.cli.builds.declared import BUILD, SOURCE, SOURCES, built_path, group
from hubcli.cli.commands import Rows, Shown
from hubcli.cli.listings import Cut, told
from hubcli.cli.options import Limit, Repository
from hubcli.cli.runtime import Runtime
from hubcli.errors import doing

_SOURCE = "read the build source of"
_HISTORY = "list the builds of"


@group.command("source", shows=SOURCE, calls=(SOURCES,))
def source(runtime: Runtime, repository: Repository) -> Shown:
    """Show what a repository is built from.

    Docker publishes no description of it: the field as_sent holds all that Hub says.

    \b
    Examples:
      hubcli build source acme/api
      hubcli build source acme/api --format json
    """
    path = built_path(runtime, repository, _SOURCE)
    with doing(_SOURCE, path):
        rows = runtime.session.hub.builds.sources(path)
    if not rows:
        runtime.output.notice(f"{path} has no automated builds")
    return Rows(rows)


@group.command("history", shows=BUILD, calls=("GET /api/audit/v1/build",))
def history(runtime: Runtime, repository: Repository, limit: Limit = None) -> Shown:
    """List what was built, the newest first.

    \b
    Examples:
      hubcli build history acme/api --limit 10
      hubcli build history acme/api --format jsonl --fields tag,state,commit
    """
    path = built_path(runtime, repository, _HISTORY)
    rows = told(_HISTORY, path, runtime.session.hub.builds.history(path))
    return Rows(Cut(rows, limit, lambda: None))
