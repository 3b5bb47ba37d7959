"""`team`: teams, who is in them, and what they may do."""

from __future__ import annotations

from sqlite3 import Row

from support.errands.world import NOT_THERE, THERE, Errand, Errands, World, reading
from support.hub_repositories import hub_repository

_TEAM = "acme/developers"


def _builders(world: World) -> str:
    return f"{world.organization()}/builders"


def _team(world: World, name: str = "builders") -> Row | None:
    return world.sandbox.parts.teams.find(world.organization(), name)


def _members(world: World) -> list[str]:
    team = _team(world)
    assert team is not None
    return sorted(each["name"] for each in world.sandbox.parts.teams.members(team))


def _with_member(world: World) -> None:
    world.arrange("team", "member", "add", _builders(world), "carol")


def _site(world: World) -> str:
    return f"{world.organization()}/site"


def _with_site(world: World) -> None:
    hub_repository(world.sandbox, _site(world), {"v1": "one"})


def _with_grant(world: World) -> None:
    _with_site(world)
    team, site = _team(world), world.sandbox.parts.repositories.find(_site(world))
    assert team is not None
    assert site is not None
    world.sandbox.parts.teams.grant(site.id, team["id"], "read")


def _granted(world: World) -> str | None:
    team, site = _team(world), world.sandbox.parts.repositories.find(_site(world))
    assert team is not None
    assert site is not None
    return world.sandbox.parts.teams.granted(site.id, team["id"])


def _described(world: World) -> bool:
    team = _team(world)
    return team is not None and team["description"] == "changed"


def _write(world: World) -> tuple[str, ...]:
    return "team", "grant", _builders(world), _site(world), "--permission", "write", "--yes"


ERRANDS: Errands = {
    "team ls": reading("team", "ls", "acme"),
    "team inspect": reading("team", "inspect", _TEAM),
    "team create": Errand(
        lambda w: ("team", "create", f"{w.organization()}/ops"),
        done=lambda w: _team(w, "ops") is not None,
        again=THERE,
    ),
    "team edit": Errand(
        lambda w: ("team", "edit", _builders(w), "--description", "changed"), done=_described
    ),
    "team edit, its name": Errand(
        lambda w: ("team", "edit", _builders(w), "--name", "makers"),
        done=lambda w: _team(w) is None and _team(w, "makers") is not None,
        again=NOT_THERE,
    ),
    "team rm": Errand(
        lambda w: ("team", "rm", _builders(w), "--yes"),
        done=lambda w: _team(w) is None,
        again=NOT_THERE,
    ),
    "team member ls": reading("team", "member", "ls", _TEAM),
    "team member add": Errand(
        lambda w: ("team", "member", "add", _builders(w), "carol", "dave"),
        done=lambda w: _members(w) == ["carol", "dave"],
    ),
    "team member rm": Errand(
        lambda w: ("team", "member", "rm", _builders(w), "carol", "--yes"),
        _with_member,
        lambda w: _members(w) == [],
        again=NOT_THERE,
    ),
    "team repo ls": reading("team", "repo", "ls", _TEAM),
    "team grant": Errand(_write, _with_site, lambda w: _granted(w) == "write"),
    "team grant, another": Errand(_write, _with_grant, lambda w: _granted(w) == "write"),
    "team revoke": Errand(
        lambda w: ("team", "revoke", _builders(w), _site(w), "--yes"),
        _with_grant,
        lambda w: _granted(w) is None,
    ),
}
