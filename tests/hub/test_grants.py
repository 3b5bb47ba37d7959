"""What teams may do with repositories: the calls behind it, and refusals in unknown words."""

from __future__ import annotations

import json

import pytest

from hubcli.errors import Denied, HubcliError, NotFound, UsageError
from support.paged_hub import answered, hub_api
from support.scripted import Answer, Seen

GROUPS = "/v2/repositories/acme/api/groups/"


def granting(status: int, body: object, *, known: bool) -> list[tuple[str, str, object]]:
    """The requests of a grant whose POST is answered like that, by a team with access or not."""

    def answer(seen: Seen) -> Answer:
        if seen.method == "POST":
            return answered(body, status)
        return answered({}) if known else answered({"message": "not found"}, 404)

    with hub_api(answer) as (hub, server):
        try:
            hub.grants.grant("Acme/API", 7, "write")
        finally:
            seen = [(one.method, one.path, json.loads(one.body)) for one in server.seen]
    return seen


def test_a_team_is_granted_by_its_number() -> None:
    assert granting(200, {}, known=False) == [
        ("POST", GROUPS, {"group_id": 7, "permission": "write"})
    ]


@pytest.mark.parametrize(
    "body",
    [
        {"message": "group has access to the repository already", "errinfo": {}},
        {"detail": "This permission already exists."},
        {"__all__": ["Group and repository must be unique."]},
        {},
    ],
)
@pytest.mark.parametrize("status", [400, 409])
def test_one_that_has_access_is_changed_whatever_the_refusal_says(
    status: int, body: object
) -> None:
    assert granting(status, body, known=True)[1:] == [
        ("PATCH", f"{GROUPS}7/", {"permission": "write"})
    ]


def test_a_refusal_that_means_something_else_is_the_one_that_is_told() -> None:
    with pytest.raises(HubcliError, match="group_id must be a number"):
        granting(400, {"message": "group_id must be a number"}, known=False)


@pytest.mark.parametrize(("status", "kind"), [(403, Denied), (404, NotFound)])
def test_other_refusals_are_not_tried_again(status: int, kind: type[HubcliError]) -> None:
    with hub_api(lambda _: answered({"message": "no"}, status)) as (hub, server):
        with pytest.raises(kind):
            hub.grants.grant("acme/api", 7, "write")
        assert len(server.seen) == 1


def test_a_permission_is_checked_before_anything_is_sent() -> None:
    with hub_api(lambda _: answered({})) as (hub, server):
        with pytest.raises(UsageError, match="read, write, admin"):
            hub.grants.grant("acme/api", 7, "own")
        assert server.seen == []


def test_what_a_team_may_do_is_asked_of_each_repository() -> None:
    def answer(seen: Seen) -> Answer:
        name = seen.path.split("/")[4]
        if name == "gone":
            return answered({"message": "not found"}, 404)
        if name == "secret":
            return answered({"message": "forbidden"}, 403)
        return answered({"group_id": 7, "group_name": "dev"} | PERMISSIONS[name])

    with hub_api(answer) as (hub, server):
        paths = [f"acme/{name}" for name in ("a", "gone", "secret", "odd")]
        found = dict(hub.grants.of_team_with(paths, 7))
    assert len(server.seen) == 4
    told = {path: row["permission"] for path, row in found.items() if isinstance(row, dict)}
    # Access is access, even if it is not told how much.
    assert told == {"acme/a": "admin", "acme/gone": None, "acme/odd": "read"}
    refused = found["acme/secret"]
    assert isinstance(refused, Denied)
    assert "scope-repo-group-read" in refused.reason


PERMISSIONS: dict[str, dict[str, object]] = {"a": {"permission": "admin"}, "odd": {"more": 1}}
