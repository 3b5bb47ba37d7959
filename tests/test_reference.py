"""References, held against docker's own reading of them."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubcli import reference
from hubcli.errors import UsageError
from hubcli.reference import Place, Reference

HEX = "a" * 64
SHA = f"sha256:{HEX}"

# Inputs and normalised forms as `docker pull` and distribution's reference package have them.
READ = [
    ("ubuntu", "docker.io/library/ubuntu"),
    ("ubuntu:22.04", "docker.io/library/ubuntu:22.04"),
    (f"ubuntu@{SHA}", f"docker.io/library/ubuntu@{SHA}"),
    (f"ubuntu:22.04@{SHA}", f"docker.io/library/ubuntu:22.04@{SHA}"),
    ("docker.io/ubuntu", "docker.io/library/ubuntu"),
    ("index.docker.io/ubuntu:1", "docker.io/library/ubuntu:1"),
    ("registry-1.docker.io/library/ubuntu", "docker.io/library/ubuntu"),
    ("registry.hub.docker.com/alice/app", "docker.io/alice/app"),
    ("alice/app", "docker.io/alice/app"),
    ("a/b/c", "docker.io/a/b/c"),
    ("quay.io/org/app:v1", "quay.io/org/app:v1"),
    ("quay.io/app", "quay.io/app"),
    ("localhost/app", "localhost/app"),
    ("localhost:5000/app:dev", "localhost:5000/app:dev"),
    ("host:5000/a/b", "host:5000/a/b"),
    ("[::1]:5000/app", "[::1]:5000/app"),
    ("GHCR.io/org/app", "ghcr.io/org/app"),
    ("Uppercase/app", "Uppercase/app"),
    ("docker.io/a.b/app", "docker.io/a.b/app"),
    ("a--b/c__d.e-f", "docker.io/a--b/c__d.e-f"),
    ("foo.bar/baz", "foo.bar/baz"),
]


@pytest.mark.parametrize(("text", "whole"), READ)
def test_is_read_as_docker_reads_it(text: str, whole: str) -> None:
    assert str(reference.parse(text)) == whole


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":v1",
        "@" + SHA,
        "ubuntu:",
        "ubuntu@",
        "ubuntu@sha256:abc",
        f"ubuntu@sha256:{'A' * 64}",
        f"ubuntu@sha512:{HEX}",
        "Ubuntu",
        "alice/App",
        "a//b",
        "/a",
        "a/",
        "quay.io/",
        "-a/b",
        "a_-b",
        "a..b/c",
        "ubuntu:-v1",
        "ubuntu:" + "v" * 129,
        "ubuntu:v1:v2",
        "quay.io:port/app",
        "ubuntu latest",
        "ubuntu\n",
        "../etc/passwd",
        "./app",
        "http://quay.io/app",
        HEX,
        "x/" + "a" * 255,
    ],
)
def test_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        reference.parse(text)


def test_names_can_be_handed_back() -> None:
    assert reference.parse("ubuntu:1").name == "library/ubuntu"
    assert reference.parse("quay.io/a/b:1").name == "quay.io/a/b"
    assert reference.parse("ubuntu:1").short == "library/ubuntu:1"
    assert reference.parse("localhost:5000/x@" + SHA).short == f"localhost:5000/x@{SHA}"


def test_parts() -> None:
    parsed = reference.parse("quay.io/a/b/c:v1")
    assert (parsed.namespace, parsed.basename, parsed.identifier) == ("a/b", "c", "v1")
    assert reference.parse("ubuntu").identifier == "latest"
    assert reference.parse(f"ubuntu:v1@{SHA}").identifier == SHA
    assert str(parsed.tagged("v2")) == "quay.io/a/b/c:v2"
    assert str(parsed.at(SHA)) == f"quay.io/a/b/c@{SHA}"
    assert str(parsed.bare()) == "quay.io/a/b/c"


def test_a_long_reference_is_not_repeated_in_full() -> None:
    with pytest.raises(UsageError) as failure:
        reference.parse("X" * 1_000_000)
    assert len(str(failure.value)) < 1000


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("alice", Place("docker.io", "alice")),
        ("docker.io", Place("docker.io")),
        ("docker.io/alice", Place("docker.io", "alice")),
        ("quay.io", Place("quay.io")),
        ("quay.io/", Place("quay.io")),
        ("quay.io/org/team", Place("quay.io", "org/team")),
        ("localhost:5000", Place("localhost:5000")),
    ],
)
def test_places(text: str, place: Place) -> None:
    assert reference.parse_place(text) == place


@pytest.mark.parametrize("text", ["", "Alice/app", "a b", "quay.io/UP", "!"])
def test_places_refused(text: str) -> None:
    with pytest.raises(UsageError):
        reference.parse_place(text)


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("https://index.docker.io/v1/", "docker.io"),
        ("hub.docker.com", "docker.io"),
        ("https://Quay.io/", "quay.io"),
        ("registry", "registry"),
        ("[::1]:5000", "[::1]:5000"),
    ],
)
def test_hosts(text: str, host: str) -> None:
    assert reference.parse_host(text) == host


@pytest.mark.parametrize("text", ["", "a/b", "a b", "-", "host:port"])
def test_hosts_refused(text: str) -> None:
    with pytest.raises(UsageError):
        reference.parse_host(text)


def test_patterns() -> None:
    repository, glob = reference.parse_pattern("alice/app:pr-*")
    assert (str(repository), glob) == ("docker.io/alice/app", "pr-*")
    assert reference.parse_pattern("app:v1") == (Reference("docker.io", "library/app", "v1"), None)
    assert reference.parse_pattern("h:5/app:[0-9]?")[1] == "[0-9]?"
    with pytest.raises(UsageError):
        reference.parse_pattern("app:pr *")


component = st.from_regex(r"[a-z0-9]{1,8}((\.|_|__|-{1,3})[a-z0-9]{1,8}){0,2}", fullmatch=True)
paths = st.lists(component, min_size=1, max_size=4).map("/".join)
tags = st.none() | st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}", fullmatch=True)
digests = st.none() | st.text("0123456789abcdef", min_size=64, max_size=64).map(
    lambda encoded: f"sha256:{encoded}"
)
hosts = st.sampled_from(["quay.io", "localhost", "localhost:5000", "10.0.0.1:80", "ghcr.io"])


@given(hosts, paths, tags, digests)
def test_what_is_printed_is_read_again(
    host: str, path: str, tag: str | None, digest: str | None
) -> None:
    first = Reference(host, path, tag, digest)
    assert reference.parse(str(first)) == first
    assert reference.parse(first.short) == first


@given(paths, tags, digests)
def test_on_hub_what_is_printed_is_read_again(
    path: str, tag: str | None, digest: str | None
) -> None:
    # `a.b/c` on Hub cannot be written without its host: docker reads a.b as one.
    if "/" in path and reference.looks_like_host(path.partition("/")[0]):
        return
    first = reference.parse(Reference("docker.io", path, tag, digest).suffixed(path))
    assert reference.parse(first.short) == first
    assert reference.parse(str(first)) == first


@given(st.text(string.printable + "é\u202e", max_size=80))
def test_anything_is_either_read_or_refused(text: str) -> None:
    try:
        parsed = reference.parse(text)
    except UsageError:
        return
    assert reference.parse(str(parsed)) == parsed
