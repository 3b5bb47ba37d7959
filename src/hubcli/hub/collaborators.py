"""Collaborators: whom a person lets push to a repository. Organizations have teams for that.

No document describes these calls; the routes and fields are those that public clients use.
"""

from __future__ import annotations

from hubcli.errors import HubcliError
from hubcli.hub.client import Api, segment, split
from hubcli.hub.decoding import Object, Row, text
from hubcli.hub.pages import LegacyPages, Listing
from hubcli.hub.requirements import Guarded, Requirement, requiring

_ADMIN = Requirement("owner", "scope-repository-admin")
_NAMES = ("user", "username", "name")


class Collaborators:
    """Collaborators by a repository's `namespace/name` and their Docker IDs."""

    def __init__(self, api: Api, concurrency: int) -> None:
        self._api = api
        self._concurrency = concurrency

    def list(self, path: str, wanted: int | None = None) -> Listing:
        """Who may push besides the owner, as rows of `read_collaborator`.

        GET /v2/repositories/{namespace}/{repository}/collaborators/
        """
        return Listing(
            Guarded(LegacyPages(self._api, path, "collaborators"), split(path)[0], _ADMIN),
            lambda found: read_collaborator(found, path),
            wanted=wanted,
            workers=self._concurrency,
        )

    def add(self, path: str, user: str) -> None:
        """Let somebody push; once more changes nothing.

        POST /v2/repositories/{namespace}/{repository}/collaborators/
        """
        try:
            with requiring(split(path)[0], _ADMIN):
                body = {"user": user.lower()}
                self._api.send_legacy("POST", path, "collaborators", body=body, repeatable=True)
        except HubcliError as error:
            if "already" not in error.reason.lower():
                raise

    def remove(self, path: str, user: str) -> None:
        """Let somebody push no more; NotFound where they could not.

        DELETE /v2/repositories/{namespace}/{repository}/collaborators/{user}/
        """
        with requiring(split(path)[0], _ADMIN):
            self._api.send_legacy("DELETE", path, f"collaborators/{segment(user.lower())}")


def read_collaborator(found: Object, path: str) -> Row | None:
    """A row from a collaborator as Hub sends it; None where nobody is named."""
    inner = found.get("user")
    person = inner if isinstance(inner, dict) else found
    name = next((known for key in _NAMES if (known := text(person.get(key)))), None)
    if name is None:
        return None
    return {
        "name": name,
        "full_name": text(person.get("full_name")),
        "repository": path.lower(),
    }
