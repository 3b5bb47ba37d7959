"""`hubcli org export-members`: the table as Hub sends it, and what happens when it breaks off."""

from __future__ import annotations

import csv
import io
import os
import signal
import stat
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from support.organizations import new_organization
from support.running import InProcess, Result, Subprocess
from support.sandbox import SandboxServer
from support.scripted import Answer, ScriptedServer

Alice = Callable[..., Result]
EXPORT = "GET /v2/orgs/.*/members/export"
HEADER = "Name,Username,Email,Type,Role,Teams,Date Joined"


@pytest.fixture
def alice(sandbox: SandboxServer, cli: InProcess) -> Alice:
    return lambda *argv, **more: cli(*argv, **{"env": sandbox.signed_in, **more})


def test_stdout_is_what_hub_sent(alice: Alice) -> None:
    done = alice("org", "export-members", "megacorp")
    assert (done.exit_code, done.stderr) == (0, "")
    rows = [*csv.DictReader(io.StringIO(done.stdout))]
    assert done.lines()[0] == HEADER
    assert [row["Username"] for row in rows[1:]] == [f"dev{n:04d}" for n in range(1, 2001)]


def test_a_file_is_the_same_and_only_one_s_own(alice: Alice, tmp_path: Path) -> None:
    done = alice("org", "export-members", "megacorp", "-o", tmp_path / "members.csv")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "")
    written = tmp_path / "members.csv"
    assert written.read_bytes() == alice("org", "export-members", "megacorp").stdout_bytes
    assert stat.S_IMODE(written.stat().st_mode) == 0o600


def test_a_pipe_with_a_name_is_written_to(sandbox: SandboxServer, hubcli: Subprocess) -> None:
    done = hubcli("org", "export-members", "acme", "-o", "/dev/stdout", env=sandbox.signed_in)
    assert (done.exit_code, done.lines()[0]) == (0, HEADER)
    nowhere = hubcli("org", "export-members", "acme", "-o", "/dev/null", env=sandbox.signed_in)
    assert nowhere.exit_code == 0
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


@pytest.mark.parametrize("before", [None, "what was there"])
def test_a_table_that_breaks_off_leaves_what_was_there(
    alice: Alice, sandbox: SandboxServer, tmp_path: Path, before: str | None
) -> None:
    directory = tmp_path / "exported"
    directory.mkdir()
    file = directory / "members.csv"
    if before is not None:
        file.write_text(before)
    sandbox.fault(EXPORT, cut_after_bytes=50_000)
    done = alice("org", "export-members", "megacorp", "-o", file)
    assert done.exit_code == 6
    assert done.stderr.startswith("error: cannot export the members of megacorp: ")
    assert (file.read_text() if file.exists() else None) == before
    assert os.listdir(directory) == ([] if before is None else ["members.csv"])


def test_a_table_that_breaks_off_fails_on_stdout_too(alice: Alice, sandbox: SandboxServer) -> None:
    sandbox.fault(EXPORT, cut_after_bytes=50_000)
    done = alice("org", "export-members", "megacorp")
    assert done.exit_code == 6
    assert 0 < len(done.stdout_bytes) <= 50_000


def test_an_interrupt_leaves_nothing(
    sandbox: SandboxServer, hubcli: Subprocess, tmp_path: Path
) -> None:
    directory = tmp_path / "exported"
    directory.mkdir()
    (directory / "members.csv").write_text("what was there")
    sandbox.fault(EXPORT, chunk_delay_seconds=0.3)
    running = hubcli.start(
        "org", "export-members", "megacorp", "-o", directory / "members.csv", env=sandbox.signed_in
    )
    deadline = time.monotonic() + 20
    while len(os.listdir(directory)) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=20)
    assert running.returncode == 130
    assert os.listdir(directory) == ["members.csv"]
    assert (directory / "members.csv").read_text() == "what was there"


@pytest.mark.parametrize(
    ("name", "reason"),
    [("no/such/members.csv", "No such file or directory"), (".", "Is a directory")],
)
def test_a_place_that_takes_no_file_is_named(
    alice: Alice, tmp_path: Path, name: str, reason: str
) -> None:
    done = alice("org", "export-members", "acme", "-o", name)
    assert done.exit_code == 1
    assert done.stderr == (
        f"error: cannot export the members of acme: cannot write {name}: {reason} (FAILED)\n"
    )


def test_names_do_not_act_on_a_terminal(alice: Alice, sandbox: SandboxServer) -> None:
    own = new_organization(sandbox)
    name = f"x{own.removeprefix('org-')}"
    sandbox.parts.accounts.add(name, full_name='\x1b[31mEvil,\n"=1+1"\u202e', email="x@y.example")
    sandbox.parts.teams.set_role(own, name, "member")
    piped = alice("org", "export-members", own)
    rows = [*csv.reader(io.StringIO(piped.stdout))]
    assert '\x1b[31mEvil,\n"=1+1"\u202e' in {row[0] for row in rows}
    shown = alice("org", "export-members", own, terminal=True)
    assert "\x1b" not in shown.stdout
    assert r'"\x1b[31mEvil,' in shown.stdout
    assert r"\u202e" in shown.stdout


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b"a,b\r\n1,2\r\n", "a,b\n1,2\n"),
        (b"a\xff\xc3", "a\\xff\\xc3"),
        ("é\x07\tx".encode(), "é\\x07\\tx"),
        (b"", ""),
    ],
)
def test_whatever_comes_can_be_shown(cli: InProcess, body: bytes, shown: str) -> None:
    with ScriptedServer(lambda _: Answer(200, body, {"Content-Type": "text/csv"})) as server:
        env = {"HUBCLI_HUB_URL": server.url, "HUBCLI_TOKEN": "x"}
        assert cli("org", "export-members", "acme", env=env, terminal=True).stdout == shown
        assert cli("org", "export-members", "acme", env=env).stdout_bytes == body


@pytest.mark.parametrize("kind", ["text/html; charset=utf-8", "application/json"])
def test_a_page_is_no_table(cli: InProcess, kind: str, tmp_path: Path) -> None:
    with ScriptedServer(lambda _: Answer(200, b"<html>", {"Content-Type": kind})) as server:
        env = {"HUBCLI_HUB_URL": server.url, "HUBCLI_TOKEN": "x"}
        done = cli("org", "export-members", "acme", "-o", "members.csv", env=env)
    assert done.exit_code == 6
    assert f"the server answered with {kind.partition(';')[0]}, not with a table" in done.stderr
    assert not (tmp_path / "members.csv").exists()
