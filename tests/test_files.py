"""Atomic replacement and locks, with real processes."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from hubcli import files


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"
    files.replace(path, b"one")
    files.replace(path, b"two")
    assert path.read_bytes() == b"two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert os.listdir(path.parent) == ["file"]


def test_modes_do_not_depend_on_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        files.replace(tmp_path / "private", b"")
        files.replace(tmp_path / "public", b"", mode=0o644)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "private").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "public").stat().st_mode) == 0o644


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    files.replace(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


def test_nothing_is_left_behind_by_a_failure(tmp_path: Path) -> None:
    (tmp_path / "directory").mkdir()
    with pytest.raises(OSError, match="directory"):
        files.replace(tmp_path / "directory", b"x")
    assert os.listdir(tmp_path) == ["directory"]


@pytest.mark.parametrize("stays", [True, False])
def test_counting_together_loses_nothing(tmp_path: Path, stays: bool) -> None:
    path = tmp_path / "count"
    path.write_text("0")
    program = (
        "import sys; from pathlib import Path; from hubcli import files\n"
        "path = Path(sys.argv[1])\n"
        "for _ in range(50):\n"
        f"    with files.locked(path, stays={stays}):\n"
        "        files.replace(path, str(int(path.read_text()) + 1).encode())\n"
    )
    running = [subprocess.Popen([sys.executable, "-c", program, str(path)]) for _ in range(4)]
    assert [process.wait() for process in running] == [0, 0, 0, 0]
    assert path.read_text() == "200"
    assert (tmp_path / ".count.lock").exists() is stays


# Written piece by piece


def test_a_file_is_there_when_its_block_is_done(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"before")
    with files.replacing(path, mode=0o644) as file:
        file.write(b"one")
        assert path.read_bytes() == b"before"
        file.write(b"two")
    assert path.read_bytes() == b"onetwo"
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize("failure", [OSError, KeyboardInterrupt])
def test_a_block_that_fails_leaves_what_was_there(
    tmp_path: Path, failure: type[BaseException]
) -> None:
    def write_half() -> None:
        with files.replacing(tmp_path / "file") as file:
            file.write(b"half")
            raise failure

    (tmp_path / "file").write_bytes(b"before")
    with pytest.raises(failure):
        write_half()
    assert (tmp_path / "file").read_bytes() == b"before"
    assert os.listdir(tmp_path) == ["file"]


def test_a_directory_that_is_missing_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), files.replacing(tmp_path / "no" / "file"):
        pass
    assert os.listdir(tmp_path) == []


def test_a_pipe_stays_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    with files.replacing(tmp_path / "pipe") as file:
        file.write(b"through")
    assert os.read(reader, 100) == b"through"
    os.close(reader)
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)
