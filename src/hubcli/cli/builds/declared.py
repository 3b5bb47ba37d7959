"""The group that the commands register in, their views, and what they all say."""

from __future__ import annotations

from hubcli.cli.commands import Commands
from hubcli.cli.repo.names import on_hub
from hubcli.cli.runtime import Runtime
from hubcli.output import Field, Kind, View

group = Commands("See, trigger and export automated builds, which Docker Hub retires.")

SOURCE = View(
    "source",
    (
        Field("source", default=True),
        Field("provider", default=True),
        Field("state", default=True),
        Field("autotests"),
        Field("uuid"),
        Field("address"),
        Field("as_sent", Kind.OBJECT),
    ),
    key="source",
)
BUILD = View(
    "build",
    (
        Field("tag", default=True),
        Field("state", default=True),
        Field("commit", default=True),
        Field("created", Kind.TIME, default=True),
        Field("source"),
        Field("id"),
        Field("entry", Kind.OBJECT),
    ),
    key="tag",
)
RULE = View(
    "rule",
    (
        Field("type", default=True),
        Field("name", default=True),
        Field("tag", default=True),
        Field("dockerfile"),
        Field("context"),
        Field("autobuild", Kind.BOOL),
        Field("state"),
        Field("uuid"),
        Field("as_sent", Kind.OBJECT),
    ),
    key="tag",
)
SOURCES = "GET /api/build/v1/source"
RULES = "GET /api/build/v1/setting"


def built_path(runtime: Runtime, repository: str, action: str) -> str:
    """The `namespace/name` to work on; says on stderr how long there will be such builds."""
    path = on_hub(repository, action, "{host} builds nothing, Docker Hub does").path
    say_retirement(runtime)
    return path


def say_retirement(runtime: Runtime) -> None:
    from hubcli.hub.builds import RETIREMENT

    runtime.output.warning(f"Docker Hub retires automated builds on {RETIREMENT}")
