"""Docker Hub's own API: what the registry protocol does not know of repositories and accounts."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hubcli.http.client import Authorizer, Client
    from hubcli.hub.account import Accounts
    from hubcli.hub.auditlog import AuditLog
    from hubcli.hub.builds import Builds
    from hubcli.hub.collaborators import Collaborators
    from hubcli.hub.grants import Grants
    from hubcli.hub.invites import Invites
    from hubcli.hub.members import Members
    from hubcli.hub.organization_tokens import OrganizationTokens
    from hubcli.hub.organizations import Organizations
    from hubcli.hub.repositories import Repositories
    from hubcli.hub.search import Search
    from hubcli.hub.tags import Tags
    from hubcli.hub.teams import Teams
    from hubcli.hub.tokens import PersonalTokens
    from hubcli.hub.webhooks import Webhooks


class Hub:
    """The Hub API at `url`, with up to `concurrency` requests under way at once.

    `notify` tells people about fallbacks and waits; `pace` is for who makes many calls on end.
    """

    def __init__(
        self,
        http: Client,
        url: str,
        authorizer: Authorizer,
        *,
        concurrency: int = 8,
        notify: Callable[[str], None] = lambda _: None,
    ) -> None:
        from hubcli.hub.client import Api
        from hubcli.hub.pacing import Pace

        self.pace = Pace(notify)
        self._api = Api(http, url, authorizer, self.pace)
        self._concurrency = concurrency
        self._notify = notify

    @cached_property
    def search(self) -> Search:
        from hubcli.hub.search import Search

        return Search(self._api, self._concurrency, self._notify)

    @cached_property
    def repositories(self) -> Repositories:
        from hubcli.hub.repositories import Repositories

        return Repositories(self._api, self._concurrency)

    @cached_property
    def tags(self) -> Tags:
        from hubcli.hub.tags import Tags

        return Tags(self._api, self._concurrency)

    @cached_property
    def account(self) -> Accounts:
        from hubcli.hub.account import Accounts

        return Accounts(self._api)

    @cached_property
    def organizations(self) -> Organizations:
        from hubcli.hub.organizations import Organizations

        return Organizations(self._api, self._concurrency)

    @cached_property
    def members(self) -> Members:
        from hubcli.hub.members import Members

        return Members(self._api, self._concurrency)

    @cached_property
    def invites(self) -> Invites:
        from hubcli.hub.invites import Invites

        return Invites(self._api)

    @cached_property
    def audit_log(self) -> AuditLog:
        from hubcli.hub.auditlog import AuditLog

        return AuditLog(self._api)

    @cached_property
    def teams(self) -> Teams:
        from hubcli.hub.teams import Teams

        return Teams(self._api, self._concurrency)

    @cached_property
    def grants(self) -> Grants:
        from hubcli.hub.grants import Grants

        return Grants(self._api, self._concurrency, self.repositories)

    @cached_property
    def tokens_of_user(self) -> PersonalTokens:
        from hubcli.hub.tokens import PersonalTokens

        return PersonalTokens(self._api, self._concurrency)

    @cached_property
    def organization_tokens(self) -> OrganizationTokens:
        from hubcli.hub.organization_tokens import OrganizationTokens

        return OrganizationTokens(self._api, self._concurrency)

    @cached_property
    def webhooks(self) -> Webhooks:
        from hubcli.hub.webhooks import Webhooks

        return Webhooks(self._api, self._concurrency)

    @cached_property
    def collaborators(self) -> Collaborators:
        from hubcli.hub.collaborators import Collaborators

        return Collaborators(self._api, self._concurrency)

    @cached_property
    def builds(self) -> Builds:
        from hubcli.hub.builds import Builds

        return Builds(self._api)
