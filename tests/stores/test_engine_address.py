"""Where the docker engine is: DOCKER_HOST, contexts, the usual socket, in docker's own order."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from hubcli.errors import Unsupported, UsageError
from hubcli.stores.docker_daemon.address import locate

REMOTE = "remote"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """docker's directory, with a context `remote` that has TLS files."""
    key = hashlib.sha256(REMOTE.encode()).hexdigest()
    meta = tmp_path / "contexts" / "meta" / key
    meta.mkdir(parents=True)
    endpoint = {"Host": "tcp://engine.example", "SkipTLSVerify": False}
    (meta / "meta.json").write_text(
        json.dumps({"Name": REMOTE, "Metadata": {}, "Endpoints": {"docker": endpoint}})
    )
    tls = tmp_path / "contexts" / "tls" / key / "docker"
    tls.mkdir(parents=True)
    for name in ("ca.pem", "cert.pem", "key.pem"):
        (tls / name).touch()
    return tmp_path


def test_the_usual_socket(config: Path) -> None:
    found = locate({"DOCKER_CONFIG": str(config)})
    assert found.socket == "/var/run/docker.sock"


def test_docker_host_wins(config: Path) -> None:
    environ = {"DOCKER_HOST": "unix:///run/x.sock", "DOCKER_CONTEXT": REMOTE}
    assert locate({**environ, "DOCKER_CONFIG": str(config)}).socket == "/run/x.sock"


@pytest.mark.parametrize("by", ["variable", "file"])
def test_a_context(config: Path, by: str) -> None:
    environ = {"DOCKER_CONFIG": str(config)}
    if by == "variable":
        environ["DOCKER_CONTEXT"] = REMOTE
    else:
        (config / "config.json").write_text(json.dumps({"currentContext": REMOTE}))
    found = locate(environ)
    assert found.url == "https://engine.example:2376"
    assert found.ca_file is not None
    assert Path(found.ca_file).name == "ca.pem"
    assert found.client_key is not None


def test_the_default_context_is_no_file(config: Path) -> None:
    environ = {"DOCKER_CONFIG": str(config), "DOCKER_CONTEXT": "default"}
    assert locate(environ).socket == "/var/run/docker.sock"


def test_a_context_that_is_gone(config: Path) -> None:
    with pytest.raises(UsageError, match="is not there"):
        locate({"DOCKER_CONFIG": str(config), "DOCKER_CONTEXT": "other"})


@pytest.mark.parametrize("content", ["[]", "nonsense", "[" * 100_000])
def test_a_configuration_that_cannot_be_read(config: Path, content: str) -> None:
    (config / "config.json").write_text(content)
    with pytest.raises(UsageError, match=r"config\.json"):
        locate({"DOCKER_CONFIG": str(config)})


@pytest.mark.parametrize(
    ("host", "verify", "url"),
    [
        ("tcp://engine.example", "", "http://engine.example:2375"),
        ("tcp://engine.example", "1", "https://engine.example:2376"),
        ("tcp://engine.example:99", "1", "https://engine.example:99"),
        ("tcp://[::1]:99", "", "http://[::1]:99"),
    ],
)
def test_over_tcp(tmp_path: Path, host: str, verify: str, url: str) -> None:
    found = locate(
        {"DOCKER_HOST": host, "DOCKER_TLS_VERIFY": verify, "DOCKER_CERT_PATH": str(tmp_path)}
    )
    assert (found.url, found.socket) == (url, None)


@pytest.mark.parametrize("host", ["tcp://", "unix://", "x", "ftp://engine", "tcp://h:port"])
def test_what_is_no_address(host: str) -> None:
    with pytest.raises(UsageError):
        locate({"DOCKER_HOST": host})


def test_ssh_is_refused() -> None:
    with pytest.raises(Unsupported, match="by ssh"):
        locate({"DOCKER_HOST": "ssh://engine.example"})
