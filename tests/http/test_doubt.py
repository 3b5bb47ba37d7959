"""What is made of lost answers to writes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hubcli.errors import Conflict, ConnectionBroken, HubcliError, NotFound, TimedOut
from hubcli.http import doubt
from hubcli.http.response import Response


def lost(kind: type[HubcliError] = ConnectionBroken) -> HubcliError:
    """The failure of a request whose answer never came, as it is told."""
    error = kind("the connection broke")
    error.in_doubt = True
    with pytest.raises(kind), doubt.telling("POST"):
        raise error
    return error


def raising(*failures: HubcliError) -> Callable[[], Any]:
    """What fails so many times, and then works."""
    rest = [*failures]

    def attempt() -> str:
        if rest:
            raise rest.pop(0)
        return "made"

    return attempt


def test_doubt_is_told_of_what_changes_something() -> None:
    assert lost().reason == "the connection broke; it may have been done all the same"
    error = ConnectionBroken("the connection broke")
    error.in_doubt = True
    with pytest.raises(ConnectionBroken), doubt.telling("GET"):
        raise error
    assert error.reason == "the connection broke"


def test_what_is_there_was_made() -> None:
    assert doubt.made_once(raising(lost()), lambda: "found") == "found"
    assert doubt.made_once(raising(lost(TimedOut)), lambda: "found") == "found"


def test_what_is_not_there_is_made_once_more() -> None:
    assert doubt.made_once(raising(lost()), lambda: None) == "made"
    with pytest.raises(ConnectionBroken, match="all the same"):
        doubt.made_once(raising(lost(), lost()), lambda: None)


def test_what_came_late_was_made() -> None:
    looks = iter([None, "found"])
    made = doubt.made_once(raising(lost(), Conflict("it exists")), lambda: next(looks))
    assert made == "found"


def test_whoever_may_still_be_at_it_is_not_asked_again() -> None:
    with pytest.raises(TimedOut) as caught:
        doubt.made_once(raising(lost(TimedOut)), lambda: None)
    assert caught.value.reason == "the connection broke; it may have been done all the same"


def test_where_one_cannot_look_the_doubt_stays() -> None:
    with pytest.raises(ConnectionBroken, match="all the same"):
        doubt.made_once(raising(lost()), raising(ConnectionBroken("again")))


def test_what_is_another_is_a_conflict() -> None:
    with pytest.raises(Conflict):
        doubt.made_once(raising(lost()), raising(Conflict("it is another")))


def test_a_failure_without_doubt_is_one() -> None:
    with pytest.raises(NotFound):
        doubt.made_once(raising(NotFound("not found")), lambda: "found")


@pytest.mark.parametrize(
    ("method", "status", "in_doubt", "done"),
    [
        ("DELETE", 404, True, True),
        ("DELETE", 410, True, True),
        ("DELETE", 404, False, False),
        ("DELETE", 403, True, False),
        ("GET", 404, True, False),
    ],
)
def test_what_is_deleted_twice_is_gone(
    method: str, status: int, in_doubt: bool, done: bool
) -> None:
    answer = Response(status, {}, b"", "http://x/", in_doubt=in_doubt)
    assert doubt.is_done(method, answer) is done
