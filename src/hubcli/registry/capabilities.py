"""What a registry can do, as far as that is told without changing anything in it."""

from __future__ import annotations

import time
from typing import Any

from hubcli import oci
from hubcli.auth.challenge import preferred
from hubcli.errors import HubcliError, IntegrityFailure, NotSignedIn, Unsupported
from hubcli.http.response import Response
from hubcli.registry.calls import ANY_ERROR, Call
from hubcli.registry.client import Registry
from hubcli.registry.problems import problem, told

Row = dict[str, Any]

_NOTHING = "sha256:" + "0" * 64
"""A digest that nothing has, to ask about without asking for anything."""

_SOMEWHERE = "hubcli/ping"
"""The repository that is asked about where none is known; it need not be there."""


def capabilities(registry: Registry, path: str | None = None) -> Row:
    """The facts of a registry; what can be told only by trying is None.

    `path` is a repository to ask about, else one that the catalog names. `allowed` says whether
    the credential at hand, or none, opens `/v2/`. Unsupported where nothing answers there as
    distribution-spec 1.1 says ("Determining Support").
    """
    started = time.monotonic()
    greeting = registry.greet()
    taken = time.monotonic() - started
    if greeting.status not in {200, 401}:
        raise _no_registry(registry, greeting)
    challenge = preferred(greeting.challenges) if greeting.status == 401 else None
    catalog, listed = _catalog(registry)
    known = path or listed
    read_only = _refuses(registry, known, "blobs/uploads/", "POST")
    undeletable = read_only or _refuses(registry, known, f"manifests/{_NOTHING}", "DELETE")
    return {
        "registry": registry.host,
        "url": registry.endpoint.url,
        "milliseconds": round(taken * 1000),
        "api_version": greeting.headers.get("docker-distribution-api-version"),
        "auth": "none" if greeting.ok else challenge and challenge.scheme,
        "realm": challenge and challenge.realm,
        "service": challenge and challenge.service,
        "allowed": greeting.ok or _opens(registry),
        "catalog": catalog,
        "referrers": _referrers(registry, known),
        "delete": False if undeletable else None,
        "chunked_upload": False if read_only else None,
    }


def _no_registry(registry: Registry, greeting: Response) -> HubcliError:
    if greeting.status == 404 or greeting.ok:
        return Unsupported(f"nothing at {registry.endpoint.url} speaks the registry protocol")
    return problem(greeting, registry.host)


def _opens(registry: Registry) -> bool:
    """Whether the credential at hand, or an anonymous token, is taken."""
    try:
        return registry.send(Call("GET", "/v2/", accepted=ANY_ERROR)).ok
    except NotSignedIn:
        return False


def _catalog(registry: Registry) -> tuple[bool | None, str | None]:
    """Whether there is a catalog, None where it is not for us; and a repository out of it."""
    try:
        page = next(registry.catalog(), [])
    except HubcliError as error:
        refused = int(error.exit_code) == 4
        return None if refused else False, None
    return True, page[0] if page else None


def _referrers(registry: Registry, path: str | None) -> bool | None:
    """Whether the referrers of a manifest that is not there are an empty list, as they should be.

    A 404 that no registry worded comes from a server that has no such route. Quay says that the
    manifest is invalid.
    """
    answer = _ask(registry, path, "GET", f"referrers/{_NOTHING}")
    if answer is None or answer.status in {401, 403} or answer.status >= 500:
        return None
    if answer.ok:
        return _is_index(answer)
    code, _ = told(answer.content)
    if answer.status == 400 and code == "MANIFEST_INVALID":
        return True
    return None if code == "NAME_UNKNOWN" and path is None else False


def _is_index(answer: Response) -> bool:
    try:
        return oci.parse_manifest(answer.content, answer.headers.get("content-type")).is_index
    except IntegrityFailure:
        return False


def _refuses(registry: Registry, path: str | None, target: str, method: str) -> bool:
    """Whether the answer to OPTIONS says that a method is not to be used; most say nothing."""
    answer = _ask(registry, path, "OPTIONS", target)
    allowed = answer.headers.get("allow", "") if answer is not None and answer.ok else ""
    return bool(allowed) and method not in {name.strip().upper() for name in allowed.split(",")}


def _ask(registry: Registry, path: str | None, method: str, target: str) -> Response | None:
    """The answer, whatever its status; None where none came."""
    repository = registry.repository(path or _SOMEWHERE)
    try:
        return repository.send(Call(method, target, accepted=ANY_ERROR))
    except HubcliError:
        return None
