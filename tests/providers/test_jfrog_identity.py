"""Who one is to JFrog: for which hosts, and which of several identities goes first."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from hubcli.auth.credentials import Kind
from hubcli.errors import CredentialFailure
from hubcli.providers.jfrog_identity import find
from support.jwts import jwt
from support.running import InProcess

URL = "https://art.example/"


def variables(**more: str) -> dict[str, str]:
    return {"JFROG_CLI_HOME_DIR": "/nonexistent", "JF_URL": URL, **more}


def configured(directory: Path, *servers: Mapping[str, object], **more: object) -> dict[str, str]:
    document = {"servers": servers, "version": "6", **more}
    (directory / "jfrog-cli.conf.v6").write_text(json.dumps(document))
    return {"JFROG_CLI_HOME_DIR": str(directory)}


@pytest.mark.parametrize(
    ("url", "host", "is_for"),
    [
        (URL, "art.example", True),
        (URL, "art.example:5001", True),
        (URL, "docker-local.art.example", True),
        ("https://art.example:8443/artifactory", "art.example", True),
        ("https://acme.jfrog.io", "acme.jfrog.io", True),
        # That may be another customer, whose name is longer.
        ("https://acme.jfrog.io", "acme-docker.jfrog.io", False),
        (URL, "smart.example", False),
        (URL, "art.example.evil.example", False),
        ("https://docker-local.art.example", "art.example", False),
        ("art.example", "art.example", False),
        ("https://[", "art.example", False),
        ("", "art.example", False),
    ],
)
def test_an_identity_is_for_the_platform_beside_it(url: str, host: str, is_for: bool) -> None:
    found = find(variables(JF_URL=url, JF_ACCESS_TOKEN="secret"), host)
    assert (found is not None) is is_for


def test_a_token_goes_before_a_password() -> None:
    found = find(
        variables(JF_USER="alice", JF_PASSWORD="pass", JF_ACCESS_TOKEN=" token\n"), "art.example"
    )
    assert found is not None
    assert (found.username, found.secret, found.source, found.kind) == (
        "alice",
        "token",
        "JF_URL",
        Kind.PAT,
    )


def test_a_token_says_whose_it_is_and_when_it_ends() -> None:
    ends = time.time() + 3600
    token = jwt(sub="jfac@01abc/users/bob", exp=ends)
    found = find(variables(JF_ACCESS_TOKEN=token), "art.example")
    assert found is not None
    assert (found.username, found.expires) == ("bob", ends)


def test_a_reference_token_does_not() -> None:
    found = find(variables(JF_ACCESS_TOKEN="cmVmdGtuOjAxOg"), "art.example")
    assert found is not None
    assert (found.username, found.expires) == ("token", None)


def test_a_token_that_has_run_out_is_none() -> None:
    old = jwt(sub="jfac@01abc/users/bob", exp=time.time() - 10)
    assert find(variables(JF_ACCESS_TOKEN=old), "art.example") is None
    found = find(variables(JF_ACCESS_TOKEN=old, JF_USER="alice", JF_PASSWORD="pass"), "art.example")
    assert found is not None
    assert (found.secret, found.kind) == ("pass", Kind.PASSWORD)


@pytest.mark.parametrize(
    "half", [{}, {"JF_USER": "alice"}, {"JF_PASSWORD": "x"}, {"JF_ACCESS_TOKEN": " "}]
)
def test_half_an_identity_is_none(half: dict[str, str]) -> None:
    assert find(variables(**half), "art.example") is None


def test_variables_go_before_the_file_and_the_default_before_others(tmp_path: Path) -> None:
    environ = configured(
        tmp_path,
        {"url": "https://else.example/", "accessToken": "other", "isDefault": False},
        {"artifactoryUrl": "https://art.example/artifactory/", "user": "u", "password": "one"},
        {"url": URL, "user": "u", "accessToken": "two", "isDefault": True},
    )
    found = find(environ, "art.example")
    assert found is not None
    assert (found.secret, found.source) == ("two", "jf config")
    found = find({**environ, "JF_URL": URL, "JF_ACCESS_TOKEN": "three"}, "art.example")
    assert found is not None
    assert found.secret == "three"
    assert find(environ, "nowhere.example") is None


def test_an_encrypted_file_tells_nothing(tmp_path: Path) -> None:
    environ = configured(tmp_path, {"url": URL, "accessToken": "sealed"}, enc=True)
    assert find(environ, "art.example") is None


@pytest.mark.parametrize("content", ["[]", "{}", '{"servers": 1}', '{"servers": [1, {}]}'])
def test_files_of_other_shapes_have_no_servers(tmp_path: Path, content: str) -> None:
    (tmp_path / "jfrog-cli.conf.v6").write_text(content)
    assert find({"JFROG_CLI_HOME_DIR": str(tmp_path)}, "art.example") is None


def test_a_broken_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "jfrog-cli.conf.v6").write_text("{")
    with pytest.raises(CredentialFailure, match=r"jfrog-cli\.conf\.v6 cannot be read"):
        find({"JFROG_CLI_HOME_DIR": str(tmp_path)}, "art.example")


def test_a_host_that_is_not_known_to_be_artifactory_is_told_nothing(cli: InProcess) -> None:
    environ = variables(JF_ACCESS_TOKEN="secret")
    assert cli("auth", "status", "art.example", env=environ).exit_code == 4
    (row,) = cli(
        *("auth", "status", "acme.jfrog.io", "--format", "json"),
        env={**environ, "JF_URL": "https://acme.jfrog.io"},
    ).json()
    assert (row["username"], row["source"], row["kind"]) == ("token", "JF_URL", "PAT")
