"""docs/sync.md: its files can be read, its jobs be run, and it names what there is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from hubcli.mirroring.document import ENTRY, read_document
from hubcli.mirroring.metrics import Timing, exposition
from hubcli.mirroring.schema import schema
from hubcli.mirroring.shard import Shard, parse_shard
from hubcli.mirroring.tally import Tally
from support.command_lines import command_lines, parse
from support.running import InProcess

PAGE = (Path(__file__).parents[3] / "docs" / "sync.md").read_text(encoding="utf-8")
BLOCKS = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)]
FILE, KUBERNETES, GITLAB, GITHUB = BLOCKS
TEXT = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[0]


def test_the_file_can_be_read_and_fits_the_schema() -> None:
    entries = read_document(TEXT, "mirror.yaml")
    assert len(entries) == len(FILE["sync"])
    Draft202012Validator(schema()).validate(FILE)


def test_the_page_tells_of_every_key() -> None:
    rows = "".join(line for line in PAGE.splitlines() if line.startswith("| `"))
    told = set(re.findall(r"`([a-z-]+)`", rows))
    assert set(ENTRY) <= told


@pytest.mark.parametrize(
    ("change", "is_valid"),
    [
        ({}, True),
        ({"limit": 0}, False),
        ({"existing": "replace"}, False),
        ({"platform": "linux/amd64"}, False),
        ({"tags": [1.0, "x"]}, True),
        ({"sort": "version=desc"}, True),
        ({"sort": "colour"}, False),
    ],
)
def test_the_schema_says_what_the_reader_says(change: dict[str, Any], is_valid: bool) -> None:
    document = {"sync": [{"source": "a/b", "target": "c/d", **change}]}
    Draft202012Validator.check_schema(schema())
    assert Draft202012Validator(schema()).is_valid(document) is is_valid


def test_the_schema_is_printed(cli: InProcess) -> None:
    assert cli("sync", "--schema").json() == schema()


def test_the_job_of_kubernetes() -> None:
    job = KUBERNETES["spec"]["jobTemplate"]["spec"]
    (container,) = job["template"]["spec"]["containers"]
    assert job["completionMode"] == "Indexed"
    assert job["completions"] == job["parallelism"]
    words = [*container["command"], *container["args"]]
    parse(words)
    text = words[words.index("--shard") + 1]
    count = job["completions"]
    shards = [parse_shard(text, {"JOB_COMPLETION_INDEX": str(index)}) for index in range(count)]
    assert shards == [Shard(index, count) for index in range(count)]
    mounted = {one["mountPath"] for one in container["volumeMounts"]}
    assert {str(Path(words[2]).parent), container["env"][0]["value"]} == mounted


def test_the_job_of_gitlab() -> None:
    job = GITLAB["mirror"]
    (words,) = command_lines(f"  {job['script'][-1]}")
    parse(words)
    variables = [
        {"CI_NODE_INDEX": str(index), "CI_NODE_TOTAL": str(job["parallel"])}
        for index in range(1, job["parallel"] + 1)
    ]
    assert {parse_shard(words[-1], each).index for each in variables} == {0, 1, 2, 3}


def test_the_matrix_of_github() -> None:
    job = GITHUB["jobs"]["mirror"]
    shards = job["strategy"]["matrix"]["shard"]
    command = job["steps"][-1]["run"]
    found = []
    for shard in shards:
        (words,) = command_lines("  " + command.replace("${{ matrix.shard }}", str(shard)))
        parse(words)
        found.append(parse_shard(words[-1], {}))
    assert {shard.index for shard in found} == {0, 1, 2, 3}
    assert {shard.count for shard in found} == {len(shards)}


def test_the_page_names_every_metric() -> None:
    text = exposition(Tally.of(["x"]), Timing(1.0, 1.0), "")
    for name in set(re.findall(r"hubcli_sync_\w+", text)):
        assert f"`{name}" in PAGE
