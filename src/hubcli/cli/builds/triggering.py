"""`hubcli build trigger`: by the secret address that Hub gave, or by the rules of a repository."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from hubcli.cli.builds.declared import RULE, RULES, SOURCES, built_path, group, say_retirement
from hubcli.cli.commands import Rows, Shown
from hubcli.cli.options import DryRun
from hubcli.cli.runtime import Runtime
from hubcli.cli.secretline import secret_line
from hubcli.errors import HubcliError, NotFound, UsageError, doing
from hubcli.output import Row, Selection

if TYPE_CHECKING:
    from hubcli.hub.builds import Builds

_TRIGGER = "trigger the builds of"


@group.command(
    "trigger",
    shows=RULE,
    calls=(
        "POST /api/build/v1/source/{uuid}/trigger/{trigger}/call",
        "POST /api/build/v1/setting/{uuid}/build",
        SOURCES,
        RULES,
    ),
)
def trigger(
    runtime: Runtime,
    selection: Selection,
    repository: Annotated[
        str | None, typer.Argument(metavar="[REPO]", help="A repository that you may push to.")
    ] = None,
    url_stdin: Annotated[
        bool, typer.Option("--url-stdin", help="Read the secret URL of a trigger from stdin.")
    ] = False,
    branch: Annotated[
        str | None, typer.Option("--branch", metavar="NAME", help="Only what this branch makes.")
    ] = None,
    tag: Annotated[
        str | None, typer.Option("--tag", metavar="NAME", help="Only what this tag makes.")
    ] = None,
    dry_run: DryRun = False,
) -> Shown:
    """Let Docker Hub build a repository now.

    With REPO, what its rules say is built, and whoever is signed in has to be allowed to push.
    Without it, the secret URL of a trigger is used, and nobody has to be signed in.
    That URL comes from stdin, HUBCLI_BUILD_TRIGGER_URL, or a question at a terminal.

    \b
    Examples:
      hubcli build trigger acme/api --branch main
      hubcli build trigger acme/api --dry-run
      hubcli build trigger --url-stdin --tag v1.2.3 < trigger-url.txt
    """
    if branch is not None and tag is not None:
        raise UsageError("--branch and --tag exclude each other")
    kind, name = ("tag", tag) if tag is not None else ("branch" if branch else None, branch)
    if repository is None or url_stdin:
        _by_url(runtime, selection, repository, url_stdin, kind, name, dry_run)
        return None
    _refuse_url(repository)
    path = built_path(runtime, repository, _TRIGGER)
    builds = runtime.session.hub.builds
    with doing(_TRIGGER, path):
        rules = _chosen(builds, path, kind, name)
    if dry_run:
        return Rows(rules)
    for rule in rules:
        with runtime.attempting(), doing(_TRIGGER, path), _pointing_to_history(path):
            builds.build(path, rule)
            if not selection.quiet:
                runtime.output.notice(f"{path} builds {rule['tag']} from {rule['name']}")
    return None


def _by_url(
    runtime: Runtime,
    selection: Selection,
    repository: str | None,
    url_stdin: bool,
    kind: str | None,
    name: str | None,
    dry_run: bool,
) -> None:
    from hubcli.hub.builds import trigger_route

    if repository is not None:
        raise UsageError("a trigger's URL says which repository is meant: name none")
    url = _url(runtime, url_stdin)
    trigger_route(url)
    say_retirement(runtime)
    what = "all" if kind is None else f"the {kind} {name}"
    if dry_run:
        runtime.output.notice(f"would trigger a build of {what}")
        return
    with doing("trigger a build"):
        runtime.session.hub.builds.trigger(url, kind, name)
    if not selection.quiet:
        runtime.output.notice(f"triggered a build of {what}")


@contextmanager
def _pointing_to_history(path: str) -> Iterator[None]:
    """Where nobody knows whether something is built, there is a list that may."""
    try:
        yield
    except HubcliError as error:
        if error.in_doubt:
            error.hint = f"hubcli build history {path}"
        raise


def _url(runtime: Runtime, url_stdin: bool) -> str:
    given = runtime.environ.get("HUBCLI_BUILD_TRIGGER_URL")
    if url_stdin:
        return secret_line(runtime, "the URL of a trigger")
    return given or runtime.output.secret("URL of the trigger", "--url-stdin").strip()


def _refuse_url(repository: str) -> None:
    if "://" in repository:
        raise UsageError(
            "the URL of a trigger is a secret, and everybody can read arguments",
            hint="hubcli build trigger --url-stdin",
        )


def _chosen(builds: Builds, path: str, kind: str | None, name: str | None) -> Sequence[Row]:
    """The rules that are meant: all, or those for one branch or tag."""
    sources = builds.sources(path)
    rules = [rule for each in sources for rule in builds.rules(str(each["address"]))]
    if not rules:
        raise NotFound("it has no automated builds", hint=f"hubcli build source {path}")
    if kind is None:
        return rules
    fitting = [rule for rule in rules if (rule["type"], rule["name"]) == (kind, name)]
    if not fitting:
        known = ", ".join(f"{rule['type']} {rule['name']}" for rule in rules)
        raise NotFound(f"no rule builds the {kind} {name}; there are rules for {known}")
    return fitting
