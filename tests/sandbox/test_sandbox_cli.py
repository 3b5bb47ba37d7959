"""`hubcli sandbox` as people run it: up, env, run; signals, leftovers, privacy."""

from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import pytest

from hubcli.sandbox.environment import inside, script, variables
from support.hub_client import HubClient
from support.running import Subprocess
from support.terminal import Terminal

PRINT_ENVIRONMENT = "import json, os; print(json.dumps(dict(os.environ)))"


def read_script(text: str) -> dict[str, str]:
    """What a POSIX shell makes of the output of `up` and `env`."""
    lines = [shlex.split(line) for line in text.splitlines()]
    return dict(words[1].split("=", 1) for words in lines if words[0] == "export")


@dataclass
class Up:
    """A `sandbox up` that has said that it is up."""

    process: subprocess.Popen[bytes]
    variables: dict[str, str]

    @property
    def url(self) -> str:
        return self.variables["HUBCLI_HUB_URL"]

    @property
    def port(self) -> str:
        return self.url.rpartition(":")[2]

    def end(self, number: signal.Signals = signal.SIGINT) -> tuple[int, str]:
        """Send a signal; the exit code and all that was on stderr."""
        self.process.send_signal(number)
        _, messages = self.process.communicate(timeout=20)
        return self.process.returncode, messages.decode()


@pytest.fixture
def up(hubcli: Subprocess) -> Iterator[Callable[..., Up]]:
    """`up("--port", "5000")`: a sandbox that runs until the test ends."""
    running = []

    def start(*arguments: str | Path) -> Up:
        process = hubcli.start("sandbox", "up", *arguments)
        running.append(process)
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line.decode())
            if line.startswith(b"unset"):
                return Up(process, read_script("".join(lines)))
        raise AssertionError(process.communicate()[1].decode())

    yield start
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate()


# run


def test_run_gives_the_command_s_exit_code_and_streams(hubcli: Subprocess) -> None:
    program = "import sys; sys.stdout.write(sys.stdin.read().upper()); sys.exit(7)"
    done = hubcli("sandbox", "run", "--", sys.executable, "-c", program, stdin="hello")
    assert (done.exit_code, done.stdout, done.stderr) == (7, "HELLO", "")


def test_run_passes_options_on(hubcli: Subprocess) -> None:
    done = hubcli("sandbox", "run", "--", "echo", "--help", "--debug", "-q")
    assert (done.exit_code, done.stdout) == (0, "--help --debug -q\n")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_run_tells_which_signal_ended_the_command(
    hubcli: Subprocess, number: signal.Signals
) -> None:
    done = hubcli("sandbox", "run", "--", "sh", "-c", f"kill -{number.value} $$")
    assert done.exit_code == 128 + number


def test_run_says_what_it_cannot_run(hubcli: Subprocess, tmp_path: Path) -> None:
    missing = hubcli("sandbox", "run", "--", "no-such-program")
    assert missing.exit_code == 127
    assert missing.stderr == "error: cannot run no-such-program: no such program (FAILED)\n"
    text = tmp_path / "text"
    text.write_text("no program")
    assert hubcli("sandbox", "run", "--", text).exit_code == 126
    assert hubcli("sandbox", "run").exit_code == 2


def test_run_leaves_nothing_behind(hubcli: Subprocess, tmp_path: Path, home: Path) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    before = sorted(path for path in home.rglob("*") if path.is_file())
    program = (
        "import os, urllib.request\n"
        "url = os.environ['HUBCLI_HUB_URL']\n"
        "urllib.request.urlopen(f'{url}/v2/categories/').read()\n"
        "print(url)\n"
    )
    done = hubcli(
        "sandbox", "run", "--", sys.executable, "-c", program, env={"TMPDIR": str(temporary)}
    )
    assert done.exit_code == 0, done.stderr
    port = int(done.stdout.rpartition(":")[2])
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=2)
    assert list(temporary.iterdir()) == []
    assert sorted(path for path in home.rglob("*") if path.is_file()) == before


def test_inside_everything_of_the_user_s_own_is_out_of_reach(
    hubcli: Subprocess, tmp_path: Path
) -> None:
    own = {
        "HUBCLI_USERNAME": "me",
        "HUBCLI_PASSWORD": "mine",
        "HUBCLI_TOKEN": "token",
        "HUBCLI_SCIM_TOKEN": "token",
        "DOCKER_AUTH_CONFIG": "{}",
        "HUBCLI_CONFIG": str(tmp_path / "own.toml"),
        "HUBCLI_AUTH_FILE": str(tmp_path / "own.json"),
        "HUBCLI_CACHE_DIR": str(tmp_path / "own-cache"),
        "DOCKER_CONFIG": str(tmp_path / "own-docker"),
        "REGISTRY_AUTH_FILE": str(tmp_path / "own-containers.json"),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        "HTTP_PROXY": "http://127.0.0.1:9",
        "NO_PROXY": "example.com",
    }
    done = hubcli("sandbox", "run", "--", sys.executable, "-c", PRINT_ENVIRONMENT, env=own)
    seen = done.json()
    assert {name for name in own if name in seen} == set(own) - {
        "HUBCLI_USERNAME", "HUBCLI_PASSWORD", "HUBCLI_TOKEN", "HUBCLI_SCIM_TOKEN",
        "DOCKER_AUTH_CONFIG",
    }  # fmt: skip
    for name in ("CONFIG", "AUTH_FILE", "CACHE_DIR"):
        assert not seen[f"HUBCLI_{name}"].startswith(str(tmp_path / "own"))
    assert not seen["DOCKER_CONFIG"].startswith(str(tmp_path / "own"))
    assert seen["PYTHON_KEYRING_BACKEND"] == "hubcli.sandbox.keyring.SandboxKeyring"
    assert seen["HUBCLI_HUB_URL"] == seen["HUBCLI_DOCKER_REGISTRY"]
    assert seen["HUBCLI_SANDBOX_USERNAME"] == "alice"
    assert seen["HUBCLI_SANDBOX_ORG"] == "acme"
    assert seen["HUBCLI_SANDBOX_SCIM_TOKEN"]
    assert seen["NO_PROXY"] == "example.com,127.0.0.1"


def test_inside_hubcli_is_on_the_path(hubcli: Subprocess) -> None:
    done = hubcli("sandbox", "run", "--", "hubcli", "--version", env={"PATH": "/usr/bin:/bin"})
    assert (done.exit_code, done.stdout[:7]) == (0, "hubcli ")


def test_a_terminated_run_ends_its_command(hubcli: Subprocess) -> None:
    process = hubcli.start("sandbox", "run", "--", "sh", "-c", "echo $$; exec sleep 60")
    assert process.stdout is not None
    child = int(process.stdout.readline())
    process.send_signal(signal.SIGTERM)
    _, messages = process.communicate(timeout=20)
    assert (process.returncode, messages) == (128 + signal.SIGTERM, b"")
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def test_an_interrupt_without_a_terminal_reaches_the_command(hubcli: Subprocess) -> None:
    shell = "trap 'echo asked to end; exit 3' INT; echo ready; while :; do sleep 0.05; done"
    process = hubcli.start("sandbox", "run", "--", "sh", "-c", shell)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(signal.SIGINT)
    rest, messages = process.communicate(timeout=20)
    assert (process.returncode, rest, messages) == (3, b"asked to end\n", b"")


def test_ctrl_c_at_a_terminal_is_the_command_s(
    terminal: Callable[..., AbstractContextManager[Terminal]],
) -> None:
    shell = "trap 'echo once; exit 4' INT; echo ready; while :; do sleep 0.05; done"
    with terminal("sandbox", "run", "--", "sh", "-c", shell) as screen:
        screen.expect("ready")
        screen.send("\x03")
        assert screen.wait() == 4
        assert screen.screen.count("once") == 1


# up and env


def test_up_prints_what_a_shell_needs_and_serves_it(up: Callable[..., Up]) -> None:
    running = up()
    with HubClient(running.url) as hub:
        name = running.variables["HUBCLI_SANDBOX_USERNAME"]
        secret = running.variables["HUBCLI_SANDBOX_PASSWORD"]
        assert hub("GET", "/v2/user/", by=name, secret=secret).json()["username"] == name
    code, messages = running.end()
    assert code == 0
    assert messages.splitlines() == [
        f"The sandbox is up at {running.url}; Ctrl-C ends it.",
        'In another shell: eval "$(hubcli sandbox env)"',
    ]


def test_up_ends_quietly_when_terminated(up: Callable[..., Up]) -> None:
    running = up()
    private = Path(running.variables["HUBCLI_CONFIG"]).parent
    assert private.stat().st_mode & 0o777 == 0o700
    code, messages = running.end(signal.SIGTERM)
    assert (code, "Traceback" in messages) == (0, False)
    assert not private.exists()


def test_env_finds_the_newest_or_the_one_asked_for(
    up: Callable[..., Up], hubcli: Subprocess
) -> None:
    first, second = up(), up()
    assert read_script(hubcli("sandbox", "env").stdout) == second.variables
    of_first = hubcli("sandbox", "env", "--port", first.port)
    assert read_script(of_first.stdout) == first.variables
    second.end()
    assert read_script(hubcli("sandbox", "env").stdout) == first.variables


def test_env_is_for_eval_in_a_shell(up: Callable[..., Up], hubcli: Subprocess) -> None:
    running = up()
    text = hubcli("sandbox", "env").stdout
    shell = 'eval "$1"; echo "$HUBCLI_HUB_URL ${HUBCLI_TOKEN-none}"'
    done = subprocess.run(
        ["sh", "-c", shell, "sh", text],
        env={"HUBCLI_TOKEN": "own", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"{running.url} none\n"


def test_env_says_that_nothing_is_up(hubcli: Subprocess) -> None:
    done = hubcli("sandbox", "env")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [
        "error: cannot find the sandbox: no sandbox is up (NOT_RUNNING)",
        "hint: hubcli sandbox up",
    ]


def test_env_notices_that_a_sandbox_died(up: Callable[..., Up], hubcli: Subprocess) -> None:
    running = up()
    running.end(signal.SIGKILL)
    done = hubcli("sandbox", "env")
    assert (done.exit_code, done.stdout) == (1, "")
    assert f"the one on port {running.port} is gone" in done.stderr
    assert "is gone" not in hubcli("sandbox", "env").stderr


def test_env_does_not_take_another_server_for_the_sandbox(
    up: Callable[..., Up], hubcli: Subprocess
) -> None:
    first = up()
    first.end(signal.SIGKILL)
    second = up("--port", first.port)
    assert read_script(hubcli("sandbox", "env").stdout) == second.variables


def test_a_port_in_use_is_told(up: Callable[..., Up], hubcli: Subprocess) -> None:
    running = up()
    done = hubcli("sandbox", "up", "--port", running.port)
    assert done.exit_code == 1
    assert f"port {running.port} cannot be used: Address already in use" in done.stderr


def test_data_is_for_one_sandbox_at_a_time(
    up: Callable[..., Up], hubcli: Subprocess, tmp_path: Path
) -> None:
    running = up("--data", tmp_path / "data")
    done = hubcli("sandbox", "up", "--data", tmp_path / "data")
    assert done.exit_code == 1
    assert f"another sandbox is using {tmp_path / 'data'} (IN_USE)" in done.stderr
    running.end()
    again = up("--data", tmp_path / "data")
    assert again.variables["HUBCLI_CONFIG"] == running.variables["HUBCLI_CONFIG"]


def test_data_survives_a_kill(up: Callable[..., Up], tmp_path: Path) -> None:
    running = up("--data", tmp_path / "data")
    body = {"name": "kept", "is_private": True}
    with HubClient(running.url) as hub:
        made = hub("POST", "/v2/namespaces/alice/repositories", by="alice", json=body)
        assert made.status_code == 201
    running.end(signal.SIGKILL)
    with HubClient(up("--data", tmp_path / "data").url) as hub:
        url = "/v2/namespaces/alice/repositories/kept"
        assert hub("GET", url, by="alice").json()["is_private"] is True


def test_a_missing_extra_is_named(hubcli: Subprocess, tmp_path: Path) -> None:
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "sitecustomize.py").write_text(
        "from importlib.machinery import PathFinder\n"
        "find = PathFinder.find_spec\n"
        "def without(name, *rest):\n"
        "    return None if name == 'starlette' else find(name, *rest)\n"
        "PathFinder.find_spec = without\n"
    )
    done = hubcli("sandbox", "up", env={"PYTHONPATH": str(hidden)})
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [
        "error: cannot start the sandbox: starlette is not installed (FAILED)",
        "hint: pip install 'hubcli[sandbox]'",
    ]


# The environment by itself


def test_values_are_quoted_for_the_shell() -> None:
    text = script(variables("http://127.0.0.1:1", Path("/tmp/it's here"), {}))
    assert read_script(text)["HUBCLI_CONFIG"] == "/tmp/it's here/config.toml"


@pytest.mark.parametrize(
    ("outside", "expected"),
    [
        ("", "127.0.0.1"),
        ("example.com, internal", "example.com,internal,127.0.0.1"),
        ("127.0.0.1,example.com", "127.0.0.1,example.com"),
        ("*", "*"),
    ],
)
def test_proxies_are_not_asked_for_loopback(outside: str, expected: str) -> None:
    found = variables("http://127.0.0.1:1", Path("/x"), {"NO_PROXY": outside})
    assert (found["NO_PROXY"], found["no_proxy"]) == (expected, "127.0.0.1")


def test_other_variables_stay() -> None:
    assert inside({"LANG": "C", "HUBCLI_TOKEN": "x"}, {"A": "b"}) == {"LANG": "C", "A": "b"}
