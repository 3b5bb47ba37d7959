"""`hubcli files`: the files in an image."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.layered import LayeredImage, hardlink, image_of, member, symlink, tar_of
from support.running import InProcess


@pytest.fixture
def image(tmp_path: Path) -> LayeredImage:
    return image_of(
        tmp_path / "image",
        [
            tar_of(
                member("etc"),
                member("etc/a.conf", b"abc", mode=0o600, uid=5, gid=6),
                member("gone", b"x"),
                symlink("link", "/etc"),
            ),
            tar_of(member(".wh.gone", b""), member("f", b"1"), hardlink("g", "f")),
        ],
    )


def test_what_the_image_holds(cli: InProcess, image: LayeredImage) -> None:
    rows = cli("files", image.source, "--format", "json").json()
    found = {row["path"]: row for row in rows}
    assert list(found) == ["/etc", "/etc/a.conf", "/f", "/g", "/link"]
    assert found["/etc/a.conf"] == {
        "path": "/etc/a.conf",
        "type": "file",
        "size": 3,
        "mode": "0600",
        "uid": 5,
        "gid": 6,
        "layer": image.layers[0],
        "link": None,
    }
    assert (found["/g"]["type"], found["/g"]["link"]) == ("hardlink", "/f")
    assert (found["/link"]["type"], found["/link"]["link"]) == ("symlink", "/etc")
    assert found["/f"]["layer"] == image.layers[1]


def test_some_of_them(cli: InProcess, image: LayeredImage) -> None:
    assert cli("files", image.source, "etc/", "-q").lines() == ["/etc", "/etc/a.conf"]
    assert cli("files", image.source, "*.conf", "-q").lines() == ["/etc/a.conf"]
    missing = cli("files", image.source, "/f", "/no", "-q")
    assert (missing.exit_code, missing.lines()) == (3, ["/f"])
    assert "/no" in missing.stderr


def test_what_each_layer_holds(cli: InProcess, image: LayeredImage) -> None:
    rows = cli("files", image.source, "/gone", "--all-layers", "--format", "json").json()
    assert [(row["type"], row["layer"]) for row in rows] == [
        ("file", image.layers[0]),
        ("whiteout", image.layers[1]),
    ]


def test_a_path_that_finds_nothing_is_told_and_the_others_are_listed(
    cli: InProcess, tmp_path: Path
) -> None:
    image = image_of(tmp_path / "small", [tar_of(member("here", b""))])
    result = cli("files", image.source, "/nowhere", "/here", "-q")
    assert result.exit_code == 3
    assert result.stdout == "/here\n"
    assert result.stderr == (
        f"error: cannot list the files of {image.source}: there is no /nowhere in the image "
        "(NOT_FOUND)\n"
    )


def test_names_cannot_act_on_a_terminal(cli: InProcess, tmp_path: Path) -> None:
    names = ["a\nb", "\x1b[2J", "\udcff"]
    image = image_of(tmp_path / "hostile", [tar_of(*(member(name, b"") for name in names))])
    for arguments in ((), ("-q",), ("--format", "json")):
        result = cli("files", image.source, *arguments, terminal=True)
        assert result.exit_code == 0, result.stderr
        assert "\x1b[2J" not in result.stdout
    assert len(cli("files", image.source, "-q").lines()) == 3
