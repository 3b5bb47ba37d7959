"""How an image runs, and changes to that (image-spec 1.1, config.md, "Properties")."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hubcli.authoring.parts import Parts


@dataclass(frozen=True)
class Settings:
    """What of a configuration is to be changed; None and empty leave a thing as it is.

    A new `entrypoint` takes the old command away, as in a Dockerfile. `created` is RFC 3339.
    """

    labels: Mapping[str, str] = field(default_factory=dict)
    removed_labels: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    removed_env: tuple[str, ...] = ()
    entrypoint: list[str] | None = None
    cmd: list[str] | None = None
    user: str | None = None
    workdir: str | None = None
    ports: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    created: str | None = None

    def __call__(self, parts: Parts) -> None:
        """Change an image."""
        config = parts.config
        run = config.get("config")
        settings = dict(run) if isinstance(run, dict) else {}
        self._change(settings)
        if settings or isinstance(run, dict):
            config["config"] = settings
        if self.created is not None:
            config["created"] = self.created

    def _change(self, run: dict[str, Any]) -> None:
        _members(run, "Labels", self.labels, self.removed_labels)
        self._change_env(run)
        if self.entrypoint is not None:
            _set(run, "Entrypoint", self.entrypoint)
            run.pop("Cmd", None)
        if self.cmd is not None:
            _set(run, "Cmd", self.cmd)
        if self.user is not None:
            _set(run, "User", self.user)
        if self.workdir is not None:
            _set(run, "WorkingDir", self.workdir)
        _members(run, "ExposedPorts", {port: {} for port in self.ports}, ())
        _members(run, "Volumes", {volume: {} for volume in self.volumes}, ())

    def _change_env(self, run: dict[str, Any]) -> None:
        """Variables keep their places; new ones come last."""
        if not self.env and not self.removed_env:
            return
        found = run.get("Env")
        old = [one for one in found if isinstance(one, str)] if isinstance(found, list) else []
        new = dict(self.env)
        kept = []
        for one in old:
            name = one.partition("=")[0]
            if name in new:
                kept.append(f"{name}={new.pop(name)}")
            elif name not in self.removed_env:
                kept.append(one)
        _set(run, "Env", kept + [f"{name}={value}" for name, value in new.items()])


def _set(run: dict[str, Any], name: str, value: object) -> None:
    """Set a member; what is empty is left out."""
    if value:
        run[name] = value
    else:
        run.pop(name, None)


def _members(
    run: dict[str, Any], name: str, new: Mapping[str, object], removed: tuple[str, ...]
) -> None:
    if not new and not removed:
        return
    found = run.get(name)
    kept = dict(found) if isinstance(found, dict) else {}
    for key in removed:
        kept.pop(key, None)
    _set(run, name, {**kept, **new})
