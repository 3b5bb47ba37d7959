"""`hubcli search` against the sandbox."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from support.docker_registry import DockerRegistry
from support.running import InProcess
from support.sandbox import SandboxServer

FIELDS = [
    "name",
    "description",
    "stars",
    "pulls",
    "official",
    "verified",
    "pulls_display",
    "publisher",
    "badge",
    "type",
    "created",
    "updated",
    "architectures",
    "operating_systems",
    "categories",
    "archived",
]


def test_the_official_image_comes_first(sandbox: SandboxServer, cli: InProcess) -> None:
    done = cli("search", "hello-world", "--format", "json", "--query", "[0].name")
    assert (done.exit_code, done.json()) == (0, "library/hello-world")
    assert len(sandbox.requests()) == 1


def test_the_fields_of_json_are_those_of_the_contract(
    sandbox: SandboxServer, cli: InProcess
) -> None:
    first = cli("search", "hello-world", "--format", "json").json()[0]
    assert list(first) == FIELDS
    assert first["pulls"] == 1_000_000_000
    assert first["pulls_display"] == "1B+"
    assert first["official"] is True
    assert first["architectures"] == ["amd64", "arm64", "arm"]


def test_a_pipe_gets_tabs_and_25_lines(sandbox: SandboxServer, cli: InProcess) -> None:
    done = cli("search", "o")
    assert len(done.lines()) == 25
    assert all(line.count("\t") == 5 for line in done.lines())
    assert done.stderr == ""


def test_a_terminal_is_told_what_was_left_out(sandbox: SandboxServer, cli: InProcess) -> None:
    shown = cli("search", "o", "--limit", "3", terminal=True)
    total = len(cli("search", "o", "--all", "-q").lines())
    assert total > 300
    assert shown.stderr == f"3 of {total}, --all shows all\n"
    assert "1B+" in shown.stdout


def test_all_results_have_different_names(sandbox: SandboxServer, cli: InProcess) -> None:
    names = cli("search", "o", "--all", "-q").lines()
    assert len(set(names)) == len(names)


def test_filters_are_applied(sandbox: SandboxServer, cli: InProcess) -> None:
    rows = cli(
        "search", "a", "--official", "--arch", "arm64", "--os", "linux", "--type", "image",
        "--min-stars", "5000", "--sort", "pulls", "--all", "--format", "json",
    ).json()  # fmt: skip
    assert rows
    assert all(row["official"] and row["stars"] >= 5000 for row in rows)
    assert all("arm64" in row["architectures"] for row in rows)
    pulls = [row["pulls"] for row in rows]
    assert pulls == sorted(pulls, reverse=True)


def test_results_can_be_sorted_by_stars_and_by_time(sandbox: SandboxServer, cli: InProcess) -> None:
    by_stars = cli("search", "a", "--sort", "stars", "--all", "--format", "json").json()
    stars = [row["stars"] for row in by_stars]
    assert stars == sorted(stars, reverse=True)
    by_time = cli("search", "a", "--sort", "updated", "--format", "json").json()
    times = [row["updated"] for row in by_time]
    assert times == sorted(times, reverse=True)


def test_what_was_named_can_be_handed_back(sandbox: SandboxServer, cli: InProcess) -> None:
    name = cli("search", "postgres", "--limit", "1", "-q").stdout.strip()
    assert cli("repo", "inspect", name, "-q").stdout == f"{name}\n"


@pytest.mark.parametrize("status", [404, 500])
def test_the_older_search_steps_in(sandbox: SandboxServer, cli: InProcess, status: int) -> None:
    sandbox.fault("/api/search/v4", status=status)
    done = cli("search", "hello-world", "--limit", "2", "--format", "jsonl")
    rows = [json.loads(line) for line in done.lines()]
    assert [row["name"] for row in rows] == ["library/hello-world", "dkowalski/hello-world"]
    assert rows[0]["pulls"] >= 9_004_120_557  # other tests pull it
    assert rows[0]["verified"] is None
    assert "using its older one" in done.stderr


def test_a_rate_limit_ends_the_search(sandbox: SandboxServer, cli: InProcess) -> None:
    sandbox.fault("/api/search/v4", retry_after=3600)
    done = cli("search", "hello-world")
    assert done.exit_code == 5
    assert "(RATE_LIMITED)" in done.stderr


def test_nothing_found_is_no_failure(sandbox: SandboxServer, cli: InProcess) -> None:
    done = cli("search", "there-is-no-such-thing", "--format", "json")
    assert (done.exit_code, done.json()) == (0, [])


def test_hostile_descriptions_do_nothing_to_a_terminal(
    sandbox: SandboxServer, cli: InProcess
) -> None:
    done = cli("search", "terminal-art")
    assert "\\x1b[31mred" in done.stdout
    assert "\x1b" not in done.stdout
    assert "\u202e" not in done.stdout


def test_a_registry_without_a_search_says_what_can_be_done_there(
    cli: InProcess, docker_registry: Callable[..., DockerRegistry]
) -> None:
    host = docker_registry("open").host
    done = cli("search", f"{host}/nginx")
    assert done.exit_code == 1
    assert done.stderr == (
        f"error: cannot search {host}: it has no search that hubcli knows (UNSUPPORTED)\n"
        f"hint: hubcli repo ls {host} --filter '*nginx*'\n"
    )


def test_docker_hub_may_be_named(sandbox: SandboxServer, cli: InProcess) -> None:
    assert cli("search", "docker.io/hello-world", "-q").lines()[0] == "library/hello-world"


@pytest.mark.parametrize(
    "arguments",
    [
        ("",),
        ("  ",),
        ("x", "--limit", "0"),
        ("x", "--limit", "3", "--all"),
        ("x", "--sort", "size"),
        ("x", "--min-stars", "-1"),
        ("x", "--fields", "nonsense"),
        (),
    ],
)
def test_wrong_arguments_cost_no_request(
    sandbox: SandboxServer, cli: InProcess, arguments: tuple[str, ...]
) -> None:
    assert cli("search", *arguments).exit_code == 2
    assert sandbox.requests() == []


def test_without_a_network_it_says_so(cli: InProcess) -> None:
    done = cli("search", "hello-world")
    assert done.exit_code == 6
    assert done.stderr.startswith("error: cannot search for hello-world: ")
