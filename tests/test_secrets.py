"""What finds secrets finds them, and what hubcli keeps is for the user alone."""

from __future__ import annotations

import base64
import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from unittest import mock

import pytest

from hubcli.http.client import Client, Request
from support import leaks
from support.guard.command_lines import SecretInArguments
from support.images import Image
from support.leaks import Leaked
from support.running import InProcess, Subprocess
from support.sandbox import SandboxServer
from support.secrets import HUB_SECRET, TYPED_SECRET
from support.terminal import Terminal

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl"
PAT = "dckr_pat_abcdefghijklmnopqrstuvwxyz0"


@pytest.mark.parametrize(
    ("argv", "stdout", "stderr"),
    [
        (["tag", "ls", "x"], f"v1\t{HUB_SECRET}\n", ""),
        (["tag", "ls", "x"], "", f"error: {HUB_SECRET}\n"),
        (["login"], base64.b64encode(f"alice:{HUB_SECRET}".encode()).decode(), ""),
        (["login"], base64.b64encode(f"bobby:{HUB_SECRET}".encode()).decode(), ""),
        (["login"], base64.b64encode(f"eve:{HUB_SECRET}".encode()).decode(), ""),
        (["login", "--password-stdin"], "of the run's own stdin", ""),
        (["account", "info"], "of the run's own environment", ""),
        (["tag", "ls", "x"], PAT, ""),
        (["tag", "ls", "x"], JWT, ""),
        (["tag", "ls", "x"], "", "> GET / Authorization: Bearer abcdefghijklmnop\n"),
        (["auth", "token", "x"], "", JWT),
    ],
)
def test_a_secret_in_what_a_run_prints_is_found(argv: list[str], stdout: str, stderr: str) -> None:
    environ = {"HUBCLI_PASSWORD": "of the run's own environment"}
    stdin = "of the run's own stdin\n"
    with pytest.raises(Leaked):
        leaks.check_run(argv, environ, stdin, stdout, stderr)
    leaks.check_run(argv, environ, stdin, "v1\n", "error: nothing\n")


@pytest.mark.parametrize(
    "argv", [["auth", "token", "x"], ["--debug", "auth", "token"], ["token", "rotate", "x"]]
)
def test_what_is_there_to_print_a_secret_may(argv: list[str]) -> None:
    leaks.check_run(argv, {}, "", f"{JWT} {PAT}", "")


def test_a_secret_in_a_run_fails_the_test_that_ran_it(cli: InProcess, hubcli: Subprocess) -> None:
    for run in (cli, hubcli):
        with pytest.raises(Leaked, match="stderr of hubcli tag ls"):
            run("tag", "ls", f"{HUB_SECRET}/{HUB_SECRET}:::")


def test_a_secret_in_a_debug_line_is_found_though_nobody_asked_for_it(cli: InProcess) -> None:
    def show(client: Client, request: Request) -> None:
        client._say(f"> GET {HUB_SECRET}")
        raise OSError("no network")

    with mock.patch.object(Client, "_authorized", show), pytest.raises(Leaked, match="--debug"):
        cli("account", "info", env={"HUBCLI_USERNAME": "alice", "HUBCLI_PASSWORD": HUB_SECRET})


def test_a_secret_at_a_terminal_is_found(
    terminal: Callable[..., AbstractContextManager[Terminal]],
) -> None:
    with pytest.raises(Leaked), terminal("tag", "ls", f"{HUB_SECRET}:::") as screen:
        screen.wait()


@pytest.mark.parametrize(
    ("name", "content", "mode"),
    [
        ("config/hubcli/state.json", HUB_SECRET, 0o600),
        ("cache/hubcli/names/x.json", HUB_SECRET, 0o600),
        ("state/hubcli/undo/x.json", PAT, 0o600),
        ("cache/hubcli/tokens/x.json", "{}", 0o640),
        ("config/hubcli/auth.json", HUB_SECRET, 0o604),
    ],
)
def test_a_secret_in_a_file_is_found(tmp_path: Path, name: str, content: str, mode: int) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True)
    path.write_text(content)
    path.chmod(mode)
    with pytest.raises(Leaked, match=path.name):
        leaks.check_home(tmp_path)
    path.write_text("{}")
    path.chmod(0o600)
    leaks.check_home(tmp_path)


def test_files_that_keep_secrets_may(tmp_path: Path) -> None:
    for name, content in {
        "config/hubcli/auth.json": HUB_SECRET,
        "cache/hubcli/t.json": JWT,
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        path.write_text(content)
        path.chmod(0o600)
    leaks.check_home(tmp_path)


def test_no_program_is_started_with_a_secret(environ: dict[str, str]) -> None:
    with leaks.WATCH.running(), pytest.raises(SecretInArguments):
        subprocess.run(["true", HUB_SECRET], check=True)
    code = f"import subprocess; subprocess.run(['true', {HUB_SECRET!r}])"
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True)
    assert "SecretInArguments" in done.stderr
    code = f"import os; os.posix_spawn('/bin/true', ['true', {HUB_SECRET!r}], {{}})"
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True)
    assert "SecretInArguments" in done.stderr


HELPER = """\
#!/bin/sh
for process in $$ $PPID; do tr '\\0' ' ' < /proc/$process/cmdline; echo; done >> "$HOME/seen"
cat >> "$HOME/told"
case $1 in
    get) echo "credentials not found in native keychain"; exit 1 ;;
    list) echo "{}" ;;
esac
"""


def test_command_lines_as_everybody_sees_them(
    hubcli: Subprocess, sandbox: SandboxServer, environ: dict[str, str], home: Path
) -> None:
    """/proc/PID/cmdline of hubcli and of the credential helper that it starts."""
    programs = home / "bin"
    programs.mkdir()
    helper = programs / "docker-credential-noting"
    helper.write_text(HELPER)
    helper.chmod(0o755)
    (home / ".docker").mkdir()
    (home / ".docker" / "config.json").write_text(json.dumps({"credsStore": "noting"}))
    environ["PATH"] = f"{programs}:{environ['PATH']}"
    login = ("login", "-u", "alice", "--password-stdin", "--store", "docker")
    done = hubcli(*login, stdin=f"{sandbox.password}\n")
    assert done.exit_code == 0, done.stderr
    seen = (home / "seen").read_text()
    assert "docker-credential-noting store" in seen
    assert "-m hubcli login -u alice" in seen
    assert sandbox.password not in seen
    assert sandbox.password in (home / "told").read_text()


def test_a_typed_secret_stands_nowhere(
    terminal: Callable[..., AbstractContextManager[Terminal]],
    sandbox: SandboxServer,
) -> None:
    with terminal("login", "-u", "alice", "--debug", "--store", "file") as screen:
        screen.expect("assword")
        screen.send(f"{TYPED_SECRET}\n")
        assert screen.wait() == 4


@contextmanager
def without_umask() -> Iterator[None]:
    before = os.umask(0)
    try:
        yield
    finally:
        os.umask(before)


def test_without_a_umask_everything_is_still_for_the_user_alone(
    cli: InProcess, sandbox: SandboxServer, environ: dict[str, str], home: Path, image: Image
) -> None:
    """Configuration, credentials, tokens, names for completion, and their directories and locks."""
    for directory in ("config", "cache", "state"):
        (home / directory).rmdir()
    commands = (
        ("login", "-u", "alice", "--password-stdin", "--store", "file"),
        ("config", "set", "defaults.format", "json"),
        ("repo", "ls", "alice"),
        ("push", image.source, "alice/umask:v1"),
        ("tag", "ls", "alice/umask"),
        ("digest", "alice/umask:v1"),
        ("tag", "rm", "alice/umask:v1", "--yes"),
        ("repo", "rm", "alice/umask", "--yes"),
        ("auth", "status"),
    )
    with without_umask():
        for command in commands:
            done = cli(*command, stdin=f"{sandbox.password}\n")
            assert done.exit_code == 0, f"{command}: {done.stderr}"
    found = {
        str(path.relative_to(home)): stat.S_IMODE(path.stat().st_mode)
        for directory in ("config", "cache", "state")
        if (home / directory).exists()
        for path in (home / directory, *(home / directory).rglob("*"))
    }
    assert found.pop("config/hubcli/config.toml") == 0o644  # it holds no secret, by its keys
    assert {name: oct(mode) for name, mode in found.items() if mode & 0o077} == {}
    names = " ".join(found)
    for kind in ("auth.json", ".auth.json.lock", "tokens/"):
        assert kind in names


def test_what_is_pulled_is_nobodys_program(
    cli: InProcess, sandbox: SandboxServer, image: Image, tmp_path: Path
) -> None:
    """Images are no secrets: they are as the user's umask says, and never executable."""
    with without_umask():
        done = cli("copy", image.source, f"oci:{tmp_path / 'pulled'}:v1")
        assert done.exit_code == 0, done.stderr
    modes = {
        stat.S_IMODE(p.stat().st_mode) for p in (tmp_path / "pulled").rglob("*") if p.is_file()
    }
    assert all(not mode & 0o7111 for mode in modes)
