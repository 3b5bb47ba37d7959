"""`hubcli apply`: shows what has to change, asks, and changes it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hubcli.cli.commands import Commands, Rows, Shown
from hubcli.cli.desired import shown
from hubcli.cli.options import DryRun, Yes
from hubcli.cli.runtime import Runtime
from hubcli.errors import HubcliError, UsageError, doing
from hubcli.output import Row, Selection

if TYPE_CHECKING:
    from hubcli.desired.applying import Outcome
    from hubcli.desired.changes import Plan
    from hubcli.desired.organization import Current, Organization
    from hubcli.hub.repositories import Category

verbs = Commands()


@verbs.command("apply", shows=shown.CHANGE)
def apply(
    runtime: Runtime,
    selection: Selection,
    file: Annotated[str, typer.Argument(metavar="FILE", help="YAML, JSON or TOML; - is stdin.")],
    prune: Annotated[
        bool, typer.Option("--prune", help="Remove what the sections of the file do not name.")
    ] = False,
    exit_code: Annotated[
        bool,
        typer.Option("--exit-code", help="With --dry-run: exit with 1 where something differs."),
    ] = False,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> Shown:
    """Make an organization what a file says.

    What the file does not name stays as it is. Whoever is named and not in the organization is
    invited; overviews are files beside this one.

    \b
    A file:
      organization: acme
      teams:
        developers: {description: Build and push, members: [carol, erin@example.com]}
      members:
        carol: editor
      repositories:
        api:
          description: The API
          overview: api.md
          visibility: private
          categories: [developer-tools]
          immutable_tags: ['v.*']
          teams: {developers: write}
          webhooks: {deploy: 'https://ci.example/hooks/1'}

    With --prune goes what a section does not name: repositories with all their tags, teams, members
    and invites; of a team its other members, of a repository its other teams and webhooks, where
    the file lists any. A section that is not there prunes nothing, and the last owner stays.

    YAML takes the extra hubcli[yaml]; JSON and TOML do not.

    \b
    Examples:
      hubcli apply acme.yaml --dry-run
      hubcli apply acme.yaml --prune --yes
      hubcli export-config acme -o acme.yaml
    """
    from hubcli.desired.current import read_for, with_slugs
    from hubcli.desired.planning import plan as planned

    if exit_code and not dry_run:
        raise UsageError("--exit-code goes with --dry-run")
    hub, workers = runtime.session.hub, runtime.settings.defaults.concurrency
    wanted, categories = with_slugs(hub, _document(runtime, file))
    now = read_for(hub, wanted, prune=prune, workers=workers, report=runtime.report)
    with doing("plan", f"the changes of {wanted.name}"):
        plan = planned(wanted, now, prune=prune)
        _keep_oneself(runtime, plan)
    for note in () if selection.quiet else plan.notes:
        runtime.output.notice(note)
    if not plan.changes:
        return _nothing(runtime, selection, wanted, file)
    if dry_run:
        return _rehearsed(runtime, selection, plan, exit_code)
    if not (yes and selection.quiet):
        _show(runtime, plan)
    if not yes and not runtime.output.confirm(f"Make these changes to {wanted.name}?"):
        runtime.output.notice("nothing was changed")
        raise typer.Exit(1)
    rows = _carried_out(runtime, plan, now, categories, selection.quiet)
    if _is_for_programs(runtime, selection):
        return Rows(rows)
    for row in rows:
        if row["status"] == "done" and not selection.quiet:
            runtime.output.notice(shown.past(row))
    return None


def _document(runtime: Runtime, file: str) -> Organization:
    from hubcli.cli.bytesource import text
    from hubcli.cli.repo.texts import read_readme
    from hubcli.desired.document import read_document
    from hubcli.documents.tree import LARGEST
    from hubcli.hub.repositories import LONGEST_README

    document = text(runtime, file, LARGEST)
    directory = (Path.cwd() if file == "-" else Path(file).parent).absolute()

    def overview(path: str) -> str:
        return read_readme(runtime, str(directory / path), LONGEST_README) or ""

    return read_document(document, "stdin" if file == "-" else file, overview)


def _keep_oneself(runtime: Runtime, plan: Plan) -> None:
    """UsageError where whoever runs this is to be removed because the file does not name them."""
    leaving = {one.key[1] for one in plan.changes if (one.action, one.kind) == ("remove", "member")}
    if not leaving:
        return
    try:
        own = str(runtime.session.hub.account.own()["name"]).lower()
    except HubcliError:
        return
    if own in leaving:
        raise UsageError(f"it would remove {own}, and that is you: name yourself in members")


def _nothing(runtime: Runtime, selection: Selection, wanted: Organization, file: str) -> Shown:
    if not selection.quiet:
        source = "stdin" if file == "-" else file
        runtime.output.notice(f"{wanted.name} is as {source} says: nothing to change")
    return Rows(()) if selection.format or selection.query else None


def _rehearsed(runtime: Runtime, selection: Selection, plan: Plan, exit_code: bool) -> Shown:
    """The plan on stdout, and nothing else."""
    rows = [shown.row(change, "planned") for change in plan.changes]
    if _is_for_programs(runtime, selection) or selection.quiet:
        runtime.output.rows(shown.CHANGE, rows, selection)
    else:
        for line in shown.lines(plan):
            runtime.output.text(line)
    if not selection.quiet:
        runtime.output.notice(f"{plan.organization}: {shown.summary(plan)}")
    if exit_code and not runtime.exit_code:
        raise typer.Exit(1)
    return None


def _is_for_programs(runtime: Runtime, selection: Selection) -> bool:
    """Whether rows are wanted on stdout: lines for people are on stderr."""
    if selection.format or selection.fields or selection.query:
        return True
    return not selection.quiet and not runtime.output.stdout_is_terminal


def _show(runtime: Runtime, plan: Plan) -> None:
    for line in shown.lines(plan):
        runtime.output.notice(f"  {line}")
    runtime.output.notice(f"{plan.organization}: {shown.summary(plan)}")


def _carried_out(
    runtime: Runtime,
    plan: Plan,
    now: Current,
    categories: Mapping[str, Category],
    quiet: bool,
) -> Iterator[Row]:
    """Make the changes; failures and what is left out for them are told as they come."""
    from hubcli.desired.applying import Applying

    workers = runtime.settings.defaults.concurrency
    counts: Counter[str] = Counter()
    told: set[int] = set()
    for outcome in Applying(runtime.session.hub, now, categories, workers).outcomes(plan):
        counts[outcome.status] += 1
        _tell(runtime, outcome, told)
        error = None if outcome.error is None else str(outcome.error)
        if outcome.missing is not None:
            error = _why_not(outcome)
        yield shown.row(outcome.change, outcome.status, error)
    if not quiet:
        said = ", ".join(f"{count:,} {status}" for status, count in counts.items())
        runtime.output.notice(f"{plan.organization}: {said}")


def _tell(runtime: Runtime, outcome: Outcome, told: set[int]) -> None:
    """Report a failure once, however many changes were in the request that failed."""
    if outcome.missing is not None:
        runtime.output.warning(_why_not(outcome))
    elif outcome.error is not None and id(outcome.error) not in told:
        told.add(id(outcome.error))
        runtime.report(outcome.error)


def _why_not(outcome: Outcome) -> str:
    change, missing = outcome.change, outcome.missing
    assert missing is not None
    return (
        f"left out the {change.kind} {change.name}:"
        f" it needs the {missing.kind} {missing.name}, which failed"
    )
