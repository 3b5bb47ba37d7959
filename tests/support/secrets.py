"""The secrets that tests plant: each is looked for wherever a run of hubcli leaves something."""

from __future__ import annotations

from support.guard.planted import PLANTED

HUB_SECRET, REGISTRY_SECRET, REGISTRY_TOKEN, TYPED_SECRET = PLANTED[:4]
