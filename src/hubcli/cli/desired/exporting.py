"""`hubcli export-config`: what there is of an organization, as a file for `hubcli apply`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hubcli.cli import textfiles
from hubcli.cli.commands import Commands
from hubcli.cli.runtime import Runtime
from hubcli.errors import Denied, HubcliError

if TYPE_CHECKING:
    from hubcli.desired.organization import Organization

verbs = Commands()


@verbs.command("export-config")
def export_config(
    runtime: Runtime,
    organization: Annotated[str, typer.Argument(metavar="ORG", help="An organization.")],
    output: Annotated[
        str | None,
        typer.Option("-o", "--output", metavar="FILE", help="Where to; default: stdout."),
    ] = None,
    overviews: Annotated[
        Path | None,
        typer.Option("--overviews", metavar="DIR", help="Write the overviews into DIR, too."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON instead of YAML.")] = False,
) -> None:
    """Write an organization as a file for apply.

    Applied at once, it changes nothing. It has teams, members and invites, repositories with what
    teams may do with them, and webhooks. What one may not see is left out, which is said.
    URLs of webhooks may be secrets: a FILE is for your eyes only.

    \b
    Examples:
      hubcli export-config acme > acme.yaml
      hubcli export-config acme -o acme.yaml --overviews overviews
      hubcli export-config acme --json | jq '.members'
    """
    from hubcli.desired.current import read_all
    from hubcli.desired.writing import plain
    from hubcli.documents.writing import to_yaml
    from hubcli.output.jsontext import to_json

    def report(error: HubcliError) -> None:
        if isinstance(error, Denied):
            runtime.output.warning(f"left out: {error}")
        else:
            runtime.report(error)

    name = organization.lower()
    workers = runtime.settings.defaults.concurrency
    now = read_all(runtime.session.hub, name, workers=workers, report=report)
    target = None if output in {None, "-"} else Path(str(output))
    written = {} if overviews is None else _overviews(now.organization, overviews, target)
    document = plain(now.organization, now.invites, written)
    text = f"{to_json(document, indent=2)}\n" if as_json else to_yaml(document)
    if target is None:
        runtime.output.text(text)
    else:
        textfiles.write(target, text)


def _overviews(
    organization: Organization, directory: Path, target: Path | None
) -> Mapping[str, str]:
    """Write the overviews; their paths as the document at `target` has to name them."""
    import os

    from hubcli.desired.document import is_repository_name

    start = Path.cwd() if target is None else target.absolute().parent
    paths = {}
    for name, repository in (organization.repositories or {}).items():
        if repository.overview and is_repository_name(name):
            path = directory.absolute() / f"{name}.md"
            textfiles.write(path, repository.overview)
            paths[name] = Path(os.path.relpath(path, start)).as_posix()
    return paths
