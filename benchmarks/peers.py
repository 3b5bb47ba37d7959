"""How each peer that is on PATH is told to do what hubcli does; all speak plain HTTP here."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

HUBCLI = [str(Path(sys.executable).with_name("hubcli"))]


@dataclass(frozen=True)
class Tool:
    """Commands for references HOST/REPOSITORY:TAG and directories that are OCI layouts."""

    name: str
    pull: Callable[[str, Path], list[str]]
    push: Callable[[Path, str], list[str]]
    copy: Callable[[str, str], list[str]]


def _regctl(source: str, destination: str) -> list[str]:
    hosts = {one.partition("/")[0] for one in (source, destination) if "ocidir" not in one}
    given = [word for host in hosts for word in ("--host", f"reg={host},tls=disabled")]
    return ["regctl", *given, "image", "copy", source, destination]


def _skopeo(source: str, destination: str) -> list[str]:
    flags = ["--insecure-policy", "copy", "-q", "--src-tls-verify=false", "--dest-tls-verify=false"]
    return ["skopeo", *flags, source, destination]


def _oras(flags: list[str], source: str, destination: str) -> list[str]:
    return ["oras", "cp", *flags, source, destination]


OWN = Tool(
    "hubcli",
    lambda reference, directory: [*HUBCLI, "pull", "-q", reference, f"oci:{directory}:latest"],
    lambda directory, reference: [*HUBCLI, "push", "-q", f"oci:{directory}:latest", reference],
    lambda source, destination: [*HUBCLI, "copy", "-q", source, destination],
)
_GO: Mapping[str, Tool] = {
    "crane": Tool(
        "crane",
        lambda reference, directory: [
            *("crane", "pull", "--insecure", "--format=oci", reference, str(directory))
        ],
        lambda directory, reference: ["crane", "push", "--insecure", str(directory), reference],
        lambda source, destination: ["crane", "copy", "--insecure", source, destination],
    ),
    "regctl": Tool(
        "regctl",
        lambda reference, directory: _regctl(reference, f"ocidir://{directory}:latest"),
        lambda directory, reference: _regctl(f"ocidir://{directory}:latest", reference),
        _regctl,
    ),
    "oras": Tool(
        "oras",
        lambda reference, directory: _oras(
            ["--from-plain-http", "--to-oci-layout"], reference, f"{directory}:latest"
        ),
        lambda directory, reference: _oras(
            ["--from-oci-layout", "--to-plain-http"], f"{directory}:latest", reference
        ),
        lambda source, destination: _oras(
            ["--from-plain-http", "--to-plain-http"], source, destination
        ),
    ),
}
_SKOPEO = Tool(
    "skopeo",
    lambda reference, directory: _skopeo(f"docker://{reference}", f"oci:{directory}:latest"),
    lambda directory, reference: _skopeo(f"oci:{directory}:latest", f"docker://{reference}"),
    lambda source, destination: _skopeo(f"docker://{source}", f"docker://{destination}"),
)


def fast() -> list[Tool]:
    """The Go peers that are here, which are the ones to be as fast as."""
    return [tool for name, tool in _GO.items() if shutil.which(name)]


def slow() -> list[Tool]:
    """skopeo, of which twice the speed is wanted where no other peer is here."""
    return [_SKOPEO] if shutil.which("skopeo") else []
