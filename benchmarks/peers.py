"""How each peer that is on PATH is told to do what hubcli does; all speak plain HTTP here."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

HUBCLI = [str(Path(sys.executable).with_name("hubcli"))]

Command = list[str]


@dataclass(frozen=True)
class Moves:
    """Commands that move images: references HOST/REPOSITORY:latest, and directories that are OCI
    layouts."""

    pull: Callable[[str, Path], Command]
    push: Callable[[Path, str], Command]
    copy: Callable[[str, str], Command]


@dataclass(frozen=True)
class Tool:
    """Commands for references HOST/REPOSITORY:TAG; one that moves no images has no `moves`."""

    name: str
    version: Sequence[str]
    digest: Callable[[str], Command]
    tags: Callable[[str], Command]
    """Of HOST/REPOSITORY."""
    moves: Moves | None = None


def _regctl(*hosts: str) -> Command:
    return ["regctl", *(word for host in hosts for word in ("--host", f"reg={host},tls=disabled"))]


def _regctl_copy(source: str, destination: str) -> Command:
    hosts = {one.partition("/")[0] for one in (source, destination) if "ocidir" not in one}
    return [*_regctl(*sorted(hosts)), "image", "copy", source, destination]


def _skopeo(*words: str) -> Command:
    return ["skopeo", "--insecure-policy", *words]


def _skopeo_copy(source: str, destination: str) -> Command:
    insecure = ["--src-tls-verify=false", "--dest-tls-verify=false"]
    return _skopeo("copy", "-q", *insecure, source, destination)


def _oras(flags: list[str], source: str, destination: str) -> Command:
    return ["oras", "cp", *flags, source, destination]


def _floor(*words: str) -> Command:
    return [sys.executable, "-m", "benchmarks.floor", *words]


def _parts(reference: str) -> tuple[str, str]:
    """The host and the repository in HOST/REPOSITORY:latest."""
    host, _, rest = reference.partition("/")
    return host, rest.removesuffix(":latest")


def _dxf(verb: str, reference: str) -> Command:
    """`DXF_HOST=… dxf VERB REPOSITORY [TAG]`."""
    host, _, rest = reference.partition("/")
    repository, _, tag = rest.partition(":")
    given = [f"DXF_HOST={host}", "DXF_INSECURE=1"]
    return ["env", *given, "dxf", verb, repository, *([tag] if tag else [])]


OWN_MOVES = Moves(
    pull=lambda reference, directory: [*HUBCLI, "pull", "-q", reference, f"oci:{directory}:latest"],
    push=lambda directory, reference: [*HUBCLI, "push", "-q", f"oci:{directory}:latest", reference],
    copy=lambda source, destination: [*HUBCLI, "copy", "-q", source, destination],
)
OWN = Tool(
    "hubcli",
    version=[*HUBCLI, "--version"],
    digest=lambda reference: [*HUBCLI, "digest", reference],
    tags=lambda repository: [*HUBCLI, "tag", "ls", repository],
    moves=OWN_MOVES,
)
FLOOR = Moves(
    pull=lambda reference, directory: _floor("pull", *_parts(reference), str(directory)),
    push=lambda directory, reference: _floor("push", str(directory), *_parts(reference)),
    copy=lambda source, destination: _floor("copy", *_parts(source), *_parts(destination)),
)
"""The least that moving an image takes in Python; no peer."""
_GO: Mapping[str, Tool] = {
    "crane": Tool(
        "crane",
        version=["crane", "version"],
        digest=lambda reference: ["crane", "digest", "--insecure", reference],
        tags=lambda repository: ["crane", "ls", "--insecure", repository],
        moves=Moves(
            pull=lambda reference, directory: [
                *("crane", "pull", "--insecure", "--format=oci", reference, str(directory))
            ],
            push=lambda directory, reference: [
                *("crane", "push", "--insecure", str(directory), reference)
            ],
            copy=lambda source, destination: ["crane", "copy", "--insecure", source, destination],
        ),
    ),
    "regctl": Tool(
        "regctl",
        version=["regctl", "version"],
        digest=lambda one: [*_regctl(one.partition("/")[0]), "image", "digest", one],
        tags=lambda one: [*_regctl(one.partition("/")[0]), "tag", "ls", one],
        moves=Moves(
            pull=lambda reference, directory: _regctl_copy(
                reference, f"ocidir://{directory}:latest"
            ),
            push=lambda directory, reference: _regctl_copy(
                f"ocidir://{directory}:latest", reference
            ),
            copy=_regctl_copy,
        ),
    ),
    "oras": Tool(
        "oras",
        version=["oras", "version"],
        digest=lambda reference: ["oras", "resolve", "--plain-http", reference],
        tags=lambda repository: ["oras", "repo", "tags", "--plain-http", repository],
        moves=Moves(
            pull=lambda reference, directory: _oras(
                ["--from-plain-http", "--to-oci-layout"], reference, f"{directory}:latest"
            ),
            push=lambda directory, reference: _oras(
                ["--from-oci-layout", "--to-plain-http"], f"{directory}:latest", reference
            ),
            copy=lambda source, destination: _oras(
                ["--from-plain-http", "--to-plain-http"], source, destination
            ),
        ),
    ),
    "skopeo": Tool(
        "skopeo",
        version=["skopeo", "--version"],
        digest=lambda reference: _skopeo(
            *("inspect", "-n", "--tls-verify=false", "--format", "{{.Digest}}"),
            f"docker://{reference}",
        ),
        tags=lambda one: _skopeo("list-tags", "--tls-verify=false", f"docker://{one}"),
        moves=Moves(
            pull=lambda reference, directory: _skopeo_copy(
                f"docker://{reference}", f"oci:{directory}:latest"
            ),
            push=lambda directory, reference: _skopeo_copy(
                f"oci:{directory}:latest", f"docker://{reference}"
            ),
            copy=lambda source, destination: _skopeo_copy(
                f"docker://{source}", f"docker://{destination}"
            ),
        ),
    ),
}
_PYTHON: Mapping[str, Tool] = {
    "dxf": Tool(
        "dxf",
        version=["dxf"],
        digest=lambda reference: _dxf("get-digest", reference),
        tags=lambda repository: _dxf("list-aliases", repository),
    ),
}


def go() -> list[Tool]:
    """The peers in Go that are here, which are the ones to be as fast as."""
    return [tool for name, tool in _GO.items() if shutil.which(name)]


def all_here() -> list[Tool]:
    """All peers that are here."""
    return [*go(), *(tool for name, tool in _PYTHON.items() if shutil.which(name))]
