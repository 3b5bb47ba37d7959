"""What Google's repositories can be told: as flags and options say it, and as the API takes it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from hubcli.errors import Unsupported, UsageError
from hubcli.providers.capabilities import Creation, Edit

OPTIONS: Mapping[str, str] = {
    "scan": "inherited or disabled: whether images are scanned as in all of the project",
    "kms-key": "projects/…/cryptoKeys/…: the key that a new repository is encrypted with",
    "remote": "docker-hub or https://…: a new repository brings its images from there",
}
IMMUTABLE = ".*"
_ALL_TAGS = (IMMUTABLE, "^.*$")
_SCANS = {"inherited": "INHERITED", "disabled": "DISABLED"}
_FOR_NEW_ONES = ("kms-key", "remote")
_FORMS = {
    "scan": re.compile("|".join(_SCANS)),
    "kms-key": re.compile(r"projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+"),
    "remote": re.compile(r"docker-hub|https://\S+"),
}


def check(options: Mapping[str, str]) -> None:
    """UsageError for a value that an option does not take."""
    for key, value in options.items():
        if not _FORMS[key].fullmatch(value):
            form, _, _ = OPTIONS[key].partition(": ")
            raise UsageError(f"--option {key}= takes {form}, not {value!r}")


def created(wish: Creation) -> dict[str, Any]:
    """The repository to be made."""
    found: dict[str, Any] = {"format": "DOCKER"}
    if wish.description is not None:
        found["description"] = wish.description
    if wish.immutable_tags:
        found["dockerConfig"] = {"immutableTags": True}
    if wish.scan_on_push:
        found["vulnerabilityScanningConfig"] = {"enablementConfig": "INHERITED"}
    return {**found, **_of_options(wish.options)}


def changed(wish: Edit) -> dict[str, Any]:
    """What of a repository changes."""
    new = [key for key in wish.options if key in _FOR_NEW_ONES]
    if new:
        raise Unsupported(f"Google takes {new[0]} for a new repository only")
    found = _of_options(wish.options)
    if wish.scan_on_push is not None:
        scan = "inherited" if wish.scan_on_push else "disabled"
        found |= _of_options({"scan": scan})
    if wish.description is not None:
        found["description"] = wish.description
    if wish.immutable_tags is not None:
        found["dockerConfig"] = {"immutableTags": _all_or_none(wish.immutable_tags)}
    return found


def mask(changes: Mapping[str, Any]) -> str:
    """The names of the fields that change, as the API wants to be told them."""
    names = []
    for name, value in changes.items():
        names += [f"{name}.{inner}" for inner in value] if isinstance(value, dict) else [name]
    return ",".join(names)


def _of_options(options: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if "scan" in options:
        found["vulnerabilityScanningConfig"] = {"enablementConfig": _SCANS[options["scan"]]}
    if "kms-key" in options:
        found["kmsKeyName"] = options["kms-key"]
    if "remote" in options:
        found["mode"] = "REMOTE_REPOSITORY"
        found["remoteRepositoryConfig"] = {"dockerRepository": _upstream(options["remote"])}
    return found


def _upstream(remote: str) -> dict[str, Any]:
    if remote == "docker-hub":
        return {"publicRepository": "DOCKER_HUB"}
    return {"customRepository": {"uri": remote}}


def _all_or_none(rules: Sequence[str]) -> bool:
    if not rules:
        return False
    if not set(rules) <= set(_ALL_TAGS):
        raise Unsupported(
            f"Google freezes all tags of a repository or none: --immutable-tags {IMMUTABLE!r}"
        )
    return True
