"""What the endpoints of the Hub API work on, and how they find a repository for a caller."""

from __future__ import annotations

from dataclasses import dataclass

from hubcli.sandbox.accounts import Accounts, Identity, Scope
from hubcli.sandbox.auditlog import AuditLog
from hubcli.sandbox.builds import Builds
from hubcli.sandbox.collaborators import Collaborators
from hubcli.sandbox.hub.answers import forbidden, not_found, unauthorized
from hubcli.sandbox.hub.calls import Call
from hubcli.sandbox.invites import Invites
from hubcli.sandbox.orgsettings import OrganizationSettings
from hubcli.sandbox.permissions import Permissions, Rights
from hubcli.sandbox.repositories import HubRepository, Repositories
from hubcli.sandbox.storage import Storage
from hubcli.sandbox.teams import Teams
from hubcli.sandbox.webhooks import Webhooks


@dataclass(frozen=True, slots=True)
class Hub:
    """The parts of the sandbox's Hub."""

    accounts: Accounts
    repositories: Repositories
    permissions: Permissions
    storage: Storage
    teams: Teams
    invites: Invites
    audit: AuditLog
    settings: OrganizationSettings
    webhooks: Webhooks
    collaborators: Collaborators
    builds: Builds

    def repository(self, call: Call) -> HubRepository:
        """The repository in the path, if the caller may see it; otherwise it is not there."""
        path = f"{call.part('namespace')}/{call.part('repository')}".lower()
        found = self.repositories.find(path)
        if found is None or not self.rights(call, found).read:
            raise not_found()
        return found

    def rights(self, call: Call, repository: HubRepository) -> Rights:
        return self.permissions.rights(call.identity, repository)

    def administered(self, call: Call) -> HubRepository:
        """The repository in the path, for its administrators."""
        repository = self.repository(call)
        self.require(call, self.rights(call, repository).admin)
        return repository

    @staticmethod
    def require(call: Call, allowed: bool) -> None:
        """401 for a caller without a session, 403 for one who may not."""
        if allowed:
            return
        if call.identity is None:
            raise unauthorized()
        raise refusal(call.identity)


def refusal(identity: Identity) -> Exception:
    """Why `identity` may not: its token is too weak, or its account is."""
    weak = identity.scope < Scope.ADMIN or identity.is_organization
    return forbidden("access denied: insufficient scope") if weak else forbidden()
