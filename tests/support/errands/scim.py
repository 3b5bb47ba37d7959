"""`scim`: the users of an organization, with a token that is good for nothing else."""

from __future__ import annotations

from sqlite3 import Row

from support.errands.world import THERE, Errand, Errands, World
from support.scim import USER, scim_organization

_JON = "jon.snow@example.com"


def _connected(world: World) -> None:
    """An organization with SSO, whose token is in the environment."""
    world.notes["scim"], token = scim_organization(world.sandbox)
    world.variables["HUBCLI_SCIM_TOKEN"] = token


def _to_be_kept(world: World) -> None:
    """The same, with the token still to be put into the keyring."""
    _connected(world)
    world.notes["token"] = world.variables.pop("HUBCLI_SCIM_TOKEN")


def _person(world: World, address: str) -> Row | None:
    people = world.sandbox.parts.scim.all(world.notes["scim"])
    return next((person for person in people if person["email"] == address), None)


def _carol(world: World) -> Row:
    found = _person(world, "carol@example.com")
    assert found is not None
    return found


def _without_carol(world: World) -> None:
    _connected(world)
    world.sandbox.parts.scim.update(world.notes["scim"], _carol(world), {}, active=False)


def _reading(*words: str) -> Errand:
    return Errand(lambda _: ("scim", *words), _connected)


ERRANDS: Errands = {
    "scim config": _reading("config"),
    "scim schema": _reading("schema", USER),
    "scim resource-type": _reading("resource-type"),
    "scim login": Errand(
        lambda _: ("scim", "login", "--token-stdin"),
        _to_be_kept,
        lambda w: w.has_file("keyring.json"),
        stdin=lambda w: w.notes["token"],
    ),
    "scim user ls": _reading("user", "ls"),
    "scim user inspect": _reading("user", "inspect", "carol@example.com"),
    "scim user create": Errand(
        lambda w: ("scim", "user", "create", f"{w.number}-{_JON}", "--given-name", "Jon"),
        _connected,
        lambda w: _person(w, f"{w.number}-{_JON}") is not None,
        again=THERE,
    ),
    "scim user edit": Errand(
        lambda _: ("scim", "user", "edit", "carol@example.com", "--family-name", "Changed"),
        _connected,
        lambda w: _carol(w)["family"] == "Changed",
    ),
    "scim user activate": Errand(
        lambda _: ("scim", "user", "activate", "carol@example.com"),
        _without_carol,
        lambda w: bool(_carol(w)["active"]),
    ),
    "scim user deactivate": Errand(
        lambda _: ("scim", "user", "deactivate", "carol@example.com", "--yes"),
        _connected,
        lambda w: not _carol(w)["active"],
    ),
}
