"""`hubcli tag prune`: shows which tags rules let go, asks, and removes them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hubcli.cli.commands import Rows, Shown
from hubcli.cli.options import DryRun, Excepts, Filters, Match, Semver, Variant, Yes
from hubcli.cli.plans import ask, these
from hubcli.cli.runtime import Runtime
from hubcli.cli.tag.declared import PRUNED, group
from hubcli.cli.tag.deleting import Deletion
from hubcli.cli.tag.policies import Pruning, from_file, from_flags
from hubcli.cli.tag.surveying import Survey, Surveyed
from hubcli.errors import Conflict, UsageError, doing
from hubcli.output import Row, Selection

if TYPE_CHECKING:
    from hubcli.reference import Reference
    from hubcli.retention.rules import Verdict

_ACTION = "prune"
_WORDS = {"done": "deleted", "failed": "failed", "left": "left, run it again for them"}


@group.command(
    "prune",
    shows=PRUNED,
    calls=(
        "GET /v2/namespaces/{namespace}/repositories/{repository}/tags",
        "POST /v2/namespaces/{namespace}/repositories/{repository}/immutabletags/verify",
        "DELETE /v2/repositories/{namespace}/{repository}/tags/{tag}",
        "DELETE /v2/namespaces/{namespace}/repositories/{repository}/tags/{tag}",
    ),
)
def prune(
    runtime: Runtime,
    selection: Selection,
    repositories: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[REPO…]",
            help="Repositories, or patterns, as 'acme/*'; default: those of the policy.",
            show_default=False,
        ),
    ] = None,
    keep: Annotated[
        int | None,
        typer.Option("--keep", metavar="N", min=1, help="Keep the newest N of the candidates."),
    ] = None,
    older_than: Annotated[
        str | None,
        typer.Option("--older-than", metavar="90d", help="Keep what is not as old as this."),
    ] = None,
    unused_for: Annotated[
        str | None,
        typer.Option("--unused-for", metavar="90d", help="Keep what was pulled or pushed since."),
    ] = None,
    filter: Filters = None,
    excepting: Excepts = None,
    match: Match = None,
    semver: Semver = None,
    variant: Variant = None,
    semver_keep: Annotated[
        list[str] | None,
        typer.Option(
            "--semver-keep",
            metavar="latest-patch|latest-minor|latest-major[=N]",
            help="Keep the newest of each line of versions (repeatable).",
        ),
    ] = None,
    keep_tag: Annotated[
        list[str] | None,
        typer.Option("--keep-tag", metavar="GLOB", help="Keep tags like this (repeatable)."),
    ] = None,
    policy: Annotated[
        str | None,
        typer.Option("--policy", metavar="FILE", help="The rules are in this file; - is stdin."),
    ] = None,
    allow_empty: Annotated[
        bool, typer.Option("--allow-empty", help="Let a repository lose all its tags.")
    ] = False,
    undo_file: Annotated[
        str | None,
        typer.Option("--undo-file", metavar="FILE", help="Keep here what tag restore needs."),
    ] = None,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="With --dry-run: exit with 1 where tags would go.")
    ] = False,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> Shown:
    """Remove the tags that rules let go, and nothing that those which stay need.

    --filter, --match, --semver, --variant and --except say which tags are candidates; without them
    all are. A candidate goes if no other rule keeps it, so that each further rule keeps more: with
    --keep 10 --older-than 90d goes what is older than 90 days and not among the newest 10. What is
    not a candidate stays, and does not count for --keep.

    The age of a tag is when it was changed or pushed or, where nobody tells that, when its image
    was made. A tag of unknown age stays, as do immutable tags, and tags whose image something that
    stays is attached to. Signatures, attestations and lists of referrers, which are tags such as
    sha256-….sig, go with the image they belong to, and never otherwise. --semver-keep judges
    versions only.

    On Docker Hub only its API is used, as fast as its limit allows. What fails is reported and the
    rest done; running it again does what is left.

    \b
    A policy file, in YAML, JSON or TOML:
      policies:
        - repositories: [acme/api, 'acme/web-*']
          filter: 'pr-*'
          older_than: 7d
        - repositories: 'acme/*'
          keep: 20
          older_than: 90d
          unused_for: 180d
          semver_keep: [latest-patch]
          keep_tags: [latest, stable]

    There are also except, match, semver, variant and allow_empty. All policies that name a
    repository are for it: a tag goes where it is a candidate of one of them and none of those whose
    candidate it is keeps it.

    \b
    Examples:
      hubcli tag prune acme/api --filter 'pr-*' --older-than 30d
      hubcli tag prune 'ghcr.io/acme/*' --keep 20 --semver-keep latest-patch --undo-file undo.jsonl
      hubcli tag prune --policy prune.yaml --dry-run --exit-code
    """
    if exit_code and not dry_run:
        raise UsageError("--exit-code goes with --dry-run")
    if undo_file == "-":
        raise UsageError("--undo-file takes a file: it is there before anything is deleted")
    if policy is not None:
        given = {
            "--keep": keep,
            "--older-than": older_than,
            "--unused-for": unused_for,
            "--filter": filter,
            "--except": excepting,
            "--match": match,
            "--semver": semver,
            "--variant": variant,
            "--semver-keep": semver_keep,
            "--keep-tag": keep_tag,
        }
        pruning = from_file(runtime, policy, repositories or (), given)
    else:
        from hubcli.tags import names

        chosen = names(filter, match, semver, excepting=excepting, variant=variant)
        pruning = from_flags(
            repositories or (), chosen, keep, older_than, unused_for, semver_keep, keep_tag
        )
    plans = _Plans(runtime, pruning, allow_empty)
    if dry_run:
        return _rehearsed(runtime, selection, plans, exit_code)
    return _carried_out(runtime, selection, plans, undo_file, yes)


class _Plans:
    """The plans of all repositories; the failure of one among several is reported."""

    def __init__(self, runtime: Runtime, pruning: Pruning, allow_empty: bool) -> None:
        self._runtime = runtime
        self._pruning = pruning
        self._allow_empty = allow_empty
        self._now = time.time()
        self.said: list[str] = []
        """What each plan comes to, in words."""
        self.count = 0
        """How many tags go, as far as it was planned."""

    def made(self, *, whole: bool) -> Iterator[Surveyed]:
        """One plan after the other, with what stays if `whole`."""
        repositories = self._pruning.repositories(self._runtime)
        for reference in repositories:
            with self._runtime.attempting() if len(repositories) > 1 else nullcontext():
                surveyed = self._one(reference, whole)
                if surveyed is not None:
                    yield surveyed

    def _one(self, reference: Reference, whole: bool) -> Surveyed | None:
        rules = self._pruning.rules(reference)
        if not rules:
            self.said.append(f"{reference.name}: no policy is for it")
            return None
        with doing(_ACTION, reference.name):
            surveyed = Survey(self._runtime, reference, _ACTION).plan(
                [one.rules for one in rules], self._now
            )
            plan = surveyed.plan
            if plan.empties and not (self._allow_empty or any(one.allow_empty for one in rules)):
                raise Conflict(
                    f"nothing would be left of {_its_tags(len(plan.verdicts))}",
                    hint="with --allow-empty they may all go",
                )
        self.count += plan.count
        self.said.append(_summary(surveyed))
        return surveyed if whole else surveyed.without_what_stays()


def _its_tags(count: int) -> str:
    return "its only tag" if count == 1 else f"its {count:,} tags"


def _summary(surveyed: Surveyed) -> str:
    """`acme/api: 2 of 7 tags to remove, up to 13.3kB become free`."""
    from hubcli.output.human import size

    plan = surveyed.plan
    count, total = plan.count, len(plan.verdicts)
    if not count:
        stay = "1 tag stays" if total == 1 else f"{total:,} tags stay"
        return f"{surveyed.reference.name}: nothing to remove, {stay}"
    freed = "" if plan.size is None else f", up to {size(plan.size)} become free"
    return f"{surveyed.reference.name}: {count:,} of {total:,} tags to remove{freed}"


def _rehearsed(runtime: Runtime, selection: Selection, plans: _Plans, exit_code: bool) -> Shown:
    """What stays and what goes, on stdout; with -q what goes."""

    def rows() -> Iterator[Row]:
        for surveyed in plans.made(whole=True):
            for verdict in surveyed.plan.verdicts:
                if verdict.goes or not selection.quiet:
                    yield _row(surveyed, verdict, "planned" if verdict.goes else None)

    runtime.output.rows(PRUNED, rows(), selection)
    for line in () if selection.quiet else plans.said:
        runtime.output.notice(line)
    if exit_code and plans.count and not runtime.exit_code:
        raise typer.Exit(1)
    return None


def _carried_out(
    runtime: Runtime, selection: Selection, plans: _Plans, undo_file: str | None, yes: bool
) -> Shown:
    """Remove what goes, after a yes; rows are for programs, a line each for people."""
    surveyed = [*plans.made(whole=False)]
    for line in () if selection.quiet and yes else plans.said:
        runtime.output.notice(line)
    for_programs = bool(selection.format or selection.fields or selection.query)
    if not plans.count:
        return Rows(()) if for_programs else None
    if not yes:
        _ask(runtime, surveyed)
    if undo_file is not None:
        _keep_for_undo(runtime, surveyed, undo_file, selection.quiet)
    rows = _removed(runtime, surveyed, selection.quiet)
    if for_programs:
        return Rows(rows)
    for row in rows:
        if row["status"] == "done" and not selection.quiet:
            runtime.output.notice(f"deleted {row['reference']}")
    return None


def _ask(runtime: Runtime, surveyed: Sequence[Surveyed]) -> None:
    lines = [
        f"{one.reference.tagged(verdict.tag.name).short}  {verdict.reason}"
        for one in surveyed
        for verdict in one.plan.going
    ]
    ask(runtime.output, lines, f"Delete {these(lines, 'tag', 'tags')}?", "nothing was deleted")


def _keep_for_undo(runtime: Runtime, surveyed: Sequence[Surveyed], file: str, quiet: bool) -> None:
    from hubcli.retention import undo

    with doing("write", file):
        undo.add(Path(file), (entry for one in surveyed for entry in one.entries()))
    lost = sum(one.tag.digest is None for each in surveyed for one in each.plan.going)
    if lost:
        runtime.output.warning(f"{lost:,} of these cannot come back: nobody tells their digest")
    if not quiet:
        runtime.output.notice(f"hubcli tag restore {file} brings them back")


def _removed(runtime: Runtime, surveyed: Sequence[Surveyed], quiet: bool) -> Iterator[Row]:
    """What became of each tag that was to go."""
    halted: set[str] = set()
    for one in surveyed:
        counts: Counter[str] = Counter()
        for outcome in Deletion(runtime, one, halted).outcomes():
            counts[outcome.status] += 1
            yield _row(one, outcome.verdict, outcome.status, outcome.error)
        if counts and not quiet:
            said = ", ".join(f"{count:,} {_WORDS[status]}" for status, count in counts.items())
            runtime.output.notice(f"{one.reference.name}: {said}")


def _row(surveyed: Surveyed, verdict: Verdict, status: str | None, error: str | None = None) -> Row:
    from hubcli import timestamps

    tag = verdict.tag
    reference = surveyed.reference.tagged(tag.name)
    return {
        "reference": reference.short,
        "digest": tag.digest,
        "action": "delete" if verdict.goes else "keep",
        "rule": verdict.rule,
        "reason": verdict.reason,
        "size": tag.size,
        "updated": None if tag.moment is None else timestamps.from_epoch(tag.moment),
        "pulled": None if tag.pulled is None else timestamps.from_epoch(tag.pulled),
        "status": status,
        "error": error,
        "name": tag.name,
        "repository": reference.name,
    }
