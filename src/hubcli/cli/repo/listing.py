"""`hubcli repo ls`: the repositories of a namespace, or of a registry."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Annotated

import typer

from hubcli.cli.commands import Rows, Shown
from hubcli.cli.listings import Cut, Sort, told
from hubcli.cli.options import Limit
from hubcli.cli.repo.declared import REPOSITORY, group
from hubcli.cli.repo.names import own_namespace
from hubcli.cli.runtime import Runtime
from hubcli.cli.tag.local import repositories_in, store_in
from hubcli.errors import NotFound, Unsupported, UsageError, doing
from hubcli.output import Row, Selection
from hubcli.reference import HUB, Place, parse_place

if TYPE_CHECKING:
    from hubcli.providers import Provider

_ACTION = "list the repositories of"
# Whether the largest comes first where nothing else is said.
_SORTS = {"name": False, "updated": True, "pulls": True, "stars": True, "size": True}


@dataclass(frozen=True, slots=True)
class _Filter:
    """What is to be listed; a pattern without a slash is for the last part of a name."""

    pattern: str | None
    private: bool | None

    @property
    def takes_all(self) -> bool:
        return self.pattern is None and self.private is None

    def accepts(self, row: Row) -> bool:
        wanted = {None: None, True: "private", False: "public"}[self.private]
        return (wanted is None or row["visibility"] == wanted) and self.matches(row)

    def matches(self, row: Row) -> bool:
        if self.pattern is None:
            return True
        name = str(row["name"])
        if "/" not in self.pattern:
            return fnmatchcase(name.rpartition("/")[2], self.pattern)
        # Elsewhere a name begins with its host, which few will write into a pattern.
        path = name.removeprefix(f"{row['registry']}/")
        return fnmatchcase(name, self.pattern) or fnmatchcase(path, self.pattern)


@group.command("ls", shows=REPOSITORY, calls=("GET /v2/namespaces/{namespace}/repositories",))
def ls(
    runtime: Runtime,
    selection: Selection,
    place: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAMESPACE|HOST[/NAMESPACE]]",
            help="Whose repositories, or oci-archive:FILE, oci:DIR; default: your own.",
        ),
    ] = None,
    filter: Annotated[
        str | None,
        typer.Option(
            "--filter", metavar="GLOB", help="On the last part of a name; on all of it with a /."
        ),
    ] = None,
    private: Annotated[bool | None, typer.Option("--private/--public", help="Only those.")] = None,
    sort: Annotated[
        str | None,
        typer.Option("--sort", metavar=f"{'|'.join(_SORTS)}[=asc|desc]", help="What comes first."),
    ] = None,
    limit: Limit = None,
) -> Shown:
    """List repositories: of a namespace, of a registry, or those that an archive holds.

    \b
    Examples:
      hubcli repo ls
      hubcli repo ls acme --private --sort size
      hubcli repo ls quay.io/org --filter 'web-*'
      hubcli repo ls -q | xargs -n1 hubcli tag ls
      hubcli repo ls oci-archive:images.tar
    """
    order = Sort.parse(sort, _SORTS)
    wanted = _Filter(filter, private)
    local = None if place is None else store_in(place)
    if local is not None:
        found = _only(wanted, repositories_in(runtime, local))
        return Rows(Cut(told(_ACTION, str(local), found), limit, lambda: None))
    where = _where(place)
    if where.on_hub:
        rows, total = _on_hub(runtime, where, wanted, None if order else limit)
    else:
        rows, total = _elsewhere(runtime, where, wanted, order, selection.quiet), None
    if order is not None:
        rows = order.apply(rows)
        total = len(rows)
    cut = Cut(rows, limit, lambda: total)
    return Rows(cut, more=cut.more if runtime.output.stdout_is_terminal else None)


def _only(wanted: _Filter, rows: Iterable[Row]) -> Iterator[Row]:
    return (row for row in rows if wanted.accepts(row))


def _where(place: str | None) -> Place:
    """What is meant; a lone name with capitals is a namespace, and those are in lower case."""
    if place is None:
        return Place(HUB)
    where = parse_place(place if "/" in place else place.lower())
    if where.on_hub and where.path is not None and "/" in where.path:
        raise UsageError(
            "a namespace of Docker Hub has one part",
            action=_ACTION,
            reference=where.path,
            hint=f"hubcli repo inspect {where.path}",
        )
    return where


def _on_hub(
    runtime: Runtime, where: Place, wanted: _Filter, limit: int | None
) -> tuple[Iterable[Row], int | None]:
    """The rows, and how many there are where that is known before they are read."""
    from hubcli.hub.patterns import literal_part

    with doing(_ACTION, where.path or "your own namespace"):
        namespace = where.path or own_namespace(runtime.session)
    part = literal_part(wanted.pattern.rpartition("/")[2]) if wanted.pattern else None
    with doing(_ACTION, namespace):
        listing = runtime.session.hub.repositories.list(
            namespace, part, limit if wanted.takes_all else None
        )
        total = listing.count if wanted.takes_all else None
    return told(_ACTION, namespace, filter(wanted.accepts, listing)), total


def _elsewhere(
    runtime: Runtime, where: Place, wanted: _Filter, order: Sort | None, names_only: bool
) -> Iterator[Row]:
    """What the registry's own API tells, else its catalog: names and nothing else."""
    from hubcli.providers import ListsRepositories

    with doing(_ACTION, str(where)):
        provider = runtime.session.provider(where.host)
    known = {"name"} | provider.repository_fields | provider.repository_lookups
    if wanted.private is not None and "visibility" not in known:
        raise _tells_nothing(where, "which repositories are private")
    if order is not None and order.field not in known:
        raise _tells_nothing(where, f"the {order.field} of a repository")
    if isinstance(provider, ListsRepositories):
        found: Iterable[Row] = provider.repositories(where.path)
        used = {
            order.field if order else "name",
            "name" if wanted.private is None else "visibility",
        }
        if provider.repository_lookups and (used & provider.repository_lookups or not names_only):
            found = _looked_up(provider, filter(wanted.matches, found))
        return told(_ACTION, str(where), filter(wanted.accepts, found))
    rows = (
        _catalog_row(where.host, path)
        for paths in runtime.session.registry(where.host).catalog()
        for path in paths
        if where.path is None or path.startswith(f"{where.path}/")
    )
    return told(_ACTION, str(where), filter(wanted.accepts, rows))


def _looked_up(provider: Provider, rows: Iterable[Row]) -> Iterator[Row]:
    """The rows as `repo inspect` has them; without those that are gone meanwhile."""
    from hubcli.parallel import in_order
    from hubcli.providers import ShowsRepositories

    assert isinstance(provider, ShowsRepositories)
    shows = provider
    host = f"{provider.at.host}/"

    def look_up(row: Row) -> Row | None:
        try:
            return shows.repository(str(row["name"]).removeprefix(host))
        except NotFound:
            return None

    looked_up = in_order(look_up, rows, provider.at.concurrency)
    return (row for row in looked_up if row is not None)


def _tells_nothing(where: Place, what: str) -> Unsupported:
    return Unsupported(
        f"{where.host} does not tell {what}",
        action=_ACTION,
        reference=str(where),
        hint=f"hubcli repo ls {where}",
    )


def _catalog_row(host: str, path: str) -> Row:
    return {
        "name": f"{host}/{path}",
        "namespace": path.rpartition("/")[0] or None,
        "registry": host,
        "visibility": None,
    }
