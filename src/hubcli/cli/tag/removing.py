"""`hubcli tag rm`: shows which tags will go, asks, and removes them one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import typer

from hubcli.cli.commands import Rows, Shown
from hubcli.cli.options import DryRun, Yes
from hubcli.cli.plans import ask, these
from hubcli.cli.runtime import Runtime
from hubcli.cli.tag.declared import REMOVAL, group
from hubcli.cli.tag.places import Tags, tags_in
from hubcli.errors import NotFound, UsageError, doing
from hubcli.output import Row, Selection
from hubcli.reference import Reference, parse_pattern

_ACTION = "delete"


@dataclass(frozen=True)
class Target:
    """A tag that is to go, what it points at, and why it was chosen."""

    reference: Reference
    digest: str | None
    reason: str

    @property
    def tag(self) -> str:
        return self.reference.identifier

    @property
    def row(self) -> Row:
        return {
            "reference": self.reference.short,
            "digest": self.digest,
            "action": _ACTION,
            "reason": self.reason,
            "name": self.tag,
            "repository": self.reference.name,
        }


@group.command(
    "rm",
    shows=REMOVAL,
    calls=(
        "DELETE /v2/repositories/{namespace}/{repository}/tags/{tag}",
        "DELETE /v2/namespaces/{namespace}/repositories/{repository}/tags/{tag}",
    ),
)
def rm(
    runtime: Runtime,
    selection: Selection,
    references: Annotated[
        list[str],
        typer.Argument(metavar="REF…", help="Tags, as REPO:TAG, or patterns, as 'REPO:pr-*'."),
    ],
    yes: Yes = False,
    dry_run: DryRun = False,
) -> Shown:
    """Delete tags, and nothing but these: other tags of the same image stay.

    \b
    Examples:
      hubcli tag rm acme/api:old
      hubcli tag rm 'acme/api:pr-*' --dry-run
      hubcli tag rm 'ghcr.io/acme/api:pr-*' --yes
    """
    wishes = [_wish(text) for text in references]
    places = {place: tags_in(runtime, place, _ACTION) for place, _ in wishes}
    targets = _targets(runtime, wishes, places)
    if dry_run:
        return Rows(target.row for target in targets)
    if not targets:
        return None
    if not yes:
        lines = [f"{target.reference.short}  {target.digest or ''}" for target in targets]
        question = f"Delete {these(targets, 'tag', 'tags')}?"
        ask(runtime.output, lines, question, "nothing was deleted")
    for target in targets:
        with runtime.attempting(), doing(_ACTION, str(target.reference)):
            places[target.reference.bare()].remove(target.tag, target.digest)
            if not selection.quiet:
                runtime.output.notice(f"deleted {target.reference.short}")
    return None


def _wish(text: str) -> tuple[Reference, str]:
    """The repository, and the tag or pattern in it; nobody is taken to have meant `latest`."""
    reference, glob = parse_pattern(text)
    wanted = glob or reference.tag
    if wanted is None or reference.digest:
        raise UsageError(
            "a tag is wanted here" if wanted is None else "a tag alone is wanted, without a digest",
            action=_ACTION,
            reference=text,
            hint=f"hubcli tag ls {reference.name}",
        )
    return reference.bare(), wanted


def _targets(
    runtime: Runtime, wishes: Sequence[tuple[Reference, str]], places: Mapping[Reference, Tags]
) -> list[Target]:
    """What is to go, each tag once; wishes that nothing answers to are reported."""
    found: dict[Reference, Target] = {}
    for repository, wanted in wishes:
        with runtime.attempting(), doing(_ACTION, f"{repository}:{wanted}"):
            # All or nothing: what could be listed in part only is not understood well enough.
            for target in list(_answering(places[repository], repository, wanted)):
                found.setdefault(target.reference, target)
    return list(found.values())


def _answering(tags: Tags, repository: Reference, wanted: str) -> Iterator[Target]:
    from hubcli.reference import is_glob

    if not is_glob(wanted):
        yield Target(repository.tagged(wanted), tags.digest(wanted), "named")
        return
    matched = False
    for tag, digest in tags.matching(wanted):
        matched = True
        yield Target(repository.tagged(tag), digest, f"matches {wanted}")
    if not matched:
        raise NotFound("no tag matches")
