"""`hubcli org audit-log|audit-actions`: to the end of the log, and on with what happens."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from support.organizations import new_organization
from support.paged_hub import answered, asked
from support.running import InProcess, Result, Subprocess
from support.sandbox import SandboxServer
from support.scripted import Answer, ScriptedServer, Seen
from support.terminal import Terminal

Alice = Callable[..., Result]
Screen = Callable[..., AbstractContextManager[Terminal]]
LOG = "GET /v2/auditlogs/"
EVENT = {
    "account": "acme",
    "action": "repo.tag.push",
    "name": "acme/api",
    "actor": "carol",
    "data": {"tag": "v1"},
    "timestamp": "2026-11-01T10:00:00.123456789Z",
    "action_description": "pushed the tag v1\n",
}


@pytest.fixture
def alice(sandbox: SandboxServer, cli: InProcess) -> Alice:
    return lambda *argv, **more: cli(*argv, **{"env": sandbox.signed_in, **more})


@pytest.fixture
def own(sandbox: SandboxServer) -> str:
    """An organization of alice's in which something happened on each of four days."""
    name = new_organization(sandbox)
    for day, (actor, action, what) in enumerate(
        [
            ("alice", "org.create", name),
            ("carol", "repo.create", f"{name}/api"),
            ("carol", "repo.tag.push", f"{name}/api"),
            ("dave", "repo.tag.push", f"{name}/web"),
        ],
        start=1,
    ):
        record(sandbox, name, actor, action, what, f"2026-11-0{day}T10:00:00.000000Z")
    return name


def record(
    sandbox: SandboxServer, account: str, actor: str, action: str, name: str, moment: str
) -> None:
    """An event of a time of its own."""
    sandbox.parts.audit.record(account, action, actor, f"{actor} did {action}", name=name)
    with sandbox.parts.storage.database.transaction() as connection:
        connection.execute(
            "UPDATE hub_events SET moment = ? WHERE id = (SELECT max(id) FROM hub_events)",
            (moment,),
        )


# To the end


def test_the_newest_comes_first(alice: Alice, own: str) -> None:
    done = alice("org", "audit-log", own)
    assert done.lines()[0] == (
        f"2026-11-04T10:00:00Z\trepo.tag.push\t{own}/web\tdave\tdave did repo.tag.push"
    )
    assert [line.split("\t")[3] for line in done.lines()] == ["dave", "carol", "carol", "alice"]
    row = alice("org", "audit-log", own, "--limit", "1", "--format", "json").json()[0]
    assert (row["account"], row["data"], sorted(row)) == (
        own,
        {},
        ["account", "action", "actor", "data", "description", "name", "time"],
    )


@pytest.mark.parametrize(
    ("arguments", "actors"),
    [
        (("--actor", "carol"), ["carol", "carol"]),
        (("--action", "repo.tag.push"), ["dave", "carol"]),
        (("--action", "repo.tag.push", "--actor", "dave"), ["dave"]),
        (("--name", "ORG/api"), ["carol", "carol"]),
        (("--since", "2026-11-03"), ["dave", "carol"]),
        (("--until", "2026-11-03"), ["carol", "alice"]),
        (("--since", "2026-11-02T10:00:00Z", "--until", "2026-11-03T12:00:00+02:00"),
         ["carol", "carol"]),
        (("--since", "2026-11-02T10:00:00.000001Z", "--limit", "1"), ["dave"]),
        (("--since", "10y",), None),
        (("--action", "nope"), []),
    ],
)  # fmt: skip
def test_events_are_filtered_by_hub(
    alice: Alice, own: str, arguments: tuple[str, ...], actors: list[str] | None
) -> None:
    given = [one.replace("ORG", own) for one in arguments]
    done = alice("org", "audit-log", own, *given, "--fields", "actor")
    assert (done.exit_code, done.lines()) == ((2, []) if actors is None else (0, actors))


def test_how_long_ago_is_counted_from_now(alice: Alice, sandbox: SandboxServer) -> None:
    day = alice("org", "audit-log", "megacorp", "--since", "1d", "-q").lines()
    assert 143 <= len(day) <= 146  # one in ten minutes, and what other tests did
    earlier = alice("org", "audit-log", "megacorp", "--since", "2d", "--until", "1d", "-q").lines()
    assert len(earlier) == 144


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--since", "yesterday"), "--since takes 7d, 12h, a date or a time of RFC 3339"),
        (("--until", ""), "--until takes 7d, 12h, a date"),
        (("--since", "999999w"), "--since takes 7d"),
        (("--since", "1d", "--until", "2d"), "--since 1d is later than --until 2d"),
        (("--follow", "--until", "1d"), "--follow and --until exclude each other"),
        (("--follow", "--query", "[0]"), "say --limit, too"),
        (("--follow", "--format", "table", "--fields", "time"), "say --limit, too"),
        (("--follow", "--interval", "0"), "is not in the range"),
    ],
)
def test_wrong_wishes_are_refused_before_anything_is_asked(
    alice: Alice, sandbox: SandboxServer, arguments: tuple[str, ...], reason: str
) -> None:
    done = alice("org", "audit-log", "acme", *arguments)
    assert done.exit_code == 2
    assert reason in done.stderr
    assert sandbox.requests() == []


def test_ten_thousand_events_come_page_by_page(alice: Alice, sandbox: SandboxServer) -> None:
    done = alice("org", "audit-log", "megacorp", "--action", "repo.tag.push", "--fields", "data")
    tags = [json.loads(line)["tag"] for line in done.lines()]
    assert tags == [f"build-{number}" for number in reversed(range(10_000))]
    pages = [one for one in sandbox.requests(LOG) if one.status == 200]
    assert len(pages) == 101  # full pages, and an empty one: the log tells no count


def test_a_small_limit_is_a_small_page(alice: Alice, sandbox: SandboxServer) -> None:
    assert len(alice("org", "audit-log", "megacorp", "--limit", "3").lines()) == 3
    (request,) = sandbox.requests(LOG)
    assert "page_size=3" in request.query


def test_a_failure_on_the_way_is_no_end(alice: Alice, sandbox: SandboxServer) -> None:
    sandbox.fault(LOG, status=403, body={"code": 7, "message": "too old", "details": []}, skip=2)
    done = alice("org", "audit-log", "megacorp", "-q")
    assert done.exit_code == 4
    assert len(done.lines()) == 200
    assert done.stderr.startswith("error: cannot read the audit log of megacorp: too old; it takes")


def test_actions_are_listed_as_they_are_asked_for(alice: Alice) -> None:
    done = alice("org", "audit-actions", "acme", "-q")
    assert {"repo.tag.push", "org.member.add", "billing.plan.upgrade"} <= set(done.lines())
    shown = alice("org", "audit-actions", "acme", terminal=True)
    assert shown.lines()[0].split()[-1].endswith("DESCRIPTION\x1b[0m")


# Odd answers


def log_of(pages: list[Any]) -> Callable[[Seen], Answer]:
    """A log with these pages; past them nothing."""

    def script(seen: Seen) -> Answer:
        number = int(asked(seen)["page"]) - 1
        return answered({"logs": pages[number]} if number < len(pages) else {"logs": []})

    return script


def run(cli: InProcess, script: Callable[[Seen], Answer], *arguments: str) -> Result:
    with ScriptedServer(script) as server:
        env = {"HUBCLI_HUB_URL": server.url, "HUBCLI_TOKEN": "x"}
        return cli("org", "audit-log", "acme", *arguments, env=env)


def test_an_event_may_lack_anything(cli: InProcess) -> None:
    events = [EVENT, {}, {"timestamp": 7, "data": [1], "actor": None, "extra": {}}, "x", None]
    rows = run(cli, log_of([events]), "--format", "json").json()
    assert rows[0] == {
        "time": "2026-11-01T10:00:00.123456Z",
        "action": "repo.tag.push",
        "name": "acme/api",
        "actor": "carol",
        "description": "pushed the tag v1",
        "account": "acme",
        "data": {"tag": "v1"},
    }
    assert [set(row.values()) for row in rows[1:]] == [{None}, {None}]


@pytest.mark.parametrize("body", [{}, {"logs": None}, {"logs": [], "next": "/v2/x"}])
def test_an_empty_log_is_no_failure(cli: InProcess, body: object) -> None:
    done = run(cli, lambda _: answered(body))
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("body", [[], {"logs": {"a": 1}}, {"logs": "x"}, "x"])
def test_what_is_no_log_is_a_failure(cli: InProcess, body: object) -> None:
    assert run(cli, lambda _: answered(body)).exit_code == 6


def test_pages_may_be_smaller_than_asked_for_and_slide(cli: InProcess) -> None:
    def event(number: int) -> dict[str, object]:
        return {**EVENT, "data": {"tag": str(number)}}

    pages = [[event(5), event(4)], [event(4), event(3)], [event(2)]]
    done = run(cli, log_of(pages), "--format", "{{.data.tag}}")
    assert done.lines() == ["5", "4", "3", "2"]


def test_the_same_twice_happened_twice(cli: InProcess) -> None:
    assert len(run(cli, log_of([[EVENT, EVENT]]), "-q").lines()) == 2


def test_a_log_that_goes_round_in_a_circle_ends(cli: InProcess) -> None:
    done = run(cli, lambda _: answered({"logs": [EVENT, EVENT]}))
    assert done.exit_code == 6
    assert "goes round in a circle" in done.stderr


def test_hostile_events_do_not_act(cli: InProcess) -> None:
    evil = "\x1b]0;owned\x07\u202e[bold]x"
    event = {**EVENT, "actor": evil, "action_description": f"{evil}\r\nerror: none", "name": evil}
    for format in ("tsv", "csv", "table", "{{.actor}} {{.description}}"):
        done = run(cli, log_of([[event]]), "--format", format)
        assert r"\x1b]0;owned\x07\u202e[bold]x" in done.stdout.replace("\n", "")
        assert not set("\x1b\x07\r\u202e") & set(done.stdout)
        assert "error:" not in {line.strip()[:6] for line in done.lines()}


@pytest.mark.parametrize(
    ("body", "exit_code"),
    [
        ({"actions": {"repo": {"actions": [{"name": "create"}, {}, "x"]}, "odd": 7}}, 0),
        ({"actions": {}}, 0),
        ({}, 6),
        ({"actions": []}, 6),
    ],
)
def test_actions_may_lack_anything(cli: InProcess, body: object, exit_code: int) -> None:
    with ScriptedServer(lambda _: answered(body)) as server:
        env = {"HUBCLI_HUB_URL": server.url, "HUBCLI_TOKEN": "x"}
        done = cli("org", "audit-actions", "acme", env=env)
    assert done.exit_code == exit_code
    assert done.stdout in {"repo.create\t\t\n", ""}


# On and on


def line(process: subprocess.Popen[bytes]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().decode()


def test_what_happens_is_told_as_it_happens(
    sandbox: SandboxServer, hubcli: Subprocess, own: str
) -> None:
    arguments = ("--follow", "--since", "2026-11-03", "--interval", "1", "--fields", "actor,name")
    running = hubcli.start("org", "audit-log", own, *arguments, env=sandbox.signed_in)
    try:
        assert [line(running), line(running)] == [f"carol\t{own}/api\n", f"dave\t{own}/web\n"]
        record(sandbox, own, "erin", "repo.create", "x", "2026-11-04T10:00:30.000000Z")
        record(sandbox, own, "frank", "repo.create", "x", "2026-11-04T10:00:20.000000Z")
        assert [line(running), line(running)] == ["frank\tx\n", "erin\tx\n"]
        running.send_signal(signal.SIGINT)
        stdout, stderr = running.communicate(timeout=20)
    finally:
        running.kill()
    assert (running.returncode, stdout, stderr) == (130, b"", b"")


def test_people_read_lines_along(sandbox: SandboxServer, terminal: Screen, own: str) -> None:
    arguments = ("org", "audit-log", own, "--follow", "--interval", "1", "--limit", "1")
    with terminal(*arguments, columns=200, env=sandbox.signed_in) as screen:
        while not [one for one in sandbox.requests(LOG) if one.status == 200]:
            assert screen.process.poll() is None
        record(sandbox, own, "erin", "repo.create", "x\x1b[2J", "2026-11-05T10:00:00.000000Z")
        assert screen.wait() == 0
        assert screen.screen == (
            "2026-11-05T10:00:00Z  repo.create x\\x1b[2J by erin: erin did repo.create\n"
        )


def test_a_fault_is_said_once_and_outlived(
    sandbox: SandboxServer, hubcli: Subprocess, own: str
) -> None:
    arguments = ("--follow", "--since", "2026-11-04", "--interval", "1", "--limit", "2", "-q")
    running = hubcli.start("org", "audit-log", own, *arguments, env=sandbox.signed_in)
    try:
        assert line(running) == f"{own}/web\n"
        sandbox.fault(LOG, status=200, body="<html>maintenance</html>")
        assert running.stderr is not None
        assert (
            running.stderr.readline()
            .decode()
            .startswith(f"warning: cannot read the audit log of {own}: ")
        )
        sandbox.clear_faults()
        record(sandbox, own, "erin", "repo.create", "later", "2026-11-05T10:00:00.000000Z")
        assert running.communicate(timeout=20) == (b"later\n", b"")
    finally:
        running.kill()
    assert running.returncode == 0


def test_whoever_loses_the_right_is_told(
    sandbox: SandboxServer, hubcli: Subprocess, own: str
) -> None:
    arguments = ("--follow", "--since", "2026-11-04", "--interval", "1")
    running = hubcli.start("org", "audit-log", own, *arguments, env=sandbox.signed_in)
    try:
        assert line(running).startswith("2026-11-04")
        sandbox.fault(LOG, status=403, body={"code": 7, "message": "forbidden", "details": []})
        _, stderr = running.communicate(timeout=20)
    finally:
        running.kill()
    assert running.returncode == 4
    assert b"it takes the role owner" in stderr


def test_the_first_failure_is_the_last(alice: Alice, sandbox: SandboxServer, own: str) -> None:
    sandbox.fault(LOG, status=200, body="<html>maintenance</html>")
    done = alice("org", "audit-log", own, "--follow")
    assert done.exit_code == 6
