"""`hubcli search`: find repositories on Docker Hub, or where else there is a search."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from hubcli.cli.commands import Commands, Rows, Shown
from hubcli.cli.listings import Cut, told
from hubcli.cli.options import All, Limit
from hubcli.cli.runtime import Runtime
from hubcli.errors import Unsupported, UsageError, doing
from hubcli.output import Field, Kind, View
from hubcli.reference import HUB, parse_host

if TYPE_CHECKING:
    from hubcli.hub.search import Filters

verbs = Commands()

RESULT = View(
    "search result",
    (
        Field("name", default=True),
        Field("description", default=True),
        Field("stars", Kind.NUMBER, default=True),
        Field("pulls", Kind.NUMBER, default=True, display="pulls_display"),
        Field("official", Kind.BOOL, default=True),
        Field("verified", Kind.BOOL, default=True),
        Field("pulls_display"),
        Field("publisher"),
        Field("badge"),
        Field("type"),
        Field("created", Kind.TIME),
        Field("updated", Kind.TIME),
        Field("architectures", Kind.LIST),
        Field("operating_systems", Kind.LIST),
        Field("categories", Kind.LIST),
        Field("archived", Kind.BOOL),
    ),
)
_DEFAULT_LIMIT = 25


class SortBy(StrEnum):
    RELEVANCE = "relevance"
    PULLS = "pulls"
    UPDATED = "updated"
    STARS = "stars"


@verbs.command(
    "search",
    shows=RESULT,
    calls=(
        "GET /api/search/v4",
        "GET /v2/search/repositories",
    ),
)
def search(
    runtime: Runtime,
    words: Annotated[
        str, typer.Argument(metavar="QUERY", help="What to look for; HOST/QUERY elsewhere.")
    ],
    official: Annotated[
        bool, typer.Option("--official", help="Docker Official Images only.")
    ] = False,
    verified: Annotated[
        bool, typer.Option("--verified", help="Images of verified publishers only.")
    ] = False,
    type: Annotated[
        str | None,
        typer.Option("--type", metavar="TYPE", help="image, model, plugin, extension, helm …"),
    ] = None,
    arch: Annotated[
        list[str] | None,
        typer.Option("--arch", metavar="ARCH", help="Built for amd64, arm64 … (repeatable)."),
    ] = None,
    os: Annotated[
        list[str] | None,
        typer.Option("--os", metavar="OS", help="Built for linux, windows (repeatable)."),
    ] = None,
    category: Annotated[
        list[str] | None,
        typer.Option("--category", metavar="SLUG", help="In a category (repeatable)."),
    ] = None,
    min_stars: Annotated[
        int, typer.Option("--min-stars", metavar="N", min=0, help="With at least N stars.")
    ] = 0,
    sort: Annotated[
        SortBy, typer.Option("--sort", help="What comes first; an exact name by relevance.")
    ] = SortBy.RELEVANCE,
    limit: Limit = None,
    all: All = False,
) -> Shown:
    """Search Docker Hub, or another registry.

    With HOST/QUERY that registry is searched, if it can be: see hubcli registry providers.

    \b
    Examples:
      hubcli search hello-world
      hubcli search postgres --official --format json --query '[0].name'
      hubcli search redis --arch arm64 --sort pulls --limit 5
      hubcli search ghcr.io/acme/api
    """
    if all and limit is not None:
        raise UsageError("--limit and --all exclude each other")
    host, term = _place(words)
    wanted = None if all else limit or _DEFAULT_LIMIT
    if host != HUB:
        hub_only = {
            "--official": official,
            "--verified": verified,
            "--type": type,
            "--arch": arch,
            "--os": os,
            "--category": category,
            "--min-stars": min_stars,
            "--sort": sort is not SortBy.RELEVANCE,
        }
        unknown = [flag for flag, given in hub_only.items() if given]
        return _elsewhere(runtime, host, term, unknown, wanted)
    from hubcli.hub.search import Filters

    filters = Filters(
        official=official,
        verified=verified,
        type=type,
        architectures=tuple(arch or ()),
        operating_systems=tuple(os or ()),
        categories=tuple(category or ()),
        min_stars=min_stars,
    )
    return _found(runtime, term, filters, sort.value, wanted)


def _found(runtime: Runtime, term: str, filters: Filters, sort: str, wanted: int | None) -> Shown:
    action, reference = "search for", term
    with doing(action, reference):
        results = runtime.session.hub.search.find(term, filters, sort=sort, limit=wanted)
    cut = Cut(told(action, reference, results.rows), wanted, lambda: results.total)
    if not runtime.output.stdout_is_terminal:
        return Rows(cut)
    return Rows(cut, more=lambda: cut.more(", --all shows all"))


def _place(query: str) -> tuple[str, str]:
    """The registry, and the words to look for there."""
    text = query.strip()
    host, slash, rest = text.partition("/")
    if slash and ("." in host or ":" in host or host == "localhost"):
        place, term = parse_host(host), rest.strip()
    else:
        place, term = HUB, text
    if not term:
        raise UsageError("the query is empty")
    return place, term


def _elsewhere(
    runtime: Runtime, host: str, term: str, unknown: Sequence[str], wanted: int | None
) -> Shown:
    """What the registry's own API finds."""
    from hubcli.providers import Searches
    from hubcli.providers.refusals import refusal

    action, reference = "search", f"{host}/{term}"
    with doing(action, reference):
        provider = runtime.session.provider(host)
        if not isinstance(provider, Searches):
            raise refusal(provider, "search", host, action, host, term)
        if unknown:
            raise Unsupported(f"{host} knows no {', '.join(unknown)}: Docker Hub does")
    cut = Cut(told(action, reference, provider.search(term)), wanted, lambda: None)
    return Rows(cut)
