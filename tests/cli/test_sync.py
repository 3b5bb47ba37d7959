"""`hubcli sync`: repositories become what others are; what is so already costs next to nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hubcli.cli.sync.declared import MIRRORED
from support.docker_registry import DockerRegistry
from support.hub_repositories import hub_repository
from support.images import Layout
from support.mirrors import asked, forget, stocked, tags_of
from support.running import InProcess, Result
from support.sandbox import SandboxServer
from support.sandbox_registry import RegistryServer, registry_server
from support.skopeo import Skopeo


@pytest.fixture(scope="module")
def here() -> Iterator[RegistryServer]:
    """Where images come from."""
    with registry_server() as server:
        yield server


@pytest.fixture(scope="module")
def there() -> Iterator[RegistryServer]:
    """Where they go."""
    with registry_server() as server:
        yield server


Sync = Callable[..., Result]


@pytest.fixture
def sync(cli: InProcess, tmp_path: Path) -> Sync:
    """`sync(text, "--dry-run")` writes the file and mirrors by it."""

    def run(text: str, *argv: str, **settings: Any) -> Result:
        (tmp_path / "mirror.yaml").write_text(text)
        return cli("sync", "mirror.yaml", *argv, **settings)

    return run


def one(source: str, target: str, **keys: object) -> str:
    """A file with one entry."""
    more = "".join(f"    {key.replace('_', '-')}: {value}\n" for key, value in keys.items())
    return f"sync:\n  - source: {source}\n    target: {target}\n{more}"


def results(result: Result) -> dict[str, str]:
    """What became of each target, by its tag."""
    return {row["target"].rpartition(":")[2]: row["result"] for row in result.json()}


def test_the_fields() -> None:
    assert MIRRORED.names == (
        "target", "result", "digest", "bytes", "reason", "source", "entry", "platforms",
        "attached", "blobs", "seconds", "dry_run",
    )  # fmt: skip
    assert [field.name for field in MIRRORED.defaults] == [
        "target", "result", "digest", "bytes", "reason",
    ]  # fmt: skip


def test_what_differs_is_copied_and_the_rest_left_alone(
    sync: Sync, here: RegistryServer, there: RegistryServer, repository: str
) -> None:
    digests = stocked(here, repository, {"v1": "one", "v2": "two"})
    file = one(f"{here.host}/{repository}", f"{there.host}/{repository}")
    first = sync(file)
    target = f"{there.host}/{repository}"
    assert first.exit_code == 0
    assert [line.split("\t")[:3] for line in first.lines()] == [
        [f"{target}:v1", "copied", digests["v1"]],
        [f"{target}:v2", "copied", digests["v2"]],
    ]
    assert "2 copied; " in first.stderr
    assert tags_of(there, repository) == digests
    digests |= stocked(here, repository, {"v2": "two again", "v3": "three"})
    again = sync(file, "--format", "json")
    assert results(again) == {"v1": "unchanged", "v2": "updated", "v3": "copied"}
    assert tags_of(there, repository) == digests


def test_a_real_registry_and_a_second_opinion(
    sync: Sync,
    docker_registry: Callable[..., DockerRegistry],
    oci_layout: Layout,
    skopeo: Skopeo,
    repository: str,
) -> None:
    image = oci_layout.image("v1", platforms=["linux/amd64", "linux/arm64/v8"])
    host = docker_registry().host
    assert sync(one(f"oci:{oci_layout.directory}", f"{host}/{repository}")).exit_code == 0
    assert sync(one(f"{host}/{repository}", "oci:./back")).exit_code == 0
    assert skopeo.raw(f"{host}/{repository}:v1") == image.read(image.digest)
    copied = sync(one(f"{host}/{repository}", "oci:./back"), "--format", "json")
    (row,) = copied.json()
    assert (row["result"], row["digest"]) == ("unchanged", image.digest)


def test_a_dry_run_tells_and_does_nothing(
    sync: Sync, here: RegistryServer, there: RegistryServer, repository: str
) -> None:
    stocked(here, repository, {"v1": "one", "v2": "two"})
    stocked(there, repository, {"v1": "one", "v2": "another"})
    forget(there)
    file = one(f"{here.host}/{repository}", f"{there.host}/{repository}", tags="[v1, v2, v3]")
    result = sync(file, "--dry-run", "--format", "json")
    assert results(result) == {"v1": "unchanged", "v2": "update", "v3": "failed"}
    assert result.exit_code == 3, "a tag that is named must be there"
    assert {one.method for one in asked(there)} <= {"GET", "HEAD"}
    assert sync(file, "--dry-run", "--exit-code").exit_code == 3
    file = one(f"{here.host}/{repository}", f"{there.host}/{repository}", tags="[v2]")
    assert sync(file, "--dry-run").exit_code == 0
    assert sync(file, "--dry-run", "--exit-code").exit_code == 1


# What an unchanged mirror costs

MANY = {f"v1.{number}": "same" for number in range(500)}


def test_an_unchanged_mirror_of_a_hub_repository_costs_one_head_per_tag(
    sync: Sync, sandbox: SandboxServer, there: RegistryServer, repository: str
) -> None:
    hub_repository(sandbox, repository, MANY)
    stocked(there, repository, MANY)
    forget(there)
    sandbox.forget()
    result = sync(one(repository, f"{there.host}/{repository}"), "--format", "json")
    assert set(results(result).values()) == {"unchanged"}
    assert len(results(result)) == 500
    lists = [str(one) for one in sandbox.requests()]
    heads = asked(there)
    assert len(lists) + len(heads) <= 510
    assert not any("/manifests/" in line or "/blobs/" in line for line in lists)
    assert {one.method for one in heads if "/manifests/" in one.path} == {"HEAD"}
    assert sum("/manifests/" in one.path for one in heads) == 500


def test_an_unchanged_layout_costs_one_head_per_tag(
    sync: Sync, here: RegistryServer, repository: str
) -> None:
    tags = dict(list(MANY.items())[:40])
    stocked(here, repository, tags)
    file = one(f"{here.host}/{repository}", "oci:./layout")
    assert sync(file).exit_code == 0
    forget(here)
    assert set(results(sync(file, "--format", "json")).values()) == {"unchanged"}
    requests = asked(here)
    assert sum(one.method == "HEAD" for one in requests) == 40
    assert [one.path for one in requests if one.method == "GET"] == [f"/v2/{repository}/tags/list"]


def test_between_registries_that_list_names_only_it_is_one_head_per_tag_and_side(
    sync: Sync, here: RegistryServer, there: RegistryServer, repository: str
) -> None:
    stocked(here, repository, MANY)
    stocked(there, repository, MANY)
    forget(here)
    forget(there)
    result = sync(one(f"{here.host}/{repository}", f"{there.host}/{repository}"), "-q")
    assert result.exit_code == 0
    for side in (here, there):
        requests = asked(side)
        assert len(requests) <= 510
        others = [one for one in requests if one.method != "HEAD" or "/manifests/" not in one.path]
        assert {one.path for one in others} <= {"/v2/", f"/v2/{repository}/tags/list"}
