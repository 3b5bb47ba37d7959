"""`hubcli help`: topics, and the help of commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from hubcli.cli import help as help_module
from hubcli.cli.app import COMMANDS
from hubcli.cli.help import topics
from support.running import InProcess

TEXTS = Path(help_module.__file__).parent / "topics"


@pytest.mark.parametrize("name", [*topics()])
def test_a_topic_is_printed_as_it_is_written(name: str, cli: InProcess) -> None:
    done = cli("help", name)
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == (TEXTS / f"{name}.txt").read_text(encoding="utf-8")


def test_without_words_help_says_what_can_be_asked(cli: InProcess) -> None:
    done = cli("help")
    assert done.exit_code == 0
    for name, title in topics().items():
        assert name in done.stdout
        assert title in done.stdout
    assert "hubcli --help" in done.stdout


@pytest.mark.parametrize(
    "words", [["tag"], ["tag", "ls"], ["cp"], ["login"], ["config", "set"]], ids=" ".join
)
def test_the_help_of_a_command_is_the_same_either_way(words: list[str], cli: InProcess) -> None:
    asked = cli("help", *words)
    assert (asked.exit_code, asked.stderr) == (0, "")
    assert asked.stdout.rstrip() == cli(*words, "--help").stdout.rstrip()


def test_a_topic_goes_before_a_command_of_its_name_but_not_before_its_verbs(
    cli: InProcess,
) -> None:
    assert "auth" in COMMANDS
    assert cli("help", "auth").stdout.startswith("Credentials\n")
    assert cli("help", "auth", "status").stdout.startswith("Usage: hubcli auth status ")
    assert cli("auth", "--help").stdout.startswith("Usage: hubcli auth ")


@pytest.mark.parametrize(
    ("words", "unknown"),
    [(["nope"], "nope"), (["tag", "nope"], "tag nope"), (["login", "x"], "login x")],
)
def test_what_is_neither_is_a_usage_error_that_names_the_topics(
    words: list[str], unknown: str, cli: InProcess
) -> None:
    done = cli("help", *words)
    assert (done.exit_code, done.stdout) == (2, "")
    assert f"there is no topic or command '{unknown}'" in done.stderr
    assert all(name in done.stderr for name in topics())


def test_hidden_commands_have_help_too(cli: InProcess) -> None:
    assert cli("help", "__complete").stdout.startswith("Usage: hubcli __complete ")
