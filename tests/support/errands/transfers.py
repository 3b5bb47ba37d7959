"""`pull`, `push`, `copy`, `sync`: images, artifacts, and many at once."""

from __future__ import annotations

import json

from support.errands.world import Errand, Errands, World

_MODEL = "application/vnd.acme.model"


def _mirrors(world: World) -> str:
    entry = {"source": "library/hello-world", "target": world.repository, "filter": "latest"}
    return world.file("mirrors.json", json.dumps({"sync": [entry]}))


def _list(world: World) -> str:
    wanted = "library/hello-world:latest\nacme/api:latest\n"
    return world.file("images.txt", wanted)


def _with_artifact(world: World) -> None:
    world.file("model.bin", b"model" * 1000)
    world.arrange("push", "--artifact", _MODEL, "model.bin", f"{world.repository}:v1")
    (world.directory / "model.bin").unlink()


ERRANDS: Errands = {
    "pull": Errand(
        lambda _: ("pull", "library/hello-world", "oci:out:v1", "--all-platforms"),
        done=lambda w: w.look("digest", "oci:out:v1").exit_code == 0,
    ),
    "pull, an artifact": Errand(
        lambda w: ("pull", f"{w.repository}:v1", "out"),
        _with_artifact,
        lambda w: w.has_file("out/model.bin"),
    ),
    "push": Errand(
        lambda w: ("push", w.layout(), f"{w.repository}:v1"), done=lambda w: w.tags() == ["v1"]
    ),
    "push, an artifact": Errand(
        lambda w: ("push", "--artifact", _MODEL, w.file("model.bin", b"model"),
                   f"{w.repository}:v1"),
        done=lambda w: w.tags() == ["v1"],
    ),
    "push, in chunks": Errand(
        lambda w: ("push", w.layout(), f"{w.repository}:v1", "--chunk-size", "100"),
        done=lambda w: w.tags() == ["v1"],
    ),
    "copy": Errand(
        lambda w: ("copy", "library/hello-world", f"{w.repository}:v1"),
        done=lambda w: w.tags() == ["v1"],
    ),
    "copy, many": Errand(
        lambda w: ("copy", "--from-file", _list(w), "oci-archive:images.tar", "--all-platforms"),
        done=lambda w: len(w.look("repo", "ls", "oci-archive:images.tar", "-q").lines()) == 2,
    ),
    "sync": Errand(
        lambda w: ("sync", _mirrors(w), "--yes"), done=lambda w: w.tags() == ["latest"]
    ),
}  # fmt: skip
