"""Who may do what with which repository of the Hub, by role, access token and privacy."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from fnmatch import fnmatchcase

from hubcli.sandbox.accounts import Accounts, Identity, Scope
from hubcli.sandbox.collaborators import Collaborators
from hubcli.sandbox.repositories import HubRepository
from hubcli.sandbox.teams import Teams

_INCLUDED_BY = {
    "pull": ("pull", "push", "delete"),
    "push": ("push", "delete"),
    "read": ("read", "edit", "write", "admin"),
    "edit": ("edit", "admin"),
}
"""The last parts of scopes that include one with this last part; all others include themselves."""
_ALL_PUBLIC = "*/*/public"


class Role(IntEnum):
    """How close somebody is to a namespace."""

    STRANGER = 0
    MEMBER = 1
    EDITOR = 2
    OWNER = 3


class _Permission(IntEnum):
    """What a team can be granted, by the names in `teams.PERMISSIONS`."""

    NONE = 0
    READ = 1
    WRITE = 2
    ADMIN = 3


_ROLES = {"owner": Role.OWNER, "editor": Role.EDITOR, "member": Role.MEMBER}


@dataclass(frozen=True, slots=True)
class Rights:
    """What somebody may do with one repository; without `read` it is not there at all."""

    read: bool = False
    write: bool = False
    delete: bool = False
    admin: bool = False


class Permissions:
    """Rights as Hub grants them: the least of what the account and its credential allow.

    Owners and editors of an organization may do all with its repositories, members what their
    teams may; collaborators of a person may push.
    """

    def __init__(self, accounts: Accounts, teams: Teams, collaborators: Collaborators) -> None:
        self._accounts = accounts
        self._teams = teams
        self._collaborators = collaborators

    def role(self, identity: Identity | None, namespace: str) -> Role:
        """The role of the account itself, whatever it signed in with."""
        if identity is None:
            return Role.STRANGER
        if identity.account == namespace:
            return Role.OWNER
        return _ROLES.get(self._accounts.role(namespace, identity.account) or "", Role.STRANGER)

    def rights(self, identity: Identity | None, repository: HubRepository) -> Rights:
        """What `identity` may do with `repository`."""
        if identity is None:
            return Rights(read=not repository.is_private)
        if identity.resources is not None:
            return _rights_of_organization(identity, repository)
        granted = self._granted(identity, repository)
        least = Scope.PUBLIC_READ if not repository.is_private else Scope.READ
        admin = granted >= _Permission.ADMIN and identity.scope >= Scope.ADMIN
        return Rights(
            read=not repository.is_private
            or (granted >= _Permission.READ and identity.scope >= least),
            write=granted >= _Permission.WRITE and identity.scope >= Scope.WRITE,
            delete=admin,
            admin=admin,
        )

    def _granted(self, identity: Identity, repository: HubRepository) -> _Permission:
        """What the account may do, whatever it signed in with."""
        role = self.role(identity, repository.namespace)
        if role >= Role.EDITOR:
            return _Permission.ADMIN
        if role < Role.MEMBER:
            helps = self._collaborators.has(repository.id, identity.account)
            return _Permission.WRITE if helps else _Permission.NONE
        found = self._teams.permission(repository.id, identity.account)
        return _Permission.NONE if found is None else _Permission[found.upper()]

    def may_create(self, identity: Identity | None, namespace: str, scope: Scope) -> bool:
        """Whether `identity` may make a repository in `namespace`, a PAT having at least `scope`.

        A push needs `WRITE` for that, a call of the API `ADMIN`.
        """
        if identity is None or self._accounts.find(namespace) is None:
            return False
        if identity.resources is not None:
            return "scope-repository-create" in organization_scopes(identity, namespace)
        return self.role(identity, namespace) >= Role.EDITOR and identity.scope >= scope

    def may_see(self, identity: Identity | None, repository: HubRepository) -> bool:
        """Whether there is such a repository at all, for `identity`: an OAT with any scope on it
        may know that."""
        if identity is not None and identity.is_organization:
            return not repository.is_private or bool(repository_scopes(identity, repository))
        return self.rights(identity, repository).read

    def may_list(self, identity: Identity | None, repository: HubRepository) -> bool:
        """Whether `repository` stands in the list that `identity` gets; an OAT is told no more
        than the public ones unless it may list."""
        if identity is not None and identity.resources is not None and repository.is_private:
            return "scope-repository-list" in organization_scopes(identity, repository.namespace)
        return self.may_see(identity, repository)


def includes(granted: frozenset[str], scope: str) -> bool:
    """Whether one of the scopes of an organization access token is, or includes, `scope`."""
    stem, _, last = scope.rpartition("-")
    return any(f"{stem}-{level}" in granted for level in _INCLUDED_BY.get(last, (last,)))


def repository_scopes(identity: Identity, repository: HubRepository) -> frozenset[str]:
    """The scopes of an organization access token that reach `repository`."""
    return frozenset(
        scope
        for resource in identity.resources or ()
        if resource.type == "TYPE_REPO" and _reaches(resource.path, identity, repository)
        for scope in resource.scopes
    )


def _rights_of_organization(identity: Identity, repository: HubRepository) -> Rights:
    """What a token may do with the images; other calls have scopes of their own."""
    granted = repository_scopes(identity, repository)
    return Rights(
        read=not repository.is_private or includes(granted, "scope-image-pull"),
        write=includes(granted, "scope-image-push"),
        delete=includes(granted, "scope-image-delete"),
        admin=includes(granted, "scope-repository-edit"),
    )


def _reaches(pattern: str, identity: Identity, repository: HubRepository) -> bool:
    if pattern == _ALL_PUBLIC:
        return not repository.is_private
    return repository.namespace == identity.account and fnmatchcase(repository.path, pattern)


def organization_scopes(identity: Identity, organization: str) -> frozenset[str]:
    """The scopes of an organization access token for its organization itself."""
    return frozenset(
        scope
        for resource in identity.resources or ()
        if resource.type == "TYPE_ORG" and resource.path == organization == identity.account
        for scope in resource.scopes
    )
