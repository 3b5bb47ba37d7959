"""The air gap: many repositories into one archive, and out of it on the other side."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.docker_registry import DockerRegistry
from support.mirrors import asked, forget, stocked, tags_of
from support.running import InProcess, Result
from support.sandbox_registry import RegistryServer
from support.skopeo import Skopeo

Sync = Callable[..., Result]


@pytest.fixture
def sync(cli: InProcess, tmp_path: Path) -> Sync:
    def run(entries: list[dict[str, Any]], *argv: str) -> Result:
        (tmp_path / "mirror.json").write_text(json.dumps({"sync": entries}))
        return cli("sync", "mirror.json", "--format", "json", *argv)

    return run


def results(result: Result) -> list[str]:
    return [row["result"] for row in result.json()]


def test_out_on_one_side_and_in_on_the_other(
    sync: Sync,
    here: RegistryServer,
    docker_registry: Callable[..., DockerRegistry],
    skopeo: Skopeo,
    repository: str,
    tmp_path: Path,
) -> None:
    paths = [f"{repository}-a", f"{repository}-b"]
    digests = {path: stocked(here, path, {"v1": path, "v2": "same"}) for path in paths}
    out = [{"source": f"{here.host}/{path}", "target": "oci-archive:m.tar"} for path in paths]
    first = sync(out)
    assert first.exit_code == 0, first.stderr
    assert results(first) == ["copied"] * 4
    assert first.json()[0]["target"] == f"oci-archive:m.tar:{here.host}/{paths[0]}:v1"
    content = (tmp_path / "m.tar").read_bytes()
    forget(here)
    assert results(sync(out)) == ["unchanged"] * 4
    assert {one.method for one in asked(here, "/manifests/")} == {"HEAD"}
    assert (tmp_path / "m.tar").read_bytes() == content, "it is as it was"

    host = docker_registry().host
    back = [{"source": "./m.tar", "target": f"{host}/in/"}]
    assert results(sync(back, "--dry-run")) == ["copy"] * 4
    assert results(sync(back)) == ["copied"] * 4
    for path in paths:
        assert sorted(skopeo.tags(f"{host}/in/{path}")) == ["v1", "v2"]
        raw = skopeo.inspect(f"{host}/in/{path}:v1")
        assert raw["Digest"] == digests[path]["v1"]
    assert results(sync(back)) == ["unchanged"] * 4


def test_an_archive_is_added_to_and_keeps_what_it_had(
    sync: Sync, here: RegistryServer, there: RegistryServer, repository: str
) -> None:
    digests = stocked(here, repository, {"v1": "one", "v2": "two"})
    entry = {"source": f"{here.host}/{repository}", "target": "./m.tar"}
    assert results(sync([{**entry, "tags": ["v1"]}])) == ["copied"]
    assert results(sync([{**entry, "tags": ["v2", "none"]}])) == ["failed", "copied"]
    back = {"source": "oci-archive:m.tar", "target": f"{there.host}/{{name}}", "filter": "v*"}
    assert sorted(results(sync([back]))) == ["copied", "copied"]
    assert tags_of(there, "app") == digests
    one = f"oci-archive:m.tar:{here.host}/{repository}:v1"
    assert results(sync([{"source": one, "target": f"{there.host}/alone:x"}])) == ["copied"]
    assert tags_of(there, "alone") == {"x": digests["v1"]}
    assert results(sync([{"source": one, "target": f"{there.host}/one/"}])) == ["copied"]
    assert tags_of(there, f"one/{repository}") == {"v1": digests["v1"]}


@pytest.mark.parametrize(
    ("entry", "code", "reason"),
    [
        ({"source": "./none.tar", "target": "oci:x"}, 3, "there is no file none.tar"),
        ({"source": "a/b", "target": "./m.tar", "delete-extra": True}, 2, "begin a new one"),
        ({"source": "a/b", "target": "oci-archive:{name}.tar"}, 2, "leave {…} out"),
        ({"source": "docker-archive:m.tar", "target": "a/b"}, 2, "not mirrored from"),
    ],
)
def test_what_does_not_go(sync: Sync, entry: dict[str, Any], code: int, reason: str) -> None:
    result = sync([entry])
    assert result.exit_code == code
    assert reason in result.stderr
