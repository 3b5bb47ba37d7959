"""`hubcli org registry-access`: which registries the members of an organization may use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from hubcli import reference
from hubcli.cli.commands import Rows, Shown
from hubcli.cli.options import DryRun
from hubcli.cli.org.declared import Organization, group
from hubcli.cli.runtime import Runtime
from hubcli.errors import doing
from hubcli.output import Field, Kind, Row, View

if TYPE_CHECKING:
    from hubcli.hub.registry_access import Wishes

REGISTRY = View(
    "registry",
    (
        Field("name", default=True),
        Field("title", default=True),
        Field("allowed", Kind.BOOL, default=True, display="allowed_display"),
        Field("enforced", Kind.BOOL, default=True, display="enforced_display"),
        Field("change"),
        Field("kind"),
    ),
)
CHANGE = replace(
    REGISTRY,
    fields=tuple(replace(field, default=field.name != "kind") for field in REGISTRY.fields),
)
_ROUTE = "/v2/orgs/{org}/settings/registry-access-management"


@group.command("registry-access", shows=REGISTRY, calls=(f"GET {_ROUTE}", f"PUT {_ROUTE}"))
def registry_access(
    runtime: Runtime,
    organization: Organization,
    enable: Annotated[
        bool | None, typer.Option("--enable/--disable", help="Whether the list is enforced.")
    ] = None,
    allow: Annotated[
        list[str] | None,
        typer.Option(
            "--allow-registry", metavar="HOST[=TITLE]", help="Let members use it (repeatable)."
        ),
    ] = None,
    block: Annotated[
        list[str] | None,
        typer.Option(
            "--block-registry", metavar="HOST", help="List it as not allowed (repeatable)."
        ),
    ] = None,
    remove: Annotated[
        list[str] | None,
        typer.Option("--remove-registry", metavar="HOST", help="Take it off (repeatable)."),
    ] = None,
    dry_run: DryRun = False,
) -> Shown:
    """Show or change which registries members may use with Docker Desktop.

    Docker Hub itself is docker.io. While the list is not enforced, everything is allowed. After a
    change the whole list is shown, with what became of each registry.

    \b
    Examples:
      hubcli org registry-access acme
      hubcli org registry-access acme --allow-registry ghcr.io='GitHub' --enable --dry-run
      hubcli org registry-access acme --disable
    """
    from hubcli.hub import registry_access as access

    wishes = _wishes(enable, allow or (), block or (), remove or ())
    organizations = runtime.session.hub.organizations
    with doing("change" if wishes.any else "read", f"the registry access of {organization}"):
        before = organizations.registry_access(organization)
        rows = access.read_registries(before)
        if not wishes.any:
            return Rows(map(_displayed, rows))
        after = access.changed(before, wishes)
        if after == before:
            runtime.output.notice(f"{organization} is set like that already")
        elif not dry_run:
            after = organizations.set_registry_access(organization, after)
    return Rows(map(_displayed, _compared(rows, access.read_registries(after))), view=CHANGE)


def _wishes(
    enable: bool | None, allow: Sequence[str], block: Sequence[str], remove: Sequence[str]
) -> Wishes:
    from hubcli.hub.registry_access import Wishes

    titled = (text.partition("=") for text in allow)
    return Wishes(
        enable,
        {reference.parse_host(host): title or None for host, _, title in titled},
        [reference.parse_host(host) for host in block],
        [reference.parse_host(host) for host in remove],
    )


def _displayed(row: Row) -> Row:
    """With a word for no in a table, too, where it is otherwise an empty cell."""
    facts = {name: row[name] for name in ("allowed", "enforced") if row[name] is not None}
    return {**row, **{f"{name}_display": "yes" if fact else "no" for name, fact in facts.items()}}


def _compared(before: Sequence[Row], after: Sequence[Row]) -> Iterator[Row]:
    """What is listed after a change, and then what no longer is; `change` says what happened."""
    known = {row["name"]: row for row in before}
    for row in after:
        yield {**row, "change": _change(known.pop(row["name"], None), row)}
    for row in known.values():
        yield {**row, "allowed": None, "change": "removed"}


def _change(before: Mapping[str, object] | None, after: Mapping[str, object]) -> str | None:
    if before is None:
        return "added"
    if before["allowed"] != after["allowed"]:
        return "allowed" if after["allowed"] else "blocked"
    if before["title"] != after["title"]:
        return "renamed"
    return None if before["enforced"] == after["enforced"] else _ENFORCED[after["enforced"] is True]


_ENFORCED = {True: "enforced", False: "no longer enforced"}
