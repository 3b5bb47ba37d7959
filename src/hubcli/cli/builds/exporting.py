"""`hubcli build export`: what is known of how a repository is built, for whatever comes next."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hubcli.cli import textfiles
from hubcli.cli.builds.declared import RULES, SOURCES, built_path, group
from hubcli.cli.options import Repository
from hubcli.cli.runtime import Runtime
from hubcli.errors import Denied, NotFound, NotSignedIn, doing
from hubcli.output import Row

if TYPE_CHECKING:
    from hubcli.hub.builds import Builds

_EXPORT = "export the build settings of"


@group.command("export", calls=(SOURCES, RULES))
def export(
    runtime: Runtime,
    repository: Repository,
    output: Annotated[
        str | None,
        typer.Option("-o", "--output", metavar="FILE", help="Where to; default: stdout."),
    ] = None,
) -> None:
    """Write the build settings of a repository as JSON, as far as Docker Hub tells them.

    Sources and rules are written as Hub sends them, for nothing describes what they hold.
    Variables of the build may be among that: a FILE is for your eyes only.
    Rules that are not for you to read are null, which is said.

    \b
    Examples:
      hubcli build export acme/api -o builds.json
      hubcli build export acme/api | jq '.sources[].rules[].tag'
    """
    from hubcli.output.jsontext import to_json

    path = built_path(runtime, repository, _EXPORT)
    builds = runtime.session.hub.builds
    with doing(_EXPORT, path):
        sources = [_whole(runtime, builds, path, source) for source in builds.sources(path)]
        if not sources:
            raise NotFound("it has no automated builds")
    text = to_json({"repository": path, "sources": sources}, indent=2) + "\n"
    if output in {None, "-"}:
        runtime.output.text(text)
    else:
        textfiles.write(Path(str(output)), text)


def _whole(runtime: Runtime, builds: Builds, path: str, source: Row) -> dict[str, Any]:
    """A source with its rules; those that cannot be read are null."""
    rules = None
    try:
        rules = [rule["as_sent"] for rule in builds.rules(str(source["address"]))]
    except (Denied, NotFound, NotSignedIn) as error:
        runtime.output.warning(f"the rules of {path} cannot be read: {error.reason}")
    return {"source": source["as_sent"], "rules": rules}
