"""Authorization for one registry: Basic, or bearer tokens from the server it sends us to."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hubcli.auth.challenge import Challenge, Scope, covered, merged, parse_scopes, preferred
from hubcli.auth.credentials import Credential, Keychain, Kind
from hubcli.auth.tokens import server
from hubcli.auth.tokens.cache import Token, TokenCache
from hubcli.auth.tokens.flights import Flights
from hubcli.config import Endpoint
from hubcli.errors import NotSignedIn, Unavailable, Unsupported, Untrusted
from hubcli.http import origin
from hubcli.http.client import Client, Request
from hubcli.http.response import Response

_LONGEST_MARGIN = 30.0
_FRESH = 5.0
_OPEN = Challenge("open")
"""Stands for a registry that greets without asking who is there."""


class RegistryAuthorizer:
    """Implements `http.client.Authorizer` for a registry.

    What a registry asks for is remembered between runs: then a token is fetched before the first
    request, or there is one already. Safe between threads: of those that need the same token, one
    fetches it. `settled` tells, where `endpoint` is a guess, what has become of it: the realms
    that may be trusted depend on whether the registry speaks TLS.
    """

    def __init__(
        self,
        http: Client,
        endpoint: Endpoint,
        keychain: Keychain,
        cache: TokenCache,
        *,
        settled: Callable[[], Endpoint] | None = None,
    ) -> None:
        self._http = http
        self._endpoint = endpoint
        self._keychain = keychain
        self._cache = cache
        self._settled = settled or (lambda: endpoint)
        self._audience = audience(endpoint)
        self._flights = Flights()
        self._fetched: dict[str, float] = {}
        self._learned = False
        self._refused = False

    def header(self, scopes: tuple[str, ...]) -> str | None:
        """The header for a first try.

        Who has a credential shows it from the start: some registries answer strangers that what
        they may not see does not exist, instead of asking who they are.
        """
        credential = self._credential()
        challenge = self._cache.challenge(self._audience)
        if challenge is None and credential is not None:
            challenge = self._greeted()
        if challenge is None:
            return None
        if challenge.scheme != "bearer":
            return _basic(credential)
        try:
            return self._bearer(challenge, parse_scopes(scopes), credential)
        except Unavailable:
            if self._learned:
                raise
            # An earlier run's realm is gone: the registry is asked anew.
            self._cache.learn(self._audience, None)
            return None

    def challenged(
        self, scopes: tuple[str, ...], challenges: tuple[str, ...], sent: str | None
    ) -> str | None:
        """The header for a second try; None to accept the 401.

        NotSignedIn where the registry or its token server refuses the credential.
        """
        credential = self._credential()
        known = self._cache.challenge(self._audience)
        challenge = preferred(challenges)
        if challenge is None and not challenges:
            challenge = known or self._greeted()  # gcr.io has sent 401s that asked for nothing
        if challenge is None or challenge.scheme == _OPEN.scheme:
            return None
        sent_token = _token_of(sent)
        if challenge.scheme == "basic" and known and known.scheme == "bearer" and sent_token:
            # Harbor names Basic to whoever came with a token, good or not.
            renewed = self._bearer(known, parse_scopes(scopes), credential, sent_token)
            return renewed or _basic(credential)
        if challenge.scheme == "bearer":
            wanted = _wanted(parse_scopes(scopes), challenge)
            header = self._bearer(challenge, wanted, credential, sent_token)
        else:
            header = _basic(credential)
            if header is not None and header == sent and credential is not None:
                # It may be one that a provider has kept: the next run asks for another.
                self._cache.drop(self._audience, header.partition(" ")[2])
                raise server.refused(credential, self._endpoint.host)
        if header is not None:
            self._learn(challenge)  # not before its realm has been found to be a good one
        return header

    def token(self, scopes: tuple[str, ...]) -> str:
        """A bearer token; NotSignedIn where strangers get none, Unsupported where nobody does."""
        header = self.header(scopes)
        challenge = self._cache.challenge(self._audience) or self._greeted()
        if challenge is None and self._refused:
            raise NotSignedIn("the registry refuses us, and does not say what it asks for")
        if challenge is None or challenge.scheme != "bearer":
            raise Unsupported(f"{self._endpoint.host} has no tokens")
        header = header or self._bearer(challenge, parse_scopes(scopes), self._credential())
        value = _token_of(header)
        if value is None:
            raise server.stranger(self._endpoint.host)
        return value

    def heed(self, greeting: Response) -> Challenge | None:
        """What an answer to `GET /v2/` without a credential asks for; it is remembered."""
        if not origin.same_origin(greeting.url, self._settled().url):
            return None
        challenge = preferred(greeting.challenges) if greeting.status == 401 else None
        if greeting.ok:
            challenge = _OPEN
        if challenge is not None and self._is_good(challenge):
            self._learn(challenge)
        self._refused = challenge is None and greeting.status == 401
        return challenge

    def _is_good(self, challenge: Challenge) -> bool:
        """Whether its realm is one that the registry, by what it is now, may send us to."""
        try:
            origin.realm_target(self._settled().url, challenge.realm or "")
        except Untrusted:
            return challenge.scheme != "bearer"
        return True

    def _credential(self) -> Credential | None:
        return self._keychain.find(self._endpoint.host)

    def _learn(self, challenge: Challenge) -> None:
        self._learned = True
        self._cache.learn(self._audience, challenge)

    def _greeted(self) -> Challenge | None:
        """What `GET /v2/` asks for; None where it does not say. Asked once per process."""
        with self._flights.one("greeting"):
            known = self._cache.challenge(self._audience)
            if known is not None or self._learned:
                return known
            self._learned = True
            url = f"{self._endpoint.url}/v2/"
            guessed = self._endpoint.may_be_tls
            request = Request(
                "GET", url, endpoint=self._endpoint, repeatable=False if guessed else None
            )
            try:
                response = self._http.request(request)
            except Unavailable:
                if guessed:
                    return None  # it may speak TLS, which the request itself will find out
                raise
            return self.heed(response)

    def _bearer(
        self,
        challenge: Challenge,
        scopes: Sequence[Scope],
        credential: Credential | None,
        refused: str | None = None,
    ) -> str | None:
        token = self._token(challenge, scopes, credential, refused)
        return None if token is None else f"Bearer {token.value}"

    def _token(
        self,
        challenge: Challenge,
        scopes: Sequence[Scope],
        credential: Credential | None,
        refused: str | None,
    ) -> Token | None:
        """A token other than `refused`; None where a new one would not be better."""
        identity = credential.identity if credential else ""
        with self._flights.one(tuple(scopes)):
            token = self._cache.find(self._audience, identity, scopes)
            if token is not None:
                if token.value != refused:
                    return token
                if self._is_final(challenge, token):
                    return None
                self._cache.drop(self._audience, token.value)
            with self._cache.asking(self._audience, identity, scopes, refused) as given:
                return given or self._fetch(challenge, scopes, credential, identity)

    def _is_final(self, challenge: Challenge, token: Token) -> bool:
        """Whether the refusal of a token means its scopes, not its age."""
        if challenge.error == "invalid_token":
            return False
        fetched = self._fetched.get(token.value)
        return fetched is not None and self._cache.now() - fetched < _FRESH

    def _fetch(
        self,
        challenge: Challenge,
        scopes: Sequence[Scope],
        credential: Credential | None,
        identity: str,
    ) -> Token | None:
        started = self._cache.now()
        grant = server.fetch(self._http, self._settled(), challenge, scopes, credential)
        if grant is None:
            return None
        margin = min(_LONGEST_MARGIN, grant.lifetime / 10)
        token = Token(grant.token, tuple(scopes), started, started + grant.lifetime - margin)
        self._fetched[token.value] = self._cache.now()
        self._cache.keep(self._audience, identity, token)
        return token


def audience(endpoint: Endpoint) -> str:
    """The name of a registry in the token cache."""
    return f"registry {endpoint.url}"


def _basic(credential: Credential | None) -> str | None:
    """Basic authentication; a refresh token is for the token server only."""
    if credential is None or credential.kind is Kind.REFRESH_TOKEN:
        return None
    return credential.basic


def _wanted(own: tuple[Scope, ...], challenge: Challenge) -> tuple[Scope, ...]:
    """What a token must be good for: the registry's wish first, should only one be read."""
    if not own:
        return challenge.scopes
    missing = [scope for scope in challenge.scopes if not covered((scope,), own)]
    return merged((*missing, *own))


def _token_of(header: str | None) -> str | None:
    scheme, _, value = (header or "").partition(" ")
    return value if scheme == "Bearer" else None
