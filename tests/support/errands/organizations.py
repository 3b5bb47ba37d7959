"""`org` but for its people, `apply` and `export-config`: what an organization has and sets."""

from __future__ import annotations

import json
from sqlite3 import Row

from hubcli.sandbox import seed
from hubcli.sandbox.orgsettings import REGISTRY_ACCESS, RESTRICTED_IMAGES
from support.errands.world import NOT_THERE, Errand, Errands, World, reading
from support.organizations import new_organization

_RESOURCES = [{"type": "TYPE_ORG", "path": "x", "scopes": ["scope-member-read"]}]
_KEY = "restricted_images.enabled"


def _business(world: World) -> str:
    """One whose plan includes everything; the same whenever asked in this world."""
    if "business" not in world.notes:
        world.notes["business"] = new_organization(world.sandbox)
    return world.notes["business"]


def _with_token(world: World, *, is_active: bool = True) -> None:
    world.notes["token"], _ = world.sandbox.parts.accounts.add_token(
        _business(world), "ci", _RESOURCES, kind="oat", is_active=is_active
    )


def _of_token(world: World, verb: str, *more: str) -> tuple[str, ...]:
    return "org", "token", verb, _business(world), world.notes["token"], *more


def _tokens(world: World) -> list[Row]:
    return world.sandbox.parts.accounts.tokens(_business(world))


def _active(world: World) -> list[bool]:
    return [bool(token["is_active"]) for token in _tokens(world)]


def _setting(world: World, kind: str, key: str) -> object:
    return world.sandbox.parts.settings.get(_business(world), kind)[key]


def _applied(world: World) -> str:
    document = {
        "organization": world.organization(),
        "teams": {"ops": {"description": "Run it", "members": ["carol", "new@example.com"]}},
        "repositories": {
            "site": {
                "description": "The site",
                "teams": {"ops": "write"},
                "webhooks": {"ci": "https://ci.example/"},
            },
            "tool": {"visibility": "private", "categories": ["web-servers"]},
        },
    }
    return world.file("org.json", json.dumps(document))


ERRANDS: Errands = {
    "org ls": reading("org", "ls"),
    "org inspect": reading("org", "inspect", seed.ORGANIZATION),
    "org audit-log": reading("org", "audit-log", seed.ORGANIZATION, "--limit", "5"),
    "org audit-actions": reading("org", "audit-actions", seed.ORGANIZATION),
    "org export-members": Errand(
        lambda _: ("org", "export-members", seed.ORGANIZATION, "-o", "members.csv"),
        done=lambda w: w.has_file("members.csv"),
    ),
    "org settings": Errand(
        lambda w: ("org", "settings", _business(w), "--set", f"{_KEY}=true"),
        done=lambda w: _setting(w, RESTRICTED_IMAGES, "enabled") is True,
    ),
    "org registry-access": Errand(
        lambda w: ("org", "registry-access", _business(w), "--allow-registry", "ghcr.io=GitHub",
                   "--enable"),
        done=lambda w: _setting(w, REGISTRY_ACCESS, "enabled") is True,
    ),
    "org token ls": Errand(lambda w: ("org", "token", "ls", _business(w)), _with_token),
    "org token inspect": Errand(lambda w: _of_token(w, "inspect"), _with_token),
    "org token create": Errand(
        lambda w: ("org", "token", "create", _business(w), "ci", "--scope", "member-read"),
        # As with those of people.
        done=lambda w: 1 <= len(_tokens(w)) <= 2,
    ),
    "org token edit": Errand(
        lambda w: _of_token(w, "edit", "--label", "cd", "--scope", "invite-read"),
        _with_token,
        lambda w: [token["label"] for token in _tokens(w)] == ["cd"],
    ),
    "org token activate": Errand(
        lambda w: _of_token(w, "activate"),
        lambda w: _with_token(w, is_active=False),
        lambda w: _active(w) == [True],
    ),
    "org token deactivate": Errand(
        lambda w: _of_token(w, "deactivate"), _with_token, lambda w: _active(w) == [False]
    ),
    "org token rm": Errand(
        lambda w: _of_token(w, "rm", "--yes"),
        _with_token,
        lambda w: _tokens(w) == [],
        again=NOT_THERE,
    ),
    "apply": Errand(
        lambda w: ("apply", _applied(w), "--yes"),
        done=lambda w: w.look("apply", "org.json", "--dry-run", "--format", "json").json() == [],
    ),
    "export-config": reading("export-config", seed.ORGANIZATION),
}  # fmt: skip
