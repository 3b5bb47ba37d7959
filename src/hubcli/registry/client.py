"""One registry: where its requests go, with which token, and what its errors mean."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from hubcli.config import Endpoint
from hubcli.errors import Denied, HubcliError, NotFound, NotSignedIn, Unavailable, Unsupported
from hubcli.http import doubt
from hubcli.http.client import Authorizer, Client, Request, Stream, with_query
from hubcli.http.origin import on_origin
from hubcli.http.response import LARGEST_BODY, Response
from hubcli.reference import is_path
from hubcli.registry import pages
from hubcli.registry.address import Address
from hubcli.registry.calls import ANY_ERROR, Call
from hubcli.registry.problems import problem
from hubcli.registry.quirks import NO_QUIRKS, Quirks
from hubcli.registry.repository import Repository

_LARGEST_ERROR = 64 << 10
_WARNING = re.compile(r'299\s+\S+\s+"((?:[^"\\]|\\.)*)"')


class Registry:
    """The client of one registry (distribution-spec 1.1); safe between threads.

    `concurrency` is how many requests may be under way at once. `absent` may know, from the
    host's own API, that there is no repository of some path: it is asked when the registry
    refuses (401, 403), since that tells private from missing for nobody. `warn` takes what
    registries say in `Warning` headers. `quirks` are what is peculiar to this registry.
    """

    def __init__(
        self,
        http: Client,
        endpoint: Endpoint,
        authorizer: Authorizer | None,
        *,
        concurrency: int = 8,
        absent: Callable[[str], bool] = lambda _: False,
        warn: Callable[[str], None] = lambda _: None,
        quirks: Quirks = NO_QUIRKS,
    ) -> None:
        self.host = endpoint.host
        self.concurrency = concurrency
        self.quirks = quirks
        self.indexing = threading.Lock()
        """Held while a fallback index of referrers is read, changed and written back."""
        self._address = Address(http, endpoint)
        self._authorizer = authorizer
        self._absent = absent
        self._warn = warn
        self._warned: set[str] = set()

    @property
    def endpoint(self) -> Endpoint:
        """Where requests go, as far as it is known by now."""
        return self._address.endpoint

    def repository(self, path: str, *actions: str) -> Repository:
        """A repository; `actions` (default pull) are asked of the token server up front."""
        return Repository(self, path, actions or ("pull",))

    def deleting_in(self, path: str) -> Repository:
        """A repository that something is to be deleted from."""
        return self.repository(path, *self.quirks.delete_actions)

    def greet(self) -> Response:
        """The answer to `GET /v2/` without a credential: 401 says which one is wanted."""
        return self._address.request(
            lambda endpoint: Request("GET", f"{endpoint.url}/v2/", endpoint=endpoint)
        )

    def ping(self, path: str | None = None) -> dict[str, Any]:
        """What the registry can do; see `capabilities`."""
        from hubcli.registry.capabilities import capabilities

        return capabilities(self, path)

    def catalog(self) -> Iterator[list[str]]:
        """The paths of all repositories, page by page (distribution's `GET /v2/_catalog`).

        What cannot be one is left out.
        Unsupported where that is known not to tell them.
        """
        if not self.quirks.catalog:
            raise Unsupported(f"{self.host} has no catalog of its repositories")
        first = with_query("/v2/_catalog", {"n": pages.PAGE_SIZE})
        answers = self.pages(Call("GET", first, scopes=self.quirks.catalog_scopes))
        return pages.distinct(
            list(filter(is_path, pages.names(answer, "repositories"))) for answer in answers
        )

    def pages(self, call: Call) -> Iterator[Response]:
        """The answer to `call`, and those that follow it by `Link`, as they are wanted."""
        return pages.follow(lambda url: self.send(replace(call, target=url)), call.target, self.url)

    def url(self, target: str) -> str:
        """The absolute URL of a `Call.target`; Untrusted where it is not the registry's own."""
        endpoint = self.endpoint
        return _url(endpoint, target)

    def send(self, call: Call, *, most: int = LARGEST_BODY) -> Response:
        """The answer, its body read up to `most` bytes; the failure of an error status raised."""
        answer = self._address.request(lambda endpoint: self._request(call, endpoint), most)
        self._heed(answer)
        done = answer.ok or doubt.is_done(call.method, answer)
        if done or answer.status in call.accepted:
            return answer
        raise self._failure(call, answer)

    @contextmanager
    def stream(self, call: Call) -> Iterator[Stream]:
        """The answer before its body; the failure of an error status is raised."""
        with self._address.stream(lambda endpoint: self._request(call, endpoint)) as stream:
            self._heed(stream)
            if not 200 <= stream.status < 300 and stream.status not in call.accepted:
                raise self._failure(call, _whole(stream))
            yield stream

    def _request(self, call: Call, endpoint: Endpoint) -> Request:
        return Request(
            call.method,
            _url(endpoint, call.target),
            headers=call.headers,
            body=call.body,
            authorizer=self._authorizer,
            scopes=call.scopes,
            repeatable=call.repeatable,
            endpoint=endpoint,
        )

    def _failure(self, call: Call, answer: Response) -> HubcliError:
        if call.method == "HEAD" and 400 <= answer.status < 429:
            answer = self._reason(call, answer)
        error = problem(answer, self.host, may_be_missing=call.repository is not None)
        refused = isinstance(error, NotSignedIn | Denied) and call.repository is not None
        if any("push" in scope.rpartition(":")[2] for scope in call.scopes):
            refused = False  # a push would create it: what is missing is the right to do so
        if refused and self._absent(call.repository or ""):
            return NotFound("not found", code="NAME_UNKNOWN")
        return error

    def _reason(self, call: Call, answer: Response) -> Response:
        """The answer to the same request as a GET: one to a HEAD has no body for a reason."""
        with self.stream(replace(call, method="GET", accepted=ANY_ERROR)) as stream:
            # A refusal of the credential stands, whatever became of it since.
            refused = answer.status == 401 != stream.status
            return answer if refused or stream.status < 300 else _whole(stream)

    def _heed(self, answer: Response | Stream) -> None:
        """Hand on each warning once (distribution-spec 1.1, "Warnings")."""
        for text in _WARNING.findall(answer.headers.get("warning", "")[:4096]):
            told = re.sub(r"\\(.)", r"\1", text)
            if told not in self._warned:
                self._warned.add(told)
                self._warn(f"{self.host}: {told}")


def _url(endpoint: Endpoint, target: str) -> str:
    if target.startswith("/"):
        return f"{endpoint.url}{target}"
    return on_origin(endpoint.url, target, "an address that the registry gave")


def _whole(stream: Stream) -> Response:
    """An error answer with as much of its body as there can be a reason in."""
    try:
        content = stream.read(_LARGEST_ERROR)
    except Unavailable:
        content = b""
    return Response(stream.status, stream.headers, content, stream.url, stream.challenges)
