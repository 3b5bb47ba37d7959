"""Organizations for tests of `hubcli apply`: any there could be, and what changes make of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from hubcli.desired.changes import Change, Plan
from hubcli.desired.organization import (
    OWNERS,
    Current,
    Invite,
    Organization,
    Repository,
    Team,
)

PEOPLE = ("alice", "bob", "carol", "dave")
STRANGERS = ("erin@example.com", "frank", "grace@example.com")
TEAMS = ("developers", "readers", "no")
REPOSITORIES = ("api", "tools", "x1.y")
ROLES = ("owner", "editor", "member")
PERMISSIONS = ("read", "write", "admin")
CATEGORIES = ("security", "networking", "developer-tools")

_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_urls = st.sampled_from(("https://ci.example/1", "https://ci.example/2"))
_hooks = st.dictionaries(st.sampled_from(("deploy", "Chat: #1", "null")), _urls, max_size=3)
_grants = st.dictionaries(st.sampled_from(TEAMS), st.sampled_from(PERMISSIONS))


def _some(values: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), unique=True).map(tuple)


def _repository(named: Any) -> st.SearchStrategy[Repository]:
    """`named` makes of a strategy what may be left out, or may not."""
    return st.builds(
        Repository,
        named(_texts),
        named(_texts),
        named(st.sampled_from(("public", "private"))),
        named(_some(CATEGORIES)),
        named(_some(("v.*", ".*", "a{2}"))),
        named(_grants),
        named(_hooks),
    )


def _maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


def wanted() -> st.SearchStrategy[Organization]:
    """Anything that a file may say; not all of it makes sense."""
    everybody = PEOPLE + STRANGERS
    team = st.builds(Team, _maybe(_texts), _maybe(_some(everybody)))
    return st.builds(
        Organization,
        st.just("acme"),
        _maybe(st.dictionaries(st.sampled_from(TEAMS), team)),
        _maybe(st.dictionaries(st.sampled_from(everybody), _maybe(st.sampled_from(ROLES)))),
        _maybe(st.dictionaries(st.sampled_from(REPOSITORIES), _repository(_maybe))),
    )


@st.composite
def current(draw: st.DrawFn) -> Current:
    """Anything there may be; alice is always an owner."""
    roles = draw(st.dictionaries(st.sampled_from(PEOPLE[1:]), st.sampled_from(ROLES)))
    members = {"alice": "owner", **roles}
    team = st.builds(Team, _texts, _some(tuple(members)))
    teams = draw(st.dictionaries(st.sampled_from(TEAMS), team))
    owners = tuple(name for name, role in members.items() if role == "owner")
    repositories = draw(
        st.dictionaries(st.sampled_from(REPOSITORIES), _repository(lambda strategy: strategy))
    )
    there = {
        name: replace(each, teams={t: p for t, p in (each.teams or {}).items() if t in teams})
        for name, each in repositories.items()
    }
    invite = st.builds(
        Invite,
        st.uuids().map(str),
        st.sampled_from(ROLES),
        st.sampled_from([None, *teams]),
    )
    return Current(
        Organization("acme", {OWNERS: Team("", owners), **teams}, members, there),
        draw(st.dictionaries(st.sampled_from(STRANGERS), invite)),
        {name: f"{name}@example.com" for name in members},
        {name: number for number, name in enumerate([OWNERS, *teams])},
    )


def applied(now: Current, plan: Plan) -> Current:
    """What is there when all changes of `plan` have been made, one after the other."""
    for change in plan.changes:
        now = _CHANGED[change.kind](now, change)
    return now


def _with(now: Current, **sections: Any) -> Current:
    return replace(now, organization=replace(now.organization, **sections))


def _put(mapping: Mapping[str, Any], change: Change, name: str, value: Any) -> dict[str, Any]:
    """What a change makes of one member of a mapping."""
    assert (name in mapping) == (change.action != "create"), change
    rest = {key: each for key, each in mapping.items() if key != name}
    return rest if change.action == "remove" else {**mapping, name: value}


def _team(now: Current, change: Change) -> Current:
    name, teams = change.key[1], now.organization.teams or {}
    team = replace(teams.get(name, Team("", ())), **change.after)  # type: ignore[arg-type]
    repositories = now.organization.repositories or {}
    if change.action == "remove":
        repositories = {
            path: replace(each, teams={t: p for t, p in (each.teams or {}).items() if t != name})
            for path, each in repositories.items()
        }
    return _with(now, teams=_put(teams, change, name, team), repositories=repositories)


def _team_member(now: Current, change: Change) -> Current:
    _, name, person = change.key
    assert person in (now.organization.members or {})
    teams = dict(now.organization.teams or {})
    members = [each for each in teams[name].members or () if each != person]
    assert (len(members) == len(teams[name].members or ())) == (change.action == "create")
    added = [person] if change.action == "create" else []
    teams[name] = replace(teams[name], members=(*members, *added))
    return _with(now, teams=teams)


def _member(now: Current, change: Change) -> Current:
    name, members = change.key[1], now.organization.members or {}
    after = _put(members, change, name, change.after.get("role"))
    assert "owner" in after.values(), "the last owner went"
    teams = now.organization.teams or {}
    if change.action == "remove":
        teams = {
            key: replace(team, members=tuple(one for one in team.members or () if one != name))
            for key, team in teams.items()
        }
    return _with(now, members=after, teams=teams)


def _invite(now: Current, change: Change) -> Current:
    person, after = change.key[1], change.after
    assert person not in (now.organization.members or {})
    team = after.get("team")
    assert team is None or team in (now.organization.teams or {})
    invite = Invite("new", str(after.get("role", "member")), team and str(team))  # type: ignore[arg-type]
    return replace(now, invites=_put(now.invites, change, person, invite))


def _repository_change(now: Current, change: Change) -> Current:
    name, repositories = change.key[1], now.organization.repositories or {}
    fresh = Repository("", "", "public", (), (), {}, {})
    after: Any = change.after
    repository = replace(repositories.get(name, fresh), **after)
    return _with(now, repositories=_put(repositories, change, name, repository))


def _access(now: Current, change: Change) -> Current:
    kind, path, name = change.key
    repositories = dict(now.organization.repositories or {})
    section = "teams" if kind == "permission" else "webhooks"
    assert kind == "webhook" or name in (now.organization.teams or {})
    value = next(iter(change.after.values()), None)
    there = _put(getattr(repositories[path], section), change, name, value)
    changed: dict[str, Any] = {section: there}
    repositories[path] = replace(repositories[path], **changed)
    return _with(now, repositories=repositories)


_CHANGED = {
    "team": _team,
    "team member": _team_member,
    "member": _member,
    "invite": _invite,
    "repository": _repository_change,
    "permission": _access,
    "webhook": _access,
}
