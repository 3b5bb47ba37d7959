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
from hubcli.sandbox.permissions import Permissions, Rights, includes, repository_scopes
from hubcli.sandbox.repositories import HubRepository, Repositories
from hubcli.sandbox.storage import Storage
from hubcli.sandbox.teams import Teams
from hubcli.sandbox.webhooks import Webhooks

_READ, _EDIT = "scope-repository-read", "scope-repository-edit"


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

    def repository(self, call: Call, scope: str = _READ) -> HubRepository:
        """The repository in the path, as `named` finds it."""
        return self.named(call, f"{call.part('namespace')}/{call.part('repository')}", scope)

    def named(self, call: Call, path: str, scope: str = _READ) -> HubRepository:
        """A repository, if the caller may see it; otherwise it is not there.

        A private one is for tokens of its organization with `scope` on it: 403 for others.
        """
        found = self.repositories.find(path.lower())
        if found is None or not self.permissions.may_see(call.identity, found):
            raise not_found()
        if found.is_private:
            self.require_scope(call, found, scope)
        return found

    def rights(self, call: Call, repository: HubRepository) -> Rights:
        return self.permissions.rights(call.identity, repository)

    def administered(self, call: Call, scope: str = _EDIT) -> HubRepository:
        """The repository in the path, for its administrators, and for tokens of its organization
        with `scope` on it."""
        repository = self.repository(call, scope)
        self.require_scope(call, repository, scope)
        if call.identity is None or not call.identity.is_organization:
            self.require(call, self.rights(call, repository).admin)
        return repository

    @staticmethod
    def require_scope(call: Call, repository: HubRepository, scope: str) -> None:
        """403 for a token of an organization without `scope` on `repository`."""
        identity = call.identity
        if identity is None or not identity.is_organization:
            return
        if not includes(repository_scopes(identity, repository), scope):
            raise refusal(identity)

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
