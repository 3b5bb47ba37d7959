"""`build`: automated builds, by the rules of a repository or the secret address of a trigger."""

from __future__ import annotations

from support.errands.world import Errand, Errands, World, with_tags


def _built(world: World) -> None:
    """A repository that is built from a branch."""
    with_tags(world)
    found = world.facts()
    assert found is not None
    source = world.sandbox.parts.builds.configure(
        found.id, "errands", "source", {"latest": ("Branch", "main")}
    )
    world.notes["url"] = (
        f"https://hub.docker.com/api/build/v1/source/{source['uuid']}"
        f"/trigger/{source['trigger_uuid']}/call/"
    )


def _times_built(world: World) -> int:
    found = world.facts()
    assert found is not None
    return len(world.sandbox.parts.builds.history(found.id))


def _once_or_twice(world: World) -> bool:
    """A second time where it was not known of the first, which was said; never more often."""
    return 1 <= _times_built(world) <= 2


ERRANDS: Errands = {
    "build source": Errand(lambda w: ("build", "source", w.repository), _built),
    "build history": Errand(lambda w: ("build", "history", w.repository), _built),
    "build export": Errand(
        lambda w: ("build", "export", w.repository, "-o", "builds.json"),
        _built,
        lambda w: w.has_file("builds.json"),
    ),
    "build trigger": Errand(lambda w: ("build", "trigger", w.repository), _built, _once_or_twice),
    "build trigger, by its address": Errand(
        lambda _: ("build", "trigger", "--url-stdin", "--branch", "main"),
        _built,
        _once_or_twice,
        stdin=lambda w: w.notes["url"],
    ),
}
