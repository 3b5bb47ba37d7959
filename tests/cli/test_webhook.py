"""`hubcli webhook` against the sandbox, from a push to the program that hears of it."""

from __future__ import annotations

import json
import re
import signal
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from support.hub_repositories import hub_repository
from support.running import InProcess
from support.sandbox import SandboxServer
from support.terminal import Terminal
from support.webhook_payloads import payload

Screen = Callable[..., AbstractContextManager[Terminal]]

_PROGRAM = """
import json, os, sys
told = json.load(sys.stdin)
names = ("REFERENCE", "REPOSITORY", "TAG", "PUSHER", "WEBHOOK_SECRET")
seen = {name: os.environ.get("HUBCLI_" + name) for name in names}
with open(sys.argv[1], "a") as file:
    print(json.dumps([sys.argv[2:], seen, told["push_data"]["tag"]]), file=file)
print("printed by the program")
sys.exit(7 if seen["TAG"] == "bad" else 0)
"""


@pytest.fixture
def path(sandbox: SandboxServer, repository: str) -> str:
    hub_repository(sandbox, repository, {"latest": "webhooks"})
    return repository


def url_on(screen: Terminal) -> str:
    """The address that a listener prints."""
    screen.expect("listening at http://")
    screen.expect("\n")
    found = re.search(r"listening at (\S+)", screen.screen)
    assert found is not None
    return found[1]


def send(url: str, body: bytes) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data=body), timeout=20) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


# Managing


def test_webhooks_are_made_listed_and_removed(
    sandbox: SandboxServer, cli: InProcess, path: str
) -> None:
    url = "https://ci.example/hooks/1"
    made = cli("webhook", "create", path, "deploy", url, env=sandbox.signed_in)
    assert (made.exit_code, made.stdout) == (0, "")
    assert made.stderr == f"{path} tells the webhook deploy of pushes\n"
    listed = cli("webhook", "ls", path, "--format", "json", env=sandbox.signed_in).json()
    assert [(row["name"], row["url"], row["slug"]) for row in listed] == [("deploy", url, "deploy")]
    asked = cli("webhook", "rm", path, "deploy", env=sandbox.signed_in)
    assert asked.exit_code == 2
    assert "--yes answers it" in asked.stderr
    planned = cli("webhook", "rm", path, "deploy", "--dry-run", "-q", env=sandbox.signed_in)
    assert planned.stdout == "deploy\n"
    removed = cli("webhook", "rm", path, "deploy", "nope", "--yes", env=sandbox.signed_in)
    assert removed.exit_code == 3
    assert f"deleted the webhook deploy of {path}" in removed.stderr
    assert cli("webhook", "ls", path, env=sandbox.signed_in).stdout == ""


def test_a_name_that_is_taken_is_explained(
    sandbox: SandboxServer, cli: InProcess, path: str
) -> None:
    arguments = ("webhook", "create", path, "deploy", "https://ci.example/")
    cli(*arguments, env=sandbox.signed_in)
    again = cli(*arguments, env=sandbox.signed_in)
    assert again.exit_code == 1
    assert again.stderr == (
        f"error: cannot create a webhook of {path}: {path} has a webhook of that name already"
        f" (CONFLICT)\nhint: hubcli webhook rm {path} deploy\n"
    )


def test_a_url_that_is_none_is_refused_before_anything_is_asked(
    sandbox: SandboxServer, cli: InProcess
) -> None:
    done = cli("webhook", "create", "acme/api", "x", "ftp://x/", env=sandbox.signed_in)
    assert done.exit_code == 2
    assert sandbox.requests() == []


def test_a_weak_token_is_told_which_scope_it_takes(
    sandbox: SandboxServer, cli: InProcess, path: str
) -> None:
    _, weak = sandbox.parts.accounts.add_token("alice", "ci", ["repo:write"])
    env = {"HUBCLI_USERNAME": "alice", "HUBCLI_PASSWORD": weak}
    done = cli("webhook", "ls", path, env=env)
    assert done.exit_code == 4
    assert "repo:admin" in done.stderr
    assert "scope-webhook-read" in done.stderr


def test_other_registries_have_none(cli: InProcess) -> None:
    done = cli("webhook", "ls", "quay.io/a/b")
    assert done.exit_code == 1
    assert done.stderr.startswith("error: cannot list the webhooks of quay.io/a/b: ")


# Listening


def test_a_push_reaches_the_program(
    sandbox: SandboxServer, cli: InProcess, terminal: Screen, path: str, tmp_path: Path
) -> None:
    program, log = tmp_path / "program.py", tmp_path / "log"
    program.write_text(_PROGRAM)
    arguments = ("--exec", sys.executable, "--count", "2", "--format", "jsonl", "--", program, log)
    with terminal(
        "webhook", "listen", *arguments, "--a b", "$(x)", pipes=("stdout",)
    ) as screen:  # fmt: skip
        url = url_on(screen)
        cli("webhook", "create", path, "deploy", url, env=sandbox.signed_in)
        cli("tag", "cp", f"{path}:latest", "good", "bad", env=sandbox.signed_in)
        assert screen.wait() == 1
        rows = [json.loads(line) for line in screen.piped("stdout").splitlines()]
    assert [(row["reference"], row["pusher"], row["exit_code"]) for row in rows] == [
        (f"{path}:good", "alice", 0),
        (f"{path}:bad", "alice", 7),
    ]
    assert all(row["payload"]["repository"]["repo_name"] == path for row in rows)
    heard = [json.loads(line) for line in log.read_text().splitlines()]
    assert [(words, tag) for words, _, tag in heard] == [
        (["--a b", "$(x)"], "good"),
        (["--a b", "$(x)"], "bad"),
    ]
    assert heard[0][1] == {
        "REFERENCE": f"{path}:good",
        "REPOSITORY": path,
        "TAG": "good",
        "PUSHER": "alice",
        "WEBHOOK_SECRET": None,
    }
    assert screen.screen.count("printed by the program") == 2
    assert f"the push of {path}:bad: {sys.executable} ended with exit code 7" in " ".join(
        json.loads(line)["error"]
        for line in screen.screen.splitlines()
        if line.startswith('{"error')
    )
    # The answer is written down after it was given: the program may have ended before.
    for _ in range(200):
        history = cli("webhook", "history", path, "deploy", env=sandbox.signed_in)
        if len(history.lines()) == 2:
            break
    assert [line.split("\t")[1:3] for line in history.lines()] == [["202", "bad"], ["202", "good"]]


def test_a_terminal_shows_a_line_for_each_push_and_ctrl_c_ends_it(terminal: Screen) -> None:
    with terminal("webhook", "listen", columns=120) as screen:
        url = url_on(screen)
        assert send(url, payload(tag="v1", pusher="Erin E.")) == 202
        screen.expect("2014-12-03T00:22:41Z  acme/api:v1 pushed by Erin E.\n")
        assert send(url, b"garbage") == 400
        screen.expect("warning: refused what is no push: the body is not JSON\n")
        assert send(f"{url}x", payload()) == 404
        screen.send("\x03")
        assert screen.wait() == 130
    assert "Traceback" not in screen.screen


def test_the_system_may_end_it(terminal: Screen) -> None:
    with terminal("webhook", "listen", "--format", "tsv", pipes=("stdout",)) as screen:
        assert send(url_on(screen), payload(tag="v1")) == 202
        screen.process.send_signal(signal.SIGTERM)
        assert screen.wait() == 0
        assert screen.piped("stdout") == "acme/api:v1\terin\t2014-12-03T00:22:41Z\t\n"


def test_a_secret_may_be_one_s_own_and_is_not_printed(terminal: Screen, tmp_path: Path) -> None:
    secret = "my-own-secret-0123456789"
    env = {"HUBCLI_WEBHOOK_SECRET": secret}
    with terminal("webhook", "listen", "--once", env=env) as screen:
        url = url_on(screen)
        assert url.endswith("/…")
        assert send(url.replace("…", secret), payload()) == 202
        assert screen.wait() == 0
    assert secret not in screen.screen


@pytest.mark.parametrize(
    ("arguments", "stdin", "told"),
    [
        (["--secret-stdin"], "short\n", "the secret has 16 to 128 characters"),
        (["--secret-stdin"], "", "the secret is expected on stdin"),
        (["--secret-stdin"], "a\nb\n", "on one line"),
        (["--", "x"], "", "no program"),
        (["--exec", "no-such-program --flag"], "", "there is no program 'no-such-program --flag'"),
        (["--exec", "/etc"], "", "there is no program '/etc'"),
        (["--query", "[]"], "", "say --count"),
        (["--count", "0"], "", "--count"),
        (["--port", "65536"], "", "--port"),
    ],
)
def test_what_cannot_work_is_said_at_once(
    cli: InProcess, arguments: list[str], stdin: str, told: str
) -> None:
    done = cli("webhook", "listen", *arguments, stdin=stdin)
    assert done.exit_code == 2
    assert told in done.stderr
