"""The secrets that tests plant: each is looked for wherever a run of hubcli leaves something."""

from __future__ import annotations

from support.guard.planted import PLANTED, TOKENS

HUB_SECRET, REGISTRY_SECRET, TYPED_SECRET = PLANTED[:3]
(REGISTRY_TOKEN,) = TOKENS
