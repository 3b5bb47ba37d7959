"""The form of a mirror's file as JSON Schema (draft 2020-12), for editors and CI."""

from __future__ import annotations

from typing import Any

from hubcli.mirroring.document import DEFAULTS, ENTRY
from hubcli.tags import SORT_KEYS

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string", "minLength": 1}
_TEXTS: Schema = {"anyOf": [_TEXT, {"type": "array", "items": _TEXT}]}
# A tag may look like a number, and then YAML takes it for one.
_TAG: Schema = {"type": ["string", "number"]}
_TAGS: Schema = {"anyOf": [_TAG, {"type": "array", "items": _TAG, "minItems": 1}]}
_TRUTH: Schema = {"type": "boolean", "default": False}
_TIME = "7d, 12h, a date or a time of RFC 3339"

_SOURCE = (
    "REPO, REPO:TAG, [HOST/]NAMESPACE/PATTERN (** is all below), oci:DIR, oci-archive:FILE; "
    "or a list of these."
)
_TARGET = (
    "A repository, oci:DIR or oci-archive:FILE; the path of the source follows a slash at its "
    "end. {registry}, {path}, {namespace} and {name} are those of the source."
)

_KEYS: dict[str, tuple[Schema, str]] = {
    "name": (_TEXT, "What reports and metrics call this entry; its source, if it has no name."),
    "source": (_TEXTS, _SOURCE),
    "target": (_TEXT, _TARGET),
    "tags": (_TAGS, "Tags, digests or TAG@DIGEST that are wanted whatever else is chosen."),
    "filter": (_TEXTS, "Globs: tags like one of these."),
    "except": (_TEXTS, "Globs: no tags like any of these."),
    "match": (_TEXT, "A regular expression that is found in the tag."),
    "semver": (_TEXT, "A range of versions: '>=1.2 <2', ^1.4."),
    "variant": (
        {"type": "string"},
        "A glob for what is behind the version, as alpine; an empty one for nothing there.",
    ),
    "since": (_TEXT, f"Tags changed or made from then: {_TIME}."),
    "until": (_TEXT, f"Tags changed or made before then: {_TIME}."),
    "sort": (
        {"type": "string", "pattern": f"^({'|'.join(SORT_KEYS)})(=(asc|desc))?$"},
        "Which tags come first where there is a limit.",
    ),
    "limit": ({"type": "integer", "minimum": 1}, "At most this many tags."),
    "platforms": (_TEXTS, "OS/ARCH[/VARIANT]: only the images for these; otherwise all."),
    "referrers": (_TRUTH, "Also what refers to the image: SBOMs, signatures."),
    "digest-tags": (_TRUTH, "Also cosign's tags of the image: .sig, .att, .sbom."),
    "delete-extra": (_TRUTH, "Remove tags from the target that are not chosen at the source."),
    "existing": (
        {"enum": ["update", "keep"], "default": "update"},
        "What becomes of a tag of the target that is another image's.",
    ),
}


def schema() -> Schema:
    """The schema of a whole file."""
    entry = _mapping(ENTRY) | {"required": ["source", "target"]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What hubcli sync mirrors",
        "type": "object",
        "additionalProperties": False,
        "required": ["sync"],
        "properties": {
            "defaults": _mapping(DEFAULTS) | {"description": "What entries do not say themselves."},
            "sync": {"type": "array", "items": entry},
        },
    }


def _mapping(keys: tuple[str, ...]) -> Schema:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {key: {"description": told} | form for key, (form, told) in _of(keys)},
    }


def _of(keys: tuple[str, ...]) -> list[tuple[str, tuple[Schema, str]]]:
    return [(key, _KEYS[key]) for key in keys]
