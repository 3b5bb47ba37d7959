"""What teams may do with the repositories of their organization on Docker Hub.

Nothing lists the repositories of a team: each repository lists its teams, so that what a team may
do costs a request for each repository of the organization.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hubcli import parallel
from hubcli.errors import Conflict, HubcliError, UsageError
from hubcli.hub.client import Api, split
from hubcli.hub.decoding import Object, Row, number, text
from hubcli.hub.pages import LegacyPages, Listing
from hubcli.hub.repositories import Repositories
from hubcli.hub.requirements import Guarded, Requirement, requiring

PERMISSIONS = ("read", "write", "admin")
"""What a team can be granted on a repository, the weakest first."""

_READ = Requirement("owner or editor", "scope-repo-group-read")
_GRANT = Requirement("owner or editor", "scope-repo-group-edit")


class Grants:
    """Permissions by a repository's `namespace/name` and the number of a team (its row's `id`)."""

    def __init__(self, api: Api, concurrency: int, repositories: Repositories) -> None:
        self._api = api
        self._concurrency = concurrency
        self._repositories = repositories

    def of_repository(self, path: str) -> Listing:
        """The teams with access to a repository: `team`, `team_id`, `permission`, `repository`.

        GET /v2/repositories/{namespace}/{repository}/groups
        """
        return Listing(
            Guarded(LegacyPages(self._api, path, "groups"), split(path)[0], _READ),
            lambda grant: read_grant(grant, path),
            key=lambda row: row["team_id"] or row["team"],
            workers=self._concurrency,
        )

    def of_organization(self, organization: str) -> Iterator[Row]:
        """What every team may do with every repository of an organization, by repository.

        One request for each repository besides the pages that list them, several at once.
        """
        names = (str(row["name"]) for row in self._repositories.list(organization))
        for rows in parallel.in_order(self._all, names, self._concurrency):
            yield from rows

    def of_team(self, organization: str, team_id: int) -> Iterator[Row]:
        """What one team may do; costs what `of_organization` costs."""
        return (row for row in self.of_organization(organization) if row["team_id"] == team_id)

    def _all(self, path: str) -> Sequence[Row]:
        return tuple(self.of_repository(path))

    def permission(self, path: str, team_id: int) -> str | None:
        """What a team may do with one repository; NotFound where it has no access.

        GET /v2/repositories/{namespace}/{repository}/groups/{group_id}
        """
        with requiring(split(path)[0], _READ):
            found = self._api.send_legacy("GET", path, f"groups/{team_id}").object()
        return text(found.get("permission"))

    def grant(self, path: str, team_id: int, permission: str) -> None:
        """Let a team read, write or administer a repository, whatever it could before.

        POST /v2/repositories/{namespace}/{repository}/groups; a team that has access already is
        refused with 400, and then changed: PATCH …/groups/{group_id}
        """
        if permission not in PERMISSIONS:
            raise UsageError(f"a permission is one of {', '.join(PERMISSIONS)}")
        body = {"group_id": team_id, "permission": permission}
        try:
            with requiring(split(path)[0], _GRANT):
                self._api.send_legacy("POST", path, "groups", body=body)
        except HubcliError as error:
            if not isinstance(error, Conflict) and "already" not in error.reason.lower():
                raise
            self.change(path, team_id, permission)

    def change(self, path: str, team_id: int, permission: str) -> None:
        """The same for a team that is known to have access.

        PATCH /v2/repositories/{namespace}/{repository}/groups/{group_id}
        """
        with requiring(split(path)[0], _GRANT):
            body = {"permission": permission}
            self._api.send_legacy("PATCH", path, f"groups/{team_id}", body=body)

    def revoke(self, path: str, team_id: int) -> None:
        """Take a team's access to a repository away; NotFound where it has none.

        DELETE /v2/repositories/{namespace}/{repository}/groups/{group_id}
        """
        with requiring(split(path)[0], _GRANT):
            self._api.send_legacy("DELETE", path, f"groups/{team_id}")


def read_grant(found: Object, path: str) -> Row | None:
    """A row from what a repository says of a team; None where it names none."""
    team, team_id = text(found.get("group_name")), number(found.get("group_id"))
    if team is None and team_id is None:
        return None
    return {
        "repository": path,
        "permission": text(found.get("permission")),
        "team": team,
        "team_id": team_id,
    }
