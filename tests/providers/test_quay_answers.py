"""Quay's provider and answers that are wrong, endless, huge, or refusals."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from hubcli.auth.credentials import Credential
from hubcli.config import Endpoint, RegistryRow
from hubcli.errors import HubcliError, NotSignedIn, Unavailable
from hubcli.http.client import Client
from hubcli.providers.provider import Surroundings
from hubcli.providers.quay import Quay
from hubcli.providers.rows import BY_NAME
from hubcli.registry import Registry
from support.certificates import Authority
from support.peaks import peak_of
from support.scripted import Answer, Script, ScriptedServer, Seen

OAUTH = Credential("$oauthtoken", "secret", "")


@contextmanager
def scripted_quay(
    script: Script,
    credential: Credential = OAUTH,
    row: RegistryRow = RegistryRow(provider="quay"),  # noqa: B008 - it is frozen
    tls: ssl.SSLContext | None = None,
) -> Iterator[Quay]:
    """The provider of `q.example`, where `script` answers."""
    http = Client(sleep=lambda _: None)
    with ScriptedServer(script, tls) as server:
        endpoint = Endpoint("q.example", server.url, row)
        surroundings = Surroundings(
            BY_NAME["quay"],
            "q.example",
            endpoint,
            {},
            http,
            credential=lambda: credential,
            registry=lambda: Registry(http, endpoint, None),
            notify=lambda _: None,
        )
        yield Quay(surroundings)
        http.close()


def answer(body: object) -> Answer:
    return Answer(200, json.dumps(body).encode(), {"Content-Type": "application/json"})


def refusal(status: int) -> Answer:
    return Answer(status, b'{"detail": "Requires authentication", "title": "invalid_token"}')


def tag(number: int, **more: object) -> dict[str, object]:
    return {
        "name": f"v{number}",
        "start_ts": 1_700_000_000 + number,
        "manifest_digest": f"sha256:{number:064}",
        "size": 7,
        **more,
    }


def page_of(seen: Seen) -> int:
    return int(parse_qs(urlsplit(seen.path).query)["page"][0])


def test_tags_that_a_push_moves_to_the_next_page_come_once() -> None:
    """Pages are counted from the newest tag: one that comes in between shifts all others."""
    pages = {1: [tag(9), tag(8)], 2: [tag(8), tag(7)], 3: [tag(6)]}

    def script(seen: Seen) -> Answer:
        page = page_of(seen)
        return answer({"tags": pages[page], "page": page, "has_additional": page < 3})

    with scripted_quay(script) as quay:
        names = [row["name"] for row in quay.tags("acme/app")]
    assert names == ["v9", "v8", "v7", "v6"]


def test_a_tag_may_be_one_that_never_changes() -> None:
    def script(_: Seen) -> Answer:
        tags = [tag(2, immutable=True), tag(1, immutable=False), tag(0)]
        return answer({"tags": tags, "page": 1, "has_additional": False})

    with scripted_quay(script) as quay:
        assert [row["immutable"] for row in quay.tags("acme/app")] == [True, False, False]


def test_large_repositories_need_little_memory() -> None:
    def script(seen: Seen) -> Answer:
        page = page_of(seen)
        tags = [tag(page * 100 + number) for number in range(100)]
        return answer({"tags": tags, "page": page, "has_additional": page < 80})

    with scripted_quay(script) as quay:
        rows = iter(quay.tags("acme/app"))
        for _ in range(500):
            next(rows)
        count, peak = peak_of(lambda: sum(1 for _ in rows))
    assert count == 7_500
    assert peak < 1_500_000


@pytest.mark.parametrize(
    "script",
    [
        lambda _: answer({"tags": [tag(1)], "page": 1, "has_additional": True}),
        lambda _: answer({"tags": [], "page": 1, "has_additional": True}),
        lambda _: answer({"tags": {"v1": {}}, "has_additional": False}),
        lambda _: answer([]),
        lambda _: Answer(200, b"<html>"),
        lambda _: Answer(200, b"[" * 100_000),
    ],
)
def test_tags_that_do_not_end_or_are_none(script: Callable[[Seen], Answer]) -> None:
    with scripted_quay(script) as quay, pytest.raises(Unavailable):
        list(quay.tags("acme/app"))


@pytest.mark.parametrize(
    ("entry", "row"),
    [
        ({"name": None}, None),
        ("v1", None),
        ({"name": ["v1"]}, None),
        ({"name": "v1"}, (None, None, None)),
        (tag(1, start_ts=10**18, size=-1), (f"sha256:{1:064}", None, None)),
        (tag(1, start_ts="9" * 5000, size="9" * 5000), (f"sha256:{1:064}", None, None)),
        (tag(1, start_ts=True, size=[], manifest_digest=7), (None, None, None)),
        (tag(1, end_ts=None), (f"sha256:{1:064}", "2023-11-14T22:13:21Z", 7)),
    ],
)
def test_entries_that_make_no_sense_are_unknown(entry: object, row: object) -> None:
    body = {"tags": [entry], "page": 1, "has_additional": False}
    with scripted_quay(lambda _: answer(body)) as quay:
        found = [(one["digest"], one["pushed"], one["size"]) for one in quay.tags("acme/app")]
    assert found == ([] if row is None else [row])


@pytest.mark.parametrize("following", ["again", 7, ["x"]])
def test_repositories_that_do_not_end(following: object) -> None:
    body = {"repositories": [{"namespace": "acme", "name": "app"}, {}, 1], "next_page": following}
    with scripted_quay(lambda _: answer(body)) as quay:
        if following == "again":
            with pytest.raises(Unavailable, match="does not end"):
                list(quay.repositories("acme"))
        else:
            assert len(list(quay.repositories("acme"))) == 1


def test_a_size_where_the_quay_keeps_quotas() -> None:
    report = {"quota_bytes": 12_345, "configured_quota": None}
    entry = {"namespace": "acme", "name": "app", "is_public": False, "quota_report": report}
    with scripted_quay(lambda _: answer({"repositories": [entry]})) as quay:
        (row,) = quay.repositories("acme")
    assert (row["size"], row["visibility"], row["updated"]) == (12_345, "private", None)


@pytest.mark.parametrize(
    ("status", "body", "exit_code"),
    [
        (400, b'{"detail": "namespace, starred or public are required"}', 1),
        (404, b'{"detail": "Not Found", "title": "not_found"}', 3),
        (409, b'{"detail": "Cannot delete immutable tag", "title": "tag_immutable"}', 1),
        (429, b"<html>429 Too Many Requests</html>", 5),
        (500, b"", 6),
        (503, b"<html>down for maintenance</html>", 6),
        (520, b'{"detail": "An error occurred in a downstream service."}', 6),
    ],
)
def test_every_refusal_has_its_exit_code(status: int, body: bytes, exit_code: int) -> None:
    kind = {"Content-Type": "text/html" if body.startswith(b"<") else "application/json"}
    with scripted_quay(lambda _: Answer(status, body, kind)) as quay:
        with pytest.raises(HubcliError) as raised:
            quay.remove_repository("acme/app")
        assert raised.value.exit_code == exit_code
        assert "\n" not in str(raised.value)


@pytest.mark.parametrize("end", ["", "/", "/api/v1"])
def test_an_address_of_its_own_for_the_api(end: str) -> None:
    """`api` of the configuration row may end in what the API's paths begin with."""
    seen: list[str] = []

    def script(request: Seen) -> Answer:
        seen.append(urlsplit(request.path).path)
        return answer({"repositories": []})

    with ScriptedServer(script) as server:
        row = RegistryRow(provider="quay", api=f"{server.url}{end}")
        with scripted_quay(lambda _: Answer(500), row=row) as quay:
            assert list(quay.repositories("acme")) == []
    assert seen == ["/api/v1/repository"]


def test_the_authority_of_the_row_is_trusted_by_the_api_too(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    pair = authority.server()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    row = RegistryRow(provider="quay", ca_file=str(authority.certificate))
    with scripted_quay(lambda _: answer({"repositories": []}), row=row, tls=context) as quay:
        assert list(quay.repositories("acme")) == []


def test_a_path_stays_a_path() -> None:
    seen: list[str] = []

    def script(request: Seen) -> Answer:
        seen.append(request.path)
        return answer({})

    with scripted_quay(script) as quay:
        quay.remove_repository("acme/a?b#c/d")
    assert seen == ["/api/v1/repository/acme/a%3Fb%23c/d"]


@pytest.mark.parametrize(
    ("username", "who"),
    [
        ("acme+ci", "the robot acme+ci"),
        ("$app", "an app token"),
        ("$token", "an access token of the old kind"),
        ("alice", "the user alice"),
    ],
)
def test_whose_credential_it_is_not(username: str, who: str) -> None:
    with scripted_quay(lambda _: refusal(401), Credential(username, "secret", "a file")) as quay:
        with pytest.raises(NotSignedIn) as raised:
            quay.repository("acme/app")
        assert str(raised.value).startswith(
            f"the API of q.example wants an OAuth token for this, not {who}"
        )
