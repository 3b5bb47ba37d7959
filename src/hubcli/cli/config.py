"""`hubcli config`: read and change the configuration file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hubcli.cli.commands import Commands, Rows, Shown
from hubcli.cli.runtime import Runtime
from hubcli.errors import HubcliError, NotFound
from hubcli.output import Field, Row, View

if TYPE_CHECKING:
    from hubcli.config import Settings

group = Commands("Read and change the configuration.")

SETTING = View(
    "setting",
    (Field("key", default=True), Field("value", default=True), Field("source", default=True)),
    key="key",
)

Key = Annotated[
    str,
    typer.Argument(metavar="KEY", help="defaults.KEY, hub.KEY or registries.HOST.KEY."),
]


@group.command("ls", shows=SETTING, network=False)
def ls(
    runtime: Runtime,
    all: Annotated[bool, typer.Option("--all", help="Show what is not set, too.")] = False,
) -> Shown:
    """List what is configured."""
    return Rows(_settings(runtime.settings, everything=all))


@group.command("get", network=False)
def get(runtime: Runtime, key: Key) -> None:
    """Print the value of one key."""
    from hubcli import config

    value = _value(runtime.settings, config.key_path(key))
    if value in (None, ()):
        raise NotFound("it is not set", action="get", reference=key)
    runtime.output.text(_shown(value))


@group.command("set", network=False)
def set_(
    runtime: Runtime,
    key: Key,
    value: Annotated[str, typer.Argument(help="The value; lists have commas between.")],
) -> None:
    """Set a key; comments and order of the file stay.

    \b
    Examples:
      hubcli config set defaults.namespace my-org
      hubcli config set registries.registry.example:5000.plain_http true
    """
    from hubcli import config

    path = config.key_path(key)
    _write(runtime, path, config.parse_value(path, value))


@group.command("unset", network=False)
def unset(runtime: Runtime, key: Key) -> None:
    """Remove a key; removing what is not there is no error."""
    from hubcli import config

    _write(runtime, config.key_path(key), None)


@group.command("path", network=False)
def path(runtime: Runtime) -> None:
    """Print where the configuration file is, or would be."""
    runtime.output.text(str(_file(runtime)))


def _settings(settings: Settings, *, everything: bool) -> Iterator[Row]:
    from dataclasses import fields

    from hubcli.config import TABLES, Defaults, HubSettings, RegistryRow

    tables: list[tuple[str, Defaults | HubSettings | RegistryRow]] = [
        ("defaults", settings.defaults),
        ("hub", settings.hub),
        *((f"registries.{host}", row) for host, row in sorted(settings.registries.items())),
    ]
    for name, table in tables:
        plain = TABLES[name.partition(".")[0]]()
        for entry in fields(table):
            value = getattr(table, entry.name)
            changed = value != getattr(plain, entry.name)
            if changed or everything:
                source = "file" if changed else "default"
                shown = list(value) if isinstance(value, tuple) else value
                yield {"key": f"{name}.{entry.name}", "value": shown, "source": source}


def _value(settings: Settings, path: tuple[str, ...]) -> object:
    from hubcli.config import RegistryRow

    tables = {"defaults": settings.defaults, "hub": settings.hub}
    if len(path) == 2:
        return getattr(tables[path[0]], path[1])
    return getattr(settings.registries.get(path[1], RegistryRow()), path[2])


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(value) if isinstance(value, tuple) else str(value)


def _file(runtime: Runtime) -> Path:
    from hubcli import config

    return config.config_path(runtime.environ, runtime.config_file)


def _write(runtime: Runtime, path: tuple[str, ...], value: object | None) -> None:
    """Change the file under its lock; what it says afterwards has been read and checked."""
    from hubcli import config, config_edit, files

    file = _file(runtime)
    try:
        with files.locked(file):
            text = file.read_text(encoding="utf-8") if file.exists() else ""
            config.parse(text, file, runtime.environ)
            edited = config_edit.change(text, path, value)
            config.parse(edited, file, runtime.environ)
            if edited != text:
                files.replace(file, edited.encode(), mode=0o644)
    except OSError as error:
        raise HubcliError(
            error.strerror or str(error), action="write", reference=str(file), code="SYSTEM"
        ) from error
