"""What every provider is: its surroundings, and what it declares about itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from hubcli.auth.credentials import Credential
from hubcli.config import Endpoint
from hubcli.errors import CredentialFailure, HubcliError, Unsupported
from hubcli.reference import is_tag

if TYPE_CHECKING:
    from hubcli.auth.tokens import TokenCache
    from hubcli.http.client import Client
    from hubcli.providers.capabilities import Edit
    from hubcli.providers.rows import ProviderRow
    from hubcli.registry import Registry


def _forgetful() -> TokenCache:
    from hubcli.auth.tokens.cache import TokenCache

    return TokenCache(None)


@dataclass(frozen=True)
class Surroundings:
    """What a provider works with, at one host.

    `credential` finds the host's, by all sources in their order; `registry` is the client of its
    `/v2/` side; `notify` tells people about waits and fallbacks. `tokens` are kept between runs.
    """

    row: ProviderRow
    host: str
    endpoint: Endpoint
    environ: Mapping[str, str]
    http: Client
    credential: Callable[[], Credential | None]
    registry: Callable[[], Registry]
    notify: Callable[[str], None]
    concurrency: int = 8
    tokens: Callable[[], TokenCache] = _forgetful

    @property
    def is_named(self) -> bool:
        """Whether its name, or its configuration row, says what it is: more than its greeting."""
        return self.row.is_at(self.host) or self.endpoint.row.provider == self.row.name

    def api_url(self, usual: str) -> str:
        """Where the API is: what the configuration row's `api` says, else `usual`."""
        return (self.endpoint.row.api or usual).rstrip("/")


Refusal = tuple[str, str | None]
"""Why a command is not for this registry, and the command that helps; `{host}`, `{name}`."""


class Provider:
    """A registry with an API of its own. Subclasses have the methods of their capabilities.

    They import what is heavy where it is used: the class alone must cost nothing.
    """

    repository_fields: ClassVar[frozenset[str]] = frozenset()
    """What `repositories` tells beyond the name: `visibility`, `created`, `size` …"""
    repository_gaps: ClassVar[frozenset[str]] = frozenset()
    """Those of `repository_fields` that some repositories lack."""
    repository_lookups: ClassVar[frozenset[str]] = frozenset()
    """What `repository` alone tells, one by one: it is asked where more than names is wanted."""
    tag_fields: ClassVar[tuple[str, ...]] = ()
    """What `tags` tells beyond the name, in the order of the columns: `digest`, `pushed` …"""
    tag_gaps: ClassVar[frozenset[str]] = frozenset()
    """Those of `tag_fields` that some tags lack; they are looked up where they are asked for."""
    bookkeeping: ClassVar[re.Pattern[str] | None] = None
    """What tags are called that are no concern of people's: they are neither shown nor chosen."""
    creates: ClassVar[frozenset[str]] = frozenset()
    """The fields of `Creation` that have a meaning here."""
    edits: ClassVar[frozenset[str]] = frozenset()
    """The fields of `Edit` that have a meaning here."""
    options: ClassVar[Mapping[str, str]] = {}
    """The keys of `--option KEY=VALUE`, each with what it takes and means."""
    refusals: ClassVar[Mapping[str, Refusal]] = {}
    """Better words than the usual ones, by command, for what this registry cannot do."""
    identities: ClassVar[str] = ""
    """Where `identity` looks, in words for the table of providers."""

    def __init__(self, at: Surroundings) -> None:
        self.at = at

    def tells(self, tag: object, *, people: bool = True) -> bool:
        """Whether what is listed for a tag can be one, and is none of the `bookkeeping`, which
        `people` are not told of."""
        if not isinstance(tag, str) or not is_tag(tag):
            return False
        return not people or self.bookkeeping is None or not self.bookkeeping.fullmatch(tag)

    def check_options(self, options: Mapping[str, str]) -> None:
        """UsageError for a value that an option does not take, before anything is changed."""

    def check_edit(self, path: str, wish: Edit) -> None:
        """Unsupported for what is not to be changed of this repository, before anybody is asked."""

    def kept(self, given: Credential) -> Credential:
        """What is kept of a credential that somebody signs in with: itself, or what it is worth."""
        return given

    def needed_for(self, path: str) -> str | None:
        """What has to be there before something is pushed to a path; None where nothing has."""
        return None if self.at.row.quirks.creates_on_push else path

    def missing_extra(self, kind: type[HubcliError] = Unsupported) -> HubcliError:
        """The failure to raise where the package behind `row.extra` cannot be imported.

        `identity` raises it as a CredentialFailure: then other sources are named, too.
        """
        row = self.at.row
        reason = f"{row.title} needs the extra {row.extra}"
        hint = f"pip install 'hubcli[{row.extra}]'"
        if kind is CredentialFailure:
            reason = f"{reason} to use your identity there: {hint}"
        return kind(reason, hint=hint)
