"""`hubcli export`: what comes out is what an image holds in the end."""

from __future__ import annotations

import io
import os
import resource
import subprocess
import tarfile
import tempfile
from pathlib import Path

import pytest

from support import programs
from support.layered import hardlink, image_of, member, symlink, tar_of
from support.real_images import RealImages
from support.running import InProcess
from support.sandbox import SandboxServer


def extracted(content: bytes, directory: Path) -> dict[str, object]:
    """What real tar makes of it."""
    directory.mkdir()
    subprocess.run(["tar", "-xf", "-", "-C", directory], input=content, check=True)
    return files_below(directory)


def files_below(directory: Path) -> dict[str, object]:
    found: dict[str, object] = {}
    for path in directory.rglob("*"):
        name = str(path.relative_to(directory))
        if path.is_symlink():
            found[name] = f"-> {path.readlink()}"
        elif path.is_file():
            found[name] = (path.read_bytes(), path.stat().st_nlink, path.stat().st_mode)
        else:
            found[name] = path.stat().st_mode
    return found


@pytest.mark.parametrize("name", ["whiteouts", "opaque", "hardlinks", "longnames"])
def test_an_image_is_what_umoci_unpacks(
    cli: InProcess, real_image: RealImages, tmp_path: Path, name: str
) -> None:
    image = real_image(name)
    umoci = programs.require_tool("umoci")
    bundle = tmp_path / "bundle"
    subprocess.run(
        [umoci.path, "unpack", "--rootless", "--image", f"{image.layout}:{image.tag}", bundle],
        check=True,
        capture_output=True,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), **umoci.environ},
    )
    result = cli("export", image.source)
    assert result.exit_code == 0, result.stderr
    assert extracted(result.stdout_bytes, tmp_path / "ours") == files_below(bundle / "rootfs")


def test_layers_of_all_compressions(cli: InProcess, real_image: RealImages, tmp_path: Path) -> None:
    """Debian's umoci reads no zstd: what is in them is what `real_images` says."""
    content = cli("export", real_image("mixed").source).stdout_bytes
    found = extracted(content, tmp_path / "ours")
    assert {name: value[0] for name, value in found.items() if isinstance(value, tuple)} == {
        name: name.encode() * 500 for name in ("plain", "gzip", "zstd")
    }


def test_holes_are_filled(cli: InProcess, real_image: RealImages) -> None:
    """Debian's umoci refuses the image; what is in it is what `real_images` says."""
    content = cli("export", real_image("sparse").source, "/holes").stdout_bytes
    assert len(content) == 1 << 20
    assert content.startswith(b"start")
    assert content.endswith(b"end")
    assert content.strip(b"\0").count(b"\0") == (1 << 20) - len(b"start") - len(b"end")


def test_layers_of_a_registry_are_downloaded_once(cli: InProcess, sandbox: SandboxServer) -> None:
    sandbox.forget()
    assert cli("export", "hello-world").exit_code == 0
    blobs = [str(one) for one in sandbox.requests() if "/blobs/" in str(one)]
    assert len(blobs) == len(set(blobs)) >= 2


def test_owner_mode_time_links_and_attributes_are_kept(cli: InProcess, tmp_path: Path) -> None:
    attributes = {"SCHILY.xattr.user.note": "kept", "mtime": "1700000000.123456789"}
    image = image_of(
        tmp_path / "image",
        [
            tar_of(
                member("bin", mode=0o1777),
                member("bin/a", b"a", mode=0o4755, uid=7, gid=8, pax_headers=attributes),
                hardlink("bin/b", "bin/a"),
                member("tty", type=tarfile.CHRTYPE, devmajor=5, devminor=1),
            )
        ],
    )
    content = cli("export", image.source).stdout_bytes
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        members = {one.name: one for one in archive}
    first = members["bin/a"]
    assert (first.mode, first.uid, first.gid) == (0o4755, 7, 8)
    assert first.pax_headers == attributes
    assert members["bin"].mode == 0o1777
    assert (members["bin/b"].type, members["bin/b"].linkname) == (tarfile.LNKTYPE, "bin/a")
    assert (members["tty"].devmajor, members["tty"].devminor) == (5, 1)


def test_the_same_image_gives_the_same_bytes(cli: InProcess, real_image: RealImages) -> None:
    source = real_image("hardlinks").source
    assert cli("export", source).stdout_bytes == cli("export", source).stdout_bytes


def test_one_file(cli: InProcess, tmp_path: Path) -> None:
    layers = [
        tar_of(
            member("etc"), member("etc/name", b"old"), symlink("link", "etc"), member("x", b"x")
        ),
        tar_of(member("etc"), member("etc/name", b"new\n"), member(".wh.x", b"")),
    ]
    image = image_of(tmp_path / "image", layers)
    for path in ("etc/name", "/etc/name", "/link/name", "/../etc/./name"):
        assert cli("export", image.source, path).stdout_bytes == b"new\n"
    gone = cli("export", image.source, "/x")
    assert (gone.exit_code, gone.stdout_bytes) == (3, b"")
    written = cli("export", image.source, "/etc/name", "-o", str(tmp_path / "out"))
    assert (written.exit_code, (tmp_path / "out").read_bytes()) == (0, b"new\n")


def test_one_file_needs_no_layer_below_its_own(cli: InProcess, tmp_path: Path) -> None:
    image = image_of(tmp_path / "image", [tar_of(member("a", b"a")), tar_of(member("b", b"b"))])
    image.blob(image.layers[0]).unlink()
    assert cli("export", image.source, "/b").stdout_bytes == b"b"
    assert cli("export", image.source, "/a").exit_code == 3


def test_another_name_of_the_file_in_a_higher_layer_is_seen(cli: InProcess, tmp_path: Path) -> None:
    layers = [
        tar_of(symlink("lib", "usr/lib")),
        tar_of(member("usr/lib/f", b"old")),
        tar_of(member("lib/f", b"new")),
    ]
    image = image_of(tmp_path / "image", layers)
    assert cli("export", image.source, "/usr/lib/f").stdout_bytes == b"new"


def test_a_directory_is_a_tar_that_begins_with_its_name(cli: InProcess, tmp_path: Path) -> None:
    image = image_of(tmp_path / "image", [tar_of(member("a/b/c", b"c"), member("d", b"d"))])
    content = cli("export", image.source, "/a/b").stdout_bytes
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        assert archive.getnames() == ["b", "b/c"]


def test_a_terminal_is_refused(cli: InProcess, tmp_path: Path) -> None:
    image = image_of(tmp_path / "image", [tar_of(member("a", b"a"))])
    result = cli("export", image.source, terminal=True)
    assert (result.exit_code, "-o" in result.stderr) == (2, True)


def test_nothing_is_left_where_a_layer_is_not_what_it_should_be(
    cli: InProcess, tmp_path: Path
) -> None:
    image = image_of(
        tmp_path / "image", [tar_of(member("a", b"a"))], diff_ids=[f"sha256:{'0' * 64}"]
    )
    out = tmp_path / "out" / "x.tar"
    out.parent.mkdir()
    for arguments in ((), ("/a",)):
        result = cli("export", image.source, *arguments, "-o", str(out))
        assert result.exit_code == 7
        assert list(out.parent.iterdir()) == []
        assert cli("export", image.source, *arguments).stdout_bytes == b""


def test_a_full_disk_is_told_where_it_is(cli: InProcess, tmp_path: Path) -> None:
    large = image_of(tmp_path / "large", [tar_of(member("random", os.urandom(1 << 18)))])
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 17, before[1]))
    try:
        result = cli("export", large.source, "/", "-o", "out.tar")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert result.exit_code == 1
    place = tempfile.gettempdir()
    assert f"cannot export {large.source}: cannot keep what was read in {place}: " in result.stderr
    assert "hint: set TMPDIR to a directory with more room" in result.stderr
    assert not (tmp_path / "out.tar").exists()
