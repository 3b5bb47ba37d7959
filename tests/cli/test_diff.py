"""`hubcli diff`: what two images differ in."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.layered import LayeredImage, image_of, member, tar_of
from support.running import InProcess

BASE = tar_of(member("same", b"same"), member("gone", b"gone"), member("new", b"old!"))
STATUS = "Package: {0}\nStatus: install ok installed\nArchitecture: amd64\nVersion: {1}\n\n"


@pytest.fixture
def pair(tmp_path: Path) -> tuple[LayeredImage, LayeredImage]:
    dpkg = "var/lib/dpkg/status"
    one = tar_of(member(dpkg, (STATUS.format("a", 1) + STATUS.format("b", 1)).encode()))
    two = tar_of(
        member(dpkg, (STATUS.format("a", 2) + STATUS.format("c", 1)).encode()),
        member(".wh.gone", b""),
        member("new", b"new!"),
        member("more", b"12345"),
    )
    return (
        image_of(tmp_path / "a", [BASE, one], config={"Env": ["A=1", "B=1"], "User": "x"}),
        image_of(tmp_path / "b", [BASE, two], config={"Env": ["A=2", "B=1"], "Cmd": ["run"]}),
    )


def test_all_sections(cli: InProcess, pair: tuple[LayeredImage, LayeredImage]) -> None:
    a, b = pair
    found = cli("diff", a.source, b.source, "--format", "json").json()
    assert found["different"] is True
    assert found["config"] == [
        {"field": "cmd", "key": None, "a": None, "b": ["run"]},
        {"field": "env", "key": "A", "a": "1", "b": "2"},
        {"field": "user", "key": None, "a": "x", "b": None},
    ]
    assert found["history"] == []
    statuses = {row["digest"]: row["status"] for row in found["layers"]}
    assert statuses == {a.layers[0]: "shared", a.layers[1]: "removed", b.layers[1]: "added"}
    files = {row["path"]: (row["status"], row["a_size"], row["b_size"]) for row in found["files"]}
    assert {path: row for path, row in files.items() if not path.startswith("/var")} == {
        "/gone": ("removed", 4, None),
        "/more": ("added", None, 5),
        "/new": ("changed", 4, 4),
    }
    versions = {row["name"]: (row["status"], row["a"], row["b"]) for row in found["packages"]}
    assert versions == {
        "a": ("changed", "1", "2"),
        "b": ("removed", "1", None),
        "c": ("added", None, "1"),
    }


def test_exit_code(cli: InProcess, pair: tuple[LayeredImage, LayeredImage]) -> None:
    a, b = pair
    assert cli("diff", a.source, b.source).exit_code == 0
    assert cli("diff", a.source, b.source, "--exit-code").exit_code == 1
    json = cli("diff", a.source, b.source, "--exit-code", "--format", "json", "--only", "config")
    assert (json.exit_code, json.json()["files"]) == (1, None)
    same = cli("diff", a.source, a.source, "--exit-code", "--only", "config,files")
    assert (same.exit_code, same.stdout) == (0, "")


def test_layers_are_read_only_where_they_have_to_be(
    cli: InProcess, pair: tuple[LayeredImage, LayeredImage]
) -> None:
    a, b = pair
    for digest in (*a.layers, *b.layers):
        for image in pair:
            image.blob(digest).unlink(missing_ok=True)
    assert cli("diff", a.source, a.source).exit_code == 0
    assert cli("diff", a.source, b.source, "--only", "config,history,layers").exit_code == 0
    assert cli("diff", a.source, b.source, "--only", "files").exit_code == 3


def test_text(cli: InProcess, pair: tuple[LayeredImage, LayeredImage]) -> None:
    a, b = pair
    lines = cli("diff", a.source, b.source).lines()
    assert {"config ~ env A 1 -> 2", "files + /more 5", "packages - b amd64 1"} <= {*lines}
    assert 'config + cmd ["run"]' in lines
