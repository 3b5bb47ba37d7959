"""Print the bill of materials of a wheel: CycloneDX 1.6, the same bytes for the same wheel.

`python supply/sbom.py dist/hubcli-*.whl`
"""

from __future__ import annotations

import email
import hashlib
import json
import re
import sys
import uuid
import zipfile
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name
from requirements import Locked, declared, locked


def bill(wheel: Path) -> dict[str, Any]:
    """The wheel, and every package that the lock has: what is in it and what it may need."""
    about = _metadata(wheel)
    root = _purl(about["Name"], about["Version"])
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    packages = locked()
    direct = {canonicalize_name(one.name) for one in declared()}
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{root}#{digest}')}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": root,
                "name": about["Name"],
                "version": about["Version"],
                "description": about["Summary"],
                "licenses": [{"license": {"id": about["License-Expression"]}}],
                "purl": root,
                "hashes": [{"alg": "SHA-256", "content": digest}],
            }
        },
        "components": [_component(one) for one in packages],
        "dependencies": [
            {
                "ref": root,
                "dependsOn": [_purl(o.name, o.version) for o in packages if o.name in direct],
            }
        ],
    }


def _component(one: Locked) -> dict[str, Any]:
    """A package; several hashes are those of its files for several systems."""
    found = {
        "type": "library",
        "bom-ref": _purl(one.name, one.version),
        "name": one.name,
        "version": one.version,
        "purl": _purl(one.name, one.version),
        "hashes": [
            {"alg": "SHA-256", "content": text.removeprefix("sha256:")} for text in one.hashes
        ],
    }
    if one.marker is not None:
        found["properties"] = [{"name": "python:marker", "value": one.marker}]
    return found


def _purl(name: str, version: str) -> str:
    """As package-url's type `pypi` has it: names in lower case, with hyphens."""
    return f"pkg:pypi/{re.sub(r'[-_.]+', '-', name).lower()}@{version}"


def _metadata(wheel: Path) -> Any:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [one for one in archive.namelist() if one.endswith(".dist-info/METADATA")]
        return email.message_from_bytes(archive.read(name))


if __name__ == "__main__":
    print(json.dumps(bill(Path(sys.argv[1])), indent=2))
