"""`hubcli org token`: access tokens of an organization."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from hubcli.cli.commands import Commands, One, Rows, Shown, named
from hubcli.cli.listings import Cut, told
from hubcli.cli.options import DryRun, Limit, Yes
from hubcli.cli.org.declared import Organization
from hubcli.cli.plans import ask, these
from hubcli.cli.runtime import Runtime
from hubcli.cli.tokens.expiries import expiry
from hubcli.errors import UsageError, doing
from hubcli.output import Field, Kind, Row, Selection, View

if TYPE_CHECKING:
    from hubcli.hub.organization_tokens import Resource

group = Commands("Manage access tokens of an organization.")

_FIELDS = (
    Field("id", default=True),
    Field("label", default=True),
    Field("active", Kind.BOOL, default=True),
    Field("last_used", Kind.TIME, default=True),
    Field("expires", Kind.TIME, default=True),
    Field("created", Kind.TIME),
    Field("created_by"),
    Field("description"),
    Field("resources", Kind.LIST),
)
TOKEN = View("access token", _FIELDS, key="id")
CREATED = View("access token", (Field("token", default=True), *_FIELDS), key="token")

Id = Annotated[str, typer.Argument(metavar="ID", help="The id of a token.")]
Ids = Annotated[list[str], typer.Argument(metavar="ID…", help="Ids of tokens.")]
Repositories = Annotated[
    list[str] | None,
    typer.Option(
        "--repo",
        metavar="ORG/REPO:SCOPE,…",
        help="pull, push, delete, tag-read … on a repository, on ORG/* or */*/public.",
    ),
]
Scopes = Annotated[
    list[str] | None,
    typer.Option("--scope", metavar="SCOPE", help="On the organization: member-read …"),
]
Description = Annotated[
    str | None, typer.Option("--description", metavar="TEXT", help="What it is for.")
]
_ONE = "/v2/orgs/{org_name}/access-tokens/{access_token_id}"


def _resources(
    runtime: Runtime, organization: str, repositories: list[str] | None, scopes: list[str] | None
) -> list[Resource]:
    from hubcli.hub import organization_tokens as tokens

    found = [tokens.repository_resource(each) for each in repositories or ()]
    if scopes:
        found.append(tokens.organization_resource(organization, scopes))
    for scope in tokens.unknown_scopes(found):
        runtime.output.notice(f"{scope} is not a scope that hubcli knows; passing it on")
    return found


@group.command("ls", shows=TOKEN, calls=("GET /v2/orgs/{name}/access-tokens",))
def ls(runtime: Runtime, organization: Organization, limit: Limit = None) -> Shown:
    """List the access tokens of an organization.

    \b
    Examples:
      hubcli org token ls acme
    """
    action = "list the access tokens of"
    with doing(action, organization):
        listing = runtime.session.hub.organization_tokens.list(organization, limit)
        count = listing.count
    cut = Cut(told(action, organization, listing), limit, lambda: count)
    return Rows(cut, more=cut.more if runtime.output.stdout_is_terminal else None)


@group.command("create", shows=CREATED, calls=("POST /v2/orgs/{name}/access-tokens",))
def create(
    runtime: Runtime,
    organization: Organization,
    label: Annotated[str, typer.Argument(metavar="LABEL", help="The token's name.")],
    repo: Repositories = None,
    scope: Scopes = None,
    description: Description = None,
    expires: Annotated[
        str | None, typer.Option("--expires", metavar="90d|DATE", help="Default: never.")
    ] = None,
) -> Shown:
    """Create an access token of an organization; its secret is shown this once.

    One signs in with the name of the organization and the token. When it expires cannot be changed
    later. The plan Team has 10 tokens, Business 100; expired ones count.

    \b
    Examples:
      hubcli org token create acme ci --repo acme/app:pull,push --expires 90d
      hubcli org token create acme audit --scope activity-read -q > token.txt
    """
    resources = _resources(runtime, organization, repo, scope)
    if not resources:
        raise UsageError(
            "a token that reaches nothing is of no use", hint="--repo ORG/REPO:pull or --scope S"
        )
    when = expiry(expires)
    with doing("create the access token", f"{organization} {label}"):
        return One(
            runtime.session.hub.organization_tokens.create(
                organization, label, resources, description=description, expires=when
            )
        )


@group.command("inspect", shows=TOKEN, calls=(f"GET {_ONE}",))
def inspect(runtime: Runtime, organization: Organization, tokens: Ids) -> Shown:
    """Show access tokens of an organization and what they reach; never their secrets.

    \b
    Examples:
      hubcli org token ls acme -q | xargs hubcli org token inspect acme
    """

    def shown(token: str) -> Row:
        with doing("inspect the access token", token):
            return runtime.session.hub.organization_tokens.inspect(organization, token)

    return named(runtime, tokens, shown)


@group.command("edit", shows=TOKEN, calls=(f"PATCH {_ONE}", f"GET {_ONE}"))
def edit(
    runtime: Runtime,
    organization: Organization,
    token: Id,
    label: Annotated[str | None, typer.Option("--label", metavar="LABEL", help="A name.")] = None,
    description: Description = None,
    repo: Repositories = None,
    scope: Scopes = None,
) -> Shown:
    """Change an access token of an organization; when it expires cannot be changed.

    --repo replaces what it may do with repositories, --scope what with the organization.

    \b
    Examples:
      hubcli org token edit acme ID --repo 'acme/*:pull'
    """
    resources = _resources(runtime, organization, repo, scope)
    if label is None and description is None and not resources:
        raise UsageError("nothing to change: --label, --description, --repo or --scope")
    with doing("edit the access token", token):
        return One(
            runtime.session.hub.organization_tokens.edit(
                organization, token, label=label, description=description, resources=resources
            )
        )


def _switch(runtime: Runtime, organization: str, tokens: list[str], active: bool) -> Shown:
    def switched(token: str) -> Row:
        with doing("activate" if active else "deactivate", token):
            hub = runtime.session.hub
            return hub.organization_tokens.edit(organization, token, active=active)

    return named(runtime, tokens, switched)


@group.command("activate", shows=TOKEN, calls=(f"PATCH {_ONE}",))
def activate(runtime: Runtime, organization: Organization, tokens: Ids) -> Shown:
    """Switch access tokens of an organization on again.

    \b
    Examples:
      hubcli org token activate acme ID
    """
    return _switch(runtime, organization, tokens, True)


@group.command("deactivate", shows=TOKEN, calls=(f"PATCH {_ONE}",))
def deactivate(runtime: Runtime, organization: Organization, tokens: Ids) -> Shown:
    """Switch access tokens of an organization off; activate undoes it.

    \b
    Examples:
      hubcli org token deactivate acme ID
    """
    return _switch(runtime, organization, tokens, False)


@group.command("rm", shows=TOKEN, calls=(f"DELETE {_ONE}",))
def rm(
    runtime: Runtime,
    selection: Selection,
    organization: Organization,
    tokens: Ids,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> Shown:
    """Delete access tokens of an organization for good.

    \b
    Examples:
      hubcli org token rm acme ID --yes
    """
    client = runtime.session.hub.organization_tokens
    doomed: list[Row] = []
    for token in dict.fromkeys(tokens):
        with runtime.attempting(), doing("delete the access token", token):
            doomed.append(client.inspect(organization, token))
    if dry_run:
        return Rows(doomed)
    if not doomed:
        return None
    if not yes:
        lines = [f"{row['label']}  {row['id']}" for row in doomed]
        question = f"Delete {these(doomed, 'access token', 'access tokens')} for good?"
        ask(runtime.output, lines, question, "nothing was deleted")
    for row in doomed:
        with runtime.attempting(), doing("delete the access token", str(row["label"])):
            client.delete(organization, str(row["id"]))
            if not selection.quiet:
                runtime.output.notice(f"deleted {row['label']} ({row['id']})")
    return None
