"""The machine-readable contracts of registries' APIs, as the vendors publish them.

They are no part of this project. They are looked for in the directory that HUBCLI_PROVIDER_APIS
names, else in ../shared/apis beside the repository. Without one its stand-in is not compared with
it, which is announced; in CI it is a failure unless the variable is empty.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from support import programs
from support.openapi import Document
from support.providers.swagger import as_openapi

VARIABLE = "HUBCLI_PROVIDER_APIS"
_BESIDE = Path(__file__).parents[4] / "shared/apis"


def path_of(name: str) -> Path | None:
    """Where a contract such as `harbor/swagger.yaml` is, if it is anywhere."""
    named = os.environ.get(VARIABLE)
    path = (_BESIDE if named is None else Path(named)) / name
    return path if named != "" and path.is_file() else None


def published(name: str, **settings: Any) -> Document:
    """A published contract, of OpenAPI 3 or Swagger 2; without it the test is skipped.

    `settings` are those of `openapi.Document`: what is wrong in it, with a reason each.
    """
    path = path_of(name)
    if path is None:
        skip = pytest.skip if os.environ.get(VARIABLE) == "" else programs.skip
        skip(f"the API is not compared with {name}: set {VARIABLE} to the directory it is in")
    text = path.read_text()
    source = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    return of(source, **settings)


def of(source: Mapping[str, Any], **settings: Any) -> Document:
    """A contract from its document, or one in our own words where nothing is published."""
    corrections = settings.pop("corrections", ())
    known: dict[str, Any] = {"query": {}, "undocumented": {}, **settings}
    document = as_openapi(source) if source.get("swagger") == "2.0" else source
    return Document(document, corrections=corrections, **known)
