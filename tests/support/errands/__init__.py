"""Commands that faults are tried on: every one that sends a request, in one file for each noun."""

from __future__ import annotations

from support.errands import (
    accounts,
    builds,
    contents,
    editing,
    manifests,
    members,
    organizations,
    referrers,
    repositories,
    scim,
    tags,
    teams,
    tokens,
    transfers,
    webhooks,
)
from support.errands.world import NAMESPACE, Errand, Errands, Place, World, command

_FILES = (
    accounts,
    repositories,
    tags,
    transfers,
    contents,
    manifests,
    referrers,
    editing,
    tokens,
    organizations,
    members,
    teams,
    scim,
    webhooks,
    builds,
)

ERRANDS: Errands = {name: errand for file in _FILES for name, errand in file.ERRANDS.items()}

__all__ = ["ERRANDS", "NAMESPACE", "Errand", "Errands", "Place", "World", "command"]
