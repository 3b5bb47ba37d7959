"""Which registries the members of an organization may use: the document of Docker Hub as rows.

`{"enabled", "standard_registries": [{"id", "allowed"}], "custom_registries": [{"address",
"friendly_name", "allowed"}]}`; whatever else stands there stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hubcli.errors import NotFound, UsageError
from hubcli.hub.decoding import Object, Row, flag, objects, text
from hubcli.reference import HUB

_STANDARD, _CUSTOM = "standard_registries", "custom_registries"
# As Hub calls the registries that everybody knows.
_KNOWN = {"DockerHub": HUB}


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is to change; hosts are as `reference.parse_host` gives them.

    `allow` has titles by host, None where it keeps the one it has; `enabled` is None to leave it.
    """

    enabled: bool | None = None
    allow: Mapping[str, str | None] = field(default_factory=dict)
    block: Sequence[str] = ()
    remove: Sequence[str] = ()

    def __post_init__(self) -> None:
        hosts = [*self.allow, *self.block, *self.remove]
        twice = next((host for host in hosts if hosts.count(host) > 1), None)
        if twice is not None:
            raise UsageError(f"{twice} is named twice: is it to be allowed, blocked or removed?")
        if HUB in self.remove:
            raise UsageError(f"{HUB} cannot be removed, only blocked")

    @property
    def any(self) -> bool:
        return self.enabled is not None or bool(self.allow or self.block or self.remove)


def read_registries(document: Object) -> list[Row]:
    """A row for each registry that is listed, the standard ones first.

    `enforced` is the same in all: where it is false, everything is allowed.
    """
    rows: list[Row] = []
    for kind, each in _listed(document):
        name = _name(kind, each)
        if name is not None:
            rows.append(
                {
                    "name": name,
                    "title": text(each.get("friendly_name")) or text(each.get("id")),
                    "allowed": flag(each.get("allowed")),
                    "enforced": flag(document.get("enabled")),
                    "kind": kind,
                }
            )
    return rows


def changed(document: Object, wishes: Wishes) -> Object:
    """The document as `wishes` want it; NotFound where one that is to be removed is not listed."""
    standard, custom = objects(document.get(_STANDARD)), objects(document.get(_CUSTOM))
    for host in wishes.remove:
        kept = [each for each in custom if _name("custom", each) != host]
        if len(kept) == len(custom):
            raise NotFound(f"{host} is not on the list")
        custom = kept
    for host, title in wishes.allow.items():
        _put(standard, custom, host, allowed=True, title=title)
    for host in wishes.block:
        _put(standard, custom, host, allowed=False)
    enabled = document.get("enabled") if wishes.enabled is None else wishes.enabled
    return {**document, "enabled": bool(enabled), _STANDARD: standard, _CUSTOM: custom}


def _put(
    standard: list[Object],
    custom: list[Object],
    host: str,
    *,
    allowed: bool,
    title: str | None = None,
) -> None:
    """Change the registry `host` where it is listed, or list it."""
    titled = {} if title is None else {"friendly_name": title}
    for kind, listed in (("standard", standard), ("custom", custom)):
        for number, each in enumerate(listed):
            if _name(kind, each) == host:
                named = titled if kind == "custom" else {}
                listed[number] = {**each, **named, "allowed": allowed}
                return
    known = next((identifier for identifier, name in _KNOWN.items() if name == host), None)
    if known is not None:
        standard.append({"id": known, "allowed": allowed})
    else:
        custom.append({"address": host, "friendly_name": host, **titled, "allowed": allowed})


def _listed(document: Object) -> list[tuple[str, Object]]:
    return [
        *(("standard", each) for each in objects(document.get(_STANDARD))),
        *(("custom", each) for each in objects(document.get(_CUSTOM))),
    ]


def _name(kind: str, registry: Object) -> str | None:
    if kind == "custom":
        address = text(registry.get("address"))
        return address and address.lower()
    identifier = text(registry.get("id"))
    return identifier and _KNOWN.get(identifier, identifier)
