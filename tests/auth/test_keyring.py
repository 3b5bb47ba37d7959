"""The system's keyring: a real Secret Service, a locked one, none, and ones that misbehave.

The keyring library chooses its backend once per process, so that each step is a process.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from support.running import Subprocess
from support.secret_service import SecretService

Do = Callable[[str], str]

PRELUDE = """
import sys
from pathlib import Path
from hubcli.auth.credentials import Credential, Kind
from hubcli.auth.credentials.secretstore import KeyringStore
from hubcli.errors import CredentialFailure
store = KeyringStore(Path(sys.argv[1]), longest_wait=float(sys.argv[2]))
def failure(ask):
    try:
        return ask()
    except CredentialFailure as error:
        return f"{error.reason} | {error.hint}"
"""


def start(
    environ: Mapping[str, str], directory: Path, code: str, wait: float = 30
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PRELUDE + code, directory / "config.toml", f"{wait}"],
        env=dict(environ),
        stdout=subprocess.PIPE,
        text=True,
    )


def run(environ: Mapping[str, str], directory: Path, code: str, wait: float = 30) -> str:
    process = start(environ, directory, code, wait)
    printed, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    return printed


@pytest.mark.usefixtures("secret_service")
def test_what_is_stored_is_found_listed_and_removed(
    environ: dict[str, str], tmp_path: Path
) -> None:
    def do(code: str) -> str:
        return run(environ, tmp_path, code)

    assert do("print(store.find('docker.io'), dict(store.accounts()))") == "None {}\n"
    do("store.put('docker.io', Credential('alice', 'pässwörd', ''))")
    do("store.put('quay.io', Credential('bob', 'r', '', Kind.REFRESH_TOKEN))")
    assert do("print(store.find('docker.io').secret)") == "pässwörd\n"
    assert do("print(store.find('quay.io').kind, store.find('quay.io').username)") == (
        "refresh token bob\n"
    )
    assert do("print(dict(store.accounts()))") == "{'docker.io': 'alice', 'quay.io': 'bob'}\n"
    assert do("print(store.remove('docker.io'), store.remove('docker.io'))") == "True False\n"
    assert (
        do("print(store.find('docker.io'), dict(store.accounts()))") == "None {'quay.io': 'bob'}\n"
    )


@pytest.mark.usefixtures("secret_service")
def test_processes_that_store_at_once_lose_nothing(environ: dict[str, str], tmp_path: Path) -> None:
    workers = [
        start(
            environ,
            tmp_path,
            f"for turn in range(3): store.put(f'host{number}-{{turn}}', Credential('a', 's', ''))",
        )
        for number in range(5)
    ]
    for worker in workers:
        worker.communicate(timeout=60)
        assert worker.returncode == 0
    assert run(environ, tmp_path, "print(len(store.accounts()))") == "15\n"


@pytest.mark.usefixtures("secret_service")
def test_entries_of_others_are_told_from_ours(environ: dict[str, str], tmp_path: Path) -> None:
    code = "import keyring; keyring.set_password('hubcli', 'docker.io', '%s');"
    for entry in ("s3cret", "[]", '{"username": 1}', '{"username":"a","secret":"b","kind":"x"}'):
        printed = run(
            environ, tmp_path, (code % entry) + "print(failure(lambda: store.find('docker.io')))"
        )
        assert printed.startswith("the entry of docker.io is not one of hubcli")
        assert "s3cret" not in printed
    run(environ, tmp_path, "import keyring; keyring.set_password('hubcli', 'hosts of hubcli', '[')")
    assert run(environ, tmp_path, "print(dict(store.accounts()))") == "{}\n"


def test_a_locked_keyring_is_broken(
    locked_secret_service: SecretService, environ: dict[str, str], tmp_path: Path
) -> None:
    for ask in ("find('docker.io')", "put('docker.io', Credential('a', 's', ''))", "ready('x')"):
        printed = run(environ, tmp_path, f"print(failure(lambda: store.{ask}))")
        assert printed.startswith("it cannot be used: "), printed
        assert "--store docker" in printed
        assert "--store file" in printed


def test_no_keyring_is_absent_for_reading_and_explained_for_storing(
    environ: dict[str, str], tmp_path: Path
) -> None:
    started = time.monotonic()
    printed = run(
        environ,
        tmp_path,
        "print(store.find('docker.io'), dict(store.accounts()), store.remove('docker.io'))\n"
        "print(failure(lambda: store.ready('docker.io')))\n"
        "print(failure(lambda: store.put('docker.io', Credential('a', 's', ''))))",
    )
    assert time.monotonic() - started < 20
    first, *others = printed.splitlines()
    assert first == "None {} False"
    for line in others:
        assert line.startswith("there is no keyring on this system")
        assert "--store docker" in line
        assert "--store file" in line


@pytest.mark.parametrize("name", ["keyring.backends.null.Keyring", "keyring.backends.fail.Keyring"])
def test_a_keyring_that_was_switched_off_is_absent(
    environ: dict[str, str], tmp_path: Path, name: str
) -> None:
    environ["PYTHON_KEYRING_BACKEND"] = name
    assert run(environ, tmp_path, "print(store.find('docker.io'))") == "None\n"


BACKEND = """
import time
from keyring.backend import KeyringBackend
class Broken(KeyringBackend):
    priority = 1
    def get_password(self, service, username):
        {body}
    set_password = delete_password = get_password
"""


@pytest.mark.parametrize(
    ("body", "wait", "told"),
    [
        ("time.sleep(60)", 1, "it does not answer within 1 s"),
        ("raise RuntimeError('no bus')", 30, "it cannot be used: no bus"),
        ("raise ZeroDivisionError()", 30, "it cannot be used: ZeroDivisionError"),
    ],
)
def test_a_keyring_that_misbehaves_is_broken_and_never_waited_for_long(
    environ: dict[str, str], tmp_path: Path, body: str, wait: float, told: str
) -> None:
    (tmp_path / "brokenring.py").write_text(BACKEND.format(body=body))
    environ["PYTHON_KEYRING_BACKEND"] = "brokenring.Broken"
    environ["PYTHONPATH"] = f"{environ['PYTHONPATH']}:{tmp_path}"
    printed = run(environ, tmp_path, "print(failure(lambda: store.find('x')))", wait=wait)
    assert printed.startswith(told)


@pytest.mark.usefixtures("secret_service")
def test_the_keyring_goes_before_the_file(hubcli: Subprocess, tmp_path: Path) -> None:
    own = tmp_path / "own.json"
    own.write_text(json.dumps({"auths": {"quay.io": {"username": "file", "password": "s"}}}))
    env = {"HUBCLI_AUTH_FILE": str(own)}
    request = json.dumps({"ServerURL": "quay.io", "Username": "ring", "Secret": "s"})
    assert hubcli("auth", "status", env=env).stdout.split("\t")[1:3] == ["file", "auth file"]
    assert hubcli("auth", "helper", "store", stdin=request).exit_code == 0
    assert hubcli("auth", "status", env=env).stdout.split("\t")[1:3] == ["ring", "keyring"]
