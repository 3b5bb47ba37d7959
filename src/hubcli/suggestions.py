"""Names to complete with: from a short-lived cache, or from the servers."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

from hubcli.config import Settings, cache_directory
from hubcli.reference import HUB, Place, looks_like_host, parse_place, parse_repository
from hubcli.session import Session

if TYPE_CHECKING:
    from collections.abc import Sequence

_FRESH = 60.0
"""Seconds for which names are taken from the cache."""
_MOST = 500
"""Names that are asked for; nobody reads more at a prompt."""


def suggestions(settings: Settings, kind: str, prefix: str) -> list[str]:
    """What a value of `kind` that begins with `prefix` can be; HubcliError where nobody knows."""
    if kind == "registry":
        found: Iterable[str] = _registries(settings)
    elif kind == "reference" and ":" in prefix.rpartition("/")[2]:
        found = _tags(settings, prefix)
    else:
        found = _repositories(settings, prefix)
    return sorted({name for name in found if name.startswith(prefix)})


def _registries(settings: Settings) -> list[str]:
    return [HUB, *settings.registries]


def _repositories(settings: Settings, prefix: str) -> Sequence[str]:
    """Of the namespace or host that is typed already, else of one's own namespace."""
    typed, slash, _ = prefix.rpartition("/")
    place = parse_place(typed) if slash else None
    if place is not None and not place.on_hub:
        return _cached(settings, f"catalog {place.host}", lambda session: _catalog(session, place))
    if not slash and looks_like_host(prefix):
        return [f"{host}/" for host in settings.registries]

    def ask(session: Session) -> Iterable[str]:
        namespace = place.path if place is not None else _own_namespace(session)
        if namespace is None:
            return []
        rows = session.hub.repositories.list(namespace, wanted=_MOST)
        return (str(row["name"]) for row in rows)

    return _cached(settings, f"repositories {typed if slash else ''}", ask)


def _own_namespace(session: Session) -> str | None:
    configured = session.settings.defaults.namespace
    if configured:
        return configured
    credential = session.keychain.find(HUB)
    return credential.username.lower() if credential else None


def _catalog(session: Session, place: Place) -> Iterable[str]:
    names = chain.from_iterable(session.registry(place.host).catalog())
    return (f"{place.host}/{name}" for name in names)


def _tags(settings: Settings, prefix: str) -> list[str]:
    typed, _, begun = prefix.rpartition(":")
    repository = parse_repository(typed)

    def ask(session: Session) -> Iterable[str]:
        if repository.on_hub:
            rows = session.hub.tags.list(repository.path, begun or None, wanted=_MOST)
            return (str(row["name"]) for row in rows)
        return chain.from_iterable(session.repository(repository).tags())

    # Hub filters by what is typed, so that what it answers is good for that only.
    key = f"tags {repository} {begun if repository.on_hub else ''}"
    return [f"{typed}:{tag}" for tag in _cached(settings, key, ask)]


def _cached(settings: Settings, key: str, ask: Callable[[Session], Iterable[str]]) -> Sequence[str]:
    file = _file(settings, key)
    known = _read(file)
    if known is not None:
        return known
    session = _hasty_session(settings)
    try:
        names = list(islice(ask(session), _MOST))
    finally:
        session.close()
    _write(file, names)
    return names


def _hasty_session(settings: Settings) -> Session:
    """A session for somebody who waits at a prompt: quiet, and soon tired of a slow server."""
    hasty = replace(
        settings, defaults=replace(settings.defaults, connect_timeout=1.0, read_timeout=3.0)
    )
    return Session(hasty, notify=lambda _: None, warn=lambda _: None, max_wait=0)


def _file(settings: Settings, key: str) -> Path:
    """Named by all that the answer depends on."""
    environ = settings.environ
    whose = [environ.get(name, "") for name in ("HUBCLI_USERNAME", "HUBCLI_DOCKER_REGISTRY")]
    facts = "\n".join([key, settings.hub_url, settings.defaults.namespace or "", *whose])
    name = hashlib.sha256(facts.encode(errors="surrogateescape")).hexdigest()[:32]
    return cache_directory(environ) / "completion" / f"{name}.json"


def _read(file: Path) -> list[str] | None:
    try:
        age = time.time() - file.stat().st_mtime
        names = json.loads(file.read_bytes()) if 0 <= age < _FRESH else None
    except (OSError, ValueError):
        return None
    return names if isinstance(names, list) else None


def _write(file: Path, names: list[str]) -> None:
    from contextlib import suppress

    from hubcli import files

    with suppress(OSError):
        files.replace(file, json.dumps(names).encode())
        for old in file.parent.glob("*.json"):
            if time.time() - old.stat().st_mtime > 10 * _FRESH:
                old.unlink(missing_ok=True)
