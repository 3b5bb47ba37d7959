"""Which rules are for which repositories: from the flags of `tag prune`, or from a policy file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hubcli.cli.runtime import Runtime
from hubcli.errors import UsageError
from hubcli.reference import Reference, is_glob, parse_repository

if TYPE_CHECKING:
    from hubcli.retention.policy import Policy
    from hubcli.tags import Names

_ACTION = "prune"
_COMMAND = "tag prune"


@dataclass(frozen=True)
class Pruning:
    """Policies, and the repositories that were named besides: those that the policies name, if
    none were; `by_flags` where the only policy is for whatever is named."""

    policies: Sequence[Policy]
    named: Sequence[str]
    by_flags: bool = False

    def repositories(self, runtime: Runtime) -> Sequence[Reference]:
        """Each repository once; patterns behind which there is nothing are reported."""
        from hubcli.cli.repo.patterns import matching

        texts = self.named or [text for one in self.policies for text in one.repositories]
        found: dict[Reference, None] = {}
        for text in dict.fromkeys(texts):
            if not is_glob(text):
                found[parse_repository(text)] = None
                continue
            with runtime.attempting():
                for row in matching(runtime, text, _ACTION, _COMMAND):
                    found[parse_repository(str(row["name"]))] = None
        return [*found]

    def rules(self, repository: Reference) -> Sequence[Policy]:
        """The policies that are for a repository."""
        return [one for one in self.policies if self.by_flags or _is_for(one, repository)]


def from_flags(
    repositories: Sequence[str],
    chosen: Names,
    keep: int | None,
    older_than: str | None,
    unused_for: str | None,
    semver_keep: Sequence[str] | None,
    keep_tags: Sequence[str] | None,
) -> Pruning:
    """UsageError where they say which tags stay, and not which go, or nothing to prune."""
    from hubcli.retention.policy import Policy
    from hubcli.retention.rules import Rules, span
    from hubcli.tags import parse_keep

    rules = Rules(
        chosen,
        keep,
        None if older_than is None else span(older_than, "--older-than"),
        None if unused_for is None else span(unused_for, "--unused-for"),
        tuple(parse_keep(text) for text in semver_keep or ()),
        tuple(keep_tags or ()),
    )
    if not repositories:
        raise UsageError("no repository was named", hint="hubcli tag prune --policy FILE")
    if not rules.removes:
        raise UsageError(
            "say which tags may go: --keep, --older-than, --unused-for, --semver-keep, --filter,"
            " --match, --semver or --variant"
        )
    for text in repositories:
        _checked(text)
    return Pruning((Policy((), rules),), repositories, by_flags=True)


def from_file(
    runtime: Runtime, file: str, repositories: Sequence[str], flags: Mapping[str, object]
) -> Pruning:
    """The policies of a file; UsageError where flags would add to them."""
    from hubcli.cli.bytesource import text
    from hubcli.documents.tree import LARGEST
    from hubcli.retention.policy import read_policies

    given = [name for name, value in flags.items() if value not in (None, [])]
    if given:
        raise UsageError(f"{given[0]} does not go with --policy: the rules are in the file")
    for name in repositories:
        _checked(name)
    name = "stdin" if file == "-" else file
    return Pruning(read_policies(text(runtime, file, LARGEST), name, _checked), repositories)


def _is_for(policy: Policy, repository: Reference) -> bool:
    from hubcli.cli.repo.patterns import parse_repository_pattern

    for text in policy.repositories:
        if is_glob(text):
            if parse_repository_pattern(text, _ACTION, _COMMAND).accepts(repository.name):
                return True
        elif parse_repository(text) == repository:
            return True
    return False


def _checked(text: str) -> str:
    """`text`, if it names a repository, or a pattern of some; else UsageError."""
    from hubcli.cli.repo.patterns import parse_repository_pattern

    if is_glob(text):
        parse_repository_pattern(text, _ACTION, _COMMAND)
    else:
        parse_repository(text)
    return text
