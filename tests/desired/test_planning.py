"""Plans: what differs, in which order it is changed, and what --prune takes away."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from hubcli.desired.changes import Change, Plan
from hubcli.desired.organization import Current, Invite, Organization, Repository, Team
from hubcli.desired.planning import plan
from hubcli.errors import UsageError

API = Repository(
    description="The API",
    overview="# API\n",
    visibility="public",
    categories=("security", "networking"),
    immutable_tags=("v.*",),
    teams={"developers": "write", "readers": "read"},
    webhooks={"deploy": "https://ci.example/1", "chat": "https://chat.example/"},
)
NOW = Current(
    Organization(
        "acme",
        teams={
            "owners": Team("", ("alice",)),
            "developers": Team("Build and push", ("carol", "erin")),
            "readers": Team("", ("dave",)),
        },
        members={
            "alice": "owner",
            "carol": "member",
            "dave": "member",
            "erin": "member",
            "frank": "editor",
        },
        repositories={"api": API, "internal": Repository("", "", "private", (), (), {}, {})},
    ),
    invites={"grace@example.com": Invite("1", "member", "developers")},
    addresses={"carol": "carol@example.com", "erin": None},
    team_ids={"owners": 1, "developers": 2, "readers": 3},
    webhooks={("api", "deploy"): "deploy", ("api", "chat"): "chat"},
)
ACME = Organization("acme")


def shown(change: Change) -> tuple[str, str, str, dict[str, object], dict[str, object]]:
    return change.action, change.kind, change.name, dict(change.before), dict(change.after)


def changes(wanted: Organization, *, prune: bool = False) -> list[object]:
    return [shown(change) for change in plan(wanted, NOW, prune=prune).changes]


def of_api(**named: object) -> Organization:
    return replace(ACME, repositories={"api": Repository(**named)})  # type: ignore[arg-type]


def test_what_is_not_named_stays() -> None:
    assert plan(ACME, NOW, prune=True) == Plan("acme", [], [])
    assert changes(of_api()) == []


def test_what_is_there_is_no_change() -> None:
    assert changes(NOW.organization) == []
    assert changes(NOW.organization, prune=True) == [
        (
            "remove",
            "invite",
            "acme grace@example.com",
            {"role": "member", "team": "developers"},
            {},
        )
    ]


@pytest.mark.parametrize(
    ("named", "before", "after"),
    [
        ({"description": "New"}, {"description": "The API"}, {"description": "New"}),
        ({"description": ""}, {"description": "The API"}, {"description": ""}),
        ({"overview": "# Api"}, {"overview": "# API\n"}, {"overview": "# Api"}),
        ({"visibility": "private"}, {"visibility": "public"}, {"visibility": "private"}),
        ({"categories": ()}, {"categories": ("security", "networking")}, {"categories": ()}),
        ({"immutable_tags": (".*",)}, {"immutable_tags": ("v.*",)}, {"immutable_tags": (".*",)}),
    ],
    ids=str,
)
def test_a_setting_that_differs_is_changed(
    named: dict[str, object], before: dict[str, object], after: dict[str, object]
) -> None:
    assert changes(of_api(**named)) == [("change", "repository", "acme/api", before, after)]


@pytest.mark.parametrize(
    "named",
    [
        {"description": " The API\n"},
        {"overview": "# API\r\n\r\n"},
        {"categories": ("networking", "security")},
        {"teams": {"readers": "read"}},
        {"webhooks": {"chat": "https://chat.example/"}},
    ],
    ids=str,
)
def test_line_ends_and_the_order_of_lists_make_no_difference(named: dict[str, object]) -> None:
    assert changes(of_api(**named)) == []


def test_both_texts_are_changed_at_once() -> None:
    (change,) = plan(of_api(description="New", overview="New"), NOW).changes
    assert dict(change.after) == {"description": "New", "overview": "New"}


def test_what_could_not_be_read_is_left_alone() -> None:
    unread = replace(API, overview=None, teams=None, webhooks=None, immutable_tags=None)
    now = replace(NOW, organization=replace(NOW.organization, repositories={"api": unread}))
    wanted = of_api(
        overview="New", teams={"developers": "admin"}, webhooks={}, immutable_tags=(".*",)
    )
    assert plan(wanted, now, prune=True).changes == []


def test_access_is_granted_changed_and_with_prune_taken_away() -> None:
    wanted = of_api(
        teams={"developers": "admin", "owners": "read"},
        webhooks={"deploy": "https://ci.example/2", "new": "https://new.example/"},
    )
    kept: list[object] = [
        ("change", "permission", "acme/api developers", {"permission": "write"},
         {"permission": "admin"}),
        ("create", "permission", "acme/api owners", {}, {"permission": "read"}),
        ("change", "webhook", "acme/api deploy", {"url": "https://ci.example/1"},
         {"url": "https://ci.example/2"}),
        ("create", "webhook", "acme/api new", {}, {"url": "https://new.example/"}),
    ]  # fmt: skip
    gone: list[object] = [
        ("remove", "permission", "acme/api readers", {"permission": "read"}, {}),
        ("remove", "webhook", "acme/api chat", {"url": "https://chat.example/"}, {}),
    ]
    assert changes(wanted) == kept
    # "internal" is not named, and the section of repositories is there.
    assert changes(wanted, prune=True) == [
        *kept,
        *gone,
        ("remove", "repository", "acme/internal", {}, {}),
    ]


def test_a_new_repository_is_made_with_all_it_names() -> None:
    wanted = Repository(
        "Tools", "# Tools", "private", ("security",), ("v.*",), {"readers": "read"},
        {"deploy": "https://ci.example/"},
    )  # fmt: skip
    path = "acme/tools"
    assert changes(replace(ACME, repositories={"tools": wanted})) == [
        ("create", "repository", path, {},
         {"visibility": "private", "description": "Tools", "overview": "# Tools"}),
        ("change", "repository", path, {"categories": ()}, {"categories": ("security",)}),
        ("change", "repository", path, {"immutable_tags": ()}, {"immutable_tags": ("v.*",)}),
        ("create", "permission", f"{path} readers", {}, {"permission": "read"}),
        ("create", "webhook", f"{path} deploy", {}, {"url": "https://ci.example/"}),
    ]  # fmt: skip


@pytest.mark.parametrize("private", [True, False])
def test_a_new_repository_is_what_the_account_says_where_the_file_does_not(private: bool) -> None:
    wanted = replace(ACME, repositories={"tools": Repository()})
    (change,) = plan(wanted, replace(NOW, is_private=private)).changes
    assert dict(change.after) == {"visibility": "private" if private else "public"}


def test_a_team_that_is_nowhere_is_refused() -> None:
    with pytest.raises(UsageError, match="acme has no team ghosts, and the file makes none"):
        plan(of_api(teams={"ghosts": "read"}), NOW)
    with_team = replace(of_api(teams={"ghosts": "read"}), teams={"ghosts": Team()})
    made, granted = plan(with_team, NOW).changes
    assert granted.needs == (("repository", "api"), made.key)


# Teams and people


def test_teams_are_made_described_and_with_prune_removed() -> None:
    wanted = replace(ACME, teams={"ops": Team("Run it", ()), "readers": Team("Look on")})
    made = [
        ("create", "team", "acme/ops", {}, {"description": "Run it"}),
        ("change", "team", "acme/readers", {"description": ""}, {"description": "Look on"}),
    ]
    assert changes(wanted) == made
    assert changes(wanted, prune=True) == [*made, ("remove", "team", "acme/developers", {}, {})]


def test_a_team_that_a_repository_names_is_not_pruned() -> None:
    wanted = replace(of_api(teams={"readers": "read", "developers": "write"}), teams={})
    assert [one[:3] for one in changes(wanted, prune=True)] == [  # type: ignore[index]
        ("remove", "repository", "acme/internal")
    ]


def test_nothing_is_revoked_from_a_team_that_goes() -> None:
    wanted = replace(of_api(teams={"readers": "read"}), teams={"readers": Team()})
    removed = [one[1:3] for one in changes(wanted, prune=True)]  # type: ignore[index]
    assert removed == [("team", "acme/developers"), ("repository", "acme/internal")]


def test_members_of_teams_come_and_with_prune_go() -> None:
    wanted = replace(ACME, teams={"developers": Team(members=("carol@example.com", "dave"))})
    added: tuple[Any, ...] = ("create", "team member", "acme/developers dave", {}, {})
    assert changes(wanted) == [added]
    pruned = [one[:3] for one in changes(wanted, prune=True)]  # type: ignore[index]
    assert pruned == [
        added[:3],
        ("remove", "team member", "acme/developers erin"),
        ("remove", "team", "acme/readers"),
    ]


def test_whoever_is_not_there_is_invited_into_the_first_team_and_the_rest_waits() -> None:
    wanted = replace(
        ACME,
        teams={"ops": Team(members=("zoe", "bob@example.com")), "readers": Team(members=("zoe",))},
        members={"zoe": "editor", "yan": None},
    )
    made = plan(wanted, NOW)
    assert [shown(change)[:2] + shown(change)[4:] for change in made.changes] == [
        ("create", "team", {}),
        ("create", "invite", {"role": "editor", "team": "ops"}),
        ("create", "invite", {"team": "ops"}),
        ("create", "invite", {}),
    ]
    assert [change.needs for change in made.changes[1:]] == [(("team", "ops"),)] * 2 + [()]
    assert made.notes == [
        "zoe is invited; the team readers once they have accepted, with the next apply"
    ]


def test_whoever_is_invited_is_not_invited_again() -> None:
    person = "grace@example.com"
    same = replace(ACME, members={person: "member"}, teams={"developers": Team(members=(person,))})
    assert plan(same, NOW) == Plan("acme", [], [f"{person} has not answered the invite yet"])
    other = replace(ACME, members={person: "owner"}, teams={"readers": Team(members=(person,))})
    (note,) = plan(other, NOW).notes
    assert note == (
        f"{person} has not answered the invite yet; the role owner, the team readers once they"
        " have accepted, with the next apply"
    )


def test_an_address_is_whose_it_is() -> None:
    assert changes(replace(ACME, members={"carol@example.com": "editor"})) == [
        ("change", "member", "acme carol", {"role": "member"}, {"role": "editor"})
    ]
    with pytest.raises(UsageError, match=r"carol and carol@example.com are the same, but not in"):
        plan(replace(ACME, members={"carol": "member", "carol@example.com": "editor"}), NOW)


def test_prune_removes_members_whom_nothing_names() -> None:
    wanted = replace(
        ACME,
        teams={name: Team() for name in ("developers", "readers")},
        members={"alice": "owner", "carol@example.com": None, "grace@example.com": "member"},
    )
    assert changes(wanted, prune=True) == [
        ("remove", "member", f"acme {name}", {"role": role}, {})
        for name, role in (("dave", "member"), ("erin", "member"), ("frank", "editor"))
    ]
    in_team = replace(wanted, teams={**(wanted.teams or {}), "readers": Team(members=("erin",))})
    names = [one[2] for one in changes(in_team, prune=True)]  # type: ignore[index]
    assert "acme erin" not in names
    assert "acme/readers dave" not in names, "whoever leaves all need not leave a team first"


def test_somebody_whose_address_is_not_shown_may_be_who_is_meant() -> None:
    wanted = replace(ACME, members={"alice": "owner", "new@example.com": "member"})
    made = plan(wanted, NOW, prune=True)
    removed = [change.name for change in made.changes if change.kind == "member"]
    assert removed == ["acme carol"]
    assert made.notes[:3] == [
        f"{name} stays, since Docker Hub does not show whether an address of the file is theirs"
        for name in ("dave", "erin", "frank")
    ]


@pytest.mark.parametrize(
    "members",
    [{"alice": "member"}, {"carol": "member"}, {"alice": "editor", "new": "owner"}, {}],
    ids=str,
)
def test_the_last_owner_stays(members: dict[str, str | None]) -> None:
    with pytest.raises(UsageError, match="nobody who is in acme now would be left as an owner"):
        plan(replace(ACME, members=members), NOW, prune=True)


def test_a_new_owner_comes_before_the_old_one_goes() -> None:
    wanted = replace(ACME, members={"alice": "member", "carol": "owner"})
    promoted, demoted = plan(wanted, NOW).changes
    assert (promoted.name, demoted.name) == ("acme carol", "acme alice")
    assert demoted.needs == (promoted.key,)
    removed = plan(replace(ACME, members={"carol": "owner"}), NOW, prune=True).changes[-1]
    assert (removed.action, removed.name, removed.needs) == (
        "remove",
        "acme alice",
        (promoted.key,),
    )


def test_changes_are_in_the_order_of_what_they_need() -> None:
    wanted = Organization(
        "acme",
        teams={"ops": Team("", ("frank", "new")), "developers": Team("", ("carol",))},
        members={"alice": "member", "carol": "owner", "frank": "member", "new": None},
        repositories={"tools": replace(API, teams={"ops": "admin"})},
    )
    made = plan(wanted, NOW, prune=True).changes
    position = {change.key: number for number, change in enumerate(made)}
    assert len(position) == len(made)
    for change in made:
        assert all(position[key] < position[change.key] for key in change.needs if key in position)
    assert all(one.stage <= other.stage for one, other in pairwise(made))
    assert [change.name for change in made[-1:]] == ["acme alice"]
    destroying = [change.action == "remove" for change in made[:-1]]
    assert destroying == sorted(destroying), "what is destroyed comes last"
