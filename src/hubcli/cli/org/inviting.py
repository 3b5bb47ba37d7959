"""`hubcli org invite ls|send|resend|cancel`, and `hubcli org member add`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Annotated

import typer

from hubcli.cli.commands import Rows, Shown
from hubcli.cli.namelists import gathered
from hubcli.cli.options import DryRun, NamesFile
from hubcli.cli.org.declared import INVITE, Organization, invite_group, member_group
from hubcli.cli.runtime import Runtime
from hubcli.errors import Conflict, HubcliError, Unavailable, doing
from hubcli.output import Field, Row, Selection, View

_UNKNOWN = "unknown"
_REASONS = {
    "existing_org_member": "they are a member already",
    "already_invited": "they are invited already",
    "invalid_email_or_docker_id": "that is neither an address nor a Docker ID",
    _UNKNOWN: "Docker Hub says nothing about it",
}
RESULT = View(
    "result",
    (
        Field("invitee", default=True),
        Field("status", default=True),
        Field("id", default=True),
        *(
            replace(field, default=False)
            for field in INVITE.fields
            if field.name not in {"id", "invitee"}
        ),
    ),
    key="invitee",
)

Identifiers = Annotated[
    list[str], typer.Argument(metavar="ID…", help="Ids of invites, as hubcli org invite ls has.")
]


@invite_group.command("ls", shows=INVITE, calls=("GET /v2/orgs/{org_name}/invites",))
def ls(runtime: Runtime, organization: Organization) -> Shown:
    """List the invites that nobody has answered yet.

    \b
    Examples:
      hubcli org invite ls acme
    """
    with doing("list the invites of", organization):
        return Rows(runtime.session.hub.invites.list(organization))


@member_group.command("add", shows=RESULT, calls=("POST /v2/invites/bulk",))
@invite_group.command("send", shows=RESULT, calls=("POST /v2/invites/bulk",))
def send(
    runtime: Runtime,
    organization: Organization,
    invitees: Annotated[
        list[str] | None, typer.Argument(metavar="[INVITEE…]", help="Addresses or Docker IDs.")
    ] = None,
    team: Annotated[
        str | None, typer.Option("--team", metavar="TEAM", help="The team they are to be in.")
    ] = None,
    role: Annotated[
        str | None,
        typer.Option("--role", metavar="ROLE", help="What they are to be; default: member."),
    ] = None,
    from_file: NamesFile = None,
    dry_run: DryRun = False,
) -> Shown:
    """Invite people to an organization, by address or Docker ID.

    Each has a row with a status of their own: `invited`, or why not; `unknown` where Docker Hub did
    not say. Whoever could not be invited makes the exit code 1; the others are invited all the
    same. What --dry-run shows Hub has checked.

    \b
    Examples:
      hubcli org member add acme grace@example.com --role editor
      hubcli org invite send acme grace@example.com bob --team developers
      hubcli org invite send acme --from-file people.txt --dry-run
    """
    named = gathered(runtime, invitees, from_file, "invitee")
    everybody = [*{name.lower(): name for name in named}.values()]
    invites = runtime.session.hub.invites

    def results() -> Iterator[Row]:
        from hubcli.hub.invites import batches

        for some in batches(everybody):
            try:
                with doing("invite people to", organization):
                    rows = invites.send(organization, some, team=team, role=role, dry_run=dry_run)
            except Unavailable as error:
                if error.in_doubt:
                    error.hint = f"hubcli org invite ls {organization}"
                runtime.report(error)
                yield from ({"invitee": name, "status": _UNKNOWN} for name in some)
            else:
                yield from _judged(runtime, rows)

    return Rows(results())


@invite_group.command("resend", shows=INVITE, calls=("PATCH /v2/invites/{id}/resend",))
def resend(runtime: Runtime, selection: Selection, identifiers: Identifiers) -> None:
    """Send the message of invites again.

    \b
    Examples:
      hubcli org invite ls acme -q | xargs hubcli org invite resend
    """
    invites = runtime.session.hub.invites
    _for_each(runtime, selection, identifiers, "resend", invites.resend)


@invite_group.command("cancel", shows=INVITE, calls=("DELETE /v2/invites/{id}",))
def cancel(
    runtime: Runtime, selection: Selection, identifiers: Identifiers, dry_run: DryRun = False
) -> Shown:
    """Withdraw invites.

    Docker Hub cannot be asked about a single invite: --dry-run shows what was named.

    \b
    Examples:
      hubcli org invite cancel e36eca69-4cc8-4f17-9845-ae8c2b832691
    """
    if dry_run:
        return Rows({"id": identifier} for identifier in dict.fromkeys(identifiers))
    invites = runtime.session.hub.invites
    _for_each(runtime, selection, identifiers, "cancel", invites.cancel)
    return None


def _for_each(
    runtime: Runtime,
    selection: Selection,
    identifiers: Sequence[str],
    verb: str,
    work: Callable[[str], None],
) -> None:
    done = {"resend": "sent again", "cancel": "cancelled"}[verb]
    for identifier in dict.fromkeys(identifiers):
        with runtime.attempting(), doing(f"{verb} the invite", identifier):
            work(identifier)
            if not selection.quiet:
                runtime.output.notice(f"{done}: {identifier}")


def _judged(runtime: Runtime, results: Sequence[Row]) -> Iterator[Row]:
    """The rows; those who were not invited are failures besides."""
    from hubcli.hub.invites import INVITED

    for row in results:
        yield {**row, "status": row["status"] or _UNKNOWN}
        if row["status"] != INVITED:
            runtime.report(_refusal(row))


def _refusal(row: Row) -> HubcliError:
    status = str(row["status"] or _UNKNOWN)
    reason = _REASONS.get(status, f"Docker Hub says {status}")
    taken = status.startswith(("existing", "already"))
    return (Conflict if taken else HubcliError)(
        reason, code=status.upper(), action="invite", reference=str(row["invitee"])
    )
