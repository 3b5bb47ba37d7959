"""The docker engine's API, as far as images go in and out of it (Docker Engine API, "Image").

Podman's service speaks it as well. Layers go through as archives: the engine gives no blobs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from hubcli import jsonreading
from hubcli.config import Endpoint, RegistryRow
from hubcli.errors import Denied, HubcliError, Unavailable
from hubcli.http import unix_socket
from hubcli.http.client import Body, Client, Request
from hubcli.http.response import Response, failure
from hubcli.http.transport import Limits, Transports
from hubcli.stores.docker_daemon.address import Address

_PATIENCE = 900.0
"""Seconds without a byte: an engine packs and unpacks whole images before it says a word."""

_LARGEST_ANSWER = 4 << 20
_LARGEST_REFUSAL = 64 << 10
_HINT = "DOCKER_HOST=unix://PATH names the socket of another engine, podman's for one"


class Engine:
    """One engine. `trace` takes the lines of `--debug`."""

    def __init__(self, address: Address, trace: Callable[[str], None] | None = None) -> None:
        self._address = address
        limits = Limits(read=_PATIENCE, write=_PATIENCE, slowest=0)
        transports = (
            unix_socket.SocketTransports(limits, address.socket)
            if address.socket is not None
            else Transports(limits)
        )
        self._client = Client(transports=transports, attempts=1, trace=trace)
        row = RegistryRow(
            ca_file=address.ca_file,
            client_cert=address.client_cert,
            client_key=address.client_key,
        )
        self._endpoint = Endpoint(address.shown, address.url or unix_socket.URL, row)

    def close(self) -> None:
        self._client.close()

    def image_id(self, name: str) -> str:
        """The id that the engine gives an image (GET /images/{name}/json); NotFound.

        It is the digest of the configuration, or of the manifest where the engine keeps manifests.
        """
        answer = self._asked("GET", f"/images/{_quoted(name)}/json")
        found = answer.object().get("Id")
        if not isinstance(found, str):
            raise Unavailable("the docker engine's answer has no image id")
        return found if ":" in found else f"sha256:{found}"

    @contextmanager
    def saved(self, name: str) -> Iterator[Iterator[bytes]]:
        """An image as an archive (GET /images/{name}/get), as it comes."""
        request = self._request("GET", f"/images/{_quoted(name)}/get")
        with self._reaching(), self._client.stream(request) as stream:
            if stream.status != 200:
                content = stream.read(_LARGEST_REFUSAL)
                raise _refused(Response(stream.status, stream.headers, content, stream.url))
            yield iter(stream)

    def load(self, archive: Callable[[], Iterator[bytes]], size: int) -> None:
        """Have the engine take the images of an archive of `size` bytes (POST /images/load).

        It reports failures in a body of JSON lines, under a status that says 200.
        """
        headers = {"Content-Type": "application/x-tar", "Content-Length": str(size)}
        answer = self._asked("POST", "/images/load?quiet=1", archive, headers)
        for line in answer.content.splitlines():
            told = _error_in(line)
            if told is not None:
                raise HubcliError(f"the docker engine refuses the image: {told}")

    def _asked(
        self, method: str, path: str, body: Body = None, headers: dict[str, str] | None = None
    ) -> Response:
        request = self._request(method, path, body, headers)
        with self._reaching():
            answer = self._client.request(request, most=_LARGEST_ANSWER)
        if not answer.ok:
            raise _refused(answer)
        return answer

    def _request(
        self, method: str, path: str, body: Body = None, headers: dict[str, str] | None = None
    ) -> Request:
        url = f"{self._endpoint.url}{path}"
        return Request(
            method,
            url,
            headers or {},
            body,
            repeatable=False,
            endpoint=self._endpoint,
            follow=False,
        )

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        """Say of a failure which engine it was, and how another one is named."""
        try:
            if self._address.socket is not None:
                unix_socket.probe(self._address.socket)
            yield
        except (Denied, Unavailable) as error:
            error.reason = f"the docker engine at {self._address.shown}: {error.reason}"
            error.hint = _HINT
            raise


def _quoted(name: str) -> str:
    """A name in a path: it has slashes of its own, which the engine expects as they are."""
    return quote(name, safe="/:@")


def _refused(answer: Response) -> HubcliError:
    """The failure behind a status, in the engine's own words.

    It answers 500 whatever went wrong, be it with an image that it cannot take: it is there.
    """
    told = _member(_parsed(answer.content), "message")
    if answer.status == 500 and told:
        return HubcliError(f"the docker engine says: {told}")
    return failure(answer, told)


def _error_in(line: bytes) -> str | None:
    document = _parsed(line)
    detail = document.get("errorDetail")
    nested = _member(detail, "message") if isinstance(detail, dict) else None
    return nested or _member(document, "error")


def _member(document: dict[str, Any], name: str) -> str | None:
    value = document.get(name)
    return value.strip() if isinstance(value, str) and value.strip() else None


def _parsed(content: bytes) -> dict[str, Any]:
    try:
        found = jsonreading.read(content)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
