"""`webhook`: whom Docker Hub tells of pushes."""

from __future__ import annotations

from support.errands.world import NOT_THERE, THERE, Errand, Errands, World, with_tags

_URL = "https://ci.example/"


def _with_webhook(world: World) -> None:
    with_tags(world)
    found = world.facts()
    assert found is not None
    world.sandbox.parts.webhooks.create(found.id, "ci", _URL)


def _names(world: World) -> list[str]:
    found = world.facts()
    assert found is not None
    return [each["name"] for each in world.sandbox.parts.webhooks.of(found.id)]


ERRANDS: Errands = {
    "webhook ls": Errand(lambda w: ("webhook", "ls", w.repository), _with_webhook),
    "webhook history": Errand(lambda w: ("webhook", "history", w.repository, "ci"), _with_webhook),
    "webhook create": Errand(
        lambda w: ("webhook", "create", w.repository, "ci", _URL),
        with_tags,
        lambda w: _names(w) == ["ci"],
        again=THERE,
    ),
    "webhook rm": Errand(
        lambda w: ("webhook", "rm", w.repository, "ci", "--yes"),
        _with_webhook,
        lambda w: _names(w) == [],
        again=NOT_THERE,
    ),
}
