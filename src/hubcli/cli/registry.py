"""`hubcli registry`: what a registry holds, can do, and still allows."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from itertools import islice
from typing import Annotated

import typer

from hubcli.cli.commands import Commands, One, Rows, Shown
from hubcli.cli.limits import displayed, hub_limits
from hubcli.cli.listings import told
from hubcli.cli.options import Limit
from hubcli.cli.runtime import Runtime
from hubcli.cli.views import LIMIT
from hubcli.errors import Unsupported, doing
from hubcli.output import Field, Kind, Row, View
from hubcli.reference import HUB, Place, parse_host, parse_place

group = Commands("Look at a registry.")

ENTRY = View("repository", (Field("name", default=True), Field("namespace"), Field("registry")))


def _fact(name: str, *, default: bool = False) -> Field:
    """Something that a registry can do, or cannot, or that nobody has told."""
    return Field(name, Kind.BOOL, default=default, display=f"{name}_display")


CAPABILITIES = View(
    "registry",
    (
        Field("registry", default=True),
        Field("url", default=True),
        Field("milliseconds", Kind.NUMBER),
        Field("api_version", default=True),
        Field("auth", default=True),
        Field("realm"),
        Field("service"),
        _fact("allowed"),
        _fact("catalog"),
        _fact("referrers", default=True),
        _fact("delete", default=True),
        _fact("chunked_upload", default=True),
        Field("provider", default=True),
        Field("recognised_by", default=True),
    ),
    key="registry",
)

PROVIDER = View(
    "provider",
    (
        Field("name", default=True),
        Field("title", default=True),
        Field("hosts"),
        Field("sign_in"),
        Field("repo", Kind.LIST, default=True),
        Field("tag", Kind.LIST, default=True),
        Field("tag_fields", Kind.LIST),
        Field("search", Kind.BOOL, default=True),
        Field("create_flags", Kind.LIST),
        Field("options", Kind.LIST),
        Field("extra"),
    ),
)

_FACTS = [field.name for field in CAPABILITIES.fields if field.kind is Kind.BOOL]


@group.command("ls", shows=ENTRY)
def ls(
    runtime: Runtime,
    host: Annotated[
        str, typer.Argument(metavar="HOST[/NAMESPACE]", help="A registry, or a part of it.")
    ],
    filter: Annotated[
        str | None,
        typer.Option(
            "--filter", metavar="GLOB", help="On the last part of a path; on all of it with a /."
        ),
    ] = None,
    limit: Limit = None,
) -> Shown:
    """List the repositories of a registry: its catalog.

    \b
    Examples:
      hubcli registry ls localhost:5000
      hubcli registry ls registry.example.com/team --filter 'api-*'
    """
    place = _place(host)
    if place.on_hub:
        raise Unsupported(
            "Docker Hub has no catalog of all its repositories",
            action="list",
            reference=str(place),
            hint="hubcli repo ls NAMESPACE",
        )
    rows = told("list", str(place), _entries(runtime, place, filter))
    return Rows(islice(rows, limit))


def _entries(runtime: Runtime, place: Place, glob: str | None) -> Iterator[Row]:
    for page in runtime.session.registry(place.host).catalog():
        for path in page:
            if _is_wanted(path, place.path, glob):
                yield {
                    "name": f"{place.host}/{path}",
                    "namespace": path.rpartition("/")[0] or None,
                    "registry": place.host,
                }


def _is_wanted(path: str, namespace: str | None, glob: str | None) -> bool:
    if namespace is not None and not path.startswith(f"{namespace}/"):
        return False
    subject = path if glob and "/" in glob else path.rpartition("/")[2]
    return glob is None or fnmatchcase(subject, glob)


@group.command("ping", shows=CAPABILITIES)
def ping(
    runtime: Runtime,
    host: Annotated[
        str,
        typer.Argument(
            metavar="HOST[/REPO]", help="A registry; with a repository more can be told."
        ),
    ],
) -> Shown:
    """Show whether a registry answers, how one signs in there, and what it can do.

    Nothing is changed in it: what can only be told by trying stays unknown.

    \b
    Examples:
      hubcli registry ping ghcr.io
      hubcli registry ping localhost:5000 --format json
    """
    place = _place(host)
    with doing("ping", str(place)):
        facts = {
            **runtime.session.registry(place.host).ping(place.path),
            **_recognised(runtime, place.host),
        }
    words = {True: "yes", False: "no", None: "unknown"}
    displayed = {f"{name}_display": words[facts[name]] for name in _FACTS}
    return One({**facts, **displayed})


def _recognised(runtime: Runtime, host: str) -> Row:
    """Which provider a host is, and why; what has just been asked is not asked again."""
    if host == HUB:
        return {"provider": "hub", "recognised_by": "its host name"}
    found = runtime.session.providers.recognise(host)
    if found is None:
        why = "its greeting, which has no mark of any other"
        return {"provider": "distribution", "recognised_by": why}
    return {"provider": found.row.name, "recognised_by": found.why}


@group.command("providers", shows=PROVIDER, network=False)
def providers(runtime: Runtime) -> Shown:  # noqa: ARG001 - every command takes one
    """Show which registries hubcli knows by name, and what it can do on each.

    By the registry protocol, which all of them speak, or by the API that some have besides.

    \b
    Examples:
      hubcli registry providers
      hubcli registry providers --format '{{.name}}: {{.repo}}'
    """
    from hubcli.providers.summary import rows

    return Rows(rows())


@group.command("limits", shows=LIMIT)
def limits(
    runtime: Runtime,
    host: Annotated[
        str, typer.Argument(metavar="[HOST[/REPO]]", help="A registry; default is Docker Hub.")
    ] = HUB,
) -> Shown:
    """Show how much may still be pulled: as yourself, and by anybody from this address.

    Asking is no pull.

    \b
    Examples:
      hubcli registry limits
      hubcli registry limits --format '{{.kind}} {{.remaining}}'
    """
    place = _place(host)
    rows = hub_limits(runtime) if place.on_hub else _announced(runtime, place)
    return Rows(map(displayed, told("read the limits of", str(place), rows)))


def _announced(runtime: Runtime, place: Place) -> Iterator[Row]:
    from hubcli.registry.limits import announced_limit

    found = announced_limit(runtime.session.registry(place.host), place.path)
    if found is None:
        raise Unsupported(f"{place.host} does not announce how much may be pulled")
    yield found


def _place(text: str) -> Place:
    """`HOST`, however it is spelled, or `HOST/PATH`; a bare name is a host here."""
    if "/" not in text.removeprefix("https://").removeprefix("http://").rstrip("/"):
        return Place(parse_host(text))
    return parse_place(text)
