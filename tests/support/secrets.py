"""The secrets that tests plant: each is looked for wherever a run of hubcli leaves something."""

from __future__ import annotations

HUB_SECRET = "planted-hub-secret-6f1e"
REGISTRY_SECRET = "planted-registry-secret-93ab"
REGISTRY_TOKEN = "planted-registry-token-c0de"
