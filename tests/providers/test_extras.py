"""Rows that need an extra: without it, it is named, and a docker credential helper still works."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from hubcli.providers.rows import BY_NAME, ROWS
from support.images import Image
from support.providers.standin import Running
from support.running import InProcess

SDKS = {"aws": "botocore", "azure": "azure", "google": "google.auth"}
"""The package that an extra is for, by the name of the extra."""
# Amazon's private registry has its own test, in test_ecr: a repository has to be made there first.
EXTRAS = [row.name for row in ROWS if row.extra is not None and row.name != "ecr"]


def test_every_extra_has_a_package() -> None:
    assert {row.extra for row in ROWS} - {None} == set(SDKS)


def without(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    for name in (package, *sys.modules):
        if name == package or name.startswith(f"{package}."):
            monkeypatch.setitem(sys.modules, name, None)


def docker_helper(directory: Path, environ: dict[str, str], registry: Running) -> None:
    """A `docker-credential-own`, and a configuration of docker's that names it for the host."""
    answer = {"ServerURL": registry.host, "Username": registry.username, "Secret": registry.secret}
    helper = directory / "bin/docker-credential-own"
    helper.parent.mkdir()
    helper.write_text(f"#!/bin/sh\ncat > /dev/null\necho '{json.dumps(answer)}'\n")
    helper.chmod(0o755)
    (directory / "docker").mkdir()
    config = {"credHelpers": {registry.host: "own"}}
    (directory / "docker/config.json").write_text(json.dumps(config))
    environ["PATH"] = f"{helper.parent}:{environ['PATH']}"
    environ["DOCKER_CONFIG"] = str(directory / "docker")


@pytest.mark.parametrize("registry", EXTRAS, indirect=True)
def test_without_the_extra(
    cli: InProcess,
    registry: Running,
    environ: dict[str, str],
    image: Image,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name, extra = registry.named("app"), BY_NAME[registry.row].extra
    with_it = registry.identity
    cli("repo", "create", name, env=with_it)
    assert cli("push", image.source, f"{name}:v1", env=with_it).exit_code == 0
    without(monkeypatch, SDKS[str(extra)])
    stranger = cli("tag", "inspect", f"{name}:v1")
    assert stranger.exit_code == 4
    assert f"pip install 'hubcli[{extra}]'" in stranger.stderr
    docker_helper(tmp_path, environ, registry)
    (row,) = cli("auth", "status", registry.host, "--check", "--format", "json").json()
    assert row["valid"] is True
    assert "own" in row["source"]
    listed = cli("tag", "ls", name, "-q")
    assert (listed.lines(), listed.stderr) == (["v1"], "")
    assert cli("push", image.source, f"{name}:v2").exit_code == 0
