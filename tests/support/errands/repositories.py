"""`repo`: on Docker Hub, and in a registry with an API of its own."""

from __future__ import annotations

from support.errands.world import (
    NOT_THERE,
    THERE,
    USER,
    Errand,
    Errands,
    World,
    reading,
    with_tags,
)
from support.hub_repositories import hub_repository


def _own(world: World) -> str:
    """A repository of a person: only these have collaborators."""
    return f"{USER}/errand-{world.number}"


def _with_collaborator(world: World) -> None:
    hub_repository(world.sandbox, _own(world), {"v1": "one"})
    world.arrange("repo", "collaborator", "add", _own(world), "carol", "-q")


def _collaborators(world: World) -> list[str]:
    found = world.sandbox.parts.repositories.find(_own(world))
    assert found is not None
    return world.sandbox.parts.collaborators.of(found.id)


def _is_there(world: World) -> bool:
    return world.facts() is not None


def _starred(world: World) -> bool:
    found = world.facts()
    assert found is not None
    return world.sandbox.parts.repositories.has_starred(found, USER)


def _with_star(world: World) -> None:
    with_tags(world)
    world.arrange("repo", "star", world.repository)


def _edited(world: World) -> bool:
    found = world.facts()
    assert found is not None
    return (
        found.is_private
        and (found.description, found.full_description) == ("changed", "# Changed\n")
        and found.categories == ("web-servers",)
        and found.immutable_rules == ("v.*",)
    )


def _copied(world: World, to: str) -> bool:
    """Whether all tags are in another repository, and nothing else is."""
    parts = world.sandbox.parts
    found = parts.repositories.find(f"{world.repository}-{to}")
    return (
        found is not None
        and found.description == "moves"
        and parts.storage.tags.names(found.path) == ["v1", "v2"]
    )


def _to_be_moved(world: World) -> None:
    with_tags(world)
    found = world.facts()
    assert found is not None
    world.sandbox.parts.repositories.change(found, description="moves")


# At Quay


def _at_quay(world: World) -> str:
    return f"quay.io/acme/errand-{world.number}"


def _pushed_to_quay(world: World) -> None:
    world.arrange("push", world.layout(), f"{_at_quay(world)}:v1")


def _shown_at_quay(world: World) -> str:
    return world.look("repo", "inspect", _at_quay(world), "--format", "json").stdout


ERRANDS: Errands = {
    "repo ls": reading("repo", "ls", "acme"),
    "repo inspect": reading("repo", "inspect", "acme/api"),
    "repo readme": reading("repo", "readme", "library/hello-world"),
    "repo create": Errand(
        lambda w: ("repo", "create", w.repository, "--private", "--description", "made"),
        done=_is_there,
        again=THERE,
    ),
    "repo create, elsewhere": Errand(
        lambda w: ("repo", "create", _at_quay(w), "--private", "--description", "made"),
        done=lambda w: '"made"' in _shown_at_quay(w),
        again=THERE,
        place="quay",
    ),
    "repo edit": Errand(
        lambda w: ("repo", "edit", w.repository, "--private", "--description", "changed",
                   "--readme", w.file("README.md", "# Changed\n"), "--category", "web-servers",
                   "--immutable-tags", "v.*", "--yes"),
        with_tags,
        _edited,
    ),
    "repo edit, elsewhere": Errand(
        lambda w: ("repo", "edit", _at_quay(w), "--public", "--description", "changed", "--yes"),
        _pushed_to_quay,
        lambda w: '"changed"' in _shown_at_quay(w) and '"public"' in _shown_at_quay(w),
        place="quay",
    ),
    "repo rm": Errand(
        lambda w: ("repo", "rm", w.repository, "--yes"),
        with_tags,
        lambda w: not _is_there(w),
        again=NOT_THERE,
    ),
    "repo rm, elsewhere": Errand(
        lambda w: ("repo", "rm", _at_quay(w), "--yes"),
        _pushed_to_quay,
        lambda w: w.look("repo", "inspect", _at_quay(w)).exit_code == 3,
        again=NOT_THERE,
        place="quay",
    ),
    "repo copy": Errand(
        lambda w: ("repo", "copy", w.repository, f"{w.repository}-copy"),
        _to_be_moved,
        lambda w: _copied(w, "copy"),
    ),
    "repo rename": Errand(
        lambda w: ("repo", "rename", w.repository, f"{w.repository}-new", "--yes"),
        _to_be_moved,
        lambda w: _copied(w, "new") and not _is_there(w),
        again=NOT_THERE,
    ),
    "repo star": Errand(lambda w: ("repo", "star", w.repository), with_tags, _starred),
    "repo unstar": Errand(
        lambda w: ("repo", "unstar", w.repository), _with_star, lambda w: not _starred(w)
    ),
    "repo permission ls": reading("repo", "permission", "ls", "acme/api"),
    "repo verify-tags": Errand(lambda w: ("repo", "verify-tags", w.repository, "v.*"), with_tags),
    "repo collaborator ls": Errand(
        lambda w: ("repo", "collaborator", "ls", _own(w)), _with_collaborator
    ),
    "repo collaborator add": Errand(
        lambda w: ("repo", "collaborator", "add", _own(w), "carol", "dave"),
        lambda w: hub_repository(w.sandbox, _own(w), {"v1": "one"}),
        lambda w: _collaborators(w) == ["carol", "dave"],
    ),
    "repo collaborator rm": Errand(
        lambda w: ("repo", "collaborator", "rm", _own(w), "carol", "--yes"),
        _with_collaborator,
        lambda w: _collaborators(w) == [],
        again=NOT_THERE,
    ),
}  # fmt: skip
