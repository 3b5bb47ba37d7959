"""Listing tags, against skopeo where it is on PATH, on the embedded sandbox."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from urllib.parse import urlsplit

from benchmarks.timing import Case, measured, report

_HUBCLI = [sys.executable, "-m", "hubcli"]
_SMALL, _LARGE = "library/hello-world", "bigorg/nightly"


def run(rounds: int) -> None:
    """Start the sandbox, and go on inside it."""
    subprocess.run(
        [*_HUBCLI, "sandbox", "run", "--", sys.executable, "-m", __name__, str(rounds)], check=True
    )


def _inside(rounds: int) -> None:
    registry = urlsplit(os.environ["HUBCLI_DOCKER_REGISTRY"]).netloc
    for repository, what in ((_SMALL, "a few"), (_LARGE, "5,000")):
        registry_name, hub_name = "hubcli tag ls HOST/REPO", "hubcli tag ls REPO (Hub API)"
        peer = "skopeo list-tags"
        skopeo = shutil.which("skopeo")
        against = peer if skopeo else None
        cases = [
            Case(registry_name, [*_HUBCLI, "tag", "ls", f"{registry}/{repository}"], against),
            Case(hub_name, [*_HUBCLI, "tag", "ls", repository], against),
        ]
        if skopeo:
            reference = f"docker://{registry}/{repository}"
            command = [skopeo, "list-tags", "--tls-verify=false", reference]
            cases.insert(0, Case(peer, command))
        report(f"Listing {what} tags", cases, measured(cases, rounds=rounds))


if __name__ == "__main__":
    _inside(int(sys.argv[1]))
