"""The bill of materials of a release, by CycloneDX 1.6."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import requirements

METADATA = """\
Metadata-Version: 2.4
Name: hubcli
Version: 1.2.3
Summary: One command line
License-Expression: Apache-2.0
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("dist") / "hubcli-1.2.3-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("hubcli/__init__.py", "")
        archive.writestr("hubcli-1.2.3.dist-info/METADATA", METADATA)
    return path


@pytest.fixture(scope="module")
def bill(wheel: Path) -> Any:
    program = requirements.PROJECT / "supply" / "sbom.py"
    done = subprocess.run([sys.executable, program, wheel], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_it_is_a_bill_of_this_wheel(bill: Any, wheel: Path) -> None:
    assert (bill["bomFormat"], bill["specVersion"], bill["version"]) == ("CycloneDX", "1.6", 1)
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", bill["serialNumber"])
    about = bill["metadata"]["component"]
    assert about["purl"] == about["bom-ref"] == "pkg:pypi/hubcli@1.2.3"
    assert about["licenses"] == [{"license": {"id": "Apache-2.0"}}]
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    assert about["hashes"] == [{"alg": "SHA-256", "content": digest}]


def test_every_locked_package_is_named_with_its_hashes(bill: Any) -> None:
    named = {one["purl"]: one for one in bill["components"]}
    locked = requirements.locked()
    assert len(named) == len(locked)
    for one in locked:
        found = named[f"pkg:pypi/{one.name}@{one.version}"]
        assert [f"sha256:{each['content']}" for each in found["hashes"]] == list(one.hashes)


def test_what_hubcli_itself_asks_for_is_its_dependency(bill: Any) -> None:
    (own,) = bill["dependencies"]
    assert own["ref"] == "pkg:pypi/hubcli@1.2.3"
    assert {text.partition("@")[0] for text in own["dependsOn"]} >= {
        "pkg:pypi/httpx", "pkg:pypi/keyring", "pkg:pypi/rich", "pkg:pypi/typer",
    }  # fmt: skip
    references = {one["bom-ref"] for one in bill["components"]}
    assert set(own["dependsOn"]) < references
