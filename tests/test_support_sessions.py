"""Private homes, keyrings, terminals, and the guard against the outside."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support.guard.loopback_only import OutsideLoopback
from support.running import Subprocess
from support.secret_service import SecretService
from support.terminal import at_terminal, plain

STORE = "import keyring; keyring.set_password('host', 'me', 'secret')"
READ = "import keyring; print(keyring.get_password('host', 'me'))"


def python(code: str, environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], env=environ, capture_output=True, text=True, timeout=60
    )


def test_a_keyring_keeps_secrets_between_processes(
    secret_service: SecretService, environ: dict[str, str]
) -> None:
    assert python(STORE, environ).returncode == 0
    assert python(READ, environ).stdout == "secret\n"


def test_a_locked_keyring_gives_nothing(
    locked_secret_service: SecretService, environ: dict[str, str]
) -> None:
    done = python(STORE, environ)
    assert done.returncode == 1
    assert "keyring.errors" in done.stderr


def test_without_a_session_bus_there_is_no_keyring(environ: dict[str, str]) -> None:
    assert "NoKeyringError" in python(STORE, environ).stderr


def test_this_process_reaches_only_loopback() -> None:
    with pytest.raises(OutsideLoopback), socket.socket() as outside:
        outside.connect(("192.0.2.1", 80))
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo("registry.example", 443)
    assert socket.getaddrinfo("localhost", 80)


def test_started_processes_reach_only_loopback(environ: dict[str, str]) -> None:
    done = python("import socket; socket.create_connection(('192.0.2.1', 80))", environ)
    assert "OutsideLoopback: a test connects to 192.0.2.1:80" in done.stderr


def test_the_home_is_private(environ: dict[str, str], home: Path) -> None:
    shown = python("from pathlib import Path; print(Path.home())", environ)
    assert shown.stdout == f"{home}\n"
    assert {"DOCKER_CONFIG", "DBUS_SESSION_BUS_ADDRESS"}.isdisjoint(environ)


def test_a_terminal_is_seen_typed_at_and_measured(environ: dict[str, str], tmp_path: Path) -> None:
    code = (
        "import os, sys, getpass; secret = getpass.getpass('Secret: ');"
        "print(secret[::-1], os.get_terminal_size().columns, sys.stderr.isatty());"
        "print('\\x1b[1mto stderr\\x1b[0m', file=sys.stderr)"
    )
    with at_terminal(
        [sys.executable, "-c", code],
        environ=environ,
        directory=tmp_path,
        columns=132,
        pipes=("stderr",),
    ) as screen:
        screen.expect("Secret: ")
        screen.send("abc\n")
        assert screen.wait() == 0
        assert screen.screen == "Secret: \ncba 132 False\n"
        assert plain(screen.piped("stderr")) == "to stderr\n"


def test_ctrl_c_reaches_a_program_at_a_terminal(environ: dict[str, str], tmp_path: Path) -> None:
    code = "import time; print('up', flush=True); time.sleep(60)"
    with at_terminal([sys.executable, "-c", code], environ=environ, directory=tmp_path) as screen:
        screen.expect("up")
        screen.send("\x03")
        assert screen.wait() != 0
        assert "KeyboardInterrupt" in screen.screen


def test_hubcli_is_the_command_of_this_interpreter(hubcli: Callable[..., object]) -> None:
    assert Subprocess.command("tag", "ls")[1:] == ["-m", "hubcli", "tag", "ls"]
