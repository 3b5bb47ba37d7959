"""What every shell should offer for a line that is being typed, and a hubcli that it may ask."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ANSWERS = ("alice/app", "alice/app:v1", "alice/app:v2", "quay.io/")
"""What the hubcli on PATH says when it is asked for names."""

HOSTILE = (
    "$(touch pwned)",
    "`touch pwned`",
    "alice/a;touch pwned",
    "alice/a&touch pwned",
    "alice/a|touch pwned",
    "alice/a b",
    "alice/a\ttab",
    "alice/${HOME}",
    "alice/'quoted",
    'alice/"quoted',
    "alice/*",
    "alice/\x1b[31mred",
    "alice/a>pwned",
    "alice/#a",
    "alice/~",
    "alice/\\a",
    "alice/\u202eevil",
)
"""Answers that would do something, or deceive, if a shell took them for what they say."""


@dataclass(frozen=True)
class Offers:
    """A line that is being typed, words that must be offered for its last one, and some not.

    With `only` nothing else is offered. `asks` is the call of hubcli that it takes.
    """

    line: str
    offered: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    only: bool = False
    asks: tuple[str, ...] = ()

    def check(self, found: list[str]) -> None:
        assert len(set(found)) == len(found)
        assert self.offered <= set(found)
        assert not self.refused & set(found)
        if self.only:
            assert self.offered == set(found)


_COMMON = {"--debug", "--no-color", "--config"}
_FORMATS = {"table", "json", "jsonl", "csv", "tsv"}
_TAGS = {"alice/app:v1", "alice/app:v2"}

STATIC = [
    Offers("hubcli ", {"login", "tag", "repo", "copy", "cp", "help"}, {"__complete", "--debug"}),
    Offers("hubcli ta", {"tag"}, only=True),
    Offers("hubcli -", {*_COMMON, "--version", "--help"}, {"--format", "tag"}),
    Offers("hubcli tag ", {"ls", "inspect", "rm"}, {"tag", "repo"}),
    Offers("hubcli tag l", {"ls"}, only=True),
    Offers("hubcli tag ls --f", {"--filter", "--format", "--fields", "--full-ref"}, only=True),
    Offers("hubcli tag ls --de", {"--details", "--debug"}, only=True),
    Offers("hubcli --debug tag --no-color l", {"ls"}, only=True),
    Offers("hubcli --config tag ta", {"tag"}, only=True),
    Offers("hubcli --config=tag ta", {"tag"}, only=True),
    Offers("hubcli tag ls --format ", _FORMATS, only=True),
    Offers("hubcli tag ls x --format j", {"json", "jsonl"}, only=True),
    Offers("hubcli tag ls --format=j", {"--format=json", "--format=jsonl"}, only=True),
    Offers("hubcli tag ls --format json --fi", {"--filter", "--fields"}, only=True),
    Offers("hubcli tag ls --fields dig", {"digest"}, only=True),
    Offers("hubcli tag ls --fields name,dig", {"name,digest"}, only=True),
    Offers("hubcli tag ls --fields name,", {"name,digest", "name,size"}, {"name,name", "digest"}),
    Offers("hubcli tag ls --fields=name,dig", {"--fields=name,digest"}, only=True),
    Offers("hubcli login --store ", {"keyring", "file", "docker"}, only=True),
    Offers("hubcli search --sort ", {"relevance", "pulls", "updated", "stars"}, only=True),
    Offers(
        "hubcli tag ls --sort ",
        {"name", "version", "updated", "pushed", "pulled", "size"},
        {"asc", "[=asc"},
    ),
    Offers("hubcli repo ls --sort ", {"name", "updated", "pulls", "stars", "size"}, only=True),
    Offers("hubcli pull --platform linux/am", {"linux/amd64"}, only=True),
    Offers("hubcli auth helper ", {"get", "store", "erase", "list"}, only=True),
    Offers("hubcli auth token --scope pull,p", {"pull,push"}, only=True),
    Offers("hubcli completion ", {"bash", "zsh", "fish", "powershell"}, only=True),
    Offers(
        "hubcli config get def",
        {"defaults.namespace", "defaults.format", "defaults.concurrency"},
        {"hub.oauth_client_id"},
    ),
    Offers("hubcli config set regi", {"registries."}, only=True),
    Offers("hubcli help ", {"references", "exit-codes", "environment", "auth", "tag"}),
    Offers("hubcli help refere", {"references"}, only=True),
    Offers("hubcli help tag l", {"ls"}, only=True),
    Offers("hubcli search --limit ", only=True),
    Offers("hubcli sandbox run ls --deb", refused={"--debug"}),
    Offers("hubcli sandbox run -- ls --deb", refused={"--debug"}),
    Offers("hubcli sandbox run --deb", {"--debug"}, only=True),
    Offers("hubcli repo create --description 'a tag' --pr", {"--private"}, only=True),
]
"""Lines that hubcli need not be started for."""

DYNAMIC = [
    Offers("hubcli tag ls ali", {"alice/app"}, asks=("repository", "ali")),
    Offers("hubcli tag ls x ali", {"alice/app"}, asks=("repository", "ali")),
    Offers("hubcli repo inspect ", {"alice/app", "quay.io/"}, asks=("repository", "")),
    Offers("hubcli pull alice/app:v", _TAGS, only=True, asks=("reference", "alice/app:v")),
    Offers("hubcli pull alice/app:", _TAGS, only=True, asks=("reference", "alice/app:")),
    Offers("hubcli tag rm -- alice/app:v", _TAGS, only=True, asks=("reference", "alice/app:v")),
    Offers("hubcli copy alice/app:v1 quay", {"quay.io/"}, only=True, asks=("reference", "quay")),
    Offers("hubcli cp alice/app:v", _TAGS, only=True, asks=("reference", "alice/app:v")),
    Offers("hubcli login quay", {"quay.io/"}, only=True, asks=("registry", "quay")),
    Offers("hubcli registry ls quay", {"quay.io/"}, only=True, asks=("registry", "quay")),
]
"""Lines for which hubcli is asked for names."""


def by_line(offers: list[Offers]) -> list[object]:
    return [pytest.param(one, id=one.line) for one in offers]


@dataclass(frozen=True)
class FakeHubcli:
    """A program `hubcli` that notes how it is called, and gives the answers it was told."""

    directory: Path

    def calls(self) -> list[list[str]]:
        """The arguments of each call."""
        log = self.directory / "calls"
        lines = log.read_text().splitlines() if log.exists() else []
        return [line.split("\x1f")[:-1] for line in lines]

    def answer(self, *names: str) -> None:
        text = "".join(f"{name}\n" for name in names)
        (self.directory / "answers").write_text(text, encoding="utf-8")

    def forget(self) -> None:
        (self.directory / "calls").unlink(missing_ok=True)

    @property
    def path(self) -> str:
        """PATH with this program before all others."""
        return f"{self.directory / 'bin'}:{os.environ['PATH']}"


def fake_hubcli(directory: Path) -> FakeHubcli:
    """Installed as `directory`/bin/hubcli."""
    program = directory / "bin" / "hubcli"
    program.parent.mkdir(parents=True)
    program.write_text(
        "#!/bin/sh\n"
        f"""{{ printf '%s\\037' "$@"; echo; }} >> '{directory}/calls'\n"""
        f"cat '{directory}/answers'\n"
    )
    program.chmod(0o755)
    fake = FakeHubcli(directory)
    fake.answer(*ANSWERS)
    return fake
