"""podman's service: it speaks the docker engine's API on a Unix socket, with real images."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from support import programs

_CONTAINERS = """
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
helper_binaries_dir = ["{bin}"]
conmon_path = ["{bin}/conmon"]
[engine.runtimes]
crun = ["{bin}/crun"]
"""


class PodmanFailed(Exception):
    """podman ended with an error; the text is what it said."""


@dataclass(frozen=True)
class Podman:
    """An engine with a storage of its own; nothing of the user's is touched."""

    program: programs.Program
    directory: Path

    @property
    def socket(self) -> Path:
        return self.directory / "engine.sock"

    @property
    def host(self) -> str:
        """As `DOCKER_HOST` names it."""
        return f"unix://{self.socket}"

    def __call__(self, *arguments: str | Path, input: bytes = b"") -> bytes:
        """What `podman ARGUMENTS` prints; raises PodmanFailed."""
        done = subprocess.run(
            self.command(*arguments),
            input=input,
            capture_output=True,
            env=self.environ(),
            timeout=60,
        )
        if done.returncode != 0:
            raise PodmanFailed(done.stderr.decode(errors="replace"))
        return done.stdout

    def image_id(self, name: str) -> str:
        """The digest of an image's configuration."""
        found = json.loads(self("image", "inspect", name))[0]["Id"]
        return f"sha256:{found}"

    def command(self, *arguments: str | Path) -> list[str | Path]:
        kept = self.directory
        places = ("--root", kept / "root", "--runroot", kept / "run", "--tmpdir", kept / "tmp")
        return [self.program.path, "--storage-driver", "vfs", *places, *arguments]

    def environ(self) -> dict[str, str]:
        private = str(self.directory)
        return {
            "HOME": private,
            "XDG_RUNTIME_DIR": private,
            "TMPDIR": private,
            "CONTAINERS_CONF": str(self.directory / "containers.conf"),
            "PATH": f"{self.program.path.parent}:/usr/bin:/bin:/usr/sbin:/sbin",
            **self.program.environ,
        }


@contextmanager
def podman_service() -> Iterator[Podman]:
    """A service that answers; where it cannot run the test is skipped (in CI: fails)."""
    program = programs.require_tool("podman")
    # A socket's path may have a hundred bytes or so: pytest's own directories are too deep.
    with TemporaryDirectory(prefix="podman-") as name:
        podman = Podman(program, Path(name))
        _configure(podman)
        try:
            podman("info")
        except (PodmanFailed, OSError) as error:
            programs.skip(f"podman cannot run here: {str(error).strip()[:300]}")
        with (podman.directory / "service.log").open("wb") as log:
            process = subprocess.Popen(
                podman.command("system", "service", "--time", "0", podman.host),
                stdout=subprocess.DEVNULL,
                stderr=log,
                env=podman.environ(),
            )
        try:
            _wait_for(podman, process)
            yield podman
        finally:
            process.terminate()
            process.wait(20)


def _configure(podman: Podman) -> None:
    directory = podman.directory / ".config" / "containers"
    directory.mkdir(parents=True)
    policy = {"default": [{"type": "insecureAcceptAnything"}]}
    (directory / "policy.json").write_text(json.dumps(policy))
    (directory / "registries.conf").write_text("unqualified-search-registries = []\n")
    settings = _CONTAINERS.format(bin=podman.program.path.parent)
    (podman.directory / "containers.conf").write_text(settings)


def _wait_for(podman: Podman, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while not podman.socket.exists():
        log = (podman.directory / "service.log").read_text(errors="replace")
        if process.poll() is not None or time.monotonic() > deadline:
            programs.skip(f"podman's service does not start here: {log.strip()[:300]}")
        time.sleep(0.02)
