"""`token`: personal access tokens, each time of a user who has no others."""

from __future__ import annotations

from sqlite3 import Row

from support.errands.world import NOT_THERE, PASSWORD, Errand, Errands, World

_LABEL = "ci"


def _user(world: World) -> str:
    """Whoever runs the errand; somebody new for each world."""
    name = f"errand-user-{world.number}"
    accounts = world.sandbox.parts.accounts
    if accounts.find(name) is None:
        accounts.add(name, password=PASSWORD, email=f"{name}@example.com")
        world.variables.update(HUBCLI_USERNAME=name, HUBCLI_PASSWORD=PASSWORD)
    return name


def _with_token(world: World, *, is_active: bool = True) -> None:
    world.notes["token"], _ = world.sandbox.parts.accounts.add_token(
        _user(world), _LABEL, ["repo:read"], is_active=is_active
    )


def _tokens(world: World) -> list[Row]:
    return world.sandbox.parts.accounts.tokens(_user(world))


def _active(world: World) -> list[bool]:
    return [bool(token["is_active"]) for token in _tokens(world)]


def _labels(world: World) -> list[str]:
    return [token["label"] for token in _tokens(world)]


def _rotated(world: World) -> bool:
    """Whether one token is in use, and it is another one."""
    in_use = [token for token in _tokens(world) if token["is_active"]]
    return [token["label"] for token in in_use] == [_LABEL] and (
        in_use[0]["uuid"] != world.notes["token"]
    )


ERRANDS: Errands = {
    "token ls": Errand(lambda _: ("token", "ls"), _with_token),
    "token inspect": Errand(lambda _: ("token", "inspect", _LABEL), _with_token),
    "token create": Errand(
        lambda _: ("token", "create", _LABEL, "--scope", "repo:read"),
        _user,
        # A second one where the secret of the first was lost, which was said; never more.
        lambda w: 1 <= len(_labels(w)) <= 2,
    ),
    "token edit": Errand(
        lambda w: ("token", "edit", w.notes["token"], "--label", "cd"),
        _with_token,
        lambda w: _labels(w) == ["cd"],
    ),
    "token activate": Errand(
        lambda _: ("token", "activate", _LABEL),
        lambda w: _with_token(w, is_active=False),
        lambda w: _active(w) == [True],
    ),
    "token deactivate": Errand(
        lambda _: ("token", "deactivate", _LABEL), _with_token, lambda w: _active(w) == [False]
    ),
    "token rm": Errand(
        lambda _: ("token", "rm", _LABEL, "--yes"),
        _with_token,
        lambda w: _labels(w) == [],
        again=NOT_THERE,
    ),
    "token rotate": Errand(lambda _: ("token", "rotate", _LABEL), _with_token, _rotated),
    "token rotate, removing": Errand(
        lambda _: ("token", "rotate", _LABEL, "--remove"),
        _with_token,
        lambda w: _rotated(w) and len(_labels(w)) == 1,
    ),
}
