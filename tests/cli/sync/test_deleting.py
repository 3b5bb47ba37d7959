"""`delete-extra`: tags that no entry chooses go, and nothing that something else needs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.docker_registry import DockerRegistry
from support.hub_repositories import hub_repository
from support.images import Layout
from support.mirrors import asked, forget, stocked, tags_of
from support.running import InProcess, Result
from support.sandbox import SandboxServer
from support.sandbox_registry import RegistryServer
from support.skopeo import Skopeo

Sync = Callable[..., Result]


@pytest.fixture
def sync(cli: InProcess, tmp_path: Path) -> Sync:
    """`sync([{…}], "--yes")` mirrors by these entries, each of which deletes what is extra."""

    def run(entries: list[dict[str, Any]], *argv: str, **settings: Any) -> Result:
        document = {"defaults": {"delete-extra": True}, "sync": entries}
        (tmp_path / "mirror.json").write_text(json.dumps(document))
        return cli("sync", "mirror.json", *argv, **settings)

    return run


def results(result: Result) -> dict[str, str]:
    return {row["target"].rpartition(":")[2]: row["result"] for row in result.json()}


def test_what_no_entry_chooses_goes(
    sync: Sync, here: RegistryServer, there: RegistryServer, repository: str
) -> None:
    kept = stocked(here, repository, {"v1": "one", "v2": "two", "old": "x"})
    stocked(there, repository, {"v1": "one", "old": "x", "other": "one", "gone": "y"})
    entry = {
        "source": f"{here.host}/{repository}",
        "target": f"{there.host}/{repository}",
        "filter": "v*",
    }
    forget(there)
    dry = sync([entry], "--dry-run", "--format", "json")
    expected = {"v1": "unchanged", "v2": "copy", "old": "delete", "other": "delete"}
    assert results(dry) == {**expected, "gone": "delete"}
    assert {one.method for one in asked(there)} <= {"GET", "HEAD"}
    done = sync([entry], "--yes", "--format", "json")
    assert done.exit_code == 0, done.stderr
    assert results(done)["gone"] == "deleted"
    assert tags_of(there, repository) == {tag: kept[tag] for tag in ("v1", "v2")}
    forget(there)
    assert set(results(sync([entry], "--yes", "--format", "json")).values()) == {"unchanged"}
    assert {one.method for one in asked(there, "/manifests/")} == {"HEAD"}


def test_entries_for_one_target_know_of_each_other(
    sync: Sync, here: RegistryServer, there: RegistryServer, repository: str
) -> None:
    stocked(here, repository, {"v1": "one", "w1": "two"})
    stocked(there, repository, {"extra": "x"})
    ends = {"source": f"{here.host}/{repository}", "target": f"{there.host}/{repository}"}
    entries = [{**ends, "filter": "v*"}, {**ends, "name": "w", "filter": "w*"}]
    assert sync(entries, "--yes").exit_code == 0
    assert set(tags_of(there, repository)) == {"v1", "w1"}


def test_what_stays_keeps_what_it_needs_and_what_goes_takes_its_signatures_along(
    sync: Sync, here: RegistryServer, there: RegistryServer, oci_layout: Layout, repository: str
) -> None:
    index = oci_layout.image("v1", platforms=["linux/amd64", "linux/arm64"])
    for server in (here, there):
        target = f"{server.host}/{repository}"
        assert sync([{"source": f"oci:{oci_layout.directory}", "target": target}], "--yes")
    child = index.platforms["linux/arm64"]
    there.push(repository, "arm", index.read(child["digest"]))
    gone = stocked(there, repository, {"gone": "x"})["gone"]
    signatures = {
        f"{digest.replace(':', '-')}.sig": text
        for digest, text in ((index.digest, "kept"), (gone, "goes along"))
    }
    stocked(there, repository, signatures)
    entry = {"source": f"{here.host}/{repository}", "target": f"{there.host}/{repository}"}
    assert sync([entry], "--yes").exit_code == 0
    assert set(tags_of(there, repository)) == {"v1", next(iter(signatures))}
    assert there.fetch(repository, child["digest"]).is_success, "the index needs it"


def test_a_source_of_which_nothing_is_chosen_empties_nothing(
    sync: Sync, here: RegistryServer, there: RegistryServer, repository: str
) -> None:
    stocked(here, repository, {"v1": "one"})
    before = stocked(there, repository, {"v1": "one", "v2": "two"})
    entry = {
        "source": f"{here.host}/{repository}",
        "target": f"{there.host}/{repository}",
        "filter": "nothing-*",
    }
    for argv in (("--dry-run",), ("--yes",)):
        result = sync([entry], *argv)
        assert result.exit_code == 1
        assert "nothing would be left of its 2 tags (CONFLICT)" in result.stderr.replace(
            "; they stay", ""
        )
    assert tags_of(there, repository) == before


def test_nothing_goes_where_a_source_could_not_be_read(
    sync: Sync, here: RegistryServer, there: RegistryServer, repository: str
) -> None:
    stocked(here, repository, {"v1": "one"})
    stocked(there, repository, {"extra": "x"})
    good = {"source": f"{here.host}/{repository}", "target": f"{there.host}/{repository}"}
    missing = {"source": f"{here.host}/{repository}-none", "target": good["target"]}
    result = sync([good, missing], "--yes")
    assert result.exit_code == 3
    assert "nothing is deleted: not every entry could be read" in result.stderr
    assert set(tags_of(there, repository)) == {"v1", "extra"}


def test_shards_delete_what_is_theirs_alone(
    sync: Sync, here: RegistryServer, there: RegistryServer, repository: str
) -> None:
    wanted = stocked(here, repository, {f"v{number}": str(number) for number in range(8)})
    stocked(there, repository, {f"x{number}": f"x{number}" for number in range(8)})
    entry = {"source": f"{here.host}/{repository}", "target": f"{there.host}/{repository}"}
    deleted: list[str] = []
    for index in range(3):
        argv = ("--yes", "--shard", f"{index}/3", "--shard-by", "tag", "--format", "json")
        found = results(sync([entry], *argv))
        deleted += [tag for tag, result in found.items() if result == "deleted"]
    assert sorted(deleted) == [f"x{number}" for number in range(8)]
    assert tags_of(there, repository) == wanted


def test_immutable_tags_stay_and_docker_hub_is_asked_by_its_api(
    sync: Sync, here: RegistryServer, sandbox: SandboxServer, cli: InProcess, repository: str
) -> None:
    path = f"acme/{repository.replace('/', '-')[-40:].strip('-')}"
    stocked(here, repository, {"v1": "one"})
    hub_repository(sandbox, path, {"v1": "one", "fixed-1": "x", "extra": "y"})
    signed_in = sandbox.signed_in
    assert cli("repo", "edit", path, "--immutable-tags", "fixed-.*", env=signed_in).exit_code == 0
    entry = {"source": f"{here.host}/{repository}", "target": path}
    result = sync([entry], "--yes", "--format", "json", env=signed_in)
    assert result.exit_code == 0, result.stderr
    assert results(result) == {"v1": "unchanged", "fixed-1": "protected", "extra": "deleted"}
    left = cli("tag", "ls", path, "-q", env=signed_in).lines()
    assert sorted(left) == ["fixed-1", "v1"]


def test_a_directory(sync: Sync, here: RegistryServer, repository: str, cli: InProcess) -> None:
    stocked(here, repository, {"v1": "one", "v2": "two"})
    entry = {"source": f"{here.host}/{repository}", "target": "oci:./mirror"}
    assert sync([entry], "--yes").exit_code == 0
    again = sync([{**entry, "filter": "v1"}], "--yes", "--format", "json")
    assert results(again) == {"v1": "unchanged", "v2": "deleted"}
    assert cli("digest", "oci:./mirror:v2").exit_code == 3


def test_nobody_to_ask(
    sync: Sync, here: RegistryServer, there: RegistryServer, repository: str
) -> None:
    stocked(here, repository, {"v1": "one"})
    stocked(there, repository, {"extra": "x"})
    entry = {"source": f"{here.host}/{repository}", "target": f"{there.host}/{repository}"}
    forget(here)
    result = sync([entry])
    assert result.exit_code == 2
    assert "--yes" in result.stderr
    assert not asked(here)
    assert sync([entry], "--watch", "1h", terminal=True).exit_code == 2
    refused = sync([entry], terminal=True, stdin="n\n")
    assert refused.exit_code == 1
    assert "Delete this tag that no entry chooses?" in refused.stderr
    assert refused.stdout == ""
    assert set(tags_of(there, repository)) == {"extra"}, "nothing was copied either"
    assert sync([entry], terminal=True, stdin="y\n").exit_code == 0
    assert set(tags_of(there, repository)) == {"v1"}


def test_a_real_registry_that_deletes_manifests_only(
    sync: Sync,
    docker_registry: Callable[..., DockerRegistry],
    oci_layout: Layout,
    skopeo: Skopeo,
    repository: str,
) -> None:
    kept = oci_layout.image("v1", platforms=["linux/amd64", "linux/arm64"])
    gone = oci_layout.image("gone", layers=[{"x": b"y"}])
    target = f"{docker_registry().host}/{repository}"
    for source, tag in ((kept, "v1"), (kept, "alias"), (gone, "gone")):
        skopeo.copy(source.source, f"docker://{target}:{tag}")
    entry = {"source": f"oci:{oci_layout.directory}", "target": target, "filter": "v*"}
    done = sync([entry], "--yes", "--format", "json")
    assert done.exit_code == 0, done.stderr
    assert results(done) == {"v1": "unchanged", "alias": "deleted", "gone": "deleted"}
    assert skopeo.tags(target) == ["v1"]
    assert skopeo.raw(f"{target}:v1") == kept.read(kept.digest), "not with its alias"
