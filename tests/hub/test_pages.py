"""Paged lists: in parallel, in order, and whatever a server says about their length."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from itertools import islice

import pytest

from hubcli.errors import Denied, NotFound, Unavailable, Untrusted
from hubcli.hub.decoding import Row
from support.paged_hub import Shelf, answered, asked, hub_api, repositories
from support.scripted import Answer, ScriptedServer, Seen


def names(rows: Iterable[Row]) -> list[str]:
    return [str(row["name"]) for row in rows]


def expected(count: int) -> list[str]:
    return [f"ns/r{number:05}" for number in range(count)]


def test_a_list_of_many_pages_comes_whole_and_in_order() -> None:
    with hub_api(Shelf(repositories(1234))) as (hub, server):
        listing = hub.repositories.list("ns")
        assert names(listing) == expected(1234)
        assert listing.count == 1234
    assert len(server.seen) == 13
    assert {asked(seen)["page_size"] for seen in server.seen} == {"100"}


def test_pages_after_the_first_are_fetched_at_the_same_time() -> None:
    shelf = Shelf(repositories(500))
    together = threading.Barrier(4, timeout=10)

    def script(seen: Seen) -> Answer:
        if asked(seen)["page"] != "1":
            together.wait()
        return shelf(seen)

    with hub_api(script, concurrency=4) as (hub, _):
        assert names(hub.repositories.list("ns")) == expected(500)


def test_no_more_pages_are_under_way_than_allowed() -> None:
    shelf = Shelf(repositories(1500))
    lock = threading.Lock()
    under_way = most = 0

    def script(seen: Seen) -> Answer:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        time.sleep(0.01)
        with lock:
            under_way -= 1
        return shelf(seen)

    with hub_api(script, concurrency=3) as (hub, _):
        assert len(list(hub.repositories.list("ns"))) == 1500
    assert most <= 3


def test_a_few_rows_cost_one_small_page() -> None:
    with hub_api(Shelf(repositories(1000))) as (hub, server):
        assert names(islice(hub.repositories.list("ns", wanted=5), 5)) == expected(5)
        assert [asked(seen)["page_size"] for seen in server.seen] == ["5"]


def test_nothing_is_fetched_before_a_row_is_taken() -> None:
    with hub_api(Shelf(repositories(10))) as (hub, server):
        hub.repositories.list("ns")
        assert server.seen == []


def test_only_the_pages_that_will_be_needed_are_fetched_ahead() -> None:
    with hub_api(Shelf(repositories(5000)), concurrency=8) as (hub, server):
        assert names(islice(hub.repositories.list("ns", wanted=250), 250)) == expected(250)
        assert sorted(asked(seen)["page"] for seen in server.seen) == ["1", "2", "3"]


def test_a_slow_reader_holds_back_what_is_fetched() -> None:
    with hub_api(Shelf(repositories(20_000)), concurrency=4) as (hub, server):
        listing = hub.repositories.list("ns")
        assert len(list(islice(listing, 100))) == 100
        assert len(server.seen) == 1
        assert len(list(islice(listing, 900))) == 900
        assert len(server.seen) <= 1 + 9 + 2 * 4


def test_a_listing_that_is_let_go_fetches_nothing_more() -> None:
    with hub_api(Shelf(repositories(5000)), concurrency=2) as (hub, server):
        listing = hub.repositories.list("ns")
        for _ in range(150):
            next(listing)
        listing.close()
        before = len(server.seen)
        assert next(listing, None) is None
        time.sleep(0.1)
        assert len(server.seen) == before


def test_more_than_was_wanted_can_be_taken() -> None:
    with hub_api(Shelf(repositories(330))) as (hub, _):
        assert names(hub.repositories.list("ns", wanted=25)) == expected(330)


@pytest.mark.parametrize("count", [None, 3, 0, -1, "many", 10**15, True])
def test_a_count_that_is_missing_or_wrong_costs_no_rows(count: int | str | None) -> None:
    shelf = Shelf(repositories(345), count=count)
    with hub_api(shelf) as (hub, _):
        assert names(hub.repositories.list("ns")) == expected(345)


def test_a_server_that_gives_smaller_pages_is_read_whole() -> None:
    with hub_api(Shelf(repositories(345), largest=25)) as (hub, _):
        assert names(hub.repositories.list("ns")) == expected(345)


def test_a_count_without_links_is_enough() -> None:
    with hub_api(Shelf(repositories(345), links=False)) as (hub, _):
        assert names(hub.repositories.list("ns")) == expected(345)


@pytest.mark.parametrize("left", [450, 101, 100, 99, 1, 0])
def test_a_list_that_shrinks_while_it_is_read_ends(left: int) -> None:
    shelf = Shelf(repositories(1000))

    def script(seen: Seen) -> Answer:
        answer = shelf(seen)
        del shelf.rows[left:]
        return answer

    with hub_api(script) as (hub, _):
        assert names(hub.repositories.list("ns")) == expected(max(left, 100))


def test_rows_that_come_while_a_list_is_read_are_in_it() -> None:
    shelf = Shelf(repositories(150))

    def script(seen: Seen) -> Answer:
        answer = shelf(seen)
        shelf.rows = repositories(420)
        return answer

    with hub_api(script) as (hub, _):
        assert names(hub.repositories.list("ns")) == expected(420)


def test_rows_that_slide_to_the_next_page_are_not_shown_twice() -> None:
    shelf = Shelf(repositories(300))

    def script(seen: Seen) -> Answer:
        answer = shelf(seen)
        if asked(seen)["page"] == "1":
            shelf.rows = [{"name": "new", "namespace": "ns"}, *shelf.rows]
        return answer

    with hub_api(script) as (hub, _):
        assert names(hub.repositories.list("ns")) == expected(300)


def test_links_that_lead_in_a_circle_end_the_list_with_a_failure() -> None:
    def script(seen: Seen) -> Answer:
        page = int(asked(seen)["page"])
        rows = [{"name": f"r{page}-{n}", "namespace": "ns"} for n in range(10)]
        return answered({"results": rows, "next": f"/v2/x?page={page % 5 + 1}"})

    with hub_api(script) as (hub, server), pytest.raises(Unavailable, match="does not end"):
        list(hub.repositories.list("ns"))
    assert len(server.seen) < 10


def test_a_server_that_always_sends_the_same_page_ends_the_list_with_a_failure() -> None:
    def script(seen: Seen) -> Answer:
        return answered({"count": 10**9, "results": repositories(100), "next": None})

    with hub_api(script) as (hub, server), pytest.raises(Unavailable, match="circle"):
        list(hub.repositories.list("ns"))
    assert len(server.seen) < 30


def test_a_next_link_is_not_followed_to_another_origin() -> None:
    with ScriptedServer(lambda _: answered({"results": []})) as elsewhere:

        def script(seen: Seen) -> Answer:
            return answered({"results": repositories(100), "next": f"{elsewhere.url}/v2/x"})

        with hub_api(script) as (hub, _), pytest.raises(Untrusted, match="leads away"):
            list(hub.repositories.list("ns"))
        assert elsewhere.seen == []


def test_an_empty_list_is_no_failure() -> None:
    with hub_api(Shelf([])) as (hub, _):
        assert list(hub.repositories.list("ns")) == []


def test_a_list_that_is_not_there_is_a_failure() -> None:
    with hub_api(lambda _: answered({"message": "namespace ns not found"}, 404)) as (hub, _):  # noqa: SIM117
        with pytest.raises(NotFound):
            list(hub.repositories.list("ns"))


@pytest.mark.parametrize(
    "body", [b"[]", b"{}", b'{"results": 3}', b'{"results": null}', b"nonsense", b"\xff", b""]
)
def test_something_else_than_a_page_is_a_failure(body: bytes) -> None:
    with hub_api(lambda _: Answer(200, body)) as (hub, _), pytest.raises(Unavailable):
        list(hub.repositories.list("ns"))


def test_rows_that_cannot_be_read_are_left_out() -> None:
    rows: list[object] = [None, 1, "x", [], {}, {"name": None}, {"name": 7}, {"name": "good"}]
    with hub_api(lambda _: answered({"count": 8, "results": rows, "next": ""})) as (hub, _):
        assert names(hub.repositories.list("ns")) == ["ns/good"]


def test_a_failure_in_the_middle_comes_after_the_rows_before_it() -> None:
    shelf = Shelf(repositories(500))

    def script(seen: Seen) -> Answer:
        return answered({"detail": "no"}, 403) if asked(seen)["page"] == "3" else shelf(seen)

    with hub_api(script) as (hub, _):
        listing = hub.repositories.list("ns")
        assert names(islice(listing, 200)) == expected(200)
        with pytest.raises(Denied, match="no"):
            next(listing)


def test_an_ordering_that_the_server_turns_round_is_asked_for_the_other_way() -> None:
    def script(seen: Seen) -> Answer:
        backwards = asked(seen)["ordering"] == "name"
        shelf = Shelf(list(reversed(repositories(150))) if backwards else repositories(150))
        return shelf(seen)

    with hub_api(script) as (hub, server):
        assert names(hub.repositories.list("ns")) == expected(150)
    assert [asked(seen)["ordering"] for seen in server.seen] == ["name", "-name", "-name"]


def test_a_list_of_one_page_is_in_order_whatever_the_server_does() -> None:
    mixed = repositories(3)[1:] + repositories(1)
    with hub_api(Shelf(mixed)) as (hub, server):
        assert names(hub.repositories.list("ns")) == expected(3)
    assert len(server.seen) == 1
