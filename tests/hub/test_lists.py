"""Every list of the Hub client comes whole: in all envelopes, with members more and less."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple

import pytest

from hubcli.auth.credentials.scim import scim_token
from hubcli.auth.tokens import ScimAuthorizer
from hubcli.http.client import Client
from hubcli.hub import Hub
from hubcli.hub.scim import Scim
from support.paged_hub import Anonymous, answered, asked
from support.scripted import Answer, ScriptedServer, Seen

COUNT = 257
Raw = dict[str, Any]


class Slice(NamedTuple):
    """What a request asks for: rows from `start` on, `size` of them."""

    start: int
    size: int


def by_page(query: Mapping[str, str]) -> Slice:
    size = int(query.get("page_size", "10"))
    return Slice((int(query.get("page", "1")) - 1) * size, size)


def by_offset(query: Mapping[str, str]) -> Slice:
    return Slice(int(query["offset"]), int(query["limit"]))


def by_from(query: Mapping[str, str]) -> Slice:
    return Slice(int(query["from"]), int(query["size"]))


def by_index(query: Mapping[str, str]) -> Slice:
    return Slice(int(query["startIndex"]) - 1, int(query["count"]))


@dataclass(frozen=True)
class Envelope:
    """How rows are asked for, the member they stand in, and the one with their number."""

    asked: Callable[[Mapping[str, str]], Slice]
    rows: str
    count: str | None
    links: bool = False


RESULTS = Envelope(by_page, "results", "count", links=True)
TOTAL = Envelope(by_page, "results", "total", links=True)
LOGS = Envelope(by_page, "logs", None)
OBJECTS = Envelope(by_offset, "objects", "meta")
SEARCH = Envelope(by_from, "results", "total")
RESOURCES = Envelope(by_index, "Resources", "totalResults")


class Clients(NamedTuple):
    hub: Hub
    scim: Scim


class Row(NamedTuple):
    """A list: how it is read, the field that tells its rows apart, and a row as Hub sends it."""

    read: Callable[[Clients], Iterable[Mapping[str, object]]]
    field: str
    raw: Callable[[str], Raw]
    envelope: Envelope = RESULTS
    most: int = 100


LISTS = {
    "repositories": Row(lambda c: c.hub.repositories.list("ns"), "name", lambda n: {"name": n}),
    "tags": Row(lambda c: c.hub.tags.list("ns/app"), "name", lambda n: {"name": n}),
    "personal tokens": Row(lambda c: c.hub.tokens_of_user.list(), "uuid", lambda n: {"uuid": n}),
    "organization tokens": Row(
        lambda c: c.hub.organization_tokens.list("org"), "id", lambda n: {"id": n}, TOTAL
    ),
    "organizations": Row(lambda c: c.hub.organizations.list(), "name", lambda n: {"orgname": n}),
    "members": Row(lambda c: c.hub.members.list("org"), "name", lambda n: {"username": n}),
    "teams": Row(
        lambda c: c.hub.teams.list("org"), "name", lambda n: {"name": n, "id": int(n[1:]) + 1}
    ),
    "members of a team": Row(
        lambda c: c.hub.teams.members("org", "team"), "name", lambda n: {"username": n}
    ),
    "grants": Row(
        lambda c: c.hub.grants.of_repository("org/app"), "team", lambda n: {"group_name": n}
    ),
    "collaborators": Row(
        lambda c: c.hub.collaborators.list("ns/app"), "name", lambda n: {"user": n}
    ),
    "webhooks": Row(lambda c: c.hub.webhooks.list("ns/app"), "name", lambda n: {"name": n}),
    "deliveries": Row(
        lambda c: c.hub.webhooks.history("ns/app", "x"), "tag", lambda n: {"id": n, "tag": n}
    ),
    "builds": Row(
        lambda c: c.hub.builds.history("ns/app"), "tag", lambda n: {"build_tag": n}, OBJECTS, 50
    ),
    "build rules": Row(
        lambda c: c.hub.builds.rules("/x/"), "tag", lambda n: {"tag": n}, OBJECTS, 50
    ),
    "events": Row(lambda c: c.hub.audit_log.events("org"), "name", lambda n: {"name": n}, LOGS),
    "search": Row(
        lambda c: c.hub.search.find("x", sort="pulls", limit=None).rows,
        "name",
        lambda n: {"name": n, "id": n},
        SEARCH,
    ),
    "SCIM users": Row(
        lambda c: c.scim.users(), "name", lambda n: {"id": n, "userName": n}, RESOURCES, 200
    ),
}


@dataclass(frozen=True)
class Oddity:
    """What a server may do that the next one does not."""

    largest: int = 1000
    counts: bool = True
    links: bool = True
    more: bool = False
    junk: bool = False


ODDITIES = {
    "as known": Oddity(),
    "smaller pages": Oddity(largest=30),
    "no count": Oddity(counts=False),
    "no links": Oddity(links=False),
    "members that nobody knows": Oddity(more=True),
    "rows that are none": Oddity(junk=True),
}
UNKNOWN = {"new": {"deep": [1, None]}, "errinfo": None, "x-later": "\u202e"}


def names() -> list[str]:
    return [f"r{number:05}" for number in range(COUNT)]


def served(row: Row, oddity: Oddity) -> Callable[[Seen], Answer]:
    """A server of that list, and of nothing else."""
    envelope = row.envelope
    rows: list[Any] = [{**row.raw(name), **(UNKNOWN if oddity.more else {})} for name in names()]
    if oddity.junk:
        rows[140:140] = [None, "junk"]

    def answer(seen: Seen) -> Answer:
        start, size = envelope.asked(asked(seen))
        size = min(size, row.most, oddity.largest)
        if envelope.asked is by_page:
            # Hub clamps the size before it counts pages.
            start = (int(asked(seen).get("page", "1")) - 1) * size
        if envelope is RESULTS and start and start >= len(rows):
            return answered({"message": "404: Page Not Found"}, 404)
        body: Raw = {envelope.rows: rows[start : start + size]}
        if envelope.count and oddity.counts:
            total = {"total_count": len(rows)}
            body[envelope.count] = total if envelope.count == "meta" else len(rows)
        if envelope.links and oddity.links:
            more = start + size < len(rows)
            following = f"{seen.path.partition('?')[0]}?page={start // size + 2}&page_size={size}"
            body["next"] = following if more else None
        return answered({**body, **(UNKNOWN if oddity.more else {})})

    return answer


@contextmanager
def clients(script: Callable[[Seen], Answer]) -> Iterator[tuple[Clients, ScriptedServer]]:
    with ScriptedServer(script) as server:
        http = Client(sleep=lambda _: None)
        try:
            scim = Scim(http, server.url, ScimAuthorizer(scim_token("t" * 20)))
            yield Clients(Hub(http, server.url, Anonymous(), concurrency=4), scim), server
        finally:
            http.close()


def tried() -> Iterator[tuple[str, str]]:
    """Each list with each oddity, but where nothing would tell that there is more."""
    for (name, row), (oddity, how) in product(LISTS.items(), ODDITIES.items()):
        if how.counts or how.links or not row.envelope.links:
            yield name, oddity


@pytest.mark.parametrize(("name", "oddity"), [*tried()])
def test_a_list_comes_whole(name: str, oddity: str) -> None:
    row, how = LISTS[name], ODDITIES[oddity]
    with clients(served(row, how)) as (client, _):
        read = [str(found[row.field]) for found in row.read(client)]
    assert [each.rpartition("/")[2] for each in read] == names()


@pytest.mark.parametrize("name", LISTS)
def test_a_list_costs_no_more_requests_than_it_has_pages(name: str) -> None:
    row = LISTS[name]
    with clients(served(row, Oddity())) as (client, server):
        assert len([*row.read(client)]) == COUNT
    pages = -(-COUNT // row.most)
    assert len(server.seen) == pages


def test_invites_come_all_at_once() -> None:
    rows = [{"id": name, "invitee": name, **UNKNOWN} for name in names()]
    with clients(lambda _: answered({"data": [*rows, None], **UNKNOWN})) as (client, server):
        assert [row["invitee"] for row in client.hub.invites.list("org")] == names()
    assert len(server.seen) == 1


@pytest.mark.parametrize("name", ["members of a team", "grants", "collaborators", "webhooks"])
def test_what_was_a_bare_array_once_may_be_one_still(name: str) -> None:
    row = LISTS[name]
    with clients(lambda _: answered([row.raw(each) for each in names()])) as (client, _):
        assert [found[row.field] for found in row.read(client)] == names()
