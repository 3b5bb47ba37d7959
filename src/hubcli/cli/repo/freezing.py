"""`hubcli repo verify-tags`: which tags rules for immutable tags freeze, before they are set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from hubcli.cli.commands import Rows, Shown
from hubcli.cli.repo.declared import FROZEN, Name, group
from hubcli.cli.repo.names import on_hub
from hubcli.cli.runtime import Runtime
from hubcli.errors import doing

if TYPE_CHECKING:
    from hubcli.hub.repositories import Repositories

VERIFY = "POST /v2/namespaces/{namespace}/repositories/{repository}/immutabletags/verify"
_ACTION = "verify the tags of"


@group.command("verify-tags", shows=FROZEN, calls=(VERIFY,))
def verify_tags(
    runtime: Runtime,
    name: Name,
    rules: Annotated[
        list[str] | None,
        typer.Argument(metavar="RULE…", help="Regular expressions; default: those that are set."),
    ] = None,
) -> Shown:
    """Show which tags rules for immutable tags freeze, whether or not they are set.

    Docker Hub evaluates the rules itself; nothing is changed.
    A frozen tag can be neither moved nor deleted.

    \b
    Examples:
      hubcli repo verify-tags acme/api 'v.*' '.*-RELEASE'
      hubcli repo verify-tags acme/api
    """
    path = on_hub(name, _ACTION, "hubcli knows of no immutable tags on {host}").path
    repositories = runtime.session.hub.repositories
    with doing(_ACTION, path):
        chosen = rules or _set_rules(repositories, path)
        frozen = frozen_tags(repositories, path, chosen)
    if not frozen:
        what = "no tag matches" if chosen else "no rules are set, so that no tag is frozen"
        runtime.output.notice(f"{path}: {what}")
    return Rows(
        {"name": tag, "rules": [*by], "reference": f"{path}:{tag}", "repository": path}
        for tag, by in frozen.items()
    )


def frozen_tags(
    repositories: Repositories, path: str, rules: Iterable[str]
) -> Mapping[str, Iterable[str]]:
    """The tags that any of the rules means, with those that do."""
    frozen: dict[str, list[str]] = {}
    for rule in dict.fromkeys(rules):
        for tag in repositories.frozen_by(path, rule):
            frozen.setdefault(tag, []).append(rule)
    return frozen


def _set_rules(repositories: Repositories, path: str) -> list[str]:
    rules = repositories.inspect(path)["immutable_tags"]
    return [str(rule) for rule in rules] if isinstance(rules, list) else []
