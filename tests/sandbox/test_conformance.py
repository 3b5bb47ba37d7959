"""The conformance suite of distribution-spec against the sandbox.

It is a program of its own, which no package has: where HUBCLI_CONFORMANCE names none there is no
test here; `tests/test_conformance.py` asks what it asks, in our own words.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from support.sandbox import SandboxServer

SUITE = os.environ.get("HUBCLI_CONFORMANCE")

if SUITE:

    def test_the_suite_passes(sandbox: SandboxServer, tmp_path: Path) -> None:
        settings = {
            "REGISTRY": sandbox.host,
            "TLS": "disabled",
            "REPO1": f"{sandbox.username}/conformance-1",
            "REPO2": f"{sandbox.username}/conformance-2",
            "USERNAME": sandbox.username,
            "PASSWORD": sandbox.password,
            "VERSION": "1.1",
            "API_BLOBS_UPLOAD_CANCEL": "true",
            "API_BLOBS_DIGEST_HEADER": "true",
            "API_MANIFESTS_DIGEST_HEADER": "true",
            "API_MANIFESTS_TAG_PARAM": "true",
        }
        environ = {f"OCI_{name}": value for name, value in settings.items()}
        done = subprocess.run(
            [str(SUITE)], env=environ, cwd=tmp_path, capture_output=True, text=True
        )
        assert re.findall(r"^.*: (?:FAIL|Error)$", done.stdout, re.MULTILINE) == []
        assert len(re.findall(r"\bPass$", done.stdout, re.MULTILINE)) > 50
        assert done.returncode == 0, done.stderr
