"""`hubcli tag ls --untagged`: the manifests that no tag points at, where a registry's API tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hubcli.cli.tag.arranging import Counted, Found, completed
from hubcli.cli.tag.wishes import Wish
from hubcli.errors import Unsupported, UsageError
from hubcli.output import Row
from hubcli.reference import Reference

if TYPE_CHECKING:
    from hubcli.session import Session

_COMMAND = "tag ls --untagged"
_ACTION = "list untagged manifests of"


def check(wish: Wish) -> None:
    """UsageError where names are to choose among what has none."""
    names = wish.choice.names
    if not names.everything or wish.aliases or (wish.order is not None and wish.order.by_name):
        raise UsageError(
            "what --untagged lists has no names: --digest, --platform, --since, --until and "
            "--sort by time or size choose among it"
        )


def untagged(session: Session, reference: Reference, wish: Wish) -> Found:
    """The rows of what has no tag; Unsupported, with what can be done, where nobody tells."""
    from hubcli.providers import ListsUntagged
    from hubcli.providers.refusals import refusal

    if reference.on_hub:
        raise Unsupported(
            "Docker Hub's API lists tags only; what has none is on its web page",
            action=_ACTION,
            reference=reference.name,
            hint=f"https://hub.docker.com/repository/docker/{reference.path}/image-management",
        )
    provider = session.provider(reference.host)
    if not isinstance(provider, ListsUntagged):
        raise refusal(provider, _COMMAND, reference.host, _ACTION, reference.name)
    counted = Counted(_row(reference, row) for row in provider.untagged(reference.path))
    return completed(session, reference, wish, counted, provider.tag_fields)


def _row(reference: Reference, row: Row) -> dict[str, Any]:
    manifest = reference.at(str(row["digest"]))
    told = {"name": None, "reference": manifest.short, "repository": reference.name}
    return {**told, **row}
