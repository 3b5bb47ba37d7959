"""`--from-file`: several images at once, whose blobs move once."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from support.docker_registry import DockerRegistry
from support.images import Image, Layout
from support.proxy import Proxy
from support.repositories import content
from support.running import InProcess, Result
from support.skopeo import Skopeo
from support.terminal import Terminal

SHARED = content(8 << 20)


@pytest.fixture
def destination(docker_registry: Callable[..., DockerRegistry], repository: str) -> str:
    return f"{docker_registry().host}/{repository}:pushed"


@pytest.fixture
def remote(destination: str, image: Image, skopeo: Skopeo) -> str:
    """The reference of `image` in a real registry, where skopeo put it."""
    reference = destination.replace(":pushed", ":v1")
    skopeo.copy(image.source, f"docker://{reference}")
    return reference


def digest(cli: InProcess, reference: str) -> str:
    return cli("digest", reference).stdout.strip()


def test_a_list_of_images(
    cli: InProcess, oci_layout: Layout, destination: str, tmp_path: Path
) -> None:
    one, two = oci_layout.image("one"), oci_layout.image("two", layers=[{"x": b"y"}])
    repository = destination.rpartition(":")[0]
    lines = f"# comment\n{one.source} {repository}:one\n\n{two.source}  {repository}:two # again\n"
    (tmp_path / "list").write_text(lines)
    result = cli("push", "--from-file", "list", "--format", "json")
    assert [row["digest"] for row in report_list(result)] == [one.digest, two.digest]
    assert digest(cli, f"{repository}:two") == two.digest
    assert cli("push", "--from-file", "-", stdin=lines).exit_code == 0


def report_list(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.stderr
    found: list[dict[str, Any]] = result.json()
    return found


def test_a_failed_line_does_not_stop_the_list(
    cli: InProcess, remote: str, image: Image, tmp_path: Path
) -> None:
    missing = remote.replace(":v1", ":none")
    (tmp_path / "list").write_text(f"{missing} oci:a\n{remote} oci:b:x\n{remote}\n")
    result = cli("pull", "--from-file", "list", "--all-platforms")
    assert result.exit_code == 3
    assert missing in result.stderr
    assert cli("digest", "oci:b:x", "oci:app:v1").lines() == [image.digest] * 2


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("a b c", "line 1"),
        ("\n\nUPPER", "lower case"),
    ],
)
def test_a_list_is_read_before_anything_is_done(
    cli: InProcess, tmp_path: Path, content: str, reason: str
) -> None:
    (tmp_path / "list").write_text(content)
    result = cli("pull", "--from-file", "list")
    assert result.exit_code == 2
    assert reason in result.stderr


def test_a_list_or_arguments(cli: InProcess, tmp_path: Path) -> None:
    (tmp_path / "list").write_text("x")
    assert cli("pull", "x", "--from-file", "list").exit_code == 2
    assert cli("pull", "--from-file", "missing").exit_code == 2
    assert cli("pull").exit_code == 2
    assert cli("push", "oci:x").exit_code == 2


# Side by side


@pytest.fixture
def alike(oci_layout: Layout) -> list[Image]:
    """Three images that have a layer of 8 MiB in common."""
    return [
        oci_layout.image(tag, layers=[{"shared": SHARED}, {"own": tag.encode()}])
        for tag in ("one", "two", "three")
    ]


@pytest.fixture
def between(docker_registry: Callable[..., DockerRegistry], proxy: Callable[..., Proxy]) -> Proxy:
    return proxy(docker_registry().host, round_trip=0.05)


@pytest.mark.parametrize("jobs", ["1", "6"])
def test_what_images_share_goes_up_once(
    cli: InProcess, alike: list[Image], between: Proxy, repository: str, tmp_path: Path, jobs: str
) -> None:
    """Into repositories of their own: the others mount it from the first."""
    lines = [f"{one.source} {between.host}/{repository}-{one.tag}:v1\n" for one in alike]
    (tmp_path / "list").write_text("".join(lines))
    result = cli("push", "--from-file", "list", "--jobs", jobs, "--format", "json")
    rows = report_list(result)
    assert [row["digest"] for row in rows] == [one.digest for one in alike]
    assert len(SHARED) < between.bytes_up < len(SHARED) * 3 // 2
    # The large layer and the configuration's little brothers: each is mounted where it was moved.
    assert sum(row["blobs"]["mounted"] for row in rows) >= 2
    assert sum(row["bytes"] for row in rows) < len(SHARED) * 3 // 2
    for one in alike:
        assert digest(cli, f"{between.host}/{repository}-{one.tag}:v1") == one.digest


def test_what_images_share_comes_down_once(
    cli: InProcess, alike: list[Image], between: Proxy, repository: str, skopeo: Skopeo,
    docker_registry: Callable[..., DockerRegistry], tmp_path: Path,
) -> None:  # fmt: skip
    for one in alike:
        skopeo.copy(one.source, f"docker://{docker_registry().host}/{repository}:{one.tag}")
    lines = [f"{between.host}/{repository}:{one.tag} oci:all\n" for one in alike]
    (tmp_path / "list").write_text("".join(lines))
    report_list(cli("pull", "--from-file", "list", "--format", "json"))
    assert len(SHARED) < between.bytes_down < len(SHARED) * 3 // 2
    for one in alike:
        assert digest(cli, f"oci:all:{one.tag}") == one.digest


def test_the_second_image_does_not_wait_for_the_first(
    cli: InProcess, oci_layout: Layout, between: Proxy, repository: str, tmp_path: Path
) -> None:
    images = [oci_layout.image(tag, layers=[{tag: content(1 << 20)}]) for tag in ("one", "two")]
    lines = [f"{one.source} {between.host}/{repository}-{one.tag}:v1\n" for one in images]
    (tmp_path / "list").write_text("".join(lines))
    assert cli("push", "--from-file", "list").exit_code == 0
    seen = [one.partition("?")[0] for one in between.requests]
    begun = seen.index(f"POST /v2/{repository}-two/blobs/uploads/")
    assert begun < seen.index(f"PUT /v2/{repository}-one/manifests/v1")


def test_ctrl_c_ends_them_all(
    terminal: Callable[..., AbstractContextManager[Terminal]],
    alike: list[Image], between: Proxy, repository: str, skopeo: Skopeo,
    docker_registry: Callable[..., DockerRegistry], tmp_path: Path,
) -> None:  # fmt: skip
    """And takes the bars away."""
    for one in alike:
        skopeo.copy(one.source, f"docker://{docker_registry().host}/{repository}:{one.tag}")
    between.stall_answers(after=1 << 20, times=20)
    lines = [f"{between.host}/{repository}:{one.tag} oci:{one.tag}\n" for one in alike]
    (tmp_path / "list").write_text("".join(lines))
    with terminal("pull", "--from-file", "list", columns=100) as screen:
        screen.expect("total")
        started = time.monotonic()
        screen.process.send_signal(signal.SIGINT)
        assert screen.wait() == 130
        assert time.monotonic() - started < 15
    assert [line for line in screen.left if line != "^C"] == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("oci:a:x oci:out\noci:b:x oci:out", "oci:a:x and oci:b:x"),
        ("oci:a:x out.tar\noci:b:x out.tar", "where both"),
        ("oci:a:x docker-archive:d.tar\noci:b:y docker-archive:d.tar", "where both"),
        ("oci:a:x -\noci:b:y docker-archive:-", "an OCI archive for many"),
        ("oci:a r.example/app:v1\noci:b r.example/app:v1", "where both"),
        ("- oci:a\n- oci:b", "one archive on stdin"),
    ],
)
def test_images_in_each_others_way(
    cli: InProcess, tmp_path: Path, content: str, reason: str
) -> None:
    (tmp_path / "list").write_text(content.replace("out.tar", "oci-archive:out.tar"))
    result = cli("copy", "--from-file", "list")
    assert result.exit_code == 2
    assert reason in result.stderr
