"""`hubcli tag restore`: what tag prune has removed comes back, and nothing else is changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from hubcli.oci import digest_of
from hubcli.reference import parse
from hubcli.retention import undo
from hubcli.retention.undo import Entry
from support.hub_repositories import hub_repository
from support.running import InProcess
from support.sandbox import SandboxServer

TAGS = {"v1": "one", "v2": "two", "latest": "two"}
GONE = digest_of(b"gone")


@pytest.fixture
def digests(sandbox: SandboxServer, repository: str, environ: dict[str, str]) -> dict[str, str]:
    environ.update(sandbox.signed_in)
    return hub_repository(sandbox, repository, TAGS)


def tags(cli: InProcess, repository: str) -> dict[str, str]:
    found = cli("tag", "ls", repository, "--fields", "name,digest").lines()
    return dict(line.split("\t") for line in found)


def test_tags_come_back_from_hub(
    cli: InProcess,
    sandbox: SandboxServer,
    digests: dict[str, str],
    repository: str,
    tmp_path: Path,
) -> None:
    """Hub keeps manifests without tags: its registry is where they get one again."""
    file = tmp_path / "undo.jsonl"
    prune = ("tag", "prune", repository, "--keep", "1", "--undo-file", file)
    assert cli(*prune, "--dry-run").exit_code == 0
    assert not file.exists()
    result = cli(*prune, "-y")
    assert result.exit_code == 0
    assert f"hubcli tag restore {file} brings them back" in result.stderr
    assert tags(cli, repository) == {"latest": digests["latest"]}
    sandbox.forget()
    rehearsal = cli("tag", "restore", file, "--dry-run", "--format", "json")
    assert rehearsal.exit_code == 0
    assert {row["reference"]: (row["action"], row["dry_run"]) for row in rehearsal.json()} == {
        f"{repository}:v1": ("create", True),
        f"{repository}:v2": ("create", True),
    }
    assert sandbox.requests("PUT ") == []
    result = cli("tag", "restore", file)
    assert (result.exit_code, result.stderr) == (0, "")
    assert sorted(result.lines()) == [
        f"{repository}:v1\t{digests['v1']}\t\tcreate",
        f"{repository}:v2\t{digests['v2']}\t\tcreate",
    ]
    assert tags(cli, repository) == digests
    again = cli("tag", "restore", file)
    assert {line.rpartition("\t")[2] for line in again.lines()} == {"keep"}


def test_what_is_something_else_by_now_is_left_alone(
    cli: InProcess, digests: dict[str, str], repository: str, tmp_path: Path
) -> None:
    file = tmp_path / "undo.jsonl"
    v2 = parse(f"{repository}:v2")
    undo.add(file, [Entry(v2, digests["v1"]), Entry(v2.tagged("new"), digests["v1"])])
    result = cli("tag", "restore", file)
    assert result.exit_code == 1
    assert result.stderr == (
        f"error: cannot restore docker.io/{repository}:v2: it points at {digests['v2']} by now"
        " (CONFLICT)\nhint: --force moves it back\n"
    )
    assert tags(cli, repository) == {**digests, "new": digests["v1"]}
    result = cli("tag", "restore", file, "--force")
    assert f"{repository}:v2\t{digests['v1']}\t{digests['v2']}\tmove" in result.lines()
    assert tags(cli, repository)["v2"] == digests["v1"]


def test_the_last_of_several_entries_counts(
    cli: InProcess, digests: dict[str, str], repository: str, tmp_path: Path
) -> None:
    file = tmp_path / "undo.jsonl"
    old = parse(f"{repository}:old")
    undo.add(file, [Entry(old, digests["v1"]), Entry(old, digests["v2"])])
    assert cli("tag", "restore", file).exit_code == 0
    assert tags(cli, repository)["old"] == digests["v2"]


def test_what_is_gone_is_said_and_the_rest_restored(
    cli: InProcess, digests: dict[str, str], repository: str, tmp_path: Path
) -> None:
    file = tmp_path / "undo.jsonl"
    gone, new = parse(f"{repository}:gone"), parse(f"{repository}:new")
    undo.add(file, [Entry(new, digests["v1"]), Entry(gone, GONE)])
    for more in (["--dry-run"], []):
        result = cli("tag", "restore", file, *more)
        assert result.exit_code == 3
        assert result.stderr == (
            f"error: cannot restore docker.io/{gone.short}: its manifest is gone"
            " (MANIFEST_UNKNOWN)\n"
        )
        assert result.lines() == [f"{new.short}\t{digests['v1']}\t\tcreate"]
    assert tags(cli, repository)["new"] == digests["v1"]


@pytest.mark.parametrize("content", [None, "", "nonsense\n"])
def test_what_is_no_undo_file(cli: InProcess, tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "undo.jsonl"
    if content is not None:
        file.write_text(content)
    result = cli("tag", "restore", file)
    assert (result.exit_code, result.stdout) == (0 if content == "" else 2, "")
