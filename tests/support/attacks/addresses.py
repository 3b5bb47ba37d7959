"""Redirects, token realms and upload locations that lead somewhere else."""

from __future__ import annotations

import threading

from support.attacks.attack import (
    AUTH,
    CDN,
    EVIL,
    HUB,
    IMAGE,
    REGISTRY,
    Ask,
    Attack,
    Pieces,
    Script,
    always,
    answer,
    challenge,
    digest_of,
    redirect,
)
from support.secrets import REGISTRY_TOKEN

BLOB = b"a blob"
_DIGEST = ("digest", IMAGE)
_GET_BLOB = ("blob", "get", f"{REGISTRY}/a/b@{digest_of(BLOB)}")
_PUT_BLOB = ("blob", "put", f"{REGISTRY}/a/b", "blob.bin")
_HUB = ("account", "info")


def _led_to(location: str) -> Script:
    return always(lambda: redirect(location))


def _realm(realm: str) -> Script:
    """Every request is answered with this challenge, one for a token with a token."""

    def script(ask: Ask, stopped: threading.Event) -> Pieces:
        if ask.path == "/token":
            return answer(b'{"token": "%s"}' % REGISTRY_TOKEN.encode())
        return challenge(realm)

    return script


def _elsewhere(ask: Ask, stopped: threading.Event) -> Pieces:
    if ask.host == CDN:
        return answer(BLOB, 200, {"Content-Type": "application/octet-stream"})
    return redirect(f"https://{CDN}/signed?signature=of-no-worth")


def _refusing_elsewhere(ask: Ask, stopped: threading.Event) -> Pieces:
    return challenge(f"https://{EVIL}/token") if ask.host == EVIL else redirect(f"https://{EVIL}/x")


def _uploading_to(location: str) -> Script:
    def script(ask: Ask, stopped: threading.Event) -> Pieces:
        if ask.method == "HEAD":
            return answer(b"", 404)
        return answer(b"", 202, {"Location": location})

    return script


def _in_endless_chunks(ask: Ask, stopped: threading.Event) -> Pieces:
    if ask.method == "HEAD":
        return answer(b"", 404)
    if ask.method == "POST":
        return answer(b"", 202, {"Location": "/up", "OCI-Chunk-Min-Length": "9" * 5000})
    return answer(b"", 201 if ask.method == "PUT" else 200)


def _hub_led_to(location: str) -> Script:
    return always(lambda: redirect(location))


ATTACKS = (
    Attack(
        "redirect-to-http",
        "redirects to its own host without TLS",
        "sends nothing over the plain connection",
        _DIGEST,
        _led_to(f"http://{REGISTRY}/v2/a/b/manifests/v1"),
        says="from https to plain http",
    ),
    Attack(
        "redirect-to-loopback",
        "redirects to a service on the user's own machine",
        "does not connect to it",
        _DIGEST,
        _led_to("https://127.0.0.1:2375/containers/json"),
        says="into a private network, to https://127.0.0.1:2375 (UNTRUSTED)",
    ),
    Attack(
        "redirect-to-loopback-by-number",
        "spells the loopback address as one number",
        "does not connect to it",
        _DIGEST,
        _led_to("https://2130706433/"),
        says="(UNTRUSTED)",
    ),
    Attack(
        "redirect-to-loopback-in-ipv6",
        "spells the loopback address as an IPv4 one within IPv6",
        "does not connect to it",
        _DIGEST,
        _led_to("https://[::ffff:127.0.0.1]/"),
        says="into a private network",
    ),
    Attack(
        "redirect-to-loopback-by-other-dots",
        "writes the loopback address with the full stops of another script",
        "does not connect to it",
        _DIGEST,
        _led_to("https://127\u30020\u30020\u30021/"),
        says="into a private network",
    ),
    Attack(
        "redirect-to-shared-addresses",
        "redirects to the metadata service of a cloud that has it among its shared addresses",
        "does not connect to it",
        _DIGEST,
        _led_to("https://100.100.100.200/latest/meta-data/"),
        says="into a private network",
    ),
    Attack(
        "redirect-to-metadata",
        "redirects to a cloud's metadata service",
        "does not connect to it",
        _DIGEST,
        _led_to("https://169.254.169.254/latest/meta-data/iam"),
        says="into a private network",
    ),
    Attack(
        "redirect-to-a-file",
        "redirects to a file",
        "reads none",
        _DIGEST,
        _led_to("file:///etc/passwd"),
        says="no http or https address (UNTRUSTED)",
    ),
    Attack(
        "redirect-loop",
        "redirects for ever",
        "stops after ten redirects",
        _DIGEST,
        _led_to("/v2/a/b/manifests/v1"),
        says="redirects more than 10 times (UNTRUSTED)",
    ),
    Attack(
        "redirect-with-a-password",
        "puts a user name and password into a redirect",
        "refuses it, and does not print it",
        _DIGEST,
        _led_to(f"https://user:pass@{CDN}/blob"),
        says="carries a user name or password",
        kept=("pass@",),
    ),
    Attack(
        "redirect-of-a-blob",
        "redirects a blob to another host, as registries do",
        "follows without the credential, and verifies what comes",
        _GET_BLOB,
        _elsewhere,
        exit_code=0,
        says=BLOB.decode(),
    ),
    Attack(
        "challenge-after-a-redirect",
        "redirects to a host that asks for a credential",
        "gives it none",
        _GET_BLOB,
        _refusing_elsewhere,
        exit_code=4,
        says="UNAUTHORIZED",
    ),
    Attack(
        "redirect-of-an-upload",
        "redirects the start of an upload to another host",
        "uploads nothing",
        _PUT_BLOB,
        always(lambda: redirect(f"https://{EVIL}/upload", 302)),
        says="(U",
    ),
    Attack(
        "upload-location-on-another-host",
        "names an upload location on another host",
        "uploads nothing",
        _PUT_BLOB,
        _uploading_to(f"https://{EVIL}/upload"),
        says="leads away",
    ),
    Attack(
        "upload-location-that-is-no-address",
        "names an upload location that is no address of HTTP",
        "uploads nothing",
        _PUT_BLOB,
        _uploading_to("javascript:alert(1)"),
        says="(UNTRUSTED)",
    ),
    Attack(
        "upload-in-endless-chunks",
        "wants an upload in chunks of a length of five thousand digits",
        "takes no heed of it",
        _PUT_BLOB,
        _in_endless_chunks,
        exit_code=0,
        says=digest_of(BLOB),
    ),
    Attack(
        "realm-without-tls",
        "asks for a token from a server without TLS",
        "sends no credential there",
        _DIGEST,
        _realm(f"http://{AUTH}/token"),
        says="is not https (UNTRUSTED)",
        signs_in=False,
    ),
    Attack(
        "realm-on-loopback",
        "asks for a token from the user's own machine",
        "does not connect to it",
        _DIGEST,
        _realm("https://localhost:8443/token"),
        says="on this machine, not the registry (UNTRUSTED)",
        signs_in=False,
    ),
    Attack(
        "realm-in-a-private-network",
        "asks for a token from a private network",
        "does not connect to it",
        _DIGEST,
        _realm("https://10.0.0.1/token"),
        says="in a private network (UNTRUSTED)",
        signs_in=False,
    ),
    Attack(
        "realm-on-another-host",
        "asks for a token from another host with TLS, as Docker Hub does",
        "signs in there; tries no second time where the token is refused",
        _DIGEST,
        _realm(f"https://{AUTH}/token"),
        exit_code=4,
        says="UNAUTHORIZED",
        trusted=frozenset({AUTH, REGISTRY}),
        signs_in=False,
    ),
    Attack(
        "realm-that-redirects",
        "has the token server redirect to another host",
        "follows without the credential",
        _DIGEST,
        lambda ask, stopped: (
            redirect(f"https://{EVIL}/token")
            if ask.path == "/token" and ask.host == AUTH
            else answer(b"{}", 401)
            if ask.host == EVIL
            else challenge(f"https://{AUTH}/token")
        ),
        exit_code=4,
        trusted=frozenset({AUTH, REGISTRY}),
        signs_in=False,
    ),
    Attack(
        "hub-sign-in-redirected",
        "(Hub) redirects a sign-in, whose body holds the password, to another host",
        "does not send it there",
        _HUB,
        _hub_led_to(f"https://{EVIL}/v2/auth/token"),
        says="(U",
        signs_in=False,
    ),
    Attack(
        "hub-redirect-to-another-host",
        "(Hub) redirects a request to another host",
        "follows without the credential",
        _HUB,
        lambda ask, stopped: (
            redirect(f"https://{EVIL}/v2/user") if ask.host == HUB else answer(b"{}", 401)
        ),
        exit_code=4,
    ),
)
