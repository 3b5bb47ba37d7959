"""How a registry departs from distribution-spec 1.1, where a client has to know it beforehand."""

from __future__ import annotations

from dataclasses import dataclass

from hubcli.auth.challenge import CATALOG_SCOPE


@dataclass(frozen=True, slots=True)
class Quirks:
    """Facts about one registry; every default is what the specification says, or a try tells.

    What a client can find out from an answer, and lives with either way, is no quirk.
    """

    catalog: bool = True
    """False where `/v2/_catalog` is missing, or names less than there is."""
    catalog_scopes: tuple[str, ...] = (str(CATALOG_SCOPE),)
    """What the token for the catalog is asked for; some token servers refuse to hear of it."""
    creates_on_push: bool = True
    """False where something has to be there before a push, which does not make it."""
    chunks: bool = True
    """False where blobs go in one PUT from their start: parts are lost, or miscounted."""
    counts_one_too_many: bool = False
    """Whether the status of an upload tells one byte more than there is of it."""
    deletes_tags: bool | None = None
    """Whether DELETE by tag removes that tag alone; None to try it, and to look what it did."""
    deletes_manifests: bool = True
    """False where `/v2/` deletes nothing at all."""
    deletes_tagged: bool = True
    """False where a manifest is not deleted before all tags that point at it are."""
    delete_actions: tuple[str, ...] = ("*",)
    """What a token for deleting is asked to be good for; `delete` is not understood everywhere."""
    referrers: bool = True
    """False where there is no referrers API to be asked."""


NO_QUIRKS = Quirks()
