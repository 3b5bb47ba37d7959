"""skopeo: a registry client that nobody here wrote, as the second opinion."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support import programs


class SkopeoFailed(Exception):
    """skopeo ended with an error; the text is what it said."""


@dataclass(frozen=True)
class Skopeo:
    """Runs skopeo with its files in `directory`; TLS is not verified unless `ca` is trusted."""

    program: programs.Program
    directory: Path

    @classmethod
    def create(cls, directory: Path) -> Skopeo:
        directory.mkdir(parents=True, exist_ok=True)
        return cls(programs.require_tool("skopeo"), directory)

    def __call__(self, *arguments: str | Path, input: str = "") -> str:
        """What `skopeo ARGUMENTS` prints; raises SkopeoFailed."""
        done = subprocess.run(
            [self.program.path, "--insecure-policy", *map(str, arguments)],
            input=input,
            capture_output=True,
            text=True,
            env=self._environ(),
            timeout=60,
        )
        if done.returncode != 0:
            raise SkopeoFailed(done.stderr)
        return done.stdout

    def copy(self, source: str, destination: str, *options: str) -> None:
        """Copy with all platforms, the digests kept."""
        self(
            "copy",
            "--all",
            "--preserve-digests",
            "--quiet",
            "--src-tls-verify=false",
            "--dest-tls-verify=false",
            *options,
            source,
            destination,
        )

    def inspect(self, reference: str, *options: str) -> dict[str, Any]:
        """`skopeo inspect docker://REFERENCE` as JSON."""
        found = self("inspect", "--tls-verify=false", *options, f"docker://{reference}")
        parsed: dict[str, Any] = json.loads(found)
        return parsed

    def raw(self, reference: str, *options: str) -> bytes:
        """The bytes of the manifest."""
        found = self("inspect", "--raw", "--tls-verify=false", *options, f"docker://{reference}")
        return found.encode()

    def tags(self, repository: str, *options: str) -> list[str]:
        """The tags of a repository, in the registry's order."""
        found = self("list-tags", "--tls-verify=false", *options, f"docker://{repository}")
        tags: list[str] = json.loads(found)["Tags"]
        return tags

    def _environ(self) -> Mapping[str, str]:
        private = str(self.directory)
        return {
            "HOME": private,
            "XDG_RUNTIME_DIR": private,
            "TMPDIR": private,
            "PATH": "/usr/bin:/bin",
            **self.program.environ,
        }
