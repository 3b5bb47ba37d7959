"""The program around the commands: what is loaded, common options, failures, odd streams."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from hubcli import __version__
from hubcli.cli.app import ALIASES, COMMANDS, load
from support.running import InProcess, Result, Subprocess
from support.sandbox import SandboxServer

NOUNS = sorted(name for name, entry in COMMANDS.items() if entry.noun)


@pytest.fixture
def config_file(environ: dict[str, str]) -> Path:
    """The configuration file of the user that runs hubcli."""
    path = Path(environ["XDG_CONFIG_HOME"], "hubcli", "config.toml")
    path.parent.mkdir()
    return path


@pytest.fixture
def silent() -> Iterator[str]:
    """An address that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def commands(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    yield path, command
    for name, child in getattr(command, "commands", {}).items():
        yield from commands(child, f"{path} {name}")


def usage_error(done: Result) -> str:
    """The reason; nothing is on stdout, and a hint names help."""
    assert (done.exit_code, done.stdout) == (2, "")
    error, hint = done.stderr.splitlines()
    assert hint.startswith("hint: hubcli ")
    assert hint.endswith("--help")
    assert error.endswith(" (USAGE)")
    return error.removeprefix("error: ").removesuffix(" (USAGE)")


# The tree


@pytest.mark.parametrize("name", COMMANDS)
def test_the_line_of_root_help_is_that_of_the_command_itself(name: str) -> None:
    command = load(name)
    assert command.name == name or COMMANDS[name].noun
    assert command.help.partition("\n")[0] == COMMANDS[name].help or COMMANDS[name].hidden


def test_every_command_says_what_it_does_in_a_line() -> None:
    for name, entry in COMMANDS.items():
        for path, command in commands(load(name), name):
            line = (command.help or "").partition("\n")[0]
            assert line.endswith("."), path
            assert len(line) <= 90, path
            assert line[0].isupper(), path
            assert command.hidden == entry.hidden, path


def test_root_help_shows_every_command_and_its_whole_line(cli: InProcess) -> None:
    done = cli("--help")
    shown = " ".join(done.stdout.split())
    for name, entry in COMMANDS.items():
        assert (f"{name} {entry.help}" in shown) != entry.hidden
    assert done.stderr == ""


@pytest.mark.parametrize("name", NOUNS)
def test_a_noun_alone_shows_its_verbs(name: str, cli: InProcess) -> None:
    alone, asked = cli(name), cli(name, "--help")
    assert alone.exit_code == asked.exit_code == 0
    assert alone.stdout == asked.stdout
    assert f"Usage: hubcli {name} [OPTIONS] COMMAND" in alone.stdout
    verbs = re.findall(r"^  (\S+)", alone.stdout.split("Commands:\n")[1], re.MULTILINE)
    assert verbs == sorted(verbs)
    assert verbs


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_that_costs_nothing_else(name: str, cli: InProcess) -> None:
    for path, command in commands(load(name), name):
        done = cli(*path.split(), "-h")
        assert done.exit_code == 0
        assert done.stderr == ""
        assert done.stdout.startswith(f"Usage: hubcli {path} [OPTIONS]")
        assert "{" not in done.stdout.partition("\n")[0]
        assert command.help.partition("\n")[0] in " ".join(done.stdout.split())
        # What shows data says how it may be shown.
        view = getattr(command.callback, "view", None) is not None
        assert view == all(option in done.stdout for option in ("--format", "--fields", "--query"))


def test_an_alias_is_the_command(cli: InProcess) -> None:
    for alias, name in ALIASES.items():
        assert cli(alias, "-h").stdout == cli(name, "-h").stdout.replace(
            f"hubcli {name} [", f"hubcli {alias} [", 1
        )


@pytest.mark.parametrize("argv", [["--version"], ["--no-color", "--version"]])
def test_the_version_is_told(argv: list[str], cli: InProcess) -> None:
    done = cli(*argv)
    assert (done.exit_code, done.stdout, done.stderr) == (0, f"hubcli {__version__}\n", "")


# Options before the command, within it, and after it


@pytest.mark.parametrize(
    "argv",
    [
        ["--config", "mine.toml", "config", "path"],
        ["--config=mine.toml", "config", "path"],
        ["config", "--config", "mine.toml", "path"],
        ["config", "path", "--config", "mine.toml"],
        ["--config", "other.toml", "config", "path", "--config", "mine.toml"],
    ],
    ids=" ".join,
)
def test_the_configuration_is_named_before_or_after_the_command(
    argv: list[str], cli: InProcess
) -> None:
    assert cli(*argv).stdout == "mine.toml\n"


@pytest.mark.parametrize(
    "argv",
    [
        ["--debug", "tag", "ls", "alice/webapp"],
        ["tag", "--debug", "ls", "alice/webapp"],
        ["tag", "ls", "--debug", "alice/webapp"],
        ["tag", "ls", "alice/webapp", "--debug"],
    ],
    ids=" ".join,
)
def test_debug_is_taken_before_or_after_the_command(
    argv: list[str], sandbox: SandboxServer, cli: InProcess
) -> None:
    done = cli(*argv)
    assert f"> GET {sandbox.url}/v2/namespaces/alice/repositories/webapp/tags" in done.stderr
    assert "webapp" not in done.stdout.split()
    assert cli("tag", "ls", "alice/webapp").stderr == ""


@pytest.mark.parametrize("argv", [["--no-color", "nope"], ["config", "get", "x", "--no-color"]])
def test_no_color_is_taken_before_or_after_the_command(argv: list[str], cli: InProcess) -> None:
    coloured = [word for word in argv if word != "--no-color"]
    assert "\x1b[" in cli(*coloured, terminal=True).stderr
    assert "\x1b[" not in cli(*argv, terminal=True).stderr
    assert "\x1b[" not in cli(*coloured, terminal=True, env={"NO_COLOR": "1"}).stderr


def test_other_options_belong_to_the_command_they_follow(cli: InProcess) -> None:
    assert "--format" in usage_error(cli("--format", "tsv", "config", "ls"))
    assert "--max-wait" in usage_error(cli("--max-wait", "3", "tag", "ls", "x"))
    assert "--max-wait" in usage_error(cli("config", "ls", "--max-wait", "3"))


@pytest.mark.parametrize("seconds", ["-1", "nan", "soon"])
def test_a_wait_is_a_number_from_0_up(seconds: str, cli: InProcess) -> None:
    done = cli("tag", "ls", "x", "--max-wait", seconds)
    assert done.exit_code == 2
    assert "--max-wait" in done.stderr


def test_after_two_dashes_nothing_is_an_option(cli: InProcess) -> None:
    done = cli("config", "get", "--", "--config")
    assert done.exit_code == 2
    assert "there is no key '--config'" in done.stderr


# A wrong command line


@pytest.mark.parametrize(
    ("argv", "reason"),
    [
        (["nope"], "no such command 'nope'"),
        (["tga"], "no such command 'tga'. Did you mean 'tag'?"),
        (["complete"], "no such command 'complete'. Did you mean 'completion'?"),
        (["tag", "lss"], "no such command 'lss'. Did you mean 'ls'?"),
        (["--nope"], "no such option: --nope"),
        (["tag", "ls", "x", "--limt", "3"], "no such option: --limt"),
        (["tag", "ls"], "missing argument 'REPO…'"),
        (["tag", "ls", "x", "--limit", "0"], "'--limit': 0 is not in the range"),
        (["tag", "ls", "x", "--limit", "many"], "'--limit': 'many' is not a valid int"),
        (["tag", "ls", "x", "--limit"], "'--limit' requires an argument"),
        (["config", "path", "extra"], "got unexpected extra argument(s) (extra)"),
        (["completion", "tcsh"], "'tcsh' is not one of 'bash', 'zsh', 'fish', 'powershell'"),
        (["completion"], "Choose from: bash, zsh, fish, powershell"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_command_line_is_explained_in_two_lines(
    argv: list[str], reason: str, cli: InProcess
) -> None:
    assert reason in usage_error(cli(*argv))


def test_the_hint_names_the_help_that_helps(cli: InProcess) -> None:
    for argv, path in (
        (["nope"], "hubcli"),
        (["tag", "nope"], "hubcli tag"),
        (["tag", "ls", "--nope"], "hubcli tag ls"),
        (["cp", "--nope"], "hubcli cp"),
    ):
        hint = cli(*argv).stderr.splitlines()[1]
        assert hint == f"hint: {path} --help"
        assert cli(*hint.split()[2:]).exit_code == 0


def test_hostile_text_in_a_wrong_command_line_is_made_visible(cli: InProcess) -> None:
    done = cli("\x1b[31mred\u202e")
    assert "\x1b" not in done.stderr
    assert "\u202e" not in done.stderr
    assert r"\x1b[31mred" in done.stderr


# Errors as JSON


@pytest.mark.parametrize("form", [["--format", "json"], ["--format=json"], ["--format", "jsonl"]])
@pytest.mark.parametrize(
    "argv",
    [
        ["tag", "ls", "--nope"],
        ["tag", "ls", "x", "--limit", "0"],
        ["tag", "ls"],
        ["tag", "ls", "x", "--fields", "nope"],
        ["tag", "ls", "UPPER CASE"],
        ["tag", "ls", "x", "--max-wait", "-1"],
        ["login"],
    ],
    ids=" ".join,
)
def test_a_wrong_command_line_is_told_in_json_where_that_is_asked_for(
    argv: list[str], form: list[str], cli: InProcess
) -> None:
    done = cli(*argv, *form)
    assert (done.exit_code, done.stdout) == (2, "")
    error = json.loads(done.stderr)
    assert list(error) == ["error", "code", "reference", "hint", "exit_code"]
    assert (error["code"], error["exit_code"]) == ("USAGE", 2)


@pytest.mark.parametrize(
    "argv",
    [
        ["nope", "--format", "tsv"],
        ["nope", "--format"],
        ["nope", "--", "--format", "json"],
        ["nope", "--format", "json", "--format", "tsv"],
        ["nope", "--format", "{{json .}}"],
    ],
    ids=" ".join,
)
def test_otherwise_it_is_told_in_words(argv: list[str], cli: InProcess) -> None:
    assert cli(*argv).stderr.startswith("error: ")


def test_a_failure_is_one_json_object_on_stderr(cli: InProcess) -> None:
    done = cli("tag", "ls", "alice/webapp", "--format", "json")
    assert done.exit_code == 6
    error = json.loads(done.stderr)
    assert error["error"].startswith(f"cannot list tags of {error['reference']}: ")
    assert error["error"].endswith(f"({error['code']})")
    assert error["reference"].endswith("alice/webapp")
    assert (error["code"], error["exit_code"]) == ("UNAVAILABLE", 6)


# What the configuration says


def test_a_format_can_be_made_the_default(cli: InProcess, config_file: Path) -> None:
    config_file.write_text('[defaults]\nformat = "json"\n')
    listed = cli("config", "ls")
    assert listed.json() == [{"key": "defaults.format", "value": "json", "source": "file"}]
    assert cli("config", "ls", "--format", "tsv").stdout == "defaults.format\tjson\tfile\n"
    failed = cli("tag", "ls", "alice/webapp")
    assert json.loads(failed.stderr)["exit_code"] == 6
    assert cli("tag", "ls", "alice/webapp", "--format", "tsv").stderr.startswith("error: ")


def test_a_wrong_default_format_is_explained(cli: InProcess, config_file: Path) -> None:
    config_file.write_text('[defaults]\nformat = "yaml"\n')
    done = cli("config", "ls")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "'yaml'" in done.stderr


def test_a_broken_configuration_is_an_error_that_says_where(
    cli: InProcess, config_file: Path
) -> None:
    config_file.write_text("[defaults]\nformat = \n")
    done = cli("tag", "ls", "x")
    assert done.exit_code == 2
    assert f"{config_file}, line 2, column 10" in done.stderr
    # What needs no settings works all the same.
    assert cli("--version").exit_code == 0
    assert cli("tag", "ls", "--help").exit_code == 0


# Defects of hubcli itself


def broken(cli: InProcess, *argv: str) -> Result:
    """`config path`, where a function raises what no caller expects."""
    failure = ZeroDivisionError("by \x1b[31mzero")
    with mock.patch("hubcli.config.config_path", side_effect=failure):
        return cli(*argv, "config", "path")


def test_a_defect_shows_no_traceback(cli: InProcess) -> None:
    done = broken(cli)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == (
        "error: unexpected ZeroDivisionError: by \\x1b[31mzero (INTERNAL)\n"
        "hint: --debug shows where it came from\n"
    )


def test_debug_shows_where_a_defect_came_from(cli: InProcess) -> None:
    done = broken(cli, "--debug")
    assert done.exit_code == 1
    assert "Traceback (most recent call last):" in done.stderr
    assert "hubcli/cli/config.py" in done.stderr
    assert "\x1b" not in done.stderr
    assert done.stderr.count("(INTERNAL)") == 1


def test_a_refusal_of_the_system_is_told_in_its_words(cli: InProcess, tmp_path: Path) -> None:
    with mock.patch("hubcli.config.config_path", side_effect=OSError(13, "No", "/etc/x")):
        done = cli("config", "path")
    assert (done.exit_code, done.stderr) == (1, "error: /etc/x: No (SYSTEM)\n")


# Streams


@pytest.mark.parametrize(
    "argv",
    [
        ["--version"],
        ["--help"],
        ["help", "formats"],
        ["completion", "bash"],
        ["config", "ls", "--all"],
    ],
    ids=" ".join,
)
class TestStreams:
    """Whatever is printed, on streams that are full, closed, or that nobody reads."""

    def shell(self, hubcli: Subprocess, argv: list[str], script: str) -> Result:
        done = subprocess.run(
            ["sh", "-c", script, "sh", *hubcli.command(*argv)],
            env=dict(hubcli.environ),
            cwd=hubcli.directory,
            capture_output=True,
            text=True,
            timeout=60,
        )
        return Result(done.returncode, done.stdout, done.stderr)

    def test_a_full_disk_is_a_failure(self, argv: list[str], hubcli: Subprocess) -> None:
        done = self.shell(hubcli, argv, '"$@" > /dev/full')
        assert done.exit_code == 1
        assert done.stderr == "error: No space left on device (SYSTEM)\n"

    @pytest.mark.parametrize("closed", [">&-", "<&-", "2>&-", "<&- >&- 2>&-"])
    def test_closed_streams_are_no_failure(
        self, argv: list[str], closed: str, hubcli: Subprocess
    ) -> None:
        done = self.shell(hubcli, argv, f'"$@" {closed}')
        assert (done.exit_code, done.stderr) == (0, "")

    def test_a_reader_that_goes_away_ends_it_quietly(
        self, argv: list[str], hubcli: Subprocess
    ) -> None:
        # `true` is gone before anything is printed: the pipe is broken from the beginning.
        done = self.shell(hubcli, argv, '{ "$@"; echo "$?" >&2; } | true')
        assert done.stderr == "0\n"


def test_a_listing_ends_quietly_when_its_reader_has_enough(
    sandbox: SandboxServer, hubcli: Subprocess
) -> None:
    process = hubcli.start("tag", "ls", "bigorg/nightly", "--format", "jsonl")
    with process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(30) == 0


@pytest.mark.parametrize("argv", [["tag", "ls", "alice/webapp"], ["--debug", "search", "x"]])
def test_ctrl_c_ends_with_130_and_without_a_traceback(
    argv: list[str], hubcli: Subprocess, silent: str
) -> None:
    process = hubcli.start(*argv, "--debug", env={"HUBCLI_HUB_URL": silent})
    with process:
        assert process.stderr is not None
        assert b"> GET " in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130
        assert b"Traceback" not in process.stderr.read()


def test_what_is_no_text_in_any_encoding_does_not_break_messages(hubcli: Subprocess) -> None:
    done = subprocess.run(
        [*hubcli.command("tag"), b"\xff\xfe"], env=dict(hubcli.environ), capture_output=True
    )
    assert done.returncode == 2
    assert b"no such command" in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("argv", [["tag", "ls", "--help"], ["help", "exit-codes"], ["é…"]])
def test_an_encoding_that_lacks_characters_breaks_nothing(
    argv: list[str], hubcli: Subprocess
) -> None:
    done = hubcli(*argv, env={"PYTHONIOENCODING": "ascii"})
    assert done.exit_code == (2 if argv == ["é…"] else 0)
    assert "Traceback" not in done.stderr
    assert done.stdout or "no such command" in done.stderr


# Batches


def test_a_batch_does_all_it_can_and_ends_with_the_most_severe_code(
    sandbox: SandboxServer, cli: InProcess
) -> None:
    done = cli("tag", "ls", "nobody/nothing", "UPPER", "alice/webapp", "--filter", "v1.0.*")
    assert done.stdout.split("\t")[0] == "v1.0.0"
    assert len([line for line in done.stderr.splitlines() if line.startswith("error: ")]) == 2
    assert done.exit_code == 3
