"""Pages of queries: to the end in constant memory, and what servers can do to them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hubcli.errors import Unavailable, Untrusted
from hubcli.http.client import Client
from hubcli.http.response import Response
from hubcli.providers.artifactory_items import items
from hubcli.providers.calls import Api
from support.peaks import peak_of
from support.running import InProcess
from support.scripted import Answer, ScriptedServer, Seen

PAGE = 500
"""Smaller than it is, to be quick where a memory is measured."""


def row(number: int, **more: object) -> dict[str, object]:
    return {
        "repo": "docker-local",
        "path": f"app/v{number:07}",
        "name": "manifest.json",
        "size": 500,
        "created": "2026-01-02T03:04:05.678Z",
        "modified": "2026-01-02T03:04:05.678+01:00",
        "sha256": f"{number:064x}",
        **more,
    }


def answer(rows: object, **about: object) -> Answer:
    body = {"results": rows, "range": {"start_pos": 0, "end_pos": 1, "total": 1, **about}}
    return Answer(200, json.dumps(body).encode())


def offset(seen: Seen) -> int:
    found = re.search(rb"\.offset\((\d+)\)", seen.body)
    assert found is not None
    return int(found[1])


@pytest.fixture
def api() -> Iterator[Callable[[ScriptedServer], Api]]:
    client = Client()
    yield lambda server: Api(client, server.url, "art.example")
    client.close()


@pytest.fixture
def listed(api: Callable[[ScriptedServer], Api]) -> Callable[[ScriptedServer], list[str]]:
    """The folders of all files that a server has."""
    return lambda server: [item.path for item in items(api(server), {"repo": "docker-local"})]


class Endless(Api):
    """So many files, without a server in the way, which would take memory, too."""

    def __init__(self, total: int) -> None:
        self._total = total

    def ask(self, path: str, question: str) -> Response:
        first = offset(Seen("POST", path, {}, question.encode()))
        found = answer([row(number) for number in range(first, min(first + PAGE, self._total))])
        return Response(200, {}, found.body, "https://art.example/")


def peak_for(total: int) -> int:
    """The most memory, in bytes, that reading that many files takes."""
    count, peak = peak_of(lambda: sum(1 for _ in items(Endless(total), {})))
    assert count == total
    return peak


def test_many_files_take_no_more_memory_than_some(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hubcli.providers.artifactory_items._PAGE", PAGE)
    assert peak_for(30 * PAGE) < 1.3 * peak_for(3 * PAGE)


def test_a_limit_of_the_server_is_what_a_page_stands_for(
    listed: Callable[[ScriptedServer], list[str]],
) -> None:
    """However many of its rows are left after those that one may not see."""

    def script(seen: Seen) -> Answer:
        first = offset(seen)
        found = [row(number) for number in range(first, min(first + 100, 450)) if number % 10]
        return answer(found, limit=100, notification="AQL query reached the search hard limit")

    with ScriptedServer(script) as server:
        assert len(listed(server)) == 405
        assert [offset(seen) for seen in server.seen] == [0, 100, 200, 300, 400, 500]


def test_a_limit_that_is_not_told_is_the_number_of_rows(
    listed: Callable[[ScriptedServer], list[str]],
) -> None:
    def script(seen: Seen) -> Answer:
        first = offset(seen)
        found = [row(number) for number in range(first, min(first + 70, 200))]
        return answer(found, notification="results are trimmed")

    with ScriptedServer(script) as server:
        assert len(listed(server)) == 200


def test_pages_that_go_round_in_circles_are_seen(
    listed: Callable[[ScriptedServer], list[str]],
) -> None:
    with ScriptedServer(lambda _: answer([row(1), row(2)])) as server:
        with pytest.raises(Untrusted, match="round in circles"):
            listed(server)
        assert len(server.seen) == 2


@pytest.mark.parametrize(
    "results",
    [None, {}, "no", 7],
)
def test_an_answer_without_results_is_none(
    results: object, listed: Callable[[ScriptedServer], list[str]]
) -> None:
    with (
        ScriptedServer(lambda _: answer(results)) as server,
        pytest.raises(Unavailable, match="without results"),
    ):
        listed(server)


def test_rows_that_make_no_sense_are_left_out(
    api: Callable[[ScriptedServer], Api],
) -> None:
    """Sizes come as texts too; times and checksums that are none are not told."""
    rubbish: list[object] = [None, 7, [], {}, {"repo": "x", "path": 1, "name": "n"}]
    odd = row(1, size="75500000", created="2015-01-01T10:10;10", modified=9, sha256="\x1b[31m")
    worse = row(2, size=-1, sha256=None, created=None)

    def script(seen: Seen) -> Answer:
        return answer([] if offset(seen) else [*rubbish, odd, worse])

    with ScriptedServer(script) as server:
        first, second = items(api(server), {})
    assert (first.size, first.created, first.modified, first.digest) == (75500000, None, None, None)
    assert (second.size, second.digest) == (None, None)


def test_a_question_is_asked_again_after_a_fault(
    listed: Callable[[ScriptedServer], list[str]],
) -> None:
    """A POST that changes nothing."""

    def script(seen: Seen) -> Answer:
        if len(server.seen) == 1:
            return Answer(503)
        return answer([] if offset(seen) else [row(1)])

    with ScriptedServer(script) as server:
        assert listed(server) == ["app/v0000001"]


@pytest.mark.parametrize(
    ("aql", "code", "line"),
    [
        (Answer(500, b'{"errors": [{"status": 500, "message": "Out of memory"}]}'), 6,
         "out of memory (UNAVAILABLE)"),
        (Answer(200, b"<html>", {"Content-Type": "text/html"}), 6,
         "the server answered with HTML where JSON was due (UNAVAILABLE)"),
        (Answer(400, b'{"errors": [{"status": 400, "message": "Failed to parse query"}]}'), 1,
         "failed to parse query (FAILED)"),
        (Answer(429, b"", {"Retry-After": "3600"}), 5, "(RATE_LIMITED)"),
        (Answer(403, b'{"errors": [{"status": 403, "message": "Forbidden"}]}'), 4,
         "forbidden (DENIED)"),
        (Answer(401, b'{"errors": [{"status": 401, "message": "Bad credentials"}]}'), 4,
         "bad credentials (UNAUTHORIZED)"),
    ],
)  # fmt: skip
def test_errors_have_their_exit_codes_and_one_line(
    cli: InProcess, tmp_path: Path, aql: Answer, code: int, line: str
) -> None:
    keys = [{"key": "docker-local", "type": "LOCAL", "packageType": "Docker", "url": ""}]

    def script(seen: Seen) -> Answer:
        if seen.path == "/artifactory/api/repositories":
            return Answer(200, json.dumps(keys).encode())
        return aql if seen.path.startswith("/artifactory/") else Answer(200)

    with ScriptedServer(script) as server:
        config = tmp_path / "config.toml"
        config.write_text(
            f'[registries."art.example"]\nendpoint = "{server.url}"\nprovider = "artifactory"\n'
        )
        done = cli("repo", "ls", "art.example/docker-local", env={"HUBCLI_CONFIG": str(config)})
    assert (done.exit_code, done.stdout) == (code, "")
    (told,) = [one for one in done.stderr.splitlines() if one.startswith("error: ")]
    assert told.startswith("error: cannot list the repositories of art.example/docker-local: ")
    assert told.endswith(line)
