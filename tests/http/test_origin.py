"""Which addresses may be followed."""

from __future__ import annotations

import pytest

from hubcli.errors import Untrusted
from hubcli.http import origin

BASE = "https://r.example/v2/a/tags/list?n=2"


@pytest.mark.parametrize(
    ("target", "resolved"),
    [
        ("/v2/a/tags/list?last=x", "https://r.example/v2/a/tags/list?last=x"),
        ("?last=x", "https://r.example/v2/a/tags/list?last=x"),
        ("https://R.example:443/x", "https://R.example:443/x"),
        ("https://r.example/x#part", "https://r.example/x"),
    ],
)
def test_links_on_the_origin_are_followed(target: str, resolved: str) -> None:
    assert origin.on_origin(BASE, target, "a link") == resolved


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/x",
        "//evil.example/x",
        "http://r.example/x",
        "https://r.example:8443/x",
        "https://r.example.evil/x",
        "https://user:pass@r.example/x",
        "ftp://r.example/x",
        "javascript:alert(1)",
        "https://[::1/x",
        "https://r.example:port/x",
    ],
)
def test_links_that_lead_away_are_refused(target: str) -> None:
    with pytest.raises(Untrusted):
        origin.on_origin(BASE, target, "a link")


@pytest.mark.parametrize(
    ("base", "target"),
    [
        ("https://r.example/", "http://cdn.example/blob"),
        ("https://r.example/", "https://127.0.0.1/blob"),
        ("https://r.example/", "https://localhost/blob"),
        ("http://r.example/", "http://169.254.169.254/latest/meta-data"),
        ("http://r.example/", "http://10.0.0.1/blob"),
        ("http://r.example/", "http://[fe80::1]/blob"),
        ("http://r.example/", "http://0.0.0.0/blob"),
        ("http://r.example/", "http://127.1/blob"),
        ("http://r.example/", "http://0x7f.0.0.1/blob"),
        ("http://r.example/", "http://2130706433/blob"),
        ("http://r.example/", "http://[::ffff:127.0.0.1]/blob"),
        ("http://r.example/", "http://[::ffff:100.64.0.1]/blob"),
        ("http://r.example/", "http://127.0.0.1./blob"),
        ("http://r.example/", "http://127\u30020\u30020\u30021/blob"),
        ("http://r.example/", "http://169\uff0e254\uff0e169\uff0e254/blob"),
        ("http://r.example/", "http://localhost\uff61/blob"),
        ("http://r.example/", "http://100.100.100.200/latest/meta-data"),
        ("http://r.example/", "http://169.254.169.254./blob"),
        ("http://10.0.0.1/", "http://127.0.0.1:2375/blob"),
        ("http://10.0.0.1/", "http://169.254.169.254/blob"),
        ("http://169.254.0.1/", "http://127.1/blob"),
    ],
)
def test_redirects_that_are_refused(base: str, target: str) -> None:
    with pytest.raises(Untrusted):
        origin.redirect_target(base, target)


@pytest.mark.parametrize(
    ("base", "target"),
    [
        ("https://r.example/", "https://cdn.example/blob"),
        ("http://r.example/", "https://cdn.example/blob"),
        ("http://127.0.0.1:5000/", "http://127.0.0.1:6000/blob"),
        ("http://10.0.0.1/", "http://10.0.0.2/blob"),
        ("http://10.0.0.1/", "http://100.64.0.1/blob"),
        ("http://127.0.0.1:5000/", "http://10.0.0.2/blob"),
    ],
)
def test_redirects_that_are_followed(base: str, target: str) -> None:
    assert origin.redirect_target(base, target) == target


@pytest.mark.parametrize(
    ("registry", "realm", "allowed"),
    [
        ("https://r.example", "https://auth.example/token", True),
        ("https://r.example", "http://auth.example/token", False),
        ("http://r.example", "http://auth.example/token", True),
        ("https://r.example", "https://127.0.0.1/token", False),
        ("http://r.example", "http://localhost:1/token", False),
        ("http://127.0.0.1:5000", "http://127.0.0.1:5001/token", True),
        ("https://r.example", "https://192.168.0.1/token", False),
        ("https://10.1.1.1", "https://10.1.1.2/token", True),
        ("https://10.1.1.1", "https://127.1/token", False),
        ("https://r.example", "https://127\u30021/token", False),
        ("https://r.example", "https://localhost\0/token", True),  # no name: nobody resolves it
        ("https://r.example", "/token", True),
        ("https://r.example", "file:///etc/passwd", False),
    ],
)
def test_realms(registry: str, realm: str, allowed: bool) -> None:
    if allowed:
        assert origin.realm_target(registry, realm).endswith("/token")
    else:
        with pytest.raises(Untrusted):
            origin.realm_target(registry, realm)


def test_authorities_are_shown_without_the_usual_port() -> None:
    assert origin.authority("https://r.example:443/") == "r.example"
    assert origin.authority("http://r.example:443/") == "r.example:443"
    assert origin.authority("http://[::1]:5/") == "[::1]:5"
