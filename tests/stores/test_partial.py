"""Blobs that grow: the directory they are in comes and goes with those who use it."""

from __future__ import annotations

from pathlib import Path

import pytest

from hubcli.stores import partial


def test_a_directory_that_is_tidied_away_meanwhile_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Path.mkdir
    failures = [FileExistsError(), FileNotFoundError()]

    def mkdir(path: Path, *args: object, **settings: object) -> None:
        """As it is where somebody removes the directory in the middle of it."""
        if failures:
            raise failures.pop()
        made(path, parents=True, exist_ok=True)

    monkeypatch.setattr(Path, "mkdir", mkdir)
    with partial.held(tmp_path / ".partial" / "x") as growing:
        assert growing.path.exists()


def test_a_file_in_the_place_of_the_directory_is_no_directory(tmp_path: Path) -> None:
    (tmp_path / ".partial").write_text("")
    with pytest.raises(FileExistsError), partial.held(tmp_path / ".partial" / "x"):
        pass
