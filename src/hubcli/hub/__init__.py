"""Docker Hub's own API: what the registry protocol does not know of repositories and accounts."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from hubcli.http.client import Authorizer, Client
from hubcli.hub.account import Accounts
from hubcli.hub.client import Api
from hubcli.hub.repositories import Repositories
from hubcli.hub.search import Search
from hubcli.hub.tags import Tags


class Hub:
    """The Hub API at `url`, with up to `concurrency` requests under way at once.

    `notify` tells people about fallbacks.
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
        self._api = Api(http, url, authorizer)
        self._concurrency = concurrency
        self._notify = notify

    @cached_property
    def search(self) -> Search:
        return Search(self._api, self._concurrency, self._notify)

    @cached_property
    def repositories(self) -> Repositories:
        return Repositories(self._api, self._concurrency)

    @cached_property
    def tags(self) -> Tags:
        return Tags(self._api, self._concurrency)

    @cached_property
    def account(self) -> Accounts:
        return Accounts(self._api)
