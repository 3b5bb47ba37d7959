"""Who one is, what one may still do, and what there is to be found: `login`, `auth`, `account`,
`registry`, `search`."""

from __future__ import annotations

import base64
import json
import time

from hubcli.sandbox import passwords, seed
from support.errands.world import PASSWORD, USER, Errand, Errands, World, reading

_LOGIN = ("--password-stdin", "--store", "file")


def _stored(world: World) -> str:
    """The decoded credentials of the file that `login --store file` writes."""
    kept = world.directory / "home" / "config" / "hubcli" / "auth.json"
    if not kept.exists():
        return ""
    auths = json.loads(kept.read_text(encoding="utf-8"))["auths"].values()
    return " ".join(base64.b64decode(one["auth"]).decode() for one in auths)


def _careful(world: World) -> str:
    """Somebody with a second factor; the same whenever asked in this world."""
    name, accounts = f"careful-{world.number}", world.sandbox.parts.accounts
    if accounts.find(name) is None:
        accounts.add(name, password=PASSWORD, otp_secret=seed.OTP_SECRET)
    return name


def _in_a_registry(world: World) -> str:
    """Somewhere in the registry that has no API."""
    return f"{world.gateway.host}/{world.repository}"


def _pushed(world: World) -> None:
    world.arrange("push", world.layout(), f"{_in_a_registry(world)}:v1")


def _at_quay(world: World) -> None:
    world.arrange("push", world.layout(), f"quay.io/acme/errand-{world.number}:v1")


ERRANDS: Errands = {
    "login": Errand(
        lambda _: ("login", "-u", USER, *_LOGIN),
        stdin=PASSWORD,
        # A password that was refused once, and then not, was taken for one of a second factor.
        done=lambda w: USER in _stored(w),
    ),
    "login, with a second factor": Errand(
        lambda w: ("login", "-u", _careful(w), *_LOGIN, "--otp",
                   passwords.one_time_code(seed.OTP_SECRET, time.time())),
        stdin=PASSWORD,
        done=lambda w: _stored(w).startswith(f"{_careful(w)}:dckr_pat_"),
    ),
    "login, elsewhere": Errand(
        lambda w: ("login", w.gateway.host, "-u", USER, *_LOGIN),
        stdin=PASSWORD,
        # What the token server gave for the password.
        done=lambda w: _stored(w) == f"{USER}:",
    ),
    "auth status": reading("auth", "status", "docker.io", "--check"),
    "auth token": reading("auth", "token", "library/hello-world"),
    "account info": reading("account", "info"),
    "account limits": reading("account", "limits"),
    "registry limits": reading("registry", "limits"),
    "registry ping": Errand(lambda w: ("registry", "ping", _in_a_registry(w)), place="registry"),
    "registry ls": Errand(
        lambda w: ("registry", "ls", w.gateway.host, "--limit", "1"), _pushed, place="registry"
    ),
    "__complete": reading("__complete", "reference", "acme/api:"),
    "search": reading("search", "hello-world"),
    "search, elsewhere": Errand(
        lambda w: ("search", f"quay.io/errand-{w.number}"), _at_quay, place="quay"
    ),
}  # fmt: skip
