"""What each registry can do, by the registry protocol or by its own API; read from the classes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hubcli.providers.capabilities import Row, capabilities
from hubcli.providers.provider import Provider
from hubcli.providers.rows import ROWS, ProviderRow

_HUB: Row = {
    "name": "hub",
    "title": "Docker Hub",
    "hosts": "docker.io",
    "sign_in": None,
    "repo": ["ls", "create", "inspect", "edit", "rm"],
    "tag": ["ls", "inspect", "cp", "rm"],
    "tag_fields": ["digest", "status", "updated", "pushed", "pulled", "size", "platforms"],
    "search": True,
    "create_flags": ["private", "description", "immutable_tags"],
    "options": [],
    "extra": None,
}


def rows() -> Iterator[Row]:
    """One row for each registry, Docker Hub first."""
    yield dict(_HUB)
    for row in ROWS:
        yield _row(row, row.load())


def _row(row: ProviderRow, provider: type[Provider] | None) -> Row:
    can = capabilities(provider)
    kind = provider or Provider
    return {
        "name": row.name,
        "title": row.title,
        "hosts": _hosts(row),
        "sign_in": kind.identities or None,
        "repo": _verbs("repo", can, ["ls"] if row.quirks.catalog else []),
        "tag": _verbs("tag", can, ["ls", "inspect", "cp", "rm"]),
        "tag_fields": list(kind.tag_fields),
        "search": "search" in can,
        "create_flags": sorted(kind.creates),
        "options": [f"{key}={meaning}" for key, meaning in kind.options.items()],
        "extra": row.extra,
    }


def _verbs(noun: str, can: Sequence[str], by_protocol: Sequence[str]) -> list[str]:
    """What works by the registry's own API, behind what any registry can do."""
    own = [name.partition(" ")[2] for name in can if name.startswith(f"{noun} ")]
    return list(dict.fromkeys([*by_protocol, *own]))


def _hosts(row: ProviderRow) -> str:
    """How it is recognised, in words."""
    ways = [row.known_as] if row.known_as else []
    if row.marks.realm or row.marks.headers:
        ways.append("its greeting")
    return " or ".join([*ways, f'provider = "{row.name}"'])
