"""Quay, quay.io and self-hosted: the API that its web page uses, `/api/v1` on the same host.

API: `GET /api/v1/discovery` of any Quay. It takes OAuth access tokens and nothing else; what is
public it tells everybody. Robots, app tokens and passwords open `/v2/` alone, so what they may
list is taken from there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from hubcli import timestamps
from hubcli.auth.credentials import Credential, Kind
from hubcli.auth.tokens.fixed import FixedAuthorizer
from hubcli.config import Endpoint
from hubcli.errors import (
    Conflict,
    CredentialFailure,
    Denied,
    HubcliError,
    NotFound,
    NotSignedIn,
    UsageError,
)
from hubcli.http.response import Response
from hubcli.providers import quay_federation
from hubcli.providers.calls import number, problem, segment, text
from hubcli.providers.capabilities import (
    CreatesRepositories,
    Creation,
    Edit,
    EditsRepositories,
    HasIdentity,
    ListsRepositories,
    ListsTags,
    RemovesRepositories,
    RestoresTags,
    Row,
    Searches,
    ShowsRepositories,
)
from hubcli.providers.provider import Provider, Surroundings
from hubcli.providers.quay_api import Object, QuayApi, repository_route

_OAUTH_USER = "$oauthtoken"
_HOME = "quay.io"
_TOKENS = {"$app": "an app token", "$token": "an access token of the old kind"}
_STATES = ("normal", "read_only", "mirror")
_SCHEME = re.compile(r"https?://", re.IGNORECASE)


class Quay(
    Provider,
    HasIdentity,
    ListsRepositories,
    CreatesRepositories,
    ShowsRepositories,
    EditsRepositories,
    RemovesRepositories,
    ListsTags,
    RestoresTags,
    Searches,
):
    """Repositories are below a user or an organization; `tag rm` goes by `/v2/`."""

    repository_fields = frozenset({"visibility", "description", "updated", "archived"})
    tag_fields = ("digest", "updated", "pushed", "size")
    tag_gaps = frozenset({"size"})
    creates = frozenset({"private", "description"})
    edits = frozenset({"private", "description"})
    options = {"state": "normal|read_only|mirror: whether, and from where, it takes pushes"}
    identities = f"QUAY_OAUTH_TOKEN, else {quay_federation.WHERE}, of QUAY_HOST"

    def __init__(self, at: Surroundings) -> None:
        super().__init__(at)
        self._oauth = FixedAuthorizer(self._token, bearer=True)

    def identity(self) -> Credential | None:
        """QUAY_OAUTH_TOKEN, or a federated robot, for the host that QUAY_HOST names, else quay.io.

        None for any other, and where a greeting is all there is to go by.
        """
        found = self._named_token()
        robot = quay_federation.named(self.at.environ)
        if found is not None or robot is None or not self._is_meant:
            return found
        try:
            return self._exchanged(robot)
        except HubcliError as error:
            raise CredentialFailure(error.reason) from error

    @property
    def _is_meant(self) -> bool:
        """Whether the environment is about this host."""
        stated = self.at.environ.get("QUAY_HOST", "").strip()
        host = _SCHEME.sub("", stated).rstrip("/").lower() or _HOME
        return self.at.is_named and self.at.host == host

    def _named_token(self) -> Credential | None:
        token = self.at.environ.get("QUAY_OAUTH_TOKEN", "").strip()
        if not token or not self._is_meant:
            return None
        return Credential(_OAUTH_USER, token, "QUAY_OAUTH_TOKEN", Kind.PAT)

    def kept(self, given: Credential) -> Credential:
        """A robot's own token, for an hour, where it was given one of its OIDC issuer."""
        if not quay_federation.is_foreign(given):
            return given
        found = self._exchanged(given)
        until = None if found.expires is None else timestamps.from_epoch(int(found.expires))
        self.at.notify(
            f"{self.at.host} has given a token of the robot {given.username} for it"
            + (f", good until {until}" if until else "")
        )
        return found

    def _exchanged(self, foreign: Credential) -> Credential:
        url, endpoint = self._place()
        return quay_federation.exchanged(self.at.http, url, endpoint, foreign)

    def check_options(self, options: Mapping[str, str]) -> None:
        state = options.get("state")
        if state is not None and state not in _STATES:
            raise UsageError(f"--option state={state} is none of {', '.join(_STATES)}")

    # Repositories

    def repositories(self, namespace: str | None) -> Iterator[Row]:
        """GET /api/v1/repository?namespace=…; by `/v2/_catalog` what only a robot may see.

        Without a namespace those of one's own, or all that are public.
        """
        owner, _, below = (namespace or "").partition("/")
        inside = f"{self.at.host}/{namespace}/" if below else ""
        if self._token() is not None:
            owners = [owner] if owner else self._api.own_namespaces()
            listed = (found for one in owners for found in self._api.repositories(one))
            rows = self._rows(listed)
        else:
            rows = self._of_strangers(owner)
        return (row for row in rows if str(row["name"]).startswith(inside))

    def repository(self, path: str) -> Row:
        """GET /api/v1/repository/{path}, and the newest tag, which says when it was changed."""
        try:
            row = self._row(self._api.repository(path))
        except NotSignedIn as error:
            if self.at.credential() is None:
                error.reason = f"not found, or not for strangers: {error.reason}"
            raise
        if row is None:
            raise NotFound("not found")
        for tag in self._api.page_of_tags(path, 1, limit="1", onlyActiveTags="true")[:1]:
            row["updated"] = _moment(tag.get("start_ts"))
        return row

    def create_repository(self, path: str, wish: Creation) -> Row:
        """POST /api/v1/repository; private where nobody said, as what is pushed to Quay is."""
        owner, _, name = path.partition("/")
        if not name:
            raise UsageError("a repository of Quay is in a namespace: NAMESPACE/NAME")
        body = {
            "namespace": owner,
            "repository": name,
            "visibility": _visibility(wish.private is not False),
            "description": wish.description or "",
            "repo_kind": "image",
        }
        try:
            self._api.send("POST", "/api/v1/repository", body=body)
        except HubcliError as error:
            if "already exists" in error.reason:
                raise Conflict("it exists already") from error
            raise
        if wish.private is None:
            self.at.notify(f"{self.at.host}/{path} is private; --private or --public decides")
        self._set_state(path, wish.options.get("state", "normal"), now="normal")
        return self.repository(path)

    def edit_repository(self, path: str, wish: Edit) -> None:
        """POST …/changevisibility, PUT {path} for the description, PUT …/changestate."""
        route = repository_route(path)
        if wish.private is not None:
            body = {"visibility": _visibility(wish.private)}
            self._api.send("POST", f"{route}/changevisibility", body=body)
        if wish.description is not None:
            self._api.send("PUT", route, body={"description": wish.description})
        if "state" in wish.options:
            self._set_state(path, wish.options["state"])

    def remove_repository(self, path: str) -> None:
        """DELETE /api/v1/repository/{path}"""
        self._api.send("DELETE", repository_route(path))

    def search(self, words: str) -> Iterator[Row]:
        """GET /api/v1/find/repositories"""
        return self._rows(self._api.found(words))

    # Tags

    def tags(self, path: str) -> Iterator[Row]:
        """GET …/tag/?onlyActiveTags=true, a hundred at once, the newest first.

        Whoever has no OAuth token gets names alone, by `/v2/`, where the repository is not public.
        """
        pages = self._api.pages_of_tags(path, onlyActiveTags="true")
        try:
            first = next(pages)
        except (NotSignedIn, Denied):
            if self._token() is not None or self.at.credential() is None:
                raise
            yield from self._names_alone(path)
            return
        yield from map(_tag, first)
        for page in pages:
            yield from map(_tag, page)

    def restore_tag(self, path: str, tag: str, digest: str | None) -> str:
        """POST …/tag/{tag}/restore with a digest of its history (GET …/tag/?specificTag=…)."""
        if digest is None:
            self._require_gone(path, tag)
        found = self._lost(path, tag, digest)
        route = f"{repository_route(path)}/tag/{segment(tag)}/restore"
        self._api.send("POST", route, body={"manifest_digest": found})
        return found

    def _require_gone(self, path: str, tag: str) -> None:
        for entry in self._api.page_of_tags(path, 1, specificTag=tag, onlyActiveTags="true"):
            if entry.get("name") == tag:
                raise Conflict(
                    f"it is there, at {entry.get('manifest_digest')}",
                    hint=f"hubcli tag undelete {self.at.host}/{path}:{tag} --digest DIGEST",
                )

    def _lost(self, path: str, tag: str, digest: str | None) -> str:
        """The digest to bring a tag back to: the wanted one, or the one that it had last."""
        for page in self._api.pages_of_tags(path, specificTag=tag):
            for entry in page:
                held = text(entry.get("manifest_digest"))
                if held is not None and entry.get("name") == tag and digest in {None, held}:
                    return held
        raise NotFound("its history has no such tag, or not with this digest")

    def _names_alone(self, path: str) -> Iterator[Row]:
        self.at.notify(
            f"{self.at.host} tells {self._who()} the names of tags alone; all else is for OAuth"
            " tokens"
        )
        for names in self.at.registry().repository(path).tags():
            for name in names:
                yield {"name": name, **dict.fromkeys(self.tag_fields)}

    # Listing

    def _of_strangers(self, owner: str) -> Iterator[Row]:
        """What is public, and what the credential opens besides, of which there are only names."""
        known: set[str] = set()
        if self.at.credential() is None:
            self.at.notify(
                f"{self.at.host} shows strangers what is public; all else after"
                f" `hubcli login {self.at.host}`"
            )
        if self.at.credential() is not None:
            self.at.notify(
                f"{self.at.host} tells {self._who()} the names of private repositories alone; all"
                " else is for OAuth tokens"
            )
            for paths in self.at.registry().catalog():
                known.update(path for path in paths if not owner or path.startswith(f"{owner}/"))
            if not owner:
                yield from map(self._named, sorted(known))
                return
        for row in self._rows(self._api.repositories(owner or None)):
            known.discard(str(row["name"]).partition("/")[2])
            yield row
        yield from map(self._named, sorted(known))

    def _rows(self, found: Iterable[Object]) -> Iterator[Row]:
        return (row for row in map(self._row, found) if row is not None)

    def _row(self, found: Object) -> Row | None:
        of = found.get("namespace")
        owner = text(of.get("name")) if isinstance(of, dict) else text(of)
        name, public, state = text(found.get("name")), found.get("is_public"), found.get("state")
        if owner is None or name is None:
            return None
        quota = found.get("quota_report")
        return {
            **self._named(f"{owner}/{name}"),
            "visibility": _visibility(not public) if isinstance(public, bool) else None,
            "description": text(found.get("description")),
            "stars": number(found.get("stars")),
            "updated": _moment(found.get("last_modified")),
            "size": number(quota.get("quota_bytes")) if isinstance(quota, dict) else None,
            "archived": state == "READ_ONLY" if isinstance(state, str) else None,
            "state": state.lower() if isinstance(state, str) else None,
        }

    def _named(self, path: str) -> Row:
        return {
            "name": f"{self.at.host}/{path}",
            "namespace": path.rpartition("/")[0],
            "registry": self.at.host,
            "visibility": None,
        }

    def _set_state(self, path: str, state: str, now: str | None = None) -> None:
        if state != now:
            route = f"{repository_route(path)}/changestate"
            self._api.send("PUT", route, body={"state": state.upper()})

    # The API

    @cached_property
    def _api(self) -> QuayApi:
        url, endpoint = self._place()
        return QuayApi(
            self.at.http, url, self.at.host, self._oauth, problem=self._problem, endpoint=endpoint
        )

    def _place(self) -> tuple[str, Endpoint]:
        """Where Quay itself is: as a rule where its registry is."""
        registry = self.at.registry()
        if registry.endpoint.may_be_tls:
            registry.greet()
        url = self.at.api_url(registry.endpoint.url).removesuffix("/api/v1")
        return url, registry.endpoint

    def _token(self) -> Credential | None:
        """The OAuth token: the credential of the host, or the one in the environment."""
        found = self.at.credential()
        is_one = found is not None and found.username == _OAUTH_USER
        return found if is_one else self._named_token()

    def _who(self) -> str:
        """The credential that the API does not take, in words."""
        found = self.at.credential()
        if found is None:
            return "strangers"
        if "+" in found.username:
            return f"the robot {found.username}"
        return _TOKENS.get(found.username, f"the user {found.username}")

    def _problem(self, answer: Response, host: str) -> HubcliError:
        """Refusals say what is wrong with the credential; 402 and 503 mean something else here."""
        error = problem(answer, host)
        if answer.status == 402:
            return Denied(
                "the namespace's plan has no room for another private repository",
                code="PAYMENT_REQUIRED",
                hint="--public makes it one that everybody can pull",
            )
        if answer.status == 503 and "mode" in error.reason:
            return Conflict(error.reason, code="READ_ONLY")
        if isinstance(error, NotSignedIn | Denied):
            error.reason, error.hint = self._refusal(host, answer.status)
        return error

    def _refusal(self, host: str, status: int) -> tuple[str, str]:
        login = f"hubcli login {host} --username '{_OAUTH_USER}'"
        token = self._token()
        if token is None:
            who = "" if self.at.credential() is None else f", not {self._who()}"
            return f"the API of {host} wants an OAuth token for this{who}", login
        told = f"the OAuth token ({token.source})" if token.source else "the OAuth token"
        if status == 401:
            return f"{host} refuses {told}", login
        return f"{told} is not good for this, by its scopes or its user's rights", login


def _tag(entry: Object) -> Row:
    since = _moment(entry.get("start_ts"))
    return {
        "name": text(entry.get("name")),
        "digest": text(entry.get("manifest_digest")),
        "updated": since,
        "pushed": since,
        "size": number(entry.get("size")),
        "expires": _moment(entry.get("end_ts")),
        "immutable": entry.get("immutable") is True,
    }


def _moment(seconds: object) -> str | None:
    told = number(seconds)
    return None if told is None else timestamps.from_epoch(told)


def _visibility(private: bool) -> str:
    return "private" if private else "public"
