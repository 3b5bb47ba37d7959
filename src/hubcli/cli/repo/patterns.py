"""Patterns that stand for repositories: `NAMESPACE/PATTERN`, `HOST/NAMESPACE/PATTERN`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from hubcli.cli.listings import told
from hubcli.cli.provided import capable
from hubcli.cli.repo.names import is_one_part
from hubcli.cli.runtime import Runtime
from hubcli.errors import NotFound, UsageError
from hubcli.output import Row
from hubcli.reference import Reference, is_glob, parse_repository


@dataclass(frozen=True)
class RepositoryPattern:
    """Where a pattern looks, and the pattern; `reference` is a repository that could be there.

    A `deep` one may be `**`, for all that is below, however deep.
    """

    reference: Reference
    glob: str
    deep: bool = False

    def accepts(self, name: str) -> bool:
        """Whether a repository, named as hubcli prints it, is there, and matches."""
        head, _, last = name.rpartition("/")
        if self.deep and self.glob == "**":
            return name.startswith(f"{self.reference.name.rpartition('/')[0]}/")
        return head == self.reference.name.rpartition("/")[0] and fnmatchcase(last, self.glob)


def parse_repository_pattern(
    text: str, action: str, command: str, *, deep: bool = False
) -> RepositoryPattern:
    """Read a pattern; UsageError for one that stands behind no namespace."""
    head, slash, glob = text.rpartition("/")
    if not slash or is_glob(head) or is_one_part(f"{head}/x"):
        raise UsageError(
            "a pattern stands behind a namespace",
            action=action,
            reference=text,
            hint=f"hubcli {command} 'NAMESPACE/PATTERN'",
        )
    return RepositoryPattern(parse_repository(f"{head}/x"), glob, deep)


def matching(
    runtime: Runtime, text: str, action: str, command: str, *, deep: bool = False
) -> list[Row]:
    """The rows of the repositories that a pattern means; NotFound where there are none."""
    pattern = parse_repository_pattern(text, action, command, deep=deep)
    rows = [*told(action, text, _listed(runtime, pattern))]
    if not rows:
        raise NotFound("no repository matches", action=action, reference=text)
    return rows


def _listed(runtime: Runtime, pattern: RepositoryPattern) -> Iterable[Row]:
    """What matches, by the registry's own API or, where it has none, by its catalog."""
    from hubcli.providers import ListsRepositories

    host, namespace = pattern.reference.host, pattern.reference.namespace
    if pattern.reference.on_hub:
        return runtime.session.hub.repositories.matching(namespace, pattern.glob)
    lists = capable(runtime, host, ListsRepositories)
    rows = _catalog(runtime, host) if lists is None else lists.repositories(namespace or None)
    return (row for row in rows if pattern.accepts(str(row["name"])))


def _catalog(runtime: Runtime, host: str) -> Iterator[Row]:
    for paths in runtime.session.registry(host).catalog():
        yield from ({"name": f"{host}/{path}"} for path in paths)
