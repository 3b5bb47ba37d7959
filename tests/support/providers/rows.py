"""The table of stand-ins: one row for each row of `hubcli.providers.rows`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from support.providers.acr import Azure
from support.providers.artifactory import ArtifactoryServer
from support.providers.ecr import elastic_registry
from support.providers.ecr_public import PublicGallery
from support.providers.ghcr import GitHub
from support.providers.gitlab import GitLab
from support.providers.google import Google
from support.providers.harbor import Harbor
from support.providers.plain import Distribution, Zot
from support.providers.quay import QuayRegistry
from support.providers.standin import Running


@dataclass(frozen=True)
class Bench:
    """What stand-ins are made of: a directory of their own, and programs that several share."""

    directory: Path
    moto: Callable[[], str]


STAND_INS: Mapping[str, Callable[[Bench], AbstractContextManager[Running]]] = {
    "ecr": lambda bench: elastic_registry(bench.moto()),
    "ecr-public": lambda _: PublicGallery().running(),
    "ghcr": lambda _: GitHub().running(),
    "quay": lambda _: QuayRegistry().running(),
    "artifactory": lambda _: ArtifactoryServer().running(),
    "acr": lambda bench: Azure(bench.directory).running(),
    "google": lambda bench: Google(bench.directory).running(),
    "harbor": lambda _: Harbor().running(),
    "gitlab": lambda _: GitLab().running(),
    "zot": lambda _: Zot().running(),
    "distribution": lambda _: Distribution().running(),
}
"""What serves a registry, by the name of its row."""
