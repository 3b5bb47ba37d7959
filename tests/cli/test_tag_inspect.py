"""`hubcli tag inspect`: what a tag points at."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from hubcli import oci
from hubcli.cli.views import IMAGE
from support import sandbox_registry
from support.docker_registry import DockerRegistry
from support.images import CONFIG, CREATED, INDEX, LAYER, MANIFEST, Image, Layout
from support.running import InProcess
from support.sandbox import SandboxServer
from support.sandbox_registry import registry_server
from support.scripted import Answer, ScriptedServer
from support.skopeo import Skopeo

Registries = Callable[..., DockerRegistry]
HELLO = "library/hello-world"
FIELDS = (
    "reference", "digest", "media_type", "size", "platforms", "platform", "created", "config",
    "layers", "annotations", "attestations",
)  # fmt: skip
RUN = {
    "Env": ["PATH=/bin", "A=b"],
    "Entrypoint": ["/app"],
    "Cmd": ["serve"],
    "Labels": {"org.opencontainers.image.title": "app"},
    "User": "1000:1000",
    "WorkingDir": "/srv",
    "ExposedPorts": {"8080/tcp": {}, "53/udp": {}},
    "Volumes": {"/data": {}},
}


@pytest.fixture
def pushed(
    docker_registry: Registries, skopeo: Skopeo, oci_layout: Layout, repository: str
) -> tuple[str, Image]:
    """A repository with the tag v1, an index for two platforms with annotations."""
    image = oci_layout.image(
        "v1",
        platforms=["linux/amd64", "linux/arm64/v8"],
        config=RUN,
        annotations={"vendor": "acme"},
    )
    name = f"{docker_registry().host}/{repository}"
    skopeo.copy(image.source, f"docker://{name}:v1")
    return name, image


def config_of(image: Image, platform: str) -> int:
    return int(json.loads(image.read(image.platforms[platform]["digest"]))["config"]["size"])


def layers_of(image: Image, platform: str) -> list[dict[str, object]]:
    layers = json.loads(image.read(image.platforms[platform]["digest"]))["layers"]
    return [
        {
            "digest": layer["digest"],
            "size": layer["size"],
            "media_type": LAYER,
            "created_by": "COPY . /",
        }
        for layer in layers
    ]


def size_of(image: Image, platform: str) -> int:
    layers = layers_of(image, platform)
    return config_of(image, platform) + sum(int(str(layer["size"])) for layer in layers)


def test_the_fields_are_those_of_the_contract() -> None:
    assert IMAGE.names == FIELDS


def test_an_index_and_one_of_its_images(cli: InProcess, pushed: tuple[str, Image]) -> None:
    name, image = pushed
    row = cli(
        "tag", "inspect", f"{name}:v1", "--platform", "linux/arm64", "--format", "json"
    ).json()
    assert row == {
        "reference": f"{name}:v1",
        "digest": image.digest,
        "media_type": INDEX,
        "size": size_of(image, "linux/arm64/v8"),
        "platforms": [
            {
                "os": "linux",
                "architecture": platform.split("/")[1],
                "variant": "v8" if "arm64" in platform else None,
                "digest": image.platforms[platform]["digest"],
                "size": size_of(image, platform),
            }
            for platform in ("linux/amd64", "linux/arm64/v8")
        ],
        "platform": "linux/arm64/v8",
        "created": CREATED,
        "config": {
            "env": ["PATH=/bin", "A=b"],
            "entrypoint": ["/app"],
            "cmd": ["serve"],
            "labels": {"org.opencontainers.image.title": "app"},
            "user": "1000:1000",
            "workdir": "/srv",
            "ports": ["53/udp", "8080/tcp"],
            "volumes": ["/data"],
        },
        "layers": layers_of(image, "linux/arm64/v8"),
        "annotations": {"vendor": "acme"},
        "attestations": [],
    }


def test_skopeo_says_the_same(cli: InProcess, pushed: tuple[str, Image], skopeo: Skopeo) -> None:
    name, _ = pushed
    row = cli(
        "tag", "inspect", f"{name}:v1", "--platform", "linux/amd64", "--format", "json"
    ).json()
    told = skopeo.inspect(f"{name}:v1", "--override-arch=amd64", "--override-os=linux")
    assert row["digest"] == told["Digest"]
    assert [layer["digest"] for layer in row["layers"]] == told["Layers"]
    assert row["config"]["env"] == told["Env"]
    assert row["config"]["labels"] == {"org.opencontainers.image.title": "app"}


def test_a_single_image(
    cli: InProcess, docker_registry: Registries, skopeo: Skopeo, oci_layout: Layout, repository: str
) -> None:
    image = oci_layout.image("latest", platforms=["linux/arm/v7"])
    name = f"{docker_registry().host}/{repository}"
    skopeo.copy(image.source, f"docker://{name}:latest")
    row = cli("tag", "inspect", name, "--format", "json").json()
    assert row["reference"] == f"{name}:latest"
    assert row["platforms"] == [
        {
            "os": "linux",
            "architecture": "arm",
            "variant": "v7",
            "digest": image.digest,
            "size": row["size"],
        }
    ]
    by_digest = cli("tag", "inspect", f"{name}@{image.digest}", "--format", "json").json()
    assert by_digest["reference"] == f"{name}@{image.digest}"
    wrong = cli("tag", "inspect", name, "--platform", "linux/s390x")
    assert wrong.exit_code == 3
    assert "there is no image for linux/s390x in it; it is for linux/arm/v7" in wrong.stderr


def test_an_image_on_hub_costs_few_pulls(cli: InProcess, sandbox: SandboxServer) -> None:
    """Sizes come from Hub's API; what is read of manifests counts as a pull."""
    row = cli("tag", "inspect", HELLO, "--format", "json").json()
    assert row["reference"] == f"{HELLO}:latest"
    assert [platform["size"] > 0 for platform in row["platforms"]] == [True] * 3
    assert row["size"] == next(
        platform["size"] for platform in row["platforms"] if platform["architecture"] == "amd64"
    )
    (attestation,) = row["attestations"]
    assert attestation["subject"] == row["platforms"][0]["digest"]
    assert attestation["predicate_types"] == ["https://slsa.dev/provenance/v0.2"]
    manifests = [one for one in sandbox.requests("/manifests/") if one.method == "GET"]
    assert len(manifests) <= 4


def test_without_hubs_api_the_manifests_tell(cli: InProcess, sandbox: SandboxServer) -> None:
    expected = cli("tag", "inspect", HELLO, "--format", "json").stdout
    sandbox.fault(r"GET /v2/namespaces/", status=403)
    assert cli("tag", "inspect", HELLO, "--format", "json").stdout == expected


def test_a_terminal_gets_a_card(cli: InProcess, pushed: tuple[str, Image]) -> None:
    name, image = pushed
    shown = cli("tag", "inspect", f"{name}:v1", terminal=True, columns=100).stdout
    assert image.digest in shown
    assert "arm64" in shown
    assert "COPY . /" in shown


def test_several_are_an_array_and_failures_are_reported(
    cli: InProcess, pushed: tuple[str, Image]
) -> None:
    name, image = pushed
    result = cli("tag", "inspect", f"{name}:v1", f"{name}:v2", f"{name}:v1", "--format", "json")
    assert [row["digest"] for row in result.json()] == [image.digest] * 2
    assert result.exit_code == 3
    assert json.loads(result.stderr) == {
        "error": f"cannot inspect {name}:v2: not found (MANIFEST_UNKNOWN)",
        "code": "MANIFEST_UNKNOWN",
        "reference": f"{name}:v2",
        "hint": f"hubcli tag ls {name}",
        "exit_code": 3,
    }


@pytest.mark.parametrize("reference", ["nobody/nothing", f"{HELLO}:nothing", "alice/notes"])
def test_what_hub_does_not_show_is_not_found(
    cli: InProcess, sandbox: SandboxServer, reference: str
) -> None:
    result = cli("tag", "inspect", reference)
    assert (result.exit_code, result.stdout) == (3, "")
    assert "not found" in result.stderr


def test_what_is_ones_own_is_shown(cli: InProcess, sandbox: SandboxServer) -> None:
    assert cli("tag", "inspect", "alice/notes", env=sandbox.signed_in).exit_code == 0


@pytest.mark.parametrize(
    "config",
    [
        {"config": 7, "history": 7, "created": 7},
        {
            "config": {
                "Env": "A",
                "Labels": {"a": 7},
                "ExposedPorts": 1,
                "User": [],
                "Cmd": [1, "x"],
            }
        },
        {"history": [{"created_by": 7}, 7, {"created_by": "\x1b[31m", "empty_layer": True}]},
        {"os": 7, "architecture": None, "created": "yesterday"},
    ],
)
def test_a_configuration_may_be_nonsense(cli: InProcess, config: dict[str, object]) -> None:
    def described(media_type: str, content: bytes) -> dict[str, object]:
        return {
            "mediaType": media_type,
            "digest": oci.digest_of(content),
            "size": len(content),
        }

    blob = json.dumps(config).encode()
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": described(CONFIG, blob),
            "layers": [described(LAYER, b"")],
        }
    ).encode()
    answers = {
        "manifests": Answer(200, manifest, {"Content-Type": MANIFEST}),
        "blobs": Answer(200, blob),
    }
    missing = Answer(404)
    with ScriptedServer(lambda seen: answers.get(seen.path.split("/")[4], missing)) as server:
        result = cli("tag", "inspect", f"127.0.0.1:{server.port}/a/b:v1", "--format", "json")
    assert result.exit_code == 0, result.stderr
    row = result.json()
    assert row["created"] is None
    assert len(row["layers"]) == 1


def test_an_index_without_images(cli: InProcess) -> None:
    index = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": []}).encode()
    with ScriptedServer(lambda _: Answer(200, index, {"Content-Type": INDEX})) as server:
        result = cli("tag", "inspect", f"127.0.0.1:{server.port}/a/b:v1")
    assert (result.exit_code, result.stdout) == (3, "")
    assert "it has none at all" in result.stderr


def test_indexes_inside_each_other_end(cli: InProcess) -> None:
    """Each index's only entry is another one: the server makes them up as it is asked."""
    made: dict[str, bytes] = {}

    def index(depth: int) -> bytes:
        inner = index(depth - 1) if depth else b"{}"
        content = json.dumps(
            {
                "schemaVersion": 2,
                "mediaType": INDEX,
                "manifests": [
                    {"mediaType": INDEX, "digest": oci.digest_of(inner), "size": len(inner)}
                ],
            }
        ).encode()
        made[oci.digest_of(inner)] = inner
        return content

    top = index(12)

    def script(seen: object) -> Answer:
        name = str(getattr(seen, "path", "")).rpartition("/")[2]
        return Answer(200, made.get(name, top), {"Content-Type": INDEX})

    with ScriptedServer(script) as server:
        result = cli("tag", "inspect", f"127.0.0.1:{server.port}/a/b:v1")
        assert len(server.seen) < 10
    assert result.exit_code == 7


def test_referrers_are_attestations_too(cli: InProcess, repository: str) -> None:
    """An index with a BuildKit attestation of its other image, and a referrer."""
    with registry_server() as server:
        image = server.push_image(repository, "image")
        document = server.image(repository, annotations={"it": "attests"})
        server.push(repository, "other", document)
        inner = server.fetch(repository, "image").content
        outer = server.fetch(repository, "other").content
        index = sandbox_registry.index(
            [
                sandbox_registry.descriptor(
                    inner, MANIFEST, platform={"os": "linux", "architecture": "amd64"}
                ),
                sandbox_registry.descriptor(
                    outer,
                    MANIFEST,
                    platform={"os": "unknown", "architecture": "unknown"},
                    annotations={
                        "vnd.docker.reference.type": "attestation-manifest",
                        "vnd.docker.reference.digest": f"sha256:{'7' * 64}",
                    },
                ),
            ]
        )
        server.push(repository, "v1", index)
        top = server.fetch(repository, "v1").content
        signature = server.image(
            repository,
            artifactType="application/x.signature",
            subject=sandbox_registry.descriptor(top, INDEX),
        )
        answer = server.push(repository, "signature", signature)
        row = cli("tag", "inspect", f"{server.host}/{repository}:v1", "--format", "json").json()
    assert [entry["digest"] for entry in row["platforms"]] == [image]
    inside, referrer = row["attestations"]
    assert (inside["subject"], inside["predicate_types"]) == (f"sha256:{'7' * 64}", None)
    assert referrer == {
        "digest": answer.headers["Docker-Content-Digest"],
        "size": len(sandbox_registry.encoded(signature)),
        "media_type": MANIFEST,
        "artifact_type": "application/x.signature",
        "subject": row["digest"],
        "predicate_types": None,
    }
