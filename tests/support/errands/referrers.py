"""`referrer`: what is attached to images, in registries that list it and in those that do not."""

from __future__ import annotations

import json

from support.errands.world import Errand, Errands, World, reading, with_tags

_AUDIT = "application/vnd.acme.audit"


def _attach(world: World) -> tuple[str, ...]:
    audit = world.file("audit.json", '{"passed": true}')
    return "referrer", "attach", f"{world.repository}:v1", audit, "--type", _AUDIT


def _attached(world: World) -> int:
    argv = ("referrer", "ls", f"{world.repository}:v1", "--format", "json")
    return len(json.loads(world.arrange(*argv)))


def _with_audit(world: World) -> None:
    with_tags(world)
    world.arrange(*_attach(world))


ERRANDS: Errands = {
    "referrer ls": reading("referrer", "ls", "library/hello-world"),
    "referrer get": Errand(
        lambda w: ("referrer", "get", f"{w.repository}:v1", "--type", _AUDIT, "-o", "audit"),
        _with_audit,
        lambda w: w.has_file("audit"),
    ),
    "referrer attach": Errand(_attach, with_tags, lambda w: _attached(w) == 1),
}
