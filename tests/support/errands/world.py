"""Where errands are run, each time in a world of its own, and what one consists of.

A world has other names than any other, an empty home and an empty directory; all of them share one
sandbox, and one server of each kind that is not Docker Hub.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from hubcli.sandbox import keyring, seed
from hubcli.sandbox.repositories import HubRepository
from support.gateway import Gateway
from support.hub_repositories import hub_repository
from support.images import Layout
from support.organizations import organization_with_team
from support.running import InProcess, Result, Subprocess, private_environ
from support.sandbox import SandboxServer

NAMESPACE = "errands"
"""An organization of the user's: repositories of others are not mixed with these."""

Place = Literal["hub", "registry", "quay"]
"""What is behind the gateway: the sandbox, a registry and nothing else, or Quay with its API."""


@dataclass(frozen=True)
class World:
    """Where one run takes place; `repository` and `org` are its own.

    `notes` keep what its preparation found out; `variables` are more of the environment.
    """

    sandbox: SandboxServer
    gateway: Gateway
    directory: Path
    number: int
    variables: dict[str, str] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)

    @property
    def repository(self) -> str:
        return f"{NAMESPACE}/errand-{self.number}"

    @property
    def environ(self) -> dict[str, str]:
        return {
            **private_environ(self.directory / "home"),
            "HUBCLI_HUB_URL": self.gateway.url,
            "HUBCLI_DOCKER_REGISTRY": self.gateway.host,
            "PYTHON_KEYRING_BACKEND": keyring.BACKEND,
            keyring.FILE_VARIABLE: str(self.directory / "keyring.json"),
            **self.sandbox.signed_in,
            **self.variables,
        }

    # Running

    def run(self, *argv: str, stdin: str = "") -> Result:
        """hubcli, as the errand is run: through the gateway."""
        return InProcess(self.environ, self.directory)(*argv, stdin=stdin)

    def start(self, *argv: str, stdin: str = "") -> subprocess.Popen[bytes]:
        """The same as a process of its own, with nothing to read from it."""
        process = subprocess.Popen(
            Subprocess.command(*argv),
            env=self.environ,
            cwd=self.directory,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        assert process.stdin is not None
        with process.stdin as pipe:
            pipe.write(stdin.encode())
        return process

    def made_good(self, errand: Errand, about: str) -> None:
        """Check that running an errand again, undisturbed, completes its work."""
        again = self.run(*errand.argv(self), stdin=errand.input(self))
        about += f"\nand again: {again.stderr}"
        assert again.exit_code in errand.again | {0}, about
        assert errand.done(self), about

    def look(self, *argv: str) -> Result:
        """hubcli past the gateway, to see what came of it."""
        environ = {**self.environ, **self.sandbox.environ}
        return InProcess(environ, self.directory)(*argv)

    def arrange(self, *argv: str) -> str:
        """hubcli past the gateway, to prepare something; its stdout."""
        done = self.look(*argv)
        assert done.exit_code == 0, done.stderr
        return done.stdout

    # Files

    def configure(self, text: str) -> None:
        """Let hubcli have these lines in its configuration, too."""
        path = self.directory / "home" / "config" / "hubcli" / "config.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(text)

    def file(self, name: str, content: str | bytes) -> str:
        """Write a file of this world; its name."""
        data = content.encode() if isinstance(content, str) else content
        (self.directory / name).write_bytes(data)
        return name

    def has_file(self, name: str) -> bool:
        return (self.directory / name).exists()

    def layout(self) -> str:
        """An image of two platforms, in a layout of this world."""
        layout = Layout(self.directory / "layout")
        return layout.image("v1", platforms=["linux/amd64", "linux/arm64"]).source

    # What is on the server

    def tags(self) -> list[str]:
        return self.sandbox.parts.storage.tags.names(self.repository)

    def digest(self, tag: str) -> str | None:
        """What a tag points at."""
        found = self.sandbox.parts.storage.manifests.get(self.repository, tag)
        return None if found is None else found.digest

    def content(self, reference: str) -> bytes:
        """The manifest at a tag or digest."""
        found = self.sandbox.parts.storage.manifests.get(self.repository, reference)
        return b"" if found is None else found.content

    def facts(self) -> HubRepository | None:
        """The repository as the Hub has it."""
        return self.sandbox.parts.repositories.find(self.repository)

    def organization(self) -> str:
        """One with carol, dave and the team `builders`; the same whenever asked in this world."""
        if "organization" not in self.notes:
            self.notes["organization"] = organization_with_team(self.sandbox)
        return self.notes["organization"]


def nothing(_: World) -> None:
    """No preparation."""


def always(_: World) -> bool:
    """What only reads leaves nothing behind."""
    return True


@dataclass(frozen=True)
class Errand:
    """A command line, what must be there before, and whether its work is done.

    `again` are the exit codes of one that finds its work done already.
    """

    argv: Callable[[World], tuple[str, ...]]
    prepare: Callable[[World], object] = nothing
    done: Callable[[World], bool] = always
    again: frozenset[int] = frozenset({0})
    stdin: str | Callable[[World], str] = ""
    place: Place = "hub"

    @property
    def reads(self) -> bool:
        """Whether it leaves nothing behind."""
        return self.done is always

    def input(self, world: World) -> str:
        """What comes on its stdin."""
        return self.stdin if isinstance(self.stdin, str) else self.stdin(world)


Errands = Mapping[str, Errand]
"""Errands by the command that is run; what follows a comma says in which way."""


def command(name: str) -> str:
    """The command of an errand by its name."""
    return name.partition(",")[0]


THERE = frozenset({1})
NOT_THERE = frozenset({3})


def reading(*argv: str) -> Errand:
    """A command that only reads what was seeded."""
    return Errand(lambda _: argv)


def with_tags(world: World) -> dict[str, str]:
    """The repository with the tags v1 and v2, of two images; their digests."""
    return hub_repository(world.sandbox, world.repository, {"v1": "one", "v2": "two"})


USER = seed.USERNAME
PASSWORD = seed.PASSWORD
