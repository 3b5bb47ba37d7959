"""Tokens between runs: private, whole, and never trusted too far."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from hubcli.auth.challenge import Challenge, Scope, repository_scope
from hubcli.auth.tokens import Token, TokenCache

PULL = repository_scope("library/alpine", "pull")
PUSH = repository_scope("library/alpine", "pull", "push")
NOW = 1_800_000_000.0


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


def token(
    value: str = "t", *scopes: Scope, obtained: float = NOW, until: float = NOW + 270
) -> Token:
    return Token(value, scopes or (PULL,), obtained, until)


def file(directory: Path) -> Path:
    (found,) = (directory / "tokens").glob("*.json")
    return found


def again(directory: Path, clock: Clock | None = None) -> TokenCache:
    """What another process would have."""
    return TokenCache(directory, clock=clock or Clock())


def test_a_token_lasts_into_the_next_process(tmp_path: Path) -> None:
    again(tmp_path).keep("registry x", "alice", token())
    assert again(tmp_path).find("registry x", "alice", (PULL,)) == token()


def test_nobody_elses_token_is_found(tmp_path: Path) -> None:
    cache = again(tmp_path)
    cache.keep("registry x", "alice", token())
    assert cache.find("registry x", "bob", (PULL,)) is None
    assert cache.find("registry x", "", (PULL,)) is None
    assert cache.find("registry y", "alice", (PULL,)) is None


def test_scopes_have_to_be_covered() -> None:
    cache = TokenCache(None, clock=Clock())
    cache.keep("x", "", token("pull"))
    assert cache.find("x", "", (PUSH,)) is None
    cache.keep("x", "", token("push", PUSH))
    assert cache.find("x", "", (PULL,)) == token("push", PUSH)
    other = repository_scope("library/alpine-2", "pull")
    assert cache.find("x", "", (other,)) is None
    assert cache.find("x", "", (PULL, other)) is None


@pytest.mark.parametrize(
    ("at", "usable"),
    [(NOW, True), (NOW + 269, True), (NOW + 270, False), (NOW - 4, True), (NOW - 60, False)],
)
def test_a_token_is_used_in_its_time_only(tmp_path: Path, at: float, usable: bool) -> None:
    again(tmp_path).keep("x", "", token())
    clock = Clock()
    clock.now = at
    found = again(tmp_path, clock).find("x", "", (PULL,))
    assert (found is not None) == usable


def test_a_refused_token_is_forgotten_everywhere(tmp_path: Path) -> None:
    cache = again(tmp_path)
    cache.keep("x", "", token("good"))
    cache.keep("x", "bob", token("bad"))
    cache.drop("x", "bad")
    for each in (cache, again(tmp_path)):
        assert each.find("x", "bob", (PULL,)) is None
        assert each.find("x", "", (PULL,)) == token("good")


def test_the_challenge_is_remembered_without_its_moment(tmp_path: Path) -> None:
    told = {"realm": "https://auth/token", "service": "s", "scope": "a:b:c", "error": "e"}
    again(tmp_path).learn("x", Challenge("bearer", told))
    lasting = Challenge("bearer", {"realm": "https://auth/token", "service": "s"})
    assert again(tmp_path).challenge("x") == lasting
    cache = again(tmp_path)
    cache.learn("x", None)
    assert again(tmp_path).challenge("x") is None


def test_files_are_private(tmp_path: Path) -> None:
    again(tmp_path / "cache").keep("x", "", token())
    path = file(tmp_path / "cache")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("mode", [0o620, 0o602])
def test_a_file_that_others_could_write_is_not_believed(tmp_path: Path, mode: int) -> None:
    again(tmp_path).learn("x", Challenge("bearer", {"realm": "https://evil.example"}))
    file(tmp_path).chmod(mode)
    assert again(tmp_path).challenge("x") is None


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to give a file away")
def test_a_file_of_somebody_else_is_not_believed(tmp_path: Path) -> None:
    again(tmp_path).learn("x", Challenge("bearer", {"realm": "https://evil.example"}))
    os.chown(file(tmp_path), 12345, -1)
    assert again(tmp_path).challenge("x") is None


DAMAGE = [
    b"",
    b"{",
    b"[]",
    b"null",
    b"\xff\xfe",
    b'{"audience": "x"}',
    b'{"audience": "y", "challenge": null, "tokens": []}',
    b'{"audience": "x", "challenge": [], "tokens": []}',
    b'{"audience": "x", "challenge": {"realm": "r"}, "tokens": []}',
    b'{"audience": "x", "challenge": null, "tokens": [1]}',
    b'{"audience": "x", "challenge": null, "tokens": [{"identity": ""}]}',
    (
        b'{"audience": "x", "challenge": null, "tokens": [{"identity": "", "token": "t",'
        b' "scopes": ["a:b:c"], "obtained": "now", "until": 1}]}'
    ),
    (
        b'{"audience": "x", "challenge": null, "tokens": [{"identity": "", "token": "a\\nb",'
        b' "scopes": ["repository:library/alpine:pull"], "obtained": 1800000000,'
        b' "until": 1900000000}]}'
    ),
    b"[" * 100_000,
]


@pytest.mark.parametrize("content", DAMAGE)
def test_a_damaged_file_counts_as_empty_and_is_replaced(tmp_path: Path, content: bytes) -> None:
    again(tmp_path).keep("x", "", token("old"))
    file(tmp_path).write_bytes(content)
    cache = again(tmp_path)
    assert cache.find("x", "", (PULL,)) is None
    assert cache.challenge("x") is None
    cache.keep("x", "", token("new"))
    assert again(tmp_path).find("x", "", (PULL,)) == token("new")


def test_a_directory_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache = again(tmp_path / "file")
    cache.keep("x", "", token())
    assert cache.find("x", "", (PULL,)) == token()
    cache.forget("x")
    cache.clear()


def test_without_a_directory_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    cache = TokenCache(None, clock=Clock())
    cache.keep("x", "", token())
    assert cache.find("x", "", (PULL,)) == token()
    assert os.listdir(tmp_path) == []


def test_what_is_over_is_dropped_and_the_number_is_bounded(tmp_path: Path) -> None:
    cache = again(tmp_path)
    cache.keep("x", "", token("over", until=NOW - 1))
    for number in range(140):
        cache.keep("x", "", token(f"t{number}", repository_scope(f"a/{number}", "pull")))
    kept = [each["token"] for each in json.loads(file(tmp_path).read_text())["tokens"]]
    assert kept == [f"t{number}" for number in range(12, 140)]


def test_forgetting_one_and_all(tmp_path: Path) -> None:
    cache = again(tmp_path)
    for audience in ("x", "y", "z"):
        cache.keep(audience, "", token())
    cache.forget("x")
    assert again(tmp_path).find("x", "", (PULL,)) is None
    assert again(tmp_path).find("y", "", (PULL,)) is not None
    cache.clear()
    assert again(tmp_path).find("y", "", (PULL,)) is None
    assert cache.find("z", "", (PULL,)) is None


def test_no_secret_of_the_user_is_in_the_file(tmp_path: Path) -> None:
    from hubcli.auth.credentials import Credential

    credential = Credential("alice", "correct horse battery staple", "")
    again(tmp_path).keep("x", credential.identity, token())
    text = file(tmp_path).read_text()
    assert "battery" not in text
    assert "correct" not in text


KEEP = """
import sys
from pathlib import Path
from hubcli.auth.challenge import repository_scope
from hubcli.auth.tokens import Token, TokenCache
cache = TokenCache(Path(sys.argv[1]))
now = cache.now()
for turn in range(8):
    scope = repository_scope(f"a/{sys.argv[2]}-{turn}", "pull")
    cache.keep("x", "", Token("t", (scope,), now, now + 300))
"""


def test_processes_that_keep_at_once_lose_nothing(tmp_path: Path) -> None:
    workers = [
        subprocess.Popen([sys.executable, "-c", KEEP, tmp_path, str(number)]) for number in range(5)
    ]
    assert [worker.wait(60) for worker in workers] == [0] * 5
    assert len(json.loads(file(tmp_path).read_text())["tokens"]) == 40


def test_threads_keep_at_once(tmp_path: Path) -> None:
    cache = again(tmp_path)

    def work(number: int) -> None:
        cache.keep("x", "", token("t", repository_scope(f"a/{number}", "pull")))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(json.loads(file(tmp_path).read_text())["tokens"]) == 16
