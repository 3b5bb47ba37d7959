"""Whole commands against networks and registries that spoil what they carry."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from hubcli import oci
from support.docker_registry import DockerRegistry
from support.images import Image, Layout
from support.proxy import Proxy
from support.repositories import content
from support.running import InProcess
from support.sandbox import SandboxServer
from support.scripted import Answer, ScriptedServer, Seen
from support.skopeo import Skopeo

SIZE = 3 << 20
LOCAL = ["oci:out:v1", "out.tar", "out.tgz", "docker-archive:out.tar:app:v1"]


@pytest.fixture
def image(oci_layout: Layout) -> Image:
    """An image with one layer of 3 MiB."""
    return oci_layout.image("v1", layers=[{"data": content(SIZE)}])


@pytest.fixture
def between(docker_registry: Callable[..., DockerRegistry], proxy: Callable[..., Proxy]) -> Proxy:
    """A proxy before a real registry."""
    return proxy(docker_registry().host)


@pytest.fixture
def remote(
    docker_registry: Callable[..., DockerRegistry], between: Proxy, repository: str, image: Image,
    skopeo: Skopeo,
) -> str:  # fmt: skip
    """`image`, in a registry behind the proxy."""
    skopeo.copy(image.source, f"docker://{docker_registry().host}/{repository}:v1")
    return f"{between.host}/{repository}:v1"


def layer_of(image: Image) -> bytes:
    return image.read(image.layers[0]["digest"])


def left_of(directory: Path, image: Image) -> list[str]:
    """Files that have to do with the layer, or are archives, whole or not."""
    key = image.layers[0]["digest"][7:]
    names = [path.name for path in directory.rglob("*") if path.is_file()]
    return [name for name in names if key in name or name.startswith("out")]


# On the way


@pytest.mark.parametrize("destination", LOCAL)
def test_a_byte_that_changes_on_the_way_down(
    cli: InProcess, between: Proxy, remote: str, image: Image, tmp_path: Path, destination: str
) -> None:
    between.forget()
    between.corrupt_answers(after=SIZE // 2, times=20)
    result = cli("pull", remote, destination)
    assert result.exit_code == 7, result.stderr
    assert image.layers[0]["digest"] in result.stderr
    assert left_of(tmp_path / "out", image) + [p.name for p in tmp_path.glob("out.*")] == []
    between.forget()
    assert cli("pull", remote, destination).exit_code == 0


def test_a_byte_that_changes_in_an_archive_on_stdout(
    cli: InProcess, between: Proxy, remote: str
) -> None:
    """What was written cannot be taken back, but it is no archive: it has no index and no end."""
    between.forget()
    between.corrupt_answers(after=SIZE // 2, times=20)
    result = cli("pull", remote, "-")
    assert result.exit_code == 7
    assert b"index.json" not in result.stdout_bytes


def test_a_byte_that_changes_on_the_way_up(
    cli: InProcess, between: Proxy, repository: str, image: Image
) -> None:
    """The registry finds it out, and nothing of the image is there."""
    between.corrupt_uploads(after=SIZE // 2, times=20)
    result = cli("push", image.source, f"{between.host}/{repository}:v2")
    assert result.exit_code == 7, result.stderr
    between.forget()
    assert cli("digest", f"{between.host}/{repository}:v2").exit_code == 3
    layer = f"{between.host}/{repository}@{image.layers[0]['digest']}"
    assert cli("blob", "head", layer).exit_code == 3


# At the other end


def registry(image: Image, layer: Callable[[Seen], Answer]) -> Callable[[Seen], Answer]:
    """A registry that has one image, and answers as told where its layer is asked for."""

    def answer(seen: Seen) -> Answer:
        name = seen.path.rpartition("/")[2]
        if "/manifests/" in seen.path:
            kind = {"Content-Type": image.media_type, "Docker-Content-Digest": image.digest}
            return Answer(200, image.read(image.digest), kind)
        if name == image.layers[0]["digest"]:
            return layer(seen)
        return Answer(200, image.read(name)) if "/blobs/" in seen.path else Answer(200, b"{}")

    return answer


def kept_half(image: Image, layout: Path) -> None:
    """The former half of the layer, as an interrupted pull leaves it."""
    name = image.layers[0]["digest"].replace(":", "-")
    (layout / ".partial").mkdir(parents=True)
    (layout / ".partial" / f"{name}.partial").write_bytes(layer_of(image)[: SIZE // 2])


def ranged(image: Image, seen: Seen, then: Callable[[bytes, int], Answer]) -> Answer:
    """The whole layer; where a range of it is asked for, what `then` makes of that."""
    data, asked = layer_of(image), seen.headers.get("range")
    return Answer(200, data) if asked is None else then(data, int(asked[6:].rstrip("-")))


RANGES: dict[str, Callable[[bytes, int], Answer]] = {
    "served": lambda data, at: Answer(
        206, data[at:], {"Content-Range": f"bytes {at}-{len(data) - 1}/{len(data)}"}
    ),
    "ignored": lambda data, at: Answer(200, data),
    "refused": lambda data, at: Answer(416),
    "another": lambda data, at: Answer(
        206, data[at // 2 :], {"Content-Range": f"bytes {at // 2}-{len(data) - 1}/{len(data)}"}
    ),
    "cut": lambda data, at: Answer(
        206, data[at:], {"Content-Range": f"bytes {at}-{len(data) - 1}/{len(data)}"}, cut=1000
    ),
}


@pytest.mark.parametrize("range_is", RANGES)
def test_a_kept_part_is_gone_on_with_whatever_becomes_of_the_range(
    cli: InProcess, image: Image, tmp_path: Path, range_is: str
) -> None:
    kept_half(image, tmp_path / "out")
    times = []

    def layer(seen: Seen) -> Answer:
        times.append(seen)
        first_cuts = range_is == "cut" and len(times) > 3
        return ranged(image, seen, RANGES["served" if first_cuts else range_is])

    with ScriptedServer(registry(image, layer)) as server:
        result = cli("pull", f"{server.url[7:]}/app:v1", "oci:out", "--format", "json")
    assert result.exit_code == 0, result.stderr
    assert result.json()["blobs"]["resumed"] == 1
    assert times[0].headers["range"] == f"bytes={SIZE // 2}-"
    assert oci.digest_of((tmp_path / "out" / "blobs" / "sha256" / image.layers[0]["digest"][7:])
                         .read_bytes()) == image.layers[0]["digest"]  # fmt: skip
    assert not (tmp_path / "out" / ".partial").exists()


def test_a_kept_part_that_is_wrong_is_thrown_away(
    cli: InProcess, image: Image, tmp_path: Path
) -> None:
    kept_half(image, tmp_path / "out")
    (partial,) = (tmp_path / "out" / ".partial").iterdir()
    partial.write_bytes(bytes(SIZE // 2))
    served = RANGES["served"]
    with ScriptedServer(registry(image, lambda seen: ranged(image, seen, served))) as server:
        result = cli("pull", f"{server.url[7:]}/app:v1", "oci:out", "--format", "json")
    assert result.exit_code == 0, result.stderr
    assert result.json()["blobs"] == {"copied": 2, "skipped": 0, "mounted": 0, "resumed": 0}


WRONG: dict[str, Callable[[bytes], Answer]] = {
    "shorter": lambda data: Answer(200, data[:-1]),
    "longer": lambda data: Answer(200, data + b"x"),
    "other bytes": lambda data: Answer(200, bytes(len(data))),
    "an error page": lambda data: Answer(200, b"<html>come back later</html>"),
}


@pytest.mark.parametrize("destination", LOCAL)
@pytest.mark.parametrize("wrong", WRONG)
def test_a_layer_that_is_not_what_was_promised(
    cli: InProcess, image: Image, tmp_path: Path, wrong: str, destination: str
) -> None:
    script = registry(image, lambda _: WRONG[wrong](layer_of(image)))
    with ScriptedServer(script) as server:
        result = cli("pull", f"{server.url[7:]}/app:v1", destination)
    assert result.exit_code == 7, result.stderr
    assert left_of(tmp_path / "out", image) + [p.name for p in tmp_path.glob("out.*")] == []
    if (tmp_path / "out").exists():
        assert json.loads((tmp_path / "out" / "index.json").read_bytes())["manifests"] == []


@pytest.mark.parametrize("change", [lambda c: c + b" ", lambda c: c[:-2], lambda c: b"{}"])
def test_a_manifest_that_is_not_what_was_asked_for(
    cli: InProcess, image: Image, tmp_path: Path, change: Callable[[bytes], bytes]
) -> None:
    def script(seen: Seen) -> Answer:
        return Answer(200, change(image.read(image.digest)), {"Content-Type": image.media_type})

    with ScriptedServer(script) as server:
        result = cli("pull", f"{server.url[7:]}/app@{image.digest}", "oci:out")
    assert result.exit_code == 7, result.stderr
    assert not (tmp_path / "out").exists()


# Tokens


def expired(sandbox: SandboxServer, path: str) -> dict[str, str]:
    scope = f"repository:{path}:pull,push"
    realm = f'Bearer realm="{sandbox.url}/token",service="hubcli-sandbox"'
    return {"WWW-Authenticate": f'{realm},scope="{scope}",error="invalid_token"'}


@pytest.mark.parametrize("chunks", [[], ["--chunk-size", "1M"]])
def test_a_token_that_runs_out_during_an_upload(
    cli: InProcess, sandbox: SandboxServer, image: Image, repository: str, chunks: list[str]
) -> None:
    path = f"alice/{repository.partition('/')[0]}"
    verb = "PATCH" if chunks else "PUT"
    refusal = {"status": 401, "headers": expired(sandbox, path), "times": 1}
    sandbox.fault(f"{verb} /v2/{path}/blobs/uploads/", skip=1 if chunks else 0, **refusal)
    result = cli("push", image.source, f"{path}:v1", *chunks, env=sandbox.signed_in)
    assert result.exit_code == 0, result.stderr
    assert cli("digest", f"{path}:v1", env=sandbox.signed_in).stdout.strip() == image.digest
    sent = sandbox.requests(f"{verb} /v2/{path}/blobs/uploads/")
    assert 401 in [one.status for one in sent]


def test_a_token_that_runs_out_during_a_download(
    cli: InProcess, sandbox: SandboxServer, image: Image, repository: str
) -> None:
    """The connection breaks, and the token is no good for the request that goes on."""
    path = f"alice/{repository.partition('/')[0]}"
    assert cli("push", image.source, f"{path}:v1", env=sandbox.signed_in).exit_code == 0
    layer = f"GET /v2/{path}/blobs/{image.layers[0]['digest']}"
    sandbox.forget()
    sandbox.fault(layer, cut_after_bytes=SIZE // 2, times=1)
    sandbox.fault(layer, status=401, headers=expired(sandbox, path), times=1)
    result = cli("pull", f"{path}:v1", "oci:out", env=sandbox.signed_in)
    assert result.exit_code == 0, result.stderr
    assert cli("digest", "oci:out:v1").stdout.strip() == image.digest
    assert 401 in [one.status for one in sandbox.requests(layer)]
