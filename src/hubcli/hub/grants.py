"""What teams may do with the repositories of their organization on Docker Hub.

Nothing lists the repositories of a team: each repository is asked what the team may do with it, so
that all that a team may do costs a request for each repository of the organization.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hubcli import parallel
from hubcli.errors import Conflict, HubcliError, NotFound, UsageError
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

    def of_team(self, organization: str, team_id: int, pattern: str = "*") -> Iterator[Row]:
        """What one team may do with the repositories whose name a glob matches.

        One request for each of these besides the pages that list them, several at once.
        """
        names = (str(row["name"]) for row in self._repositories.matching(organization, pattern))
        for _, found in self.of_team_with(names, team_id):
            if isinstance(found, HubcliError):
                raise found
            if found["permission"] is not None:
                yield found

    def of_team_with(
        self, paths: Iterable[str], team_id: int
    ) -> Iterator[tuple[str, Row | HubcliError]]:
        """What a team may do with each repository, None where that is nothing; or what failed."""

        def found(path: str) -> tuple[str, Row | HubcliError]:
            try:
                return path, self._of_team(path, team_id)
            except HubcliError as error:
                return path, error

        return parallel.in_order(found, paths, self._concurrency)

    def _of_team(self, path: str, team_id: int) -> Row:
        row: Row = {"repository": path, "permission": None, "team": None, "team_id": team_id}
        try:
            with requiring(split(path)[0], _READ):
                found = self._api.send_legacy("GET", path, f"groups/{team_id}").object()
        except NotFound:
            return row
        # It has access, whatever the answer leaves out: read is the least that there is.
        permission = text(found.get("permission")) or PERMISSIONS[0]
        return {**row, "permission": permission, "team": text(found.get("group_name"))}

    def grant(self, path: str, team_id: int, permission: str) -> None:
        """Let a team read, write or administer a repository, whatever it could before.

        POST /v2/repositories/{namespace}/{repository}/groups; a team that has access already is
        refused with 400, in words that nobody has written down, and then changed:
        PATCH …/groups/{group_id}
        """
        if permission not in PERMISSIONS:
            raise UsageError(f"a permission is one of {', '.join(PERMISSIONS)}")
        body = {"group_id": team_id, "permission": permission}
        try:
            with requiring(split(path)[0], _GRANT):
                self._api.send_legacy("POST", path, "groups", body=body, repeatable=True)
        except HubcliError as error:
            if type(error) not in {HubcliError, Conflict}:
                raise
            try:
                self.change(path, team_id, permission)
            except NotFound:
                raise error from None

    def change(self, path: str, team_id: int, permission: str) -> None:
        """The same for a team that is known to have access.

        PATCH /v2/repositories/{namespace}/{repository}/groups/{group_id}
        """
        with requiring(split(path)[0], _GRANT):
            body = {"permission": permission}
            route = f"groups/{team_id}"
            self._api.send_legacy("PATCH", path, route, body=body, repeatable=True)

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
