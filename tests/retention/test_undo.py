"""The undo file: written whole, never losing an entry."""

from __future__ import annotations

import json
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from hubcli import oci
from hubcli.errors import HubcliError, UsageError
from hubcli.reference import parse
from hubcli.retention import undo
from hubcli.retention.undo import Entry

ONE, OTHER = oci.digest_of(b"{}"), oci.digest_of(b"other")


def entry(reference: str, digest: str = ONE, manifest: bytes | None = None) -> Entry:
    return Entry(parse(reference), digest, oci.OCI_MANIFEST if manifest else None, manifest)


def line(reference: str, more: str = "") -> str:
    return f'{{"reference": "{reference}", "digest": "{ONE}"{more}}}'


def test_it_is_lines_of_json_for_the_user_alone(tmp_path: Path) -> None:
    file = tmp_path / "undo.jsonl"
    assert undo.add(file, [entry("acme/api:v1"), entry("ghcr.io/o/a:v1", ONE, b"{}")]) == 2
    assert [json.loads(line) for line in file.read_text().splitlines()] == [
        {"reference": "acme/api:v1", "digest": ONE},
        {
            "reference": "ghcr.io/o/a:v1",
            "digest": ONE,
            "media_type": oci.OCI_MANIFEST,
            "manifest": "{}",
        },
    ]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["undo.jsonl"]


def test_entries_are_added_and_none_is_lost(tmp_path: Path) -> None:
    file = tmp_path / "undo.jsonl"
    first = [entry("acme/api:v1"), entry("acme/api:v2")]
    undo.add(file, first)
    later = [entry("acme/api:v2"), entry("acme/api:v1", OTHER), entry("acme/api@" + ONE)]
    assert undo.add(file, later) == 2
    assert [*undo.read(file)] == [*first, *later[1:]]


@pytest.mark.parametrize("content", [b"{}", '{"ü": "\u2028"}'.encode(), b"\xff\x00\n", b""])
def test_manifests_come_back_byte_by_byte(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "undo.jsonl"
    kept = Entry(parse("acme/api:v1"), oci.digest_of(content), oci.OCI_INDEX, content)
    undo.add(file, [kept])
    assert [*undo.read(file)] == [kept]
    undo.add(file, [entry("acme/api:v2")])
    assert [*undo.read(file)] == [kept, entry("acme/api:v2")]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("nothing", "no line of an undo file"),
        ("[]", "no line of an undo file"),
        ('{"reference": "a/b:v1"}', "a reference and a digest are wanted"),
        (line("A B", ""), "invalid reference"),
        ('{"reference": "a/b:v1", "digest": "sha256:1"}', "a reference and a digest"),
        (line("a/b:v1", ', "manifest": "x"'), "was promised"),
        (line("a/b:v1", ', "manifest_base64": "!"'), "base64"),
        ("[" * 100_000, "no line of an undo file"),
    ],
)
def test_what_is_no_undo_file_is_left_alone(tmp_path: Path, line: str, reason: str) -> None:
    file = tmp_path / "undo.jsonl"
    before = json.dumps({"reference": "a/b:v1", "digest": ONE}) + "\n" + line
    file.write_text(before)
    with pytest.raises(UsageError, match=rf"undo.jsonl, line 2: .*{reason}"):
        undo.add(file, [entry("acme/api:v1")])
    assert file.read_text() == before
    assert [path.name for path in tmp_path.iterdir()] == ["undo.jsonl"]


def test_what_fails_while_it_is_written_leaves_the_old_file(tmp_path: Path) -> None:
    file = tmp_path / "undo.jsonl"
    undo.add(file, [entry("acme/api:v1")])

    def failing() -> Iterator[Entry]:
        yield entry("acme/api:v2")
        raise HubcliError("the registry is gone")

    with pytest.raises(HubcliError, match="is gone"):
        undo.add(file, failing())
    assert [*undo.read(file)] == [entry("acme/api:v1")]


def test_a_place_that_takes_no_file_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(HubcliError, match="cannot write"):
        undo.add(tmp_path / "file" / "undo.jsonl", [entry("acme/api:v1")])
    with pytest.raises(UsageError, match="cannot read"):
        undo.add(tmp_path, [entry("acme/api:v1")])
    with pytest.raises(UsageError, match="is no file"):
        undo.add(Path("/dev/null"), [entry("acme/api:v1")])
    with pytest.raises(UsageError, match="cannot read"):
        list(undo.read(tmp_path / "missing"))


def test_those_who_write_at_once_write_one_after_the_other(tmp_path: Path) -> None:
    file = tmp_path / "undo.jsonl"
    threads = [
        threading.Thread(target=undo.add, args=(file, [entry(f"acme/api:v{number}")]))
        for number in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {one.reference.tag for one in undo.read(file)} == {f"v{number}" for number in range(8)}
