"""Settings: what the environment and the configuration file say, checked and typed.

The file is TOML: `[defaults]`, `[hub]` and one `[registries."host:port"]` table per registry. A
mistake in it is a UsageError that names the file, line and column; nothing is ignored silently.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from hubcli.errors import UsageError
from hubcli.reference import HUB, canonical_host, parse_host

DEFAULT_HUB_URL = "https://hub.docker.com"
_HUB_REGISTRY = "registry-1.docker.io"


@dataclass(frozen=True, slots=True)
class Defaults:
    """`[defaults]`: what a command assumes where no flag says otherwise.

    Times are in seconds; `concurrency` is the number of requests under way at once.
    """

    namespace: str | None = None
    format: str | None = None
    concurrency: int = 8
    max_wait: float = 60.0
    connect_timeout: float = 10.0
    read_timeout: float = 60.0
    store: str | None = None


@dataclass(frozen=True, slots=True)
class HubSettings:
    """`[hub]`: Docker Hub's device login; no client id is shipped."""

    oauth_client_id: str | None = None
    oauth_url: str = "https://login.docker.com"
    oauth_audience: str = "https://hub.docker.com"


@dataclass(frozen=True, slots=True)
class RegistryRow:
    """`[registries."host:port"]`: how one registry is reached.

    `provider` says what it is, `api` where its own API is, if not at the usual place.
    """

    endpoint: str | None = None
    plain_http: bool | None = None
    ca_file: str | None = None
    client_cert: str | None = None
    client_key: str | None = None
    mirrors: tuple[str, ...] = ()
    provider: str | None = None
    api: str | None = None
    concurrency: int | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a registry's requests go.

    `host` is the name in references and credentials; `url` the origin without a trailing slash.
    `may_be_tls` says that the plain http of `url` is a guess, made for a loopback host only.
    """

    host: str
    url: str
    row: RegistryRow = field(default_factory=RegistryRow)
    may_be_tls: bool = False


@dataclass(frozen=True)
class Settings:
    """Everything that is configured, with the environment it was read from."""

    environ: Mapping[str, str] = field(default_factory=dict)
    path: Path | None = None
    defaults: Defaults = field(default_factory=Defaults)
    hub: HubSettings = field(default_factory=HubSettings)
    registries: Mapping[str, RegistryRow] = field(default_factory=dict)
    plain_http: bool = False

    @property
    def hub_url(self) -> str:
        """The Hub API's origin: `HUBCLI_HUB_URL`, else the public Hub."""
        url = self.environ.get("HUBCLI_HUB_URL") or DEFAULT_HUB_URL
        if urlsplit(url).scheme not in {"http", "https"}:
            raise UsageError(f"HUBCLI_HUB_URL is no http or https address: {url!r}")
        return url.rstrip("/")

    def endpoint(self, host: str) -> Endpoint:
        """Where references to `host` go, by its row, the environment and the loopback rule."""
        row = self.registries.get(host, RegistryRow())
        address = row.endpoint or (_HUB_REGISTRY if host == HUB else host)
        if host == HUB:
            address = self.environ.get("HUBCLI_DOCKER_REGISTRY") or address
        if "://" in address:
            if urlsplit(address).scheme not in {"http", "https"}:
                raise UsageError(f"the endpoint of {host} is no http or https address")
            return Endpoint(host, address.rstrip("/"), row)
        if row.plain_http or (self.plain_http and row.plain_http is None):
            return Endpoint(host, f"http://{address}", row)
        guessed = row.plain_http is None and is_loopback(address)
        return Endpoint(host, f"{'http' if guessed else 'https'}://{address}", row, guessed)


@lru_cache(maxsize=8)  # asked for every request, of the same few hosts
def is_loopback(host: str) -> bool:
    """Whether `HOST[:PORT]` names this machine: `localhost`, 127.0.0.0/8 or ::1."""
    name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def config_path(environ: Mapping[str, str], override: str | None = None) -> Path:
    """The configuration file: `--config`, else `HUBCLI_CONFIG`, else the platform's place."""
    named = override or environ.get("HUBCLI_CONFIG")
    if named:
        return Path(named).expanduser()
    return config_directory() / "config.toml"


def config_directory() -> Path:
    """Where hubcli keeps its configuration and its auth file."""
    import platformdirs

    return Path(platformdirs.user_config_dir("hubcli", appauthor=False))


def cache_directory(environ: Mapping[str, str]) -> Path:
    """Where tokens and completions are kept between runs; `HUBCLI_CACHE_DIR` moves it."""
    named = environ.get("HUBCLI_CACHE_DIR")
    if named:
        return Path(named)
    import platformdirs

    return Path(platformdirs.user_cache_dir("hubcli", appauthor=False))


def state_directory() -> Path:
    """Where hubcli notes what it has running: its sandboxes."""
    import platformdirs

    return Path(platformdirs.user_state_dir("hubcli", appauthor=False))


def load(
    environ: Mapping[str, str] | None = None,
    *,
    path: str | None = None,
    plain_http: bool = False,
) -> Settings:
    """Read the settings; a file that was named must be there, the default one need not be."""
    environ = os.environ if environ is None else environ
    file = config_path(environ, path)
    try:
        text = file.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        if path:
            raise UsageError(f"the configuration file {file} does not exist") from None
        text = ""
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise UsageError(f"cannot read the configuration file {file}: {reason}") from error
    return parse(text, file, environ, plain_http=plain_http)


def parse(
    text: str, file: Path, environ: Mapping[str, str], *, plain_http: bool = False
) -> Settings:
    """Settings from the text of a configuration file."""
    document = _document(text, file)
    check = _Checker(text, file)
    for table in document:
        if table not in {"defaults", "hub", "registries"}:
            raise check.failure((table,), "there is no such table or key")
    rows = check.table(document, "registries")
    return Settings(
        environ=environ,
        path=file,
        defaults=check.build(Defaults, check.table(document, "defaults"), ("defaults",)),
        hub=check.build(HubSettings, check.table(document, "hub"), ("hub",)),
        registries={
            canonical_host(parse_host(host)): check.build(
                RegistryRow, check.table(rows, host, ("registries",)), ("registries", host)
            )
            for host in rows
        },
        plain_http=plain_http,
    )


def _document(text: str, file: Path) -> dict[str, Any]:
    if not text.strip():
        return {}
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line, column = _where(str(error), text)
        reason = re.sub(r"\s*\(at .*\)$", "", str(error))
        raise UsageError(
            f"the configuration file {file}, line {line}, column {column}: {reason.lower()}"
        ) from error


def _where(message: str, text: str) -> tuple[int, int]:
    found = re.search(r"at line (\d+), column (\d+)", message)
    if found:
        return int(found[1]), int(found[2])
    lines = text.splitlines() or [""]
    return len(lines), len(lines[-1]) + 1


TABLES: Mapping[str, type] = {"defaults": Defaults, "hub": HubSettings, "registries": RegistryRow}


def key_path(key: str) -> tuple[str, ...]:
    """Read a key as `config get` takes it: `defaults.format`, `registries.HOST.plain_http`."""
    table, _, rest = key.partition(".")
    host, dot, name = rest.rpartition(".")
    known = TABLES.get(table)
    if known is None or not rest or (table == "registries") != bool(dot):
        raise UsageError(
            f"there is no key {key!r}: keys are defaults.KEY, hub.KEY, registries.HOST.KEY",
            hint="hubcli config ls --all",
        )
    names = [entry.name for entry in fields(known)]
    if name not in names:
        raise UsageError(f"there is no key {name!r} in {table}; known are {', '.join(names)}")
    return (table, canonical_host(parse_host(host)), name) if dot else (table, name)


def parse_value(path: tuple[str, ...], text: str) -> object:
    """Read a value as `config set` takes it, by the kind of its key; lists have commas between."""
    (annotation,) = [
        str(entry.type).removesuffix(" | None")
        for entry in fields(TABLES[path[0]])
        if entry.name == path[-1]
    ]
    raw: object = text
    if annotation == "tuple[str, ...]":
        raw = [part.strip() for part in text.split(",") if part.strip()]
    elif annotation == "bool":
        raw = {"true": True, "false": False}.get(text.lower())
    elif annotation in {"int", "float"}:
        try:
            raw = int(text) if annotation == "int" else float(text)
        except ValueError:
            raw = None
    problem = _problem(raw, annotation, path[-1])
    if problem:
        raise UsageError(f"{'.'.join(path)}: {problem}")
    return raw


_CHOICES: Mapping[str, tuple[str, ...]] = {"store": ("keyring", "file", "docker")}
_POSITIVE = frozenset({"concurrency", "connect_timeout", "read_timeout"})
_Section = TypeVar("_Section", Defaults, HubSettings, RegistryRow)


class _Checker:
    """Turns tables into dataclasses; every failure names file, line and column."""

    def __init__(self, text: str, file: Path) -> None:
        self._text = text
        self._file = file

    def table(
        self, document: Mapping[str, Any], name: str, at: tuple[str, ...] = ()
    ) -> Mapping[str, Any]:
        value = document.get(name, {})
        if not isinstance(value, dict):
            raise self.failure((*at, name), "a table is wanted here")
        return value

    def build(
        self, kind: type[_Section], table: Mapping[str, Any], at: tuple[str, ...]
    ) -> _Section:
        known = {entry.name: str(entry.type) for entry in fields(kind)}
        values: dict[str, Any] = {}
        for name, value in table.items():
            if name not in known:
                raise self.failure((*at, name), f"no such key; known are {', '.join(known)}")
            values[name] = self._value(value, known[name], (*at, name))
        return kind(**values)

    def _value(self, value: object, annotation: str, at: tuple[str, ...]) -> object:
        kind = annotation.removesuffix(" | None")
        problem = _problem(value, kind, at[-1])
        if problem:
            raise self.failure(at, problem)
        return _READERS[kind](value)

    def failure(self, at: tuple[str, ...], reason: str) -> UsageError:
        line, column = self._position(at)
        return UsageError(
            f"the configuration file {self._file}, line {line}, column {column}: "
            f"{'.'.join(at)}: {reason}"
        )

    def _position(self, at: tuple[str, ...]) -> tuple[int, int]:
        """Where the key stands: after the header of its table, as far as it can be found."""
        lines = self._text.splitlines()
        start = 0
        if len(at) > 1:
            header = re.compile(r"\s*\[.*" + re.escape(at[-2]) + r"[\"']?\s*\]")
            start = next((at_ for at_, line in enumerate(lines) if header.match(line)), 0)
        key = re.compile(r"[\s\[{,\"'.]*" + re.escape(at[-1]) + r"\b")
        for number, line in enumerate(lines[start:], start + 1):
            found = key.match(line)
            if found:
                return number, found.end() - len(at[-1]) + 1
        return 1, 1


def _problem(value: object, kind: str, name: str) -> str | None:
    """What is wrong with a value, None where it will do."""
    read = _READERS[kind](value)
    if read is None:
        return f"{_WANTED[kind]} is wanted here"
    if name in _CHOICES and read not in _CHOICES[name]:
        return f"one of {', '.join(_CHOICES[name])} is wanted here"
    if isinstance(read, float | int) and (read < 0 or (name in _POSITIVE and read == 0)):
        return "a positive number is wanted here"
    return None


def _read_strings(value: object) -> tuple[str, ...] | None:
    if isinstance(value, list) and all(isinstance(entry, str) for entry in value):
        return tuple(value)
    return None


def _read_number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


_READERS: Mapping[str, Callable[[object], object]] = {
    "str": lambda value: value if isinstance(value, str) else None,
    "bool": lambda value: value if isinstance(value, bool) else None,
    "int": lambda value: value if type(value) is int else None,
    "float": _read_number,
    "tuple[str, ...]": _read_strings,
}
_WANTED: Mapping[str, str] = {
    "str": "a string",
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number of seconds",
    "tuple[str, ...]": "a list of strings",
}
