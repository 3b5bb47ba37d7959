"""A machine that is in the way: no room, nowhere to write, the wrong time, broken files."""

from __future__ import annotations

import json
import re
import resource
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO

import pytest

from support.errands import World
from support.running import Subprocess

PULL = ("pull", "library/hello-world", "--all-platforms")
# What may be written, and how much of it fits: Linux answers a write beyond this limit as it
# answers one to a full disk, with an error and not with a signal that Python heeds.
FULL = {
    "a layout": (*PULL, "oci:out:v1"),
    "an archive": (*PULL, "out.tar"),
    "a compressed archive": (*PULL, "out.tgz"),
    "Docker's archive": ("pull", "library/hello-world", "docker-archive:out.tar:a:v1",
                         "--platform", "linux/amd64"),
    "an exported file": ("export", "library/hello-world", "hello", "-o", "out",
                         "--platform", "linux/amd64"),
    "a credential": ("login", "-u", "alice", "--password-stdin", "--store", "file"),
    "the configuration": ("config", "set", "defaults.namespace", "n" * 200),
    "an organization": ("export-config", "acme", "-o", "out.yaml"),
    "an undo file": ("tag", "prune", "{repository}", "--keep", "1", "--yes",
                     "--undo-file", "out.jsonl"),
}  # fmt: skip


def ended(
    world: World,
    *argv: str,
    room: int | None = None,
    env: Mapping[str, str] | None = None,
    stdin: IO[bytes] | None = None,
) -> subprocess.CompletedProcess[str]:
    """hubcli in a process of its own; no file may grow beyond `room` bytes."""

    def no_more_room() -> None:
        if room is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

    environ = {**world.environ, **(env or {})}
    if room is not None:  # coverage would want to write, too
        environ = {name: value for name, value in environ.items() if not name.startswith("COV")}
    return subprocess.run(
        Subprocess.command(*argv),
        env=environ,
        cwd=world.directory,
        input=world.sandbox.password if stdin is None else None,
        stdin=stdin,
        text=True,
        capture_output=True,
        preexec_fn=no_more_room,
        timeout=60,
    )


def told_once(done: subprocess.CompletedProcess[str]) -> str:
    """The one line of the error."""
    assert not re.search("Traceback|INTERNAL", done.stderr), done.stderr
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1, done.stderr
    return errors[0]


def partial(directory: Path) -> list[str]:
    """Files that look as if they were whole and are not, or were forgotten."""
    found = [path for path in directory.rglob("out*") if path.is_file()]
    return [str(path.relative_to(directory)) for path in found]


@pytest.mark.parametrize("what", FULL)
def test_a_full_disk_is_told_and_leaves_nothing_torn(world: Callable[[], World], what: str) -> None:
    here = world()
    if what == "an undo file":
        from support.hub_repositories import hub_repository

        hub_repository(here.sandbox, here.repository, {f"v{n}": f"{n}" for n in range(9)})
    here.configure('[defaults]\nnamespace = "before"\n')
    argv = [argument.format(repository=here.repository) for argument in FULL[what]]
    done = ended(here, *argv, room=100)
    assert done.returncode == 1, done.stderr
    assert re.search("File too large|cannot be written", told_once(done)), done.stderr
    assert re.search(r"\bout[/.:]|auth\.json|config\.toml|read in /", told_once(done)), done.stderr
    assert partial(here.directory) == []
    assert "before" in here.look("config", "get", "defaults.namespace").stdout
    again = ended(here, *argv)
    assert again.returncode == 0, again.stderr
    if what == "an undo file":
        assert here.tags() == ["v8"]


@pytest.mark.parametrize(
    "argv", [("push", "-"), ("push", "out.tgz"), ("inspect", "oci-archive:out.tgz")]
)
def test_a_full_temporary_directory_is_told_as_such(
    world: Callable[[], World], argv: tuple[str, ...]
) -> None:
    """An archive is not damaged because there is no room to spool it."""
    here = world()
    assert here.run(*PULL, "out.tgz").exit_code == 0
    temporary = here.directory / "tmp"
    temporary.mkdir()
    to = [f"{here.repository}:v1"] if argv[0] == "push" else []
    with (here.directory / "out.tgz").open("rb") as archive:
        done = ended(here, *argv, *to, room=100, env={"TMPDIR": str(temporary)}, stdin=archive)
    assert done.returncode == 1, done.stderr
    assert f"{temporary}: File too large" in told_once(done)
    assert "set TMPDIR" in done.stderr
    assert not [*temporary.iterdir()]


@pytest.mark.parametrize("argv", [("tag", "ls", "acme/api"), ("digest", "library/hello-world")])
def test_without_room_for_caches_there_is_only_more_to_do(
    world: Callable[[], World], argv: tuple[str, ...]
) -> None:
    done = ended(world(), *argv, room=0)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


@pytest.mark.parametrize("place", ["XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "HOME"])
def test_directories_that_cannot_be_are_done_without(
    world: Callable[[], World], place: str
) -> None:
    done = ended(world(), "tag", "ls", "acme/api", env={place: "/dev/null/nothing"})
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "argv",
    [
        ("config", "set", "defaults.namespace", "acme"),
        ("login", "-u", "alice", "--password-stdin", "--store", "file"),
        (*PULL, "oci:/dev/null/out:v1"),
        (*PULL, "/dev/null/out.tar"),
        ("export", "library/hello-world", "-o", "/dev/null/out.tar"),
        ("export-config", "acme", "-o", "/dev/null/out.json"),
    ],
    ids=lambda argv: " ".join(argv[:2]) + f" to {argv[-1]}",
)
def test_nowhere_to_write_is_one_line(world: Callable[[], World], argv: tuple[str, ...]) -> None:
    done = ended(world(), *argv, env={"XDG_CONFIG_HOME": "/dev/null/nothing"})
    assert done.returncode == 1, done.stderr
    assert "/dev/null" in told_once(done), done.stderr


@pytest.mark.parametrize("days", [-1, 1, 400])
def test_a_clock_that_is_wrong_changes_nothing(world: Callable[[], World], days: int) -> None:
    """Tokens are judged by what was said of them, or are asked for again."""
    here = world()
    program = (
        "import sys, time; now = time.time; "
        f"time.time = lambda: now() + {days * 86400}; "
        "from hubcli.__main__ import main; sys.argv[0] = 'hubcli'; sys.exit(main())"
    )
    for argv in (("push", here.layout(), f"{here.repository}:v1"), ("tag", "ls", here.repository)):
        for _ in range(2):
            done = subprocess.run(
                [sys.executable, "-c", program, *argv],
                env=here.environ, cwd=here.directory, capture_output=True, text=True, timeout=60,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
    assert here.tags() == ["v1"]


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b'{"auths": 7}', b'{"auths": {"docker.io": []}}', b"\xff\xfe",
     b'{"auths": {"docker.io": {"auth": "no base64!"}}}', b'{"credsStore": "no such helper"}',
     b'{"credHelpers": {"docker.io": "../../bin/sh"}}', b"[" * 100_000],
    ids=lambda content: repr(content[:50]),
)  # fmt: skip
def test_what_docker_left_broken_is_no_end(world: Callable[[], World], content: bytes) -> None:
    """Somebody else's file: it is named, or ignored, and what is public is there as ever."""
    here = world()
    directory = here.directory / "docker"
    directory.mkdir()
    (directory / "config.json").write_bytes(content)
    names = {"HUBCLI_USERNAME": "", "HUBCLI_PASSWORD": "", "DOCKER_CONFIG": str(directory)}
    done = ended(here, "digest", "library/hello-world", "--format", "json", env=names)
    if done.returncode == 0:
        assert json.loads(done.stdout)["digest"].startswith("sha256:")
    else:
        assert done.returncode == 1, done.stderr
        assert re.search("config.json|docker-credential", told_once(done)), done.stderr
