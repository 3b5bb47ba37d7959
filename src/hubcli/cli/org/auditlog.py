"""`hubcli org audit-log|audit-actions`: what happened in an organization."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from hubcli import timestamps
from hubcli.cli.commands import Rows, Shown
from hubcli.cli.listings import by_line, told
from hubcli.cli.options import Limit
from hubcli.cli.org.declared import Organization, group
from hubcli.cli.runtime import Runtime
from hubcli.errors import Unavailable, UsageError, doing
from hubcli.output import Field, Kind, Row, Selection, View, visible

if TYPE_CHECKING:
    from hubcli.hub.tailing import Tail

EVENT = View(
    "event",
    (
        Field("time", Kind.TIME, default=True),
        Field("action", default=True),
        Field("name", default=True),
        Field("actor", default=True),
        Field("description", default=True),
        Field("account"),
        Field("data", Kind.OBJECT),
    ),
)
ACTION = View(
    "action",
    (Field("name", default=True), Field("label", default=True), Field("description", default=True)),
)
_READ = "read the audit log of"


@group.command("audit-log", shows=EVENT, calls=("GET /v2/auditlogs/{account}",))
def audit_log(
    runtime: Runtime,
    selection: Selection,
    organization: Organization,
    since: Annotated[
        str | None, typer.Option("--since", metavar="7d|TIME", help="Only what happened from then.")
    ] = None,
    until: Annotated[
        str | None,
        typer.Option("--until", metavar="7d|TIME", help="Only what happened up to then."),
    ] = None,
    action: Annotated[
        str | None,
        typer.Option("--action", metavar="ACTION", help="Only this, as repo.tag.push."),
    ] = None,
    actor: Annotated[
        str | None, typer.Option("--actor", metavar="USER", help="Only what this user did.")
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(
            "--name", metavar="NAME", help="Only what was done to this repository, user …"
        ),
    ] = None,
    limit: Limit = None,
    follow: Annotated[
        bool, typer.Option("--follow", help="Go on with what happens, the oldest first.")
    ] = False,
    interval: Annotated[
        float,
        typer.Option("--interval", metavar="SECONDS", min=1, help="How often to ask then."),
    ] = 10,
) -> Shown:
    """List what happened in an organization, the newest first and to the end of the log.

    A time is a date or RFC 3339, in UTC where it does not say, or how long ago: 7d, 12h, 1h30m.
    With --follow and no --since only what happens from now on is told. hubcli org audit-actions
    lists what an action can be.

    \b
    Examples:
      hubcli org audit-log acme --since 7d --action repo.tag.push
      hubcli org audit-log acme --actor carol --since 2026-11-01 --until 2026-12-01 --format csv
      hubcli org audit-log acme --follow --format jsonl
    """
    begin, end = _moment(since, "--since"), _moment(until, "--until")
    if begin and end and begin > end:
        raise UsageError(f"--since {since} is later than --until {until}")
    log = runtime.session.hub.audit_log

    def events(begin: datetime | None) -> Iterator[Row]:
        return log.events(
            organization,
            action=action,
            actor=actor,
            name=name,
            since=begin,
            until=end,
            wanted=None if follow else limit,
        )

    if not follow:
        return Rows(islice(told(_READ, organization, events(begin)), limit))
    if until:
        raise UsageError("--follow and --until exclude each other")
    from hubcli.hub.tailing import Tail

    rows = islice(_followed(runtime, organization, Tail(events, begin), interval), limit)
    return _as_they_come(runtime, selection, rows, limit)


@group.command("audit-actions", shows=ACTION, calls=("GET /v2/auditlogs/{account}/actions",))
def audit_actions(runtime: Runtime, organization: Organization) -> Shown:
    """List what an action in the audit log can be.

    \b
    Examples:
      hubcli org audit-actions acme
      hubcli org audit-actions acme -q | grep token
    """
    with doing("list the audit actions of", organization):
        return Rows(runtime.session.hub.audit_log.actions(organization))


def _moment(text: str | None, flag: str) -> datetime | None:
    if text is None:
        return None
    moment = timestamps.moment(text, datetime.now(UTC))
    if moment is None:
        raise UsageError(f"{flag} takes 7d, 12h, a date or a time of RFC 3339, not {text!r}")
    return moment


def _followed(runtime: Runtime, organization: str, tail: Tail, interval: float) -> Iterator[Row]:
    """Events without end; what keeps one request from being answered is said and waited for."""
    with doing(_READ, organization):
        yield from tail.poll()
    failing = False
    while True:
        time.sleep(interval)
        try:
            with doing(_READ, organization):
                rows = tail.poll()
        except Unavailable as error:
            if not failing:
                runtime.output.warning(f"{error}; asking again every {interval:g} s")
            failing = True
        else:
            failing = False
            yield from rows


def _as_they_come(
    runtime: Runtime, selection: Selection, rows: Iterator[Row], limit: int | None
) -> Shown:
    if by_line(runtime, selection):
        for row in rows:
            runtime.output.text(_line(row))
        return None
    shown = selection.format or ("table" if runtime.output.stdout_is_terminal else "tsv")
    if limit is None and (selection.query or (shown == "table" and not selection.quiet)):
        raise UsageError("that needs all events before it shows one: say --limit, too")
    return Rows(rows)


def _line(row: Row) -> str:
    """An event for people who read along."""
    what = " ".join(str(row[field]) for field in ("action", "name") if row[field])
    description = f": {row['description']}" if row["description"] else ""
    return visible(f"{row['time']}  {what} by {row['actor'] or 'nobody known'}{description}")
