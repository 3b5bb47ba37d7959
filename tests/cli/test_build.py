"""`hubcli build` against the sandbox."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from hubcli.sandbox.builds import TRIGGER
from support.running import InProcess
from support.sandbox import SandboxServer

RETIRED = "warning: Docker Hub retires automated builds on 2027-04-01\n"


@pytest.fixture
def own(new_sandbox: Callable[..., SandboxServer]) -> SandboxServer:
    return new_sandbox()


def trigger_url(cli: InProcess) -> str:
    uuid = cli("build", "source", "acme/api", "--format", "{{.uuid}}").stdout.strip()
    return f"https://hub.docker.com/api/build/v1/source/{uuid}/trigger/{TRIGGER}/call/"


def states(cli: InProcess) -> list[list[str]]:
    return [line.split("\t")[:2] for line in cli("build", "history", "acme/api").lines()]


@pytest.mark.parametrize("verb", ["source", "history", "export", "trigger"])
def test_every_command_says_that_builds_will_end(
    sandbox: SandboxServer, cli: InProcess, verb: str
) -> None:
    more = ("--dry-run",) if verb == "trigger" else ()
    done = cli("build", verb, "acme/api", *more, env=sandbox.signed_in)
    assert done.exit_code == 0
    assert done.stderr == RETIRED


def test_sources_and_builds_are_shown(sandbox: SandboxServer, cli: InProcess) -> None:
    assert cli("build", "source", "acme/api").stdout == "acme/api\tGithub\tSuccess\n"
    unbuilt = cli("build", "source", "alice/webapp")
    assert (unbuilt.exit_code, unbuilt.stdout) == (0, "")
    assert unbuilt.stderr == f"{RETIRED}alice/webapp has no automated builds\n"
    assert cli("build", "source", "alice/none-such").exit_code == 3


def test_rules_are_built(own: SandboxServer, cli: InProcess) -> None:
    before = states(cli)
    planned = cli("build", "trigger", "acme/api", "--dry-run", env=own.signed_in)
    assert planned.stdout == "branch\tmain\tlatest\ntag\t/^v[0-9.]+$/\t{sourceref}\n"
    assert states(cli) == before
    built = cli("build", "trigger", "acme/api", "--branch", "main", env=own.signed_in)
    assert built.exit_code == 0
    assert built.stderr == f"{RETIRED}acme/api builds latest from main\n"
    assert states(cli) == [["latest", "Pending"], *before]
    unknown = cli("build", "trigger", "acme/api", "--branch", "x", env=own.signed_in)
    assert unknown.exit_code == 3
    assert "there are rules for branch main" in unknown.stderr


def test_who_may_not_push_may_not_build(sandbox: SandboxServer, cli: InProcess) -> None:
    env = {"HUBCLI_USERNAME": "dave", "HUBCLI_PASSWORD": sandbox.password}
    assert cli("build", "trigger", "acme/api", env=env).exit_code == 4


def test_the_url_comes_from_stdin_or_the_environment(own: SandboxServer, cli: InProcess) -> None:
    url, before = trigger_url(cli), states(cli)
    by_stdin = cli(
        "build", "trigger", "--url-stdin", "--branch", "main", "--debug", stdin=f"{url}\n"
    )
    assert by_stdin.exit_code == 0, by_stdin.stderr
    assert TRIGGER not in by_stdin.stderr
    assert by_stdin.stderr.endswith("triggered a build of the branch main\n")
    planned = cli("build", "trigger", "--dry-run", env={"HUBCLI_BUILD_TRIGGER_URL": url})
    assert planned.stderr.endswith("would trigger a build of all\n")
    by_variable = cli("build", "trigger", env={"HUBCLI_BUILD_TRIGGER_URL": url})
    assert by_variable.exit_code == 0
    assert len(states(cli)) == len(before) + 1 + 2


def test_a_url_among_the_arguments_is_refused(sandbox: SandboxServer, cli: InProcess) -> None:
    done = cli("build", "trigger", f"https://x/api/build/v1/source/1/trigger/{TRIGGER}/call/")
    assert done.exit_code == 2
    assert TRIGGER not in done.stderr
    assert sandbox.requests() == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["acme/api", "--branch", "a", "--tag", "b"], "exclude each other"),
        (["acme/api", "--url-stdin"], "name none"),
        ([], "--url-stdin answers it"),
        (["--url-stdin"], "expected on stdin"),
    ],
)
def test_what_cannot_be_meant_is_refused(cli: InProcess, arguments: list[str], told: str) -> None:
    done = cli("build", "trigger", *arguments)
    assert done.exit_code == 2
    assert told in done.stderr


def test_settings_are_exported(sandbox: SandboxServer, cli: InProcess, tmp_path: Path) -> None:
    printed = cli("build", "export", "acme/api", env=sandbox.signed_in).json()
    assert printed["repository"] == "acme/api"
    (source,) = printed["sources"]
    assert source["source"]["provider"] == "Github"
    assert {rule["tag"] for rule in source["rules"]} == {"latest", "{sourceref}"}
    file = tmp_path / "builds.json"
    done = cli("build", "export", "acme/api", "-o", file, env=sandbox.signed_in)
    assert (done.exit_code, done.stdout) == (0, "")
    assert json.loads(file.read_text()) == printed
    assert file.stat().st_mode & 0o777 == 0o600


def test_rules_that_cannot_be_read_are_null_and_said(
    sandbox: SandboxServer, cli: InProcess
) -> None:
    done = cli("build", "export", "acme/api")
    assert done.exit_code == 0
    assert [source["rules"] for source in done.json()["sources"]] == [None]
    assert "the rules of acme/api cannot be read" in done.stderr
