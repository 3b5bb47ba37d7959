"""What hubcli imports before it does anything: nothing that was not asked for."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from hubcli.cli.app import COMMANDS, load
from support.images import Image
from support.sandbox import SandboxServer

HEAVY = {"httpx", "rich", "keyring", "pydantic", "starlette", "asyncio", "tomllib", "jmespath"}
COMMAND_MODULES = {entry.module for entry in COMMANDS.values()}
# Asks sys.modules, not -X importtime, which does not see importlib.import_module. What was there
# when the first thread began, the one that connects, is told as `httpx@begun`.
_PROGRAM = """
import atexit, sys, threading
begun = []
start = threading.Thread.start
def noted(thread):
    begun.extend([] if begun else [name + "@begun" for name in sys.modules])
    start(thread)
threading.Thread.start = noted
atexit.register(lambda: sys.stderr.write(chr(10) + " ".join([*sys.modules, *begun])))
from hubcli.__main__ import main
main()
"""


def imported_by(*argv: str, env: Mapping[str, str] | None = None) -> tuple[set[str], str]:
    """The modules that `hubcli ARGV` imports, and what it prints on stdout."""
    environ = os.environ if env is None else env
    plain = {name: value for name, value in environ.items() if not name.startswith("COV")}
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, *argv],
        env={**plain, "PYTHONPATH": ""},
        capture_output=True,
        text=True,
        timeout=60,
    )
    return set(done.stderr.splitlines()[-1].split()), done.stdout


def commands(modules: set[str]) -> set[str]:
    """The command modules among them."""
    prefix = "hubcli.cli."
    found = {name.removeprefix(prefix) for name in modules if name.startswith(prefix)}
    return found & COMMAND_MODULES


def test_the_version_costs_no_command_line() -> None:
    modules, printed = imported_by("--version")
    assert printed.startswith("hubcli ")
    assert "typer" not in modules
    ours = {name for name in modules if name.startswith("hubcli")}
    assert ours == {"hubcli", "hubcli.__main__"}


@pytest.mark.parametrize(
    ("argv", "asked_for"),
    [
        (["--help"], set()),
        ([], set()),
        (["no-such-command"], set()),
        (["--no-such-option"], set()),
        (["tag", "--help"], {"tag"}),
        (["tag", "ls", "--help"], {"tag"}),
        (["tag", "ls"], {"tag"}),
        (["login", "--no-such-option"], {"signin"}),
        (["search", "x", "--format", "no-such-format"], {"search"}),
        (["search", "x", "--fields", "no-such-field"], {"search"}),
        (["search", "x", "--fields", "help"], {"search"}),
        (["search", "x", "--format", "{{.no_such_field}}"], {"search"}),
        (["help"], {"help"}),
        (["help", "formats"], {"help"}),
        (["config", "path"], {"config"}),
        (["cp", "--help"], {"transfer.commands"}),
    ],
    ids=" ".join,
)
def test_help_and_usage_errors_import_only_what_was_asked_for(
    argv: list[str], asked_for: set[str]
) -> None:
    modules, _ = imported_by(*argv)
    assert {name.split(".")[0] for name in modules} & HEAVY == set()
    assert commands(modules) == asked_for
    assert "hubcli.session" not in modules


def test_a_completion_script_costs_all_commands_and_nothing_they_need() -> None:
    modules, printed = imported_by("completion", "bash")
    assert printed.startswith("# bash completion for hubcli.")
    assert {name.split(".")[0] for name in modules} & HEAVY == set()
    assert commands(modules) == COMMAND_MODULES


def test_names_from_the_cache_cost_no_client(
    sandbox: SandboxServer, environ: dict[str, str]
) -> None:
    asked, first = imported_by("__complete", "repository", "--", "alice/", env=environ)
    cached, again = imported_by("__complete", "repository", "--", "alice/", env=environ)
    assert "alice/webapp" in first.splitlines()
    assert again == first
    assert "httpx" in asked
    assert {name.split(".")[0] for name in cached} & HEAVY == set()
    assert commands(cached) == {"completion.commands"}


# What a command does without, by what it is asked to do; a package stands for all that is in it.
HTTP = {"httpx", "hubcli.http.client", "hubcli.auth.tokens", "keyring"}
REGISTRY = {"hubcli.registry.client", "hubcli.registry.repository", "hubcli.auth.tokens.registry"}
BLOBS = {"hubcli.registry.blobs", "hubcli.registry.uploads"}
SPECIAL = {
    *("hubcli.registry.referrers", "hubcli.registry.capabilities", "hubcli.registry.untag"),
    *("hubcli.providers.calls", "hubcli.providers.acr", "hubcli.providers.summary"),
    *("hubcli.auth.signin", "hubcli.auth.tokens.scim", "hubcli.hub.scim", "hubcli.config_edit"),
    *("hubcli.authoring", "hubcli.artifacts", "hubcli.desired", "hubcli.webhooks"),
    *("hubcli.layers", "hubcli.suggestions", "hubcli.output.markdown"),
    *("hubcli.stores.archive", "hubcli.stores.docker_daemon", "hubcli.stores.tar"),
    *("rich", "jmespath", "asyncio", "yaml", "httpcore", "h2", "tarfile", "sqlite3", "unittest"),
    "encodings.idna",
}
"""What only commands for it, or an option that asks for it, may import."""
MOVING = {"hubcli.transfer.engine", "hubcli.transfer.copying", "hubcli.stores.layout"}
HUB = {"hubcli.hub", "hubcli.auth.tokens.hub"}
THREADS = {"hubcli.parallel", "concurrent"}
OTHER_NOUNS = {
    f"hubcli.hub.{noun}"
    for noun in (
        "account",
        "auditlog",
        "builds",
        "grants",
        "members",
        "teams",
        "tokens",
        "webhooks",
    )
}
CHOOSING = {
    *("hubcli.semver.ranges", "hubcli.semver.reading", "hubcli.tags.lines", "hubcli.tags.keys"),
    *("hubcli.documents", "hubcli.retention", "hubcli.transfer", "hubcli.stores"),
}
BEGUN = {"httpx@begun", "hubcli.auth.tokens@begun", "hubcli.http.client@begun"}
"""What is imported while a connection is on its way, and not before."""
REMOTE, LAYOUT = "{host}/library/hello-world", "oci:{directory}/layout:v1"


@pytest.mark.parametrize(
    ("command", "without"),
    [
        (f"digest {REMOTE}", BEGUN | HUB | MOVING | BLOBS | THREADS | {"hubcli.inspection"}),
        (f"tag ls {REMOTE}", BEGUN | HUB | BLOBS | THREADS | CHOOSING),
        (f"tag ls {REMOTE} --details", BEGUN | HUB | {"hubcli.transfer", "hubcli.stores"}),
        ("tag ls library/hello-world", BEGUN | REGISTRY | MOVING | BLOBS | OTHER_NOUNS),
        ("repo ls library", BEGUN | REGISTRY | MOVING | BLOBS | OTHER_NOUNS | {"hubcli.hub.tags"}),
        (
            f"pull {REMOTE} oci:{{directory}}/pulled",
            BEGUN | HUB | THREADS | {"hubcli.inspection", "hubcli.registry.uploads"},
        ),
        (f"copy {LAYOUT} oci:{{directory}}/copy", HTTP | REGISTRY | BLOBS | HUB | THREADS),
        (f"inspect {LAYOUT}", HTTP | REGISTRY | BLOBS | HUB | {"hubcli.transfer.engine"}),
        (
            "config path",
            HTTP | REGISTRY | BLOBS | HUB | MOVING | {"hubcli.session"},
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_command_imports_nothing_that_it_does_not_use(
    command: str,
    without: set[str],
    sandbox: SandboxServer,
    environ: dict[str, str],
    image: Image,
    tmp_path: Path,
) -> None:
    words = command.format(host=sandbox.host, directory=tmp_path).split()
    modules, printed = imported_by(*words, env=environ)
    assert printed or words[0] in {"pull", "copy"}
    assert {name for name in modules if _within(name, without | SPECIAL)} == set()


def _within(name: str, packages: set[str]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def test_a_verb_is_found_in_the_module_that_its_noun_names() -> None:
    for noun in ("repo", "tag"):
        module = import_module(f"hubcli.cli.{noun}")
        found = {name: _place(command) for name, command in load(noun).commands.items()}
        assert found == {verb: f"{module.__name__}.{name}" for verb, name in module.VERBS.items()}


def _place(command: Any) -> str:
    """The module of a command, or of the first one of a group."""
    while hasattr(command, "commands"):
        command = next(iter(command.commands.values()))
    return str(command.callback.__module__)


def test_one_verb_costs_no_other_one() -> None:
    modules, _ = imported_by("tag", "ls", "--help")
    assert {"hubcli.cli.tag.pruning", "hubcli.cli.tag.copying"} & modules == set()
    modules, _ = imported_by("tag", "--help")
    assert {"hubcli.cli.tag.pruning", "hubcli.cli.tag.copying"} <= modules
