"""The walk of `hubcli sandbox demo`: hubcli's own commands, each shown before what it prints."""

from __future__ import annotations

import json
import platform
import shlex
import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path

from hubcli import oci
from hubcli.cli.foreground import hubcli
from hubcli.cli.runtime import Runtime
from hubcli.errors import HubcliError

_IMAGE = "hello-world"
_REPOSITORY = "my-private-repo"


class Demo:
    """What Docker's page "What is a registry?" does by hand, done in `directory`."""

    def __init__(self, runtime: Runtime, environ: Mapping[str, str], directory: Path) -> None:
        self._runtime = runtime
        self._environ = environ
        self._directory = directory

    def walk(self) -> None:
        """All steps; HubcliError at the first that fails."""
        user = self._environ["HUBCLI_SANDBOX_USERNAME"]
        mine = f"{user}/{_REPOSITORY}"
        self._directory.mkdir(parents=True, exist_ok=True)
        self._say("Sign in; the password comes on stdin.")
        self._hubcli("login", "-u", user, "--password-stdin", stdin="HUBCLI_SANDBOX_PASSWORD")
        self._say("Look for an image.")
        self._hubcli("search", _IMAGE, "--limit", "5")
        self._say("Make a private repository.")
        self._hubcli("repo", "create", "--private", _REPOSITORY)
        self._say("Pull the image, and push it to the new repository as v1.0 and as latest.")
        self._hubcli("pull", "--all-platforms", _IMAGE, f"oci:{_IMAGE}:latest")
        for tag in ("v1.0", "latest"):
            self._hubcli("push", f"oci:{_IMAGE}:latest", f"{mine}:{tag}")
        self._say("See what is in it now.")
        self._hubcli("tag", "ls", mine)
        self._say("Pull it back for this machine's platform.")
        self._hubcli("pull", mine, "oci:pulled:latest")
        self._run_program(self._directory / "pulled")
        self._say("See how many pulls are left.")
        self._hubcli("registry", "limits")
        self._say("That was a registry.")

    def _run_program(self, layout: Path) -> None:
        """Take the program out of the image's one layer and run it, where this is Linux."""
        if platform.system() != "Linux" or oci.host().architecture not in {"amd64", "arm64"}:
            return
        self._say("Take the program out of the layer, and run it.")
        (entry,) = json.loads((layout / "index.json").read_bytes())["manifests"]
        manifest = oci.parse_manifest(_blob(layout, entry["digest"]).read_bytes(), None)
        program = self._directory / "hello"
        with tarfile.open(_blob(layout, manifest.layers[0].digest)) as layer:
            content = layer.extractfile("hello")
            program.write_bytes(content.read() if content else b"")
        program.chmod(0o700)
        self._runtime.output.text("$ ./hello")
        self._runtime.output.flush()
        done = subprocess.run([program], check=False)
        if done.returncode:
            raise HubcliError(f"it ended with {done.returncode}", action="run", reference="hello")

    def _say(self, text: str) -> None:
        self._runtime.output.text(f"\n# {text}")

    def _hubcli(self, *arguments: str, stdin: str | None = None) -> None:
        """Run a command, with the value of the variable `stdin` on its stdin."""
        shown = shlex.join(["hubcli", *arguments])
        piped = f'echo "${stdin}" | ' if stdin else ""
        self._runtime.output.text(f"$ {piped}{shown}")
        self._runtime.output.flush()
        done = subprocess.run(
            hubcli(*arguments),
            env=self._environ,
            cwd=self._directory,
            input=self._environ[stdin].encode() + b"\n" if stdin else b"",
            # Messages among the output, where they came about.
            stderr=subprocess.STDOUT,
            check=False,
        )
        if done.returncode:
            raise HubcliError(
                f"it ended with exit code {done.returncode}", action="run", reference=shown
            )


def _blob(layout: Path, digest: str) -> Path:
    return layout / "blobs" / digest.replace(":", "/")
