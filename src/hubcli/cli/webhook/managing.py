"""`hubcli webhook ls|create|rm|history`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from hubcli.cli.commands import One, Rows, Shown
from hubcli.cli.listings import Cut, told
from hubcli.cli.options import DryRun, Limit, Repository, Yes
from hubcli.cli.repo.names import on_hub
from hubcli.cli.runtime import Runtime
from hubcli.cli.webhook.declared import DELIVERY, WEBHOOK, WebhookName, group
from hubcli.errors import doing
from hubcli.output import Row, Selection

_NO_WEBHOOKS = "hubcli knows webhooks of Docker Hub only, not of {host}"
_LIST = "list the webhooks of"
_CREATE = "create a webhook of"
_DELETE = "delete the webhook"
_HISTORY = "read the history of"
_ROUTE = "/v2/repositories/{namespace}/{repository}/webhook_pipeline"


@group.command("ls", shows=WEBHOOK, calls=(f"GET {_ROUTE}",))
def ls(runtime: Runtime, repository: Repository, limit: Limit = None) -> Shown:
    """List the webhooks of a repository.

    \b
    Examples:
      hubcli webhook ls acme/api
      hubcli webhook ls acme/api --format json
    """
    path = on_hub(repository, _LIST, _NO_WEBHOOKS).path
    with doing(_LIST, path):
        listing = runtime.session.hub.webhooks.list(path, limit)
        total = listing.count
    cut = Cut(told(_LIST, path, listing), limit, lambda: total)
    return Rows(cut, more=cut.more if runtime.output.stdout_is_terminal else None)


@group.command("create", shows=WEBHOOK, calls=(f"POST {_ROUTE}",))
def create(
    runtime: Runtime,
    selection: Selection,
    repository: Repository,
    name: WebhookName,
    url: Annotated[
        str, typer.Argument(metavar="URL", help="Where to send to: http or https, up to 255 bytes.")
    ],
) -> Shown:
    """Let Docker Hub tell an address of every push to a repository.

    Hub signs nothing: whoever knows the address can send the same, so let it hold a secret.

    \b
    Examples:
      hubcli webhook create acme/api deploy https://ci.example/hooks/0123456789abcdef
    """
    from hubcli.hub.webhooks import check_url

    path = on_hub(repository, _CREATE, _NO_WEBHOOKS).path
    with doing(_CREATE, path):
        check_url(url)
        row = runtime.session.hub.webhooks.create(path, name, url)
    if selection.format or selection.fields or selection.query:
        return One(row)
    if not selection.quiet:
        runtime.output.notice(f"{path} tells the webhook {name} of pushes")
    return None


@group.command("rm", shows=WEBHOOK, calls=(f"DELETE {_ROUTE}/{{slug}}", f"GET {_ROUTE}"))
def rm(
    runtime: Runtime,
    selection: Selection,
    repository: Repository,
    names: Annotated[list[str], typer.Argument(metavar="WEBHOOK…", help="Names of webhooks.")],
    yes: Yes = False,
    dry_run: DryRun = False,
) -> Shown:
    """Delete webhooks, and what is known of what they were told.

    \b
    Examples:
      hubcli webhook rm acme/api deploy
      hubcli webhook rm acme/api deploy chat --dry-run
    """
    path = on_hub(repository, _DELETE, _NO_WEBHOOKS).path
    webhooks = runtime.session.hub.webhooks

    def found(name: str) -> Row:
        with doing(_DELETE, f"{path} {name}"):
            return webhooks.find(path, name)

    doomed = [*runtime.each(dict.fromkeys(names), found)]
    if dry_run:
        return Rows(doomed)
    if not doomed:
        return None
    if not yes and not _confirmed(runtime, path, doomed):
        runtime.output.notice("nothing was deleted")
        raise typer.Exit(1)
    for row in doomed:
        name = str(row["name"])
        with runtime.attempting(), doing(_DELETE, f"{path} {name}"):
            webhooks.delete(path, str(row["slug"] or name))
            if not selection.quiet:
                runtime.output.notice(f"deleted the webhook {name} of {path}")
    return None


def _confirmed(runtime: Runtime, path: str, doomed: Sequence[Row]) -> bool:
    for row in doomed:
        runtime.output.notice(f"  {row['name']}  {row['url']}")
    these = "this webhook" if len(doomed) == 1 else f"these {len(doomed):,} webhooks"
    return runtime.output.confirm(f"Delete {these} of {path}?")


@group.command("history", shows=DELIVERY, calls=(f"GET {_ROUTE}/{{slug}}/history", f"GET {_ROUTE}"))
def history(
    runtime: Runtime, repository: Repository, name: WebhookName, limit: Limit = None
) -> Shown:
    """List what a webhook was told, and how it answered.

    Docker publishes no description of it: the field entry holds all that Hub says.

    \b
    Examples:
      hubcli webhook history acme/api deploy
      hubcli webhook history acme/api deploy --format jsonl --fields entry
    """
    path = on_hub(repository, _HISTORY, _NO_WEBHOOKS).path
    with doing(_HISTORY, f"{path} {name}"):
        found = runtime.session.hub.webhooks.find(path, name)
        slug = str(found["slug"] or found["name"])
        listing = runtime.session.hub.webhooks.history(path, slug, limit)
        total = listing.count
    cut = Cut(told(_HISTORY, f"{path} {name}", listing), limit, lambda: total)
    return Rows(cut, more=cut.more if runtime.output.stdout_is_terminal else None)
