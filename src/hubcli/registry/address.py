"""Where a registry is: plain http on loopback is a guess until a first answer has come."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from hubcli.config import Endpoint
from hubcli.errors import ConnectionBroken, Unavailable
from hubcli.http.client import Client, Request, Stream
from hubcli.http.failures import broke_midway
from hubcli.http.response import LARGEST_BODY, Response
from hubcli.http.retry import RETRIED


class Address:
    """Sends requests to an endpoint, and finds out whether a loopback port speaks TLS.

    Go's and nginx's servers answer plain http on a TLS port with a 400 that names HTTPS; others
    break the connection. Where the guess is right, no request is sent for its sake.
    """

    def __init__(self, http: Client, endpoint: Endpoint) -> None:
        self.http = http
        self.endpoint = endpoint
        self._guessing = endpoint.may_be_tls

    def request(self, build: Callable[[Endpoint], Request], most: int = LARGEST_BODY) -> Response:
        """Send what `build` makes for the endpoint, and read the answer up to `most` bytes."""
        request = build(self.endpoint)
        if self._guessing:
            answer = self._guessed(request, most)
            if answer is not None:
                return answer
            request = build(self.endpoint)
        return self.http.request(request, most=most)

    @contextmanager
    def stream(self, build: Callable[[Endpoint], Request]) -> Iterator[Stream]:
        """Send what `build` makes for the endpoint, and hand out the answer before its body."""
        if self._guessing:
            self.request(_probe)
        with self.http.stream(build(self.endpoint)) as stream:
            yield stream

    def _guessed(self, request: Request, most: int) -> Response | None:
        """The answer to a first request; None where it should be sent (again) as settled now."""
        try:
            # A port that breaks connections would be tried again and again, always in vain.
            answer = self.http.request(replace(request, repeatable=False), most=most)
        except ConnectionBroken as error:
            if broke_midway(error):
                self._settle(tls=self._speaks_tls())
            return None
        if answer.status == 400 and self._wants_tls(request, answer):
            self._settle(tls=True)
            return None
        self._settle(tls=False)
        return None if answer.status in RETRIED and request.may_repeat else answer

    def _settle(self, *, tls: bool) -> None:
        self._guessing = False
        found = _over_tls(self.endpoint) if tls else self.endpoint
        self.endpoint = replace(found, may_be_tls=False)

    def _wants_tls(self, request: Request, answer: Response) -> bool:
        """Whether a 400 says that https is spoken here; one to a HEAD has no text to say so."""
        if request.method == "HEAD":
            answer = self.http.request(_probe(self.endpoint))
        return answer.status == 400 and b"HTTPS" in answer.content[:2048]

    def _speaks_tls(self) -> bool:
        try:
            self.http.request(replace(_probe(_over_tls(self.endpoint)), repeatable=False))
        except Unavailable as error:
            return _showed_certificate(error)
        return True


def _probe(endpoint: Endpoint) -> Request:
    return Request("GET", f"{endpoint.url}/v2/", endpoint=endpoint)


def _over_tls(endpoint: Endpoint) -> Endpoint:
    return replace(endpoint, url=endpoint.url.replace("http://", "https://", 1), may_be_tls=False)


def _showed_certificate(error: BaseException | None) -> bool:
    """Whether behind a failure there is a certificate that was not trusted."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False
