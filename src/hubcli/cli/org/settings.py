"""`hubcli org settings`: what an organization sets for its members."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any

import typer

from hubcli.cli.commands import Rows, Shown
from hubcli.cli.options import DryRun
from hubcli.cli.org.declared import Organization, group
from hubcli.cli.runtime import Runtime
from hubcli.errors import UsageError, doing
from hubcli.output import Field, Row, View

SETTING = View(
    "setting",
    (
        Field("key", default=True),
        Field("value", default=True, display="value_display"),
        Field("before", display="before_display"),
    ),
    key="key",
)
CHANGE = replace(SETTING, fields=tuple(replace(field, default=True) for field in SETTING.fields))


@group.command(
    "settings",
    shows=SETTING,
    calls=("GET /v2/orgs/{name}/settings", "PUT /v2/orgs/{name}/settings"),
)
def settings(
    runtime: Runtime,
    organization: Organization,
    set: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change this setting (repeatable)."),
    ] = None,
    dry_run: DryRun = False,
) -> Shown:
    """Show or change the settings of an organization.

    With --set the settings are shown that change, with what they were before; all others stay as
    they are. restricted_images.enabled lets members use only the images that the other two allow.

    \b
    Examples:
      hubcli org settings acme
      hubcli org settings acme --set restricted_images.enabled=true --dry-run
      hubcli org settings acme --set restricted_images.allow_verified_publishers=false
    """
    organizations = runtime.session.hub.organizations
    wishes = [_wish(text) for text in set or ()]
    with doing("change the settings of" if wishes else "read the settings of", organization):
        before = organizations.settings(organization)
        known = dict(_flat(before))
        if not wishes:
            return Rows(_row(key, value=value) for key, value in known.items())
        after = json.loads(json.dumps(before))
        for key, text in wishes:
            _put(after, key, _value(key, text, known))
        changed = {key: value for key, value in _flat(after) if value != known[key]}
        if not changed:
            runtime.output.notice(f"{organization} is set like that already")
        elif not dry_run:
            now = dict(_flat(organizations.set_settings(organization, after)))
            _warn_of_the_lost(runtime, changed, now)
    rows = (_row(key, value=value, before=known[key]) for key, value in changed.items())
    return Rows(rows, view=CHANGE)


def _row(key: str, **values: object) -> Row:
    """A setting that is off says so in a table, too, where a no is otherwise an empty cell."""
    displayed = {
        f"{name}_display": json.dumps(value)
        for name, value in values.items()
        if isinstance(value, bool)
    }
    return {"key": key, **values, **displayed}


def _wish(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise UsageError(f"--set takes KEY=VALUE, not {text!r}")
    return key, value


def _flat(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, object]]:
    """Every setting by its dotted name, whatever Hub may add to those we know."""
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _put(settings: dict[str, Any], key: str, value: object) -> None:
    *parents, last = key.split(".")
    for name in parents:
        settings = settings[name]
    settings[last] = value


def _value(key: str, text: str, known: Mapping[str, object]) -> object:
    """`text` as a value of the type that the setting has now."""
    if key not in known:
        raise UsageError(f"there is no setting {key!r}; there are {', '.join(known)}")
    if isinstance(known[key], bool):
        if text not in {"true", "false"}:
            raise UsageError(f"{key} is true or false, not {text!r}")
        return text == "true"
    if isinstance(known[key], str):
        return text
    try:
        return json.loads(text)
    except ValueError:
        raise UsageError(f"{key} takes JSON; now it is {json.dumps(known[key])}") from None


def _warn_of_the_lost(
    runtime: Runtime, wanted: Mapping[str, object], now: Mapping[str, object]
) -> None:
    lost: Sequence[str] = [key for key, value in wanted.items() if now.get(key, value) != value]
    if lost:
        runtime.output.warning(f"Docker Hub still has other values of {', '.join(lost)}")
