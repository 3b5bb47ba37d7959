"""`hubcli sync`: repositories become what others are; what is so already costs next to nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hubcli.cli.sync.declared import MIRRORED
from support.docker_registry import DockerRegistry
from support.hub_repositories import hub_repository
from support.images import CREATED, Layout
from support.mirrors import asked, forget, stocked, tags_of
from support.running import InProcess, Result
from support.sandbox import SandboxServer
from support.sandbox_registry import RegistryServer
from support.skopeo import Skopeo

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


def test_between_two_hub_repositories_lists_are_enough(
    sync: Sync, sandbox: SandboxServer, repository: str
) -> None:
    few = dict(list(MANY.items())[:120])
    for path in (repository, f"{repository}-mirror"):
        hub_repository(sandbox, path, few)
    sandbox.forget()
    result = sync(
        one(repository, f"{repository}-mirror"), "--format", "json", env=sandbox.signed_in
    )
    assert set(results(result).values()) == {"unchanged"}
    requests = [str(one) for one in sandbox.requests()]
    assert len(requests) <= 12
    assert not any("/manifests/" in line for line in requests)


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


# Which images, and what belongs to them


def test_repositories_by_a_pattern_and_tags_by_rules(
    sync: Sync, sandbox: SandboxServer, there: RegistryServer, repository: str
) -> None:
    namespace = repository.partition("/")[0]
    tags = {"v1.0": "a", "v1.1": "b", "v2.0-rc1": "c", "v2.0": "d", "latest": "d"}
    for name in ("app", "web"):
        hub_repository(sandbox, f"{namespace}/{name}", tags)
    file = one(
        f"{namespace}/*",
        f"{there.host}/mirror/",
        semver="'>=1'",
        sort="version=desc",
        limit=2,
    )
    assert sync(file).exit_code == 0
    for name in ("app", "web"):
        assert sorted(tags_of(there, f"mirror/{namespace}/{name}")) == ["v1.1", "v2.0"]


def test_images_of_a_directory_have_the_time_at_which_they_were_made(
    sync: Sync, oci_layout: Layout
) -> None:
    oci_layout.image("single")
    oci_layout.image("index", platforms=["linux/amd64", "linux/arm64"])
    day = CREATED[:10]
    for keys, count in (({"since": day}, 2), ({"until": day}, 0), ({"since": "1d"}, 0)):
        file = one(f"oci:{oci_layout.directory}", "oci:./out", **keys)
        assert len(sync(file, "--dry-run", "-q").lines()) == count


def test_only_some_platforms(
    sync: Sync, there: RegistryServer, oci_layout: Layout, repository: str
) -> None:
    platforms = ["linux/amd64", "linux/arm64", "linux/s390x"]
    whole = oci_layout.image("whole", platforms=platforms)
    single = oci_layout.image("single", platforms=["linux/amd64"], index=True)
    oci_layout.image("other", platforms=["linux/s390x", "linux/ppc64le"])
    oci_layout.image("alone", platforms=["linux/s390x"])
    target = f"{there.host}/{repository}"
    source = f"oci:{oci_layout.directory}"
    file = one(source, target, platforms="[linux/amd64, linux/arm64]")
    first = sync(file, "--format", "json")
    assert first.exit_code == 0
    assert results(first) == {
        "whole": "copied",
        "single": "copied",
        "other": "skipped",
        "alone": "skipped",
    }
    reasons = [row["reason"] for row in first.json() if row["result"] == "skipped"]
    assert all("there is no image for linux/amd64" in reason for reason in reasons)
    index = there.fetch(repository, "whole").json()
    assert [entry["platform"]["architecture"] for entry in index["manifests"]] == ["amd64", "arm64"]
    assert tags_of(there, repository)["single"] == single.platforms["linux/amd64"]["digest"]
    assert whole.digest not in tags_of(there, repository).values()
    forget(there)
    again = sync(file, "--format", "json")
    assert {row["result"] for row in again.json()} == {"unchanged", "skipped"}
    assert {one.method for one in asked(there, "/manifests/")} == {"HEAD"}


def test_an_index_is_pulled_once_to_see_its_platforms(
    sync: Sync, here: RegistryServer, oci_layout: Layout, repository: str
) -> None:
    oci_layout.image("v1", platforms=["linux/amd64", "linux/arm64", "linux/s390x"])
    assert sync(one(f"oci:{oci_layout.directory}", f"{here.host}/{repository}")).exit_code == 0
    file = one(f"{here.host}/{repository}", "oci:./x", platforms="[linux/amd64, linux/arm64]")
    assert sync(file).exit_code == 0
    forget(here)
    assert results(sync(file, "--format", "json")) == {"v1": "unchanged"}
    assert {one.method for one in asked(here, "/manifests/")} == {"HEAD"}


def signature(digest: str) -> str:
    return f"{digest.replace(':', '-')}.sig"


def test_digest_tags_go_along_with_what_they_belong_to(
    sync: Sync, here: RegistryServer, there: RegistryServer, oci_layout: Layout, repository: str
) -> None:
    index = oci_layout.image("v1", platforms=["linux/amd64", "linux/arm64"])
    source, target = f"{here.host}/{repository}", f"{there.host}/{repository}"
    assert sync(one(f"oci:{oci_layout.directory}", source)).exit_code == 0
    child = index.platforms["linux/arm64"]["digest"]
    nobody = "sha256:" + "0" * 64
    signed = {signature(index.digest): "root", signature(child): "child", signature(nobody): "none"}
    stocked(here, repository, signed)
    assert results(sync(one(source, target), "--format", "json")) == {"v1": "copied"}
    file = one(source, target, digest_tags="true")
    expected = {"v1": "unchanged", signature(index.digest): "copied", signature(child): "copied"}
    assert results(sync(file, "--format", "json")) == expected
    assert set(tags_of(there, repository)) == set(expected)
    forget(here)
    assert set(results(sync(file, "--format", "json")).values()) == {"unchanged"}
    stocked(here, repository, {signature(child): "signed again"})
    again = results(sync(file, "--format", "json"))
    assert (again[signature(child)], again["v1"]) == ("updated", "unchanged")


def test_referrers_that_are_new_are_copied_though_the_image_is_there(
    sync: Sync, cli: InProcess, here: RegistryServer, there: RegistryServer, repository: str
) -> None:
    digests = stocked(here, repository, {"v1": "one"})
    source, target = f"{here.host}/{repository}", f"{there.host}/{repository}"
    file = one(source, target, referrers="true")
    assert results(sync(file, "--format", "json")) == {"v1": "copied"}
    subject = here.fetch(repository, "v1")
    described = {
        "mediaType": subject.headers["content-type"],
        "digest": digests["v1"],
        "size": len(subject.content),
    }
    sbom = here.push_image(repository, "sbom", subject=described, artifactType="application/x")
    assert there.client.get(f"/v2/{repository}/referrers/{digests['v1']}").json()["manifests"] == []
    file = one(source, target, referrers="true", tags="[v1]")
    again = sync(file, "--format", "json")
    assert results(again) == {"v1": "updated"}
    assert again.json()[0]["attached"] == 1
    listed = there.client.get(f"/v2/{repository}/referrers/{digests['v1']}").json()["manifests"]
    assert [entry["digest"] for entry in listed] == [sbom]
    forget(here)
    assert results(sync(file, "--format", "json")) == {"v1": "unchanged"}
    assert {one.method for one in asked(here, "/manifests/")} == {"HEAD"}


def test_digests_and_other_names(
    sync: Sync, here: RegistryServer, there: RegistryServer, repository: str
) -> None:
    digests = stocked(here, repository, {"v1": "one", "v2": "two"})
    source, target = f"{here.host}/{repository}", f"{there.host}/{repository}"
    pinned = f"['stable@{digests['v1']}', '{digests['v2']}']"
    assert sync(one(source, target, tags=pinned)).exit_code == 0
    assert tags_of(there, repository) == {"stable": digests["v1"]}
    assert there.fetch(repository, digests["v2"]).is_success
    assert sync(one(f"{source}:v2", f"{target}:renamed")).exit_code == 0
    assert tags_of(there, repository)["renamed"] == digests["v2"]


def test_what_is_at_the_target_can_be_kept(
    sync: Sync, here: RegistryServer, there: RegistryServer, repository: str
) -> None:
    digests = stocked(here, repository, {"v1": "new", "v2": "two"})
    old = stocked(there, repository, {"v1": "old", "other": "x"})
    forget(here)
    file = one(f"{here.host}/{repository}", f"{there.host}/{repository}", existing="keep")
    assert results(sync(file, "--format", "json")) == {"v1": "kept", "v2": "copied"}
    assert tags_of(there, repository) == {**old, "v2": digests["v2"]}
    assert not asked(here, "/manifests/v1"), "nothing has to be known of it"


def test_two_sources_for_one_target_are_a_conflict(
    sync: Sync, here: RegistryServer, there: RegistryServer, repository: str
) -> None:
    stocked(here, repository, {"v1": "one"})
    stocked(here, f"{repository}-b", {"v1": "other"})
    target = f"{there.host}/{repository}"
    entries = [one(f"{here.host}/{path}", target) for path in (repository, f"{repository}-b")]
    result = sync(entries[0] + entries[1].removeprefix("sync:\n"), "--format", "json")
    assert result.exit_code == 1
    assert sorted(row["result"] for row in result.json()) == ["copied", "failed"]
    assert f"{here.host}/{repository}:v1 is to go there, too (CONFLICT)" in result.stderr


# What goes wrong


def test_a_name_that_no_registry_takes_is_skipped(
    sync: Sync, there: RegistryServer, oci_layout: Layout, repository: str
) -> None:
    for name in ("v1", "../../v2", "a b"):
        oci_layout.image(name)
    result = sync(
        one(f"oci:{oci_layout.directory}", f"{there.host}/{repository}"), "--format", "json"
    )
    assert sorted(row["result"] for row in result.json()) == ["copied", "skipped", "skipped"]
    assert set(tags_of(there, repository)) == {"v1"}


def test_a_tag_that_is_refused_does_not_stop_the_others(
    sync: Sync, here: RegistryServer, there: RegistryServer, repository: str
) -> None:
    stocked(here, repository, {"v1": "one", "v2": "two", "v3": "three"})
    denied = {
        "status": 403,
        "body": '{"errors": [{"code": "DENIED", "message": "tag is immutable"}]}',
    }
    there.client.post(
        "/_sandbox/faults", json={"match": f"PUT /v2/{repository}/manifests/v2", **denied}
    )
    file = one(f"{here.host}/{repository}", f"{there.host}/{repository}")
    result = sync(file, "--format", "json")
    there.client.delete("/_sandbox/faults")
    assert result.exit_code == 4
    assert results(result) == {"v1": "copied", "v2": "failed", "v3": "copied"}
    assert result.stderr.count("error") >= 1
    assert sync(file).exit_code == 0


def test_a_repository_that_is_missing_does_not_stop_the_others(
    sync: Sync, here: RegistryServer, there: RegistryServer, repository: str
) -> None:
    stocked(here, repository, {"v1": "one"})
    missing = one(f"{here.host}/{repository}-none", f"{there.host}/{repository}-none")
    file = missing + one(f"{here.host}/{repository}", f"{there.host}/{repository}").removeprefix(
        "sync:\n"
    )
    result = sync(file, "--format", "jsonl", "--metrics", "m.prom")
    assert result.exit_code == 3
    assert set(tags_of(there, repository)) == {"v1"}
