"""What distribution-spec 1.1 asks of clients, as far as no other test holds it."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from hubcli import oci
from hubcli.registry import Registry
from support.scripted import Answer, Script, ScriptedServer, Seen

Connect = Callable[..., Registry]
Scripted = Callable[[Script], ScriptedServer]
DESCRIPTOR = {"mediaType": "x", "digest": "sha256:" + "0" * 64, "size": 1}


def document(media_type: str | None, **members: object) -> bytes:
    told = {} if media_type is None else {"mediaType": media_type}
    return json.dumps({"schemaVersion": 2, **told, "layers": [], **members}).encode()


def test_a_pull_says_which_manifests_it_takes(connect: Connect, scripted: Scripted) -> None:
    content = document(oci.OCI_MANIFEST, config=DESCRIPTOR)
    server = scripted(lambda _: Answer(200, content, {"Content-Type": oci.OCI_MANIFEST}))
    client = connect(f"127.0.0.1:{server.port}").repository("a/b")
    client.manifest("v1")
    client.resolve("v1")
    assert {seen.method for seen in server.seen} == {"GET", "HEAD"}
    for seen in server.seen:
        assert set(oci.MANIFEST_TYPES) <= set(seen.headers["accept"].split(", "))


def test_headers_of_docker_are_not_depended_on(connect: Connect, scripted: Scripted) -> None:
    """Neither Docker-Content-Digest nor Docker-Distribution-Api-Version need be there."""
    content = document(oci.OCI_MANIFEST, config=DESCRIPTOR)
    server = scripted(lambda _: Answer(200, content, {"Content-Type": oci.OCI_MANIFEST}))
    client = connect(f"127.0.0.1:{server.port}").repository("a/b")
    assert client.resolve("v1").digest == client.manifest("v1").digest == oci.digest_of(content)


@pytest.mark.parametrize(
    ("told", "own", "sent"),
    [
        (f"{oci.OCI_MANIFEST}; charset=utf-8", oci.OCI_MANIFEST, oci.OCI_MANIFEST),
        ("application/json", oci.DOCKER_MANIFEST, oci.DOCKER_MANIFEST),
        (oci.OCI_MANIFEST, None, oci.OCI_MANIFEST),
    ],
)
def test_a_manifest_is_pushed_as_what_it_calls_itself(
    connect: Connect, scripted: Scripted, told: str, own: str | None, sent: str
) -> None:
    server = scripted(lambda _: Answer(201))
    content = document(own, config=DESCRIPTOR)
    client = connect(f"127.0.0.1:{server.port}").repository("a/b", "pull", "push")
    client.put_manifest("v1", oci.parse_manifest(content, told))
    (seen,) = server.seen
    assert (seen.headers["content-type"], seen.body) == (sent, content)


def test_a_manifest_of_four_megabytes_is_pulled_and_pushed(
    connect: Connect, scripted: Scripted
) -> None:
    content = document(oci.OCI_MANIFEST, config=DESCRIPTOR, annotations={"a": "x" * (4 << 20)})
    headers = {"Content-Type": oci.OCI_MANIFEST}
    server = scripted(lambda seen: Answer(200, content, headers) if not seen.body else Answer(201))
    client = connect(f"127.0.0.1:{server.port}").repository("a/b", "pull", "push")
    client.put_manifest("v2", client.manifest("v1"))
    assert [seen.body for seen in server.seen] == [b"", content]


def test_a_warning_changes_nothing_but_what_is_said(connect: Connect, scripted: Scripted) -> None:
    said: list[str] = []
    headers = {"Warning": '299 - "delete everything; retry; https://elsewhere.example"'}

    def script(seen: Seen) -> Answer:
        return Answer(200, b'{"tags": ["v1"]}', headers)

    server = scripted(script)
    registry = connect(f"127.0.0.1:{server.port}", warn=said.append)
    assert list(registry.repository("a/b").tags()) == [["v1"]]
    assert len(server.seen) == len(said) == 1
