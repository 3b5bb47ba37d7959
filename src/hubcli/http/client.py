"""The one place that speaks HTTP: credentials, redirects, repeats, waiting, the debug lines.

Statuses are answers, not failures, here: the caller knows what a 404 means. Failures are what kept
an answer from coming, or an answer the rules refuse.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeVar
from urllib.parse import urlencode

import httpx

from hubcli.config import Endpoint
from hubcli.errors import RateLimited, TimedOut, Unavailable, Untrusted
from hubcli.http import origin, retry
from hubcli.http.ahead import Ahead
from hubcli.http.decoding import decoded
from hubcli.http.failures import connection_failure
from hubcli.http.pace import paced
from hubcli.http.redact import redacted
from hubcli.http.response import LARGEST_BODY, Response
from hubcli.http.routes import route
from hubcli.http.transport import Limits, Transports

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 10

Body = bytes | Callable[[], Iterator[bytes]] | None
"""A request's body: bytes, or what makes a fresh iterator, so that it can be sent again."""


class Authorizer(Protocol):
    """Knows what goes into `Authorization` for one registry or API; see `auth.tokens`."""

    def header(self, scopes: tuple[str, ...]) -> str | None:
        """The header for a first try, None to go without."""
        ...

    def challenged(
        self, scopes: tuple[str, ...], challenges: tuple[str, ...], sent: str | None
    ) -> str | None:
        """The header for a second try after a 401 that followed `sent`, None to accept the 401."""
        ...


@dataclass(frozen=True, slots=True)
class Request:
    """One request, complete but for its credential.

    `scopes` are what its token must be good for; `repeatable` says whether it may be sent again
    after a fault (None: what its method says; what was never sent may be in any case). `endpoint`
    holds the TLS settings of its host.
    With `follow` False a redirect is an answer: for bodies that hold a secret. `carrier` is the
    header that the credential goes in.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Body = None
    authorizer: Authorizer | None = None
    scopes: tuple[str, ...] = ()
    repeatable: bool | None = None
    endpoint: Endpoint | None = None
    follow: bool = True
    carrier: str = "Authorization"

    @property
    def may_repeat(self) -> bool:
        return self.method in retry.IDEMPOTENT if self.repeatable is None else self.repeatable

    def may_follow(self, failure: Unavailable) -> bool:
        """Whether it may be sent again at once after that."""
        unheard = failure.unsent and self.repeatable is None
        return failure.transient and (self.may_repeat or unheard)


class Stream:
    """An answer whose body is still to come, at the pace that `limits` ask for."""

    def __init__(
        self, answer: httpx.Response, url: str, limits: Limits, closed: Callable[[int], None]
    ) -> None:
        self._answer = answer
        self._limits = limits
        self._until = time.monotonic() + limits.whole
        self._closed = closed
        self._read = 0
        self._held: bytes | None = None
        self.in_doubt = False
        self.status = answer.status_code
        self.headers: Mapping[str, str] = answer.headers
        self.challenges = tuple(answer.headers.get_list("www-authenticate"))
        self.url = url

    def __iter__(self) -> Iterator[bytes]:
        """The body as it comes, transfer and content codings undone.

        Unavailable if it breaks, or if it is kept from us.
        """
        if self._held is not None:
            yield self._held
            return
        raw = paced(self._answer.iter_raw(), self._limits.read, self._limits.slowest)
        try:
            for chunk in decoded(raw, self.headers.get("content-encoding", "")):
                self._read += len(chunk)
                yield chunk
        except httpx.HTTPError as error:
            raise connection_failure(error, self.url) from error

    def hold(self, most: int) -> None:
        """Read about the first `most` bytes of the body now, as far as they come, and no more
        later: its connection is free for another request."""
        try:
            self._held = self.beginning(most)
        except Unavailable:
            self._held = b""
        finally:
            self._answer.close()

    def read(self, most: int = LARGEST_BODY) -> bytes:
        """The whole body; Unavailable once it is longer than `most` bytes, or takes too long."""
        chunks: list[bytes] = []
        for chunk in self._in_time():
            chunks.append(chunk)
            if self._read > most:
                raise Unavailable(f"the server's answer is longer than {most} bytes")
        return b"".join(chunks)

    def beginning(self, most: int) -> bytes:
        """No more than about `most` bytes of the body."""
        chunks: list[bytes] = []
        for chunk in self._in_time():
            chunks.append(chunk)
            if self._read >= most:
                break
        return b"".join(chunks)

    def _in_time(self) -> Iterator[bytes]:
        """The body of a document, which is waited for as a whole."""
        for chunk in self:
            if time.monotonic() > self._until:
                raise TimedOut(f"{origin.authority(self.url)} takes too long for its answer")
            yield chunk

    def close(self) -> None:
        self._answer.close()
        self._closed(self._read)


LARGEST_ERROR = 1 << 20
"""Bytes of an answer that is an error; what follows is not read."""

_Answer = TypeVar("_Answer", Response, Stream)


class Client:
    """Sends requests. `notify` tells people, `trace` takes the lines of `--debug`.

    Safe between threads; `max_wait` seconds are what one command waits for servers in all, and
    `attempts` how often a request is tried. `transports` take the place of those with `limits`,
    which take the connection that is `ahead`.
    """

    def __init__(
        self,
        *,
        limits: Limits | None = None,
        transports: Transports | None = None,
        ahead: Ahead | None = None,
        max_wait: float = 60.0,
        attempts: int = retry.ATTEMPTS,
        notify: Callable[[str], None] = lambda _: None,
        trace: Callable[[str], None] | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._transports = transports or Transports(limits or Limits(), ahead)
        self._budget = retry.WaitBudget(max_wait)
        self._attempts = attempts
        self._notify = notify
        self._trace = trace
        self._sleep = sleep
        self._clock = clock

    def close(self) -> None:
        self._transports.close()

    def request(self, request: Request, *, most: int = LARGEST_BODY) -> Response:
        """Send, and read the whole answer, up to `most` bytes.

        A connection that breaks in the middle of the body counts as a failed try. What may be
        done in spite of its failure is `in_doubt`.
        """
        return self._repeated(request, lambda: self._whole(request, most))

    @contextmanager
    def stream(self, request: Request) -> Iterator[Stream]:
        """Send, and hand out the answer before its body; error answers are repeated as usual."""
        stream = self._repeated(request, lambda: self._authorized(request))
        try:
            yield stream
        finally:
            stream.close()

    def _whole(self, request: Request, most: int) -> Response:
        stream = self._authorized(request)
        try:
            # What is refused is refused, however much is said about it.
            refused = stream.status >= 400
            content = stream.beginning(LARGEST_ERROR) if refused else stream.read(most)
        finally:
            stream.close()
        return Response(stream.status, stream.headers, content, stream.url, stream.challenges)

    def _repeated(self, request: Request, attempt: Callable[[], _Answer]) -> _Answer:
        """Try until an answer is one to keep; waits that the server asks for are no tries."""
        tries, in_doubt = 1, False
        while True:
            last = tries >= self._attempts
            try:
                answer = attempt()
            except Unavailable as error:
                in_doubt = error.in_doubt = in_doubt or not error.unsent
                if last or not request.may_follow(error):
                    raise
                delay = retry.backoff(tries)
                tries += 1
            else:
                wait = self._wait_before_repeat(request, answer, tries, last)
                answer.in_doubt = in_doubt = in_doubt or answer.status in retry.DOUBTFUL
                if wait is None:
                    return answer
                delay, asked = wait
                tries += 0 if asked else 1
                if isinstance(answer, Stream):
                    answer.close()
            self._sleep(delay)

    def _wait_before_repeat(
        self, request: Request, answer: Response | Stream, tries: int, last: bool
    ) -> tuple[float, bool] | None:
        """Seconds to wait, and whether the server asked for them; None to keep the answer.

        A 429 was not acted upon, so that even a POST may be sent again after it.
        """
        if answer.status not in retry.RETRIED:
            return None
        if not request.may_repeat and answer.status != 429:
            return None
        now = self._clock()
        asked = retry.asked_delay(answer.headers, now)
        host = origin.authority(answer.url)
        if asked is not None and asked >= 1:
            if not self._budget.claim(asked, now):
                raise _come_back(host, retry.moment_after(asked, now))
            self._notify(f"{host} asks to wait; going on in {asked:.0f} s")
            return asked, True
        return None if last else (retry.backoff(tries), False)

    def _authorized(self, request: Request) -> Stream:
        """One try with a credential, and a second one where a 401 says what it should be."""
        authorizer = request.authorizer
        with _before_it_is_sent():
            sent = authorizer.header(request.scopes) if authorizer else None
        stream = self._followed(request, sent)
        if stream.status != 401 or authorizer is None:
            return stream
        if not origin.same_origin(stream.url, request.url):
            return stream  # the refusal of a redirect's target says nothing about our credential
        stream.hold(LARGEST_ERROR)  # many a token server is on the same host
        try:
            with _before_it_is_sent():
                header = authorizer.challenged(request.scopes, stream.challenges, sent)
        except BaseException:
            stream.close()
            raise
        if header is None:
            return stream
        stream.close()
        return self._followed(request, header)

    def _followed(self, request: Request, authorization: str | None) -> Stream:
        """Send and follow redirects; the credential stays on the first origin."""
        method, url, body = request.method, request.url, request.body
        headers = dict(request.headers)
        if authorization:
            headers[request.carrier] = authorization
        for _ in range(_MOST_REDIRECTS + 1):
            stream = self._exchange(method, url, headers, body, request.endpoint)
            location = stream.headers.get("location")
            if stream.status not in _REDIRECTS or not location or not request.follow:
                return stream
            stream.close()
            if method not in {"GET", "HEAD"} and stream.status not in {307, 308}:
                raise Unavailable(f"the server redirects a {method} ({stream.status})")
            target = origin.redirect_target(url, location)
            if not origin.same_origin(url, target):
                headers = {
                    name: value
                    for name, value in headers.items()
                    if name.lower() in origin.SAFE_HEADERS
                }
            url = target
        raise Untrusted(f"the server redirects more than {_MOST_REDIRECTS} times")

    def _exchange(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: Body,
        endpoint: Endpoint | None,
    ) -> Stream:
        """One request, one answer."""
        sender = self._transports.sender(route(url, endpoint))
        content = body() if callable(body) else body
        started = time.monotonic()
        shown = url if self._trace is None else redacted(url)
        self._say(f"> {method} {shown}")
        try:
            answer = sender.send(method, url, headers, content)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            self._say(f"< {method} {shown}: {type(error).__name__}")
            raise connection_failure(error, url) from error

        def closed(count: int) -> None:
            taken = (time.monotonic() - started) * 1000
            self._say(f"< {answer.status_code} {method} {shown} {taken:.0f} ms, {count} bytes")

        return Stream(answer, url, self._transports.limits, closed)

    def _say(self, line: str) -> None:
        if self._trace is not None:
            self._trace(line)


@contextmanager
def _before_it_is_sent() -> Iterator[None]:
    """What fails while a request's credential is fetched says nothing of the request."""
    try:
        yield
    except Unavailable as error:
        error.unsent = True
        raise


def with_query(url: str, parameters: Mapping[str, object]) -> str:
    """`url` with the parameters that are not None added to its query, lists repeated."""
    given = {name: value for name, value in parameters.items() if value is not None}
    if not given:
        return url
    return f"{url}{'&' if '?' in url else '?'}{urlencode(given, doseq=True, errors='replace')}"


def _come_back(host: str, moment: datetime | None) -> RateLimited:
    when = f"come back at {moment:%Y-%m-%dT%H:%M:%SZ}" if moment else "come back much later"
    return RateLimited(
        f"{host} asks for a longer wait than allowed; {when}",
        retry_at=moment,
        hint="--max-wait SECONDS allows a longer wait",
    )
