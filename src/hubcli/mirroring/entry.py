"""What a mirror is asked for: the entries of its file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hubcli.mirroring.ends import Sources, Template
from hubcli.oci import Platform
from hubcli.tags import Choice

Existing = Literal["update", "keep"]
"""What becomes of a tag at the target that is another image's than at the source."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Some repositories, where they go, and which of their tags.

    `named` are tags, digests or `TAG@DIGEST` that are wanted whatever `choice` says; without
    a `choice` they are all. `platforms` None is every platform. `delete_extra` removes from the
    target what is not chosen at the source.
    """

    name: str
    sources: tuple[Sources, ...]
    target: Template
    choice: Choice | None
    named: tuple[str, ...] = ()
    platforms: tuple[Platform, ...] | None = None
    referrers: bool = False
    digest_tags: bool = False
    delete_extra: bool = False
    existing: Existing = "update"
