"""Credential helpers, as programs that behave and as programs that do not."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hubcli.auth.credentials import Credential, Kind
from hubcli.auth.credentials.helper import Helper, named_helper
from hubcli.errors import CredentialFailure

Install = Callable[[str, str], dict[str, str]]


@pytest.fixture
def install(tmp_path: Path) -> Install:
    """`install("test", "sh script")`: the environment in which docker-credential-test runs it."""

    def make(suffix: str, script: str) -> dict[str, str]:
        program = tmp_path / f"docker-credential-{suffix}"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        return {"PATH": f"{tmp_path}:/usr/bin:/bin", "OUT": str(tmp_path)}

    return make


def test_get_sends_the_address_and_reads_the_answer(install: Install, tmp_path: Path) -> None:
    environ = install(
        "test", 'cat > $OUT/in; echo "$@" > $OUT/args; echo \'{"Username":"alice","Secret":"s"}\''
    )
    found = Helper("test", environ).get("https://index.docker.io/v1/", "docker")
    assert found == Credential("alice", "s", "docker (docker-credential-test)")
    assert (tmp_path / "in").read_text() == "https://index.docker.io/v1/"
    assert (tmp_path / "args").read_text() == "get\n"


def test_a_token_user_has_a_refresh_token(install: Install) -> None:
    environ = install("test", 'echo \'{"Username":"<token>","Secret":"r"}\'')
    found = Helper("test", environ).get("x", "")
    assert found is not None
    assert found.kind is Kind.REFRESH_TOKEN


def test_not_found_is_no_failure(install: Install) -> None:
    environ = install("test", "echo credentials not found in native keychain; exit 1")
    assert Helper("test", environ).get("x", "") is None


def test_secrets_go_over_stdin_alone(install: Install, tmp_path: Path) -> None:
    environ = install("test", 'cat > $OUT/in; echo "$@" > $OUT/args')
    Helper("test", environ).store("registry.example", "alice", "s3cret")
    assert (tmp_path / "args").read_text() == "store\n"
    assert '"Secret": "s3cret"' in (tmp_path / "in").read_text()


def test_list_and_erase(install: Install, tmp_path: Path) -> None:
    environ = install(
        "test", 'cat > $OUT/in; [ $1 = list ] && echo \'{"a.example":"alice"}\' || true'
    )
    helper = Helper("test", environ)
    assert helper.list() == {"a.example": "alice"}
    helper.erase("a.example")
    assert (tmp_path / "in").read_text() == "a.example"


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo the keychain is locked; exit 1", "fails: the keychain is locked"),
        ("exit 3", "fails: it says nothing"),
        ("echo hello", "something else than JSON"),
        ("echo '[1]'", "something else than JSON"),
        ("echo '{}'", "without user name and secret"),
        ('echo \'{"Username": 1, "Secret": "x"}\'', "without user name and secret"),
        ("head -c 2000000 /dev/zero", "too much"),
        ("printf '\\377'; exit 1", "fails"),
    ],
)
def test_a_broken_helper_is_named(install: Install, script: str, reason: str) -> None:
    environ = install("test", script)
    with pytest.raises(CredentialFailure, match=f"docker-credential-test .*{reason}"):
        Helper("test", environ).get("x", "")


def test_a_missing_helper_is_named() -> None:
    with pytest.raises(CredentialFailure, match="docker-credential-desktop is not installed"):
        Helper("desktop", {"PATH": "/nonexistent"}).get("x", "")


def test_a_helper_that_cannot_run_is_named(tmp_path: Path) -> None:
    program = tmp_path / "docker-credential-test"
    program.write_text("#!/no/such/interpreter\n")
    program.chmod(0o755)
    with pytest.raises(CredentialFailure, match="cannot be run"):
        Helper("test", {"PATH": str(tmp_path)}).get("x", "")


@pytest.mark.parametrize("script", ["exec sleep 30", "sleep 30 & exit 0"])
def test_a_helper_that_does_not_end_is_left(install: Install, script: str) -> None:
    environ = install("test", script)
    started = time.monotonic()
    with pytest.raises(CredentialFailure, match="does not answer within"):
        Helper("test", environ, longest_run=0.3).get("x", "")
    assert time.monotonic() - started < 10


def test_a_helper_that_reads_nothing_is_heard(install: Install) -> None:
    environ = install("test", 'exec <&-; echo \'{"Username":"alice","Secret":"s"}\'')
    found = Helper("test", environ).get("x" * 500_000, "")
    assert found is not None


def test_hubclis_own_helper_is_not_asked() -> None:
    assert Helper("hubcli", {"PATH": "/nonexistent"}).get("x", "") is None
    assert Helper("hubcli", {"PATH": "/nonexistent"}).list() == {}


@pytest.mark.parametrize(
    ("document", "host", "suffix"),
    [
        ({}, "docker.io", None),
        ({"credsStore": ""}, "docker.io", None),
        ({"credsStore": "pass"}, "docker.io", "pass"),
        ({"credHelpers": {"https://index.docker.io/v1/": "a"}}, "docker.io", "a"),
        ({"credHelpers": {"gcr.io": "gcloud"}, "credsStore": "pass"}, "gcr.io", "gcloud"),
        ({"credHelpers": {"gcr.io": "gcloud"}, "credsStore": "pass"}, "quay.io", "pass"),
    ],
)
def test_which_helper_is_named(document: dict[str, object], host: str, suffix: str | None) -> None:
    assert named_helper(document, host, "FILE") == suffix


@pytest.mark.parametrize("suffix", ["../evil", "a b", "-x", "a/b", 7])
def test_a_suffix_names_a_program_and_nothing_else(suffix: object) -> None:
    with pytest.raises(CredentialFailure, match="FILE names no helper"):
        named_helper({"credsStore": suffix}, "docker.io", "FILE")
