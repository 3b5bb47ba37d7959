"""The configuration file and the environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from hubcli import config
from hubcli.errors import UsageError

FILE = Path("config.toml")


def settings(text: str = "", **environ: str) -> config.Settings:
    return config.parse(text, FILE, environ)


def test_defaults() -> None:
    found = settings()
    assert found.defaults == config.Defaults()
    assert found.hub_url == "https://hub.docker.com"
    assert found.endpoint("docker.io").url == "https://registry-1.docker.io"
    assert found.endpoint("quay.io").url == "https://quay.io"


def test_everything_can_be_said() -> None:
    found = settings(
        """
        [defaults]
        namespace = "alice"
        format = "json"
        concurrency = 3
        max_wait = 5
        [hub]
        oauth_client_id = "abc"
        [registries."Registry.Example:5000"]
        endpoint = "http://10.0.0.1:5000/"
        mirrors = ["mirror.example"]
        provider = "harbor"
        ca_file = "/ca.pem"
        """
    )
    assert (found.defaults.namespace, found.defaults.format) == ("alice", "json")
    assert (found.defaults.concurrency, found.defaults.max_wait) == (3, 5.0)
    assert found.hub.oauth_client_id == "abc"
    endpoint = found.endpoint("registry.example:5000")
    assert endpoint.url == "http://10.0.0.1:5000"
    assert endpoint.row.mirrors == ("mirror.example",)
    assert not endpoint.may_be_tls


@pytest.mark.parametrize(
    ("text", "line", "column", "says"),
    [
        ("[defaults\n", 1, 10, "expected"),
        ("[defaults]\nformat = \n", 2, 10, "invalid value"),
        ("[defaults]\nformat = 3\n", 2, 1, "defaults.format: a string is wanted"),
        ("[defaults]\n\n  formt = 'x'\n", 3, 3, "no such key"),
        ("x = 1\n", 1, 1, "no such table"),
        ("[defaults]\nconcurrency = 0\n", 2, 1, "positive"),
        ("[defaults]\nconcurrency = true\n", 2, 1, "whole number"),
        ("[defaults]\nmax_wait = -1\n", 2, 1, "positive"),
        ("[defaults]\nstore = 'plain'\n", 2, 1, "one of keyring, file, docker"),
        ('[registries."a.b"]\nplain_http = 1\n', 2, 1, "true or false"),
        ('[registries."a.b"]\n[registries."c.d"]\nmirrors = "x"\n', 3, 1, "list of strings"),
        ("registries = 3\n", 1, 1, "table"),
        ("[hub]\noauth_client_id = []\n", 2, 1, "string"),
    ],
)
def test_mistakes_name_line_and_column(text: str, line: int, column: int, says: str) -> None:
    with pytest.raises(UsageError) as failure:
        settings(text)
    assert f"{FILE}, line {line}, column {column}: " in failure.value.reason
    assert says in failure.value.reason


def test_a_file_that_is_cut_short_names_its_end() -> None:
    with pytest.raises(UsageError, match="line 2, column 12"):
        settings('[defaults]\nformat = "x')


def test_a_registry_with_an_impossible_name_is_refused() -> None:
    with pytest.raises(UsageError, match="HOST"):
        settings('[registries."a b"]\n')


@pytest.mark.parametrize("host", ["localhost", "localhost:5000", "127.0.0.1:1", "[::1]:5000"])
def test_loopback_is_tried_without_tls(host: str) -> None:
    endpoint = settings().endpoint(host)
    assert endpoint.url == f"http://{host}"
    assert endpoint.may_be_tls


def test_plain_http_is_nothing_to_guess() -> None:
    row = '[registries."r.example"]\nplain_http = true\n[registries.localhost]\nplain_http = false'
    found = settings(row)
    assert found.endpoint("r.example").url == "http://r.example"
    assert not found.endpoint("r.example").may_be_tls
    assert found.endpoint("localhost").url == "https://localhost"


def test_the_plain_http_flag_yields_to_a_row() -> None:
    text = '[registries."r.example"]\nplain_http = false\n'
    found = config.parse(text, FILE, {}, plain_http=True)
    assert found.endpoint("r.example").url == "https://r.example"
    assert found.endpoint("other.example").url == "http://other.example"


@pytest.mark.parametrize(
    ("value", "url"),
    [
        ("127.0.0.1:5000", "http://127.0.0.1:5000"),
        ("http://hub.test:80/", "http://hub.test:80"),
        ("mirror.test", "https://mirror.test"),
    ],
)
def test_docker_io_can_go_elsewhere(value: str, url: str) -> None:
    endpoint = settings(HUBCLI_DOCKER_REGISTRY=value).endpoint("docker.io")
    assert (endpoint.host, endpoint.url) == ("docker.io", url)


def test_addresses_are_http_or_https() -> None:
    with pytest.raises(UsageError):
        _ = settings(HUBCLI_HUB_URL="ftp://x").hub_url
    with pytest.raises(UsageError):
        settings(HUBCLI_DOCKER_REGISTRY="file:///x").endpoint("docker.io")
    assert settings(HUBCLI_HUB_URL="http://127.0.0.1:1/").hub_url == "http://127.0.0.1:1"


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.9.9.9", True),
        ("[::1]", True),
        ("a.localhost:80", True),
        ("localhost.", True),
        ("10.0.0.1", False),
        ("localhost.example", False),
        ("", False),
    ],
)
def test_loopback(host: str, loopback: bool) -> None:
    assert config.is_loopback(host) is loopback


def test_a_missing_default_file_is_nothing(tmp_path: Path) -> None:
    assert config.load({"HUBCLI_CONFIG": str(tmp_path / "none")}).registries == {}


def test_a_missing_file_that_was_asked_for_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        config.load({}, path=str(tmp_path / "none"))


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read"):
        config.load({"HUBCLI_CONFIG": str(tmp_path)})
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="UTF-8"):
        config.load({"HUBCLI_CONFIG": str(binary)})


def test_places(tmp_path: Path) -> None:
    assert config.cache_directory({"HUBCLI_CACHE_DIR": str(tmp_path)}) == tmp_path
    assert config.cache_directory({}).name == "hubcli"
    assert config.config_path({"HUBCLI_CONFIG": "a"}, "b") == Path("b")
    assert config.config_path({}).name == "config.toml"
