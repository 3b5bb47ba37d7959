"""Names to complete with: from a short-lived cache, or from servers that answer at once.

Somebody waits at a prompt: nothing is asked of them, little is waited for, and old names are
better than none.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, replace
from itertools import chain, islice
from pathlib import Path

from hubcli import files
from hubcli.config import Settings, cache_directory
from hubcli.errors import UsageError
from hubcli.reference import HUB, Place, Reference, parse, parse_host, parse_place, parse_repository
from hubcli.session import Session

_FRESH = 60.0
"""Seconds for which names are taken from the cache and nobody is asked."""
_RETRY = 10.0
"""Seconds after which servers are asked again that did not answer."""
_KEPT = 24 * 3600.0
"""Seconds after which names are forgotten that could not be asked for again."""
_LONGEST_WAIT = 1.5
"""Seconds that servers, keyrings and helpers may take, all together."""
_PAGE = 100
"""Names that Hub is asked for; where there are more it is asked for those that fit."""
_MOST = 5000
"""Names that are read of a registry's lists."""
_IDENTITY = (
    "HUBCLI_USERNAME",
    "HUBCLI_TOKEN",
    "HUBCLI_AUTH_FILE",
    "HUBCLI_DOCKER_REGISTRY",
    "DOCKER_CONFIG",
    "REGISTRY_AUTH_FILE",
)

_Ask = Callable[[Session], Iterable[str]]


def suggestions(settings: Settings, kind: str, prefix: str) -> list[str]:
    """What a `registry`, `repository` or `reference` that begins with `prefix` can be, sorted.

    A registry that goes on ends in a slash. UsageError where `prefix` cannot begin one; servers
    that fail only mean that there is less.
    """
    with closing(_Cache(settings)) as cache:
        return _suggested(_Known(settings, cache), kind, prefix)


def _suggested(known: _Known, kind: str, prefix: str) -> list[str]:
    if kind == "registry":
        found = _fitting((f"{host}/" for host in known.registries()), prefix)
        return [host.removesuffix("/") for host in found]
    hosts = () if "/" in prefix else (f"{host}/" for host in known.registries() if host != HUB)
    if kind == "reference" and ":" in prefix.rpartition("/")[2]:
        return _fitting(chain(hosts, known.tags(prefix)), prefix)
    found = _fitting(chain(hosts, known.repositories(prefix)), prefix)
    if kind == "reference" and len(found) == 1 and not found[0].endswith("/"):
        found += _fitting(known.tags(f"{found[0]}:"), prefix)
    return found


def forget(settings: Settings) -> None:
    """Empty the cache: somebody else may be signed in now."""
    for file in _directory(settings).glob("*.json"):
        with suppress(OSError):
            file.unlink()


def _fitting(names: Iterable[str], prefix: str) -> list[str]:
    """Those that begin with `prefix` and that the grammar takes: servers say what they want."""
    return sorted({name for name in names if name.startswith(prefix) and _is_name(name)})


def _is_name(name: str) -> bool:
    try:
        if name.endswith("/"):
            parse_host(name[:-1])
        else:
            parse(name)
    except UsageError:
        return False
    return True


class _Known:
    """What can be found out with these settings."""

    def __init__(self, settings: Settings, cache: _Cache) -> None:
        self._settings = settings
        self._cache = cache

    def registries(self) -> Iterable[str]:
        """Docker Hub, those of the configuration, and those with a credential."""
        signed_in = self._cache.names("registries", lambda session: session.keychain.accounts())
        return {HUB, *self._settings.registries, *signed_in}

    def repositories(self, prefix: str) -> Iterable[str]:
        """Of the namespace or registry that is typed already, else one's own."""
        typed, slash, begun = prefix.rpartition("/")
        if not slash:
            own = self._cache.names("own namespace", _own_namespace)
            return chain.from_iterable(self._hub_repositories(namespace) for namespace in own)
        place = parse_place(typed)
        if not place.on_hub:
            return self._cache.names(
                f"catalog {place.host}", lambda session: _catalog(session, place)
            )
        if place.path is None or "/" in place.path:
            return ()  # nobody's namespace on Docker Hub
        host = typed.removesuffix(place.path)
        return (f"{host}{name}" for name in self._hub_repositories(place.path, begun))

    def _hub_repositories(self, namespace: str, begun: str = "") -> list[str]:
        def ask(session: Session, begun: str | None) -> Iterable[str]:
            rows = session.hub.repositories.list(namespace, begun, wanted=_PAGE)
            return (str(row["name"]) for row in rows)

        return self._narrowed(f"repositories {namespace}", begun, ask)

    def tags(self, prefix: str) -> Iterable[str]:
        """References to the tags of the repository that is typed already."""
        typed, _, begun = prefix.rpartition(":")
        repository = parse_repository(typed)
        if repository.on_hub:
            found = self._hub_tags(repository, begun)
        else:
            found = self._cache.names(
                f"tags {repository}",
                lambda session: chain.from_iterable(session.repository(repository).tags()),
            )
        return (f"{typed}:{tag}" for tag in found)

    def _hub_tags(self, repository: Reference, begun: str) -> list[str]:
        def ask(session: Session, begun: str | None) -> Iterable[str]:
            rows = session.hub.tags.list(repository.path, begun, wanted=_PAGE)
            return (str(row["name"]) for row in rows)

        return self._narrowed(f"tags {repository}", begun, ask)

    def _narrowed(
        self, key: str, begun: str, ask: Callable[[Session, str | None], Iterable[str]]
    ) -> list[str]:
        """One page of all there are; if that is not all of them, one of those that fit."""
        names = self._cache.names(key, lambda session: islice(ask(session, None), _PAGE))
        if len(names) < _PAGE or not begun:
            return names
        return self._cache.names(
            f"{key} {begun}", lambda session: islice(ask(session, begun), _PAGE)
        )


def _own_namespace(session: Session) -> Iterator[str]:
    """One's own on Docker Hub, or the one of the configuration; at most one."""
    configured = session.settings.defaults.namespace
    credential = None if configured else session.keychain.find(HUB)
    if configured:
        yield configured
    elif credential is not None:
        yield credential.username.lower()


def _catalog(session: Session, place: Place) -> Iterable[str]:
    names = chain.from_iterable(session.registry(place.host).catalog())
    return (f"{place.host}/{name}" for name in names if name)


@dataclass(frozen=True, slots=True)
class _Entry:
    """Names, when they were told, and up to when nobody is asked for them again (UNIX times)."""

    names: list[str]
    told: float
    until: float


class _Cache:
    """Lists of names, each in a private file called after all that it depends on.

    What is not there is asked for, with one session and until `_LONGEST_WAIT` is over in all.
    """

    def __init__(self, settings: Settings) -> None:
        self._directory = _directory(settings)
        self._session = _hurried_session(settings)
        self._deadline = time.monotonic() + _LONGEST_WAIT
        environ = settings.environ
        identity = (environ.get(name, "") for name in _IDENTITY)
        namespace = settings.defaults.namespace or ""
        self._facts = "\n".join([settings.hub_url, str(settings.path), namespace, *identity])

    def close(self) -> None:
        """Hang up, also on servers that have not answered yet."""
        self._session.close()

    def names(self, key: str, ask: _Ask) -> list[str]:
        """What is known under `key`, or what servers say if they say it soon."""
        now = time.time()
        file = self._file(key)
        known = _read(file, now) or _Entry([], told=now, until=now)
        left = self._deadline - time.monotonic()
        if now < known.until or left <= 0:
            return known.names
        names, whole = _Question(self._session, ask).answer(left)
        if whole:
            entry = _Entry(names, told=now, until=now + _FRESH)
        elif names:
            entry = _Entry(names, told=now, until=now + _RETRY)
        else:
            entry = replace(known, until=now + _RETRY)
        with suppress(OSError):
            _write(file, entry, now)
        return entry.names

    def _file(self, key: str) -> Path:
        facts = f"{key}\n{self._facts}".encode(errors="surrogateescape")
        return self._directory / f"{hashlib.sha256(facts).hexdigest()[:32]}.json"


class _Question:
    """Something to ask servers, in a thread that is left behind if they take too long."""

    def __init__(self, session: Session, ask: _Ask) -> None:
        self._names: list[str] = []
        self._answered = False
        self._session = session
        self._ask = ask

    def answer(self, seconds: float) -> tuple[list[str], bool]:
        """What came within `seconds`, and whether that is all there is to come."""
        thread = threading.Thread(target=self._work, daemon=True)
        thread.start()
        thread.join(seconds)
        whole = self._answered
        return list(self._names), whole

    def _work(self) -> None:
        # Whatever goes wrong, there is nobody to tell: a message would end up in the prompt.
        with suppress(Exception):
            self._names.extend(islice(self._ask(self._session), _MOST))
            self._answered = True


def _hurried_session(settings: Settings) -> Session:
    defaults = replace(settings.defaults, connect_timeout=_LONGEST_WAIT, read_timeout=_LONGEST_WAIT)
    return Session(
        replace(settings, defaults=defaults),
        notify=lambda _: None,
        warn=lambda _: None,
        max_wait=0,
        hurried=True,
    )


def _directory(settings: Settings) -> Path:
    return cache_directory(settings.environ) / "completion"


def _read(file: Path, now: float) -> _Entry | None:
    """What a file holds, if that is what `_write` writes, and neither too old nor of the future."""
    try:
        entry = _Entry(**json.loads(file.read_bytes()))
        usable = now - _KEPT < entry.told <= now and entry.until <= now + _FRESH
        return entry if usable and all(isinstance(name, str) for name in entry.names) else None
    except (OSError, ValueError, TypeError, RecursionError):
        return None


def _write(file: Path, entry: _Entry, now: float) -> None:
    """Keep names, and let go of what is too old to be of use."""
    files.replace(file, json.dumps(asdict(entry)).encode())
    for other in file.parent.glob("*.json"):
        if now - other.stat().st_mtime > _KEPT:
            other.unlink(missing_ok=True)
