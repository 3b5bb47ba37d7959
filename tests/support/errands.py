"""Commands that faults are tried on: what each needs, and what is so once it has done its work.

An errand is run many times against one sandbox, each time in a world of its own: other names, an
empty home, an empty directory.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hubcli.sandbox import seed
from support.gateway import Gateway
from support.hub_repositories import hub_repository
from support.images import Layout, tar
from support.organizations import organization_with_team
from support.running import InProcess, Result, Subprocess, private_environ
from support.sandbox import SandboxServer

USER = seed.USERNAME
NAMESPACE = "errands"
"""An organization of the user's: repositories of others are not mixed with these."""


@dataclass(frozen=True)
class World:
    """Where one run takes place; `repository` and `org` are its own."""

    sandbox: SandboxServer
    gateway: Gateway
    directory: Path
    number: int

    @property
    def repository(self) -> str:
        return f"{NAMESPACE}/errand-{self.number}"

    @property
    def environ(self) -> dict[str, str]:
        return {
            **private_environ(self.directory / "home"),
            "HUBCLI_HUB_URL": self.gateway.url,
            "HUBCLI_DOCKER_REGISTRY": self.gateway.host,
            **self.sandbox.signed_in,
        }

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
        again = self.run(*errand.argv(self), stdin=errand.stdin)
        about += f"\nand again: {again.stderr}"
        assert again.exit_code in errand.again | {0}, about
        assert errand.done(self), about

    def configure(self, text: str) -> None:
        """Let hubcli have this configuration."""
        path = self.directory / "home" / "config" / "hubcli" / "config.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def look(self, *argv: str) -> Result:
        """hubcli past the gateway, to see what came of it."""
        environ = {**self.environ, **self.sandbox.environ}
        return InProcess(environ, self.directory)(*argv)

    def tags(self) -> list[str]:
        return self.look("tag", "ls", self.repository, "-q").lines()

    def file(self, name: str, text: str) -> str:
        (self.directory / name).write_text(text, encoding="utf-8")
        return name

    def layout(self) -> str:
        """An image of two platforms, in a layout of this world."""
        layout = Layout(self.directory / "layout")
        return layout.image("v1", platforms=["linux/amd64", "linux/arm64"]).source

    def organization(self) -> str:
        """One with carol, dave and the team `builders`; the same whenever asked in this world."""
        kept = self.directory / "organization"
        if not kept.exists():
            kept.write_text(organization_with_team(self.sandbox), encoding="utf-8")
        return kept.read_text(encoding="utf-8")


def _nothing(_: World) -> None:
    """No preparation."""


def _always(_: World) -> bool:
    """What only reads leaves nothing behind."""
    return True


@dataclass(frozen=True)
class Errand:
    """A command line, what must be there before, and whether its work is done.

    `again` are the exit codes of one that finds its work done already.
    """

    argv: Callable[[World], tuple[str, ...]]
    prepare: Callable[[World], object] = _nothing
    done: Callable[[World], bool] = _always
    again: frozenset[int] = frozenset({0})
    stdin: str = ""


def reading(*argv: str) -> Errand:
    """A command that only reads what was seeded."""
    return Errand(lambda _: argv)


def _with_tags(world: World) -> dict[str, str]:
    return hub_repository(world.sandbox, world.repository, {"v1": "one", "v2": "two"})


def _applied(world: World) -> str:
    org = world.organization()
    document = {
        "organization": org,
        "teams": {"ops": {"description": "Run it", "members": ["carol"]}},
        "repositories": {
            "site": {"description": "The site", "teams": {"ops": "write"}},
            "tool": {"visibility": "private"},
        },
    }
    return world.file("org.json", json.dumps(document))


def _mirrors(world: World) -> str:
    entry = {"source": "library/hello-world", "target": world.repository, "filter": "latest"}
    return world.file("mirrors.json", json.dumps({"sync": [entry]}))


_NOT_THERE = frozenset({3})
_THERE = frozenset({1})

ERRANDS: dict[str, Errand] = {
    "search": reading("search", "hello-world"),
    "repo ls": reading("repo", "ls", "acme"),
    "repo inspect": reading("repo", "inspect", "acme/api"),
    "tag ls": reading("tag", "ls", "acme/api"),
    "tag inspect": reading("tag", "inspect", "library/hello-world:latest"),
    "digest": reading("digest", "library/hello-world"),
    "inspect": reading("inspect", "library/hello-world", "--platform", "linux/amd64"),
    "files": reading("files", "library/hello-world", "--platform", "linux/amd64"),
    "export": reading("export", "library/hello-world", "hello", "--platform", "linux/amd64"),
    "manifest get": reading("manifest", "get", "library/hello-world"),
    "referrer ls": reading("referrer", "ls", "library/hello-world"),
    "provenance": reading("provenance", "library/hello-world"),
    "registry limits": reading("registry", "limits"),
    "account info": reading("account", "info"),
    "auth status": reading("auth", "status", "docker.io", "--check"),
    "token ls": reading("token", "ls"),
    "org member ls": reading("org", "member", "ls", "acme"),
    "org audit-log": reading("org", "audit-log", "acme", "--limit", "5"),
    "export-config": reading("export-config", "acme"),
    "diff": Errand(
        lambda w: ("diff", f"{w.repository}:v1", f"{w.repository}:v2"), _with_tags
    ),
    "login": Errand(
        lambda w: ("login", "-u", USER, "--password-stdin", "--store", "file"),
        stdin=seed.PASSWORD,
        # A password that was refused once, and then not, was taken for one of a second factor.
        done=lambda w: w.sandbox.username in _stored(w),
    ),
    "pull": Errand(
        lambda w: ("pull", "library/hello-world", "oci:out:v1", "--all-platforms"),
        done=lambda w: w.look("digest", "oci:out:v1").exit_code == 0,
    ),
    "push": Errand(
        lambda w: ("push", w.layout(), f"{w.repository}:v1"),
        done=lambda w: w.tags() == ["v1"],
    ),
    "copy": Errand(
        lambda w: ("copy", "library/hello-world", f"{w.repository}:v1"),
        done=lambda w: w.tags() == ["v1"],
    ),
    "append": Errand(
        lambda w: (
            "append", f"{w.repository}:v1", "--layer", _layer(w),
            "--tag", "v3",
        ),
        _with_tags,
        lambda w: "v3" in w.tags(),
    ),
    "tag cp": Errand(
        lambda w: ("tag", "cp", f"{w.repository}:v1", "stable"),
        _with_tags,
        lambda w: "stable" in w.tags(),
    ),
    "tag rm": Errand(
        lambda w: ("tag", "rm", f"{w.repository}:v1", "--yes"),
        _with_tags,
        lambda w: w.tags() == ["v2"],
        again=_NOT_THERE,
    ),
    "tag prune": Errand(
        lambda w: ("tag", "prune", w.repository, "--keep", "1", "--yes"),
        _with_tags,
        lambda w: w.tags() == ["v2"],
    ),
    "sync": Errand(
        lambda w: ("sync", _mirrors(w), "--yes"),
        done=lambda w: w.tags() == ["latest"],
    ),
    "repo create": Errand(
        lambda w: ("repo", "create", w.repository, "--private", "--description", "made"),
        done=lambda w: w.look("repo", "inspect", w.repository).exit_code == 0,
        again=_THERE,
    ),
    "repo edit": Errand(
        lambda w: ("repo", "edit", w.repository, "--description", "changed"),
        _with_tags,
        lambda w: "changed" in w.look("repo", "inspect", w.repository).stdout,
    ),
    "repo rm": Errand(
        lambda w: ("repo", "rm", w.repository, "--yes"),
        _with_tags,
        lambda w: w.look("repo", "inspect", w.repository).exit_code == 3,
        again=_NOT_THERE,
    ),
    "webhook create": Errand(
        lambda w: ("webhook", "create", w.repository, "ci", "https://ci.example/"),
        _with_tags,
        lambda w: "ci" in w.look("webhook", "ls", w.repository).stdout,
        again=_THERE,
    ),
    "team create": Errand(
        lambda w: ("team", "create", f"{w.organization()}/ops"),
        done=lambda w: "ops" in w.look("team", "ls", w.organization()).stdout,
        again=_THERE,
    ),
    "team member add": Errand(
        lambda w: ("team", "member", "add", f"{w.organization()}/builders", "carol", "dave"),
        done=lambda w: (
            len(w.look("team", "member", "ls", f"{w.organization()}/builders").lines()) == 2
        ),
    ),
    "apply": Errand(
        lambda w: ("apply", _applied(w), "--yes"),
        done=lambda w: w.look("apply", "org.json", "--dry-run", "--format", "json").json() == [],
    ),
}  # fmt: skip


def _stored(world: World) -> str:
    """The decoded credentials of the file that `login --store file` writes."""
    import base64

    kept = world.directory / "home" / "config" / "hubcli" / "auth.json"
    if not kept.exists():
        return ""
    auths = json.loads(kept.read_text(encoding="utf-8"))["auths"].values()
    return " ".join(base64.b64decode(one["auth"]).decode() for one in auths)


def _layer(world: World) -> str:
    """A tar of one file, to be a layer."""
    (world.directory / "layer.tar").write_bytes(tar({"greeting": b"hello\n"}))
    return "layer.tar"
