"""`hubcli repo inspect|readme|star|unstar`."""

from __future__ import annotations

from hubcli.cli.commands import Shown, named
from hubcli.cli.provided import required
from hubcli.cli.repo.declared import DETAILS, Name, Names, group
from hubcli.cli.repo.names import on_hub
from hubcli.cli.runtime import Runtime
from hubcli.errors import doing
from hubcli.output import Row
from hubcli.reference import parse_repository

_NO_STARS = "there are no stars on {host}, only on Docker Hub"


@group.command(
    "inspect", shows=DETAILS, calls=("GET /v2/namespaces/{namespace}/repositories/{repository}",)
)
def inspect(runtime: Runtime, names: Names) -> Shown:
    """Show what there is to know of repositories.

    \b
    Examples:
      hubcli repo inspect library/alpine
      hubcli repo inspect acme/api acme/web --format json --query '[].permissions'
    """
    return named(runtime, names, lambda name: _details(runtime, name, "inspect"))


@group.command("readme", calls=("GET /v2/namespaces/{namespace}/repositories/{repository}",))
def readme(runtime: Runtime, name: Name) -> None:
    """Print a repository's overview.

    Rendered on a terminal; in a pipe it is the Markdown as it is.
    """
    row = _details(runtime, name, "read the overview of")
    overview = str(row.get("readme") or "")
    if overview:
        runtime.output.markdown(overview)
    else:
        runtime.output.notice(f"{row['name']} has no overview")


@group.command("star", calls=("POST /v2/repositories/{namespace}/{repository}/stars",))
def star(runtime: Runtime, names: Names) -> None:
    """Give repositories your star."""
    for name in names:
        with runtime.attempting():
            reference = on_hub(name, "star", _NO_STARS)
            with doing("star", reference.name):
                runtime.session.hub.repositories.star(reference.path)


@group.command("unstar", calls=("DELETE /v2/repositories/{namespace}/{repository}/stars",))
def unstar(runtime: Runtime, names: Names) -> None:
    """Take your star back from repositories."""
    for name in names:
        with runtime.attempting():
            reference = on_hub(name, "unstar", _NO_STARS)
            with doing("unstar", reference.name):
                runtime.session.hub.repositories.unstar(reference.path)


def _details(runtime: Runtime, name: str, action: str) -> Row:
    reference = parse_repository(name)
    if reference.on_hub:
        path = on_hub(name, action, "").path
        with doing(action, path):
            return runtime.session.hub.repositories.inspect(path)
    from hubcli.providers import ShowsRepositories

    provider = required(runtime, reference, ShowsRepositories, "repo inspect", action)
    with doing(action, reference.name):
        return provider.repository(reference.path)
