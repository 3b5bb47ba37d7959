"""Tags that belong to a manifest by their name: cosign's, and the fallback list of referrers.

`sha256-<hex>.sig`, `.att`, `.sbom` (cosign), `sha256-<hex>` (distribution-spec, "Referrers Tag
Schema").
"""

from __future__ import annotations

import re

_NAME = re.compile(r"(sha256-[0-9a-f]{64}|sha384-[0-9a-f]{96}|sha512-[0-9a-f]{64,128})(\.[\w.-]+)?")
_TOLD = 64
"""Digits of a digest that the name of a fallback tag has at most."""


def subject_of(tag: str) -> str | None:
    """What a tag is attached to, as `key_of` has it; None for a tag that stands for itself."""
    found = _NAME.fullmatch(tag)
    return None if found is None else key_of(found[1].replace("-", ":", 1))


def key_of(digest: str) -> str:
    """A digest as far as the name of a tag can tell it."""
    algorithm, _, encoded = digest.partition(":")
    return f"{algorithm}:{encoded[:_TOLD]}"
