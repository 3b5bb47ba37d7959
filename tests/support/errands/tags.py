"""`tag`: on Docker Hub, in a registry, and where deleted tags come back."""

from __future__ import annotations

from support.errands.world import NOT_THERE, THERE, Errand, Errands, World, reading, with_tags


def _elsewhere(world: World) -> str:
    return f"{world.gateway.host}/{world.repository}"


def _two_in_a_registry(world: World) -> None:
    """Two tags of one image: the manifest has to stay when one of them goes."""
    for tag in ("v1", "v2"):
        world.arrange("push", world.layout(), f"{_elsewhere(world)}:{tag}")


def _undeletable(world: World) -> str:
    return f"quay.io/acme/errand-{world.number}:v1"


def _deleted_at_quay(world: World) -> None:
    world.arrange("push", world.layout(), _undeletable(world))
    world.arrange("tag", "rm", _undeletable(world), "--yes")


def _pruned(world: World) -> None:
    with_tags(world)
    world.arrange("tag", "prune", world.repository, "--keep", "1", "--yes", "--undo-file", "undo")


ERRANDS: Errands = {
    "tag ls": reading("tag", "ls", "acme/api"),
    "tag ls, elsewhere": Errand(
        lambda w: ("tag", "ls", _elsewhere(w), "--details"), _two_in_a_registry, place="registry"
    ),
    "tag inspect": reading("tag", "inspect", "library/hello-world:latest"),
    "tag cp": Errand(
        lambda w: ("tag", "cp", f"{w.repository}:v1", "stable"),
        with_tags,
        lambda w: w.tags() == ["stable", "v1", "v2"],
    ),
    "tag rm": Errand(
        lambda w: ("tag", "rm", f"{w.repository}:v1", "--yes"),
        with_tags,
        lambda w: w.tags() == ["v2"],
        again=NOT_THERE,
    ),
    "tag rm, elsewhere": Errand(
        lambda w: ("tag", "rm", f"{_elsewhere(w)}:v1", "--yes"),
        _two_in_a_registry,
        lambda w: w.look("tag", "ls", _elsewhere(w), "-q").lines() == ["v2"],
        again=NOT_THERE,
        place="registry",
    ),
    "tag prune": Errand(
        lambda w: ("tag", "prune", w.repository, "--keep", "1", "--yes"),
        with_tags,
        lambda w: w.tags() == ["v2"],
    ),
    "tag restore": Errand(
        lambda _: ("tag", "restore", "undo"), _pruned, lambda w: w.tags() == ["v1", "v2"]
    ),
    "tag undelete": Errand(
        lambda w: ("tag", "undelete", _undeletable(w)),
        _deleted_at_quay,
        lambda w: w.look("digest", _undeletable(w)).exit_code == 0,
        again=THERE,
        place="quay",
    ),
}
