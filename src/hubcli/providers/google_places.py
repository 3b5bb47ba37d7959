"""Where a path leads at Google: a project, a repository of it at the host's location, an image."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hubcli.providers.calls import segment

_OF_CONTAINER_REGISTRY = {
    "gcr.io": "us",
    "us.gcr.io": "us",
    "eu.gcr.io": "europe",
    "asia.gcr.io": "asia",
}
"""The locations of the repositories that have taken over Container Registry, named as its hosts."""
_LOCATION = re.compile(r"(?:docker\.)?([a-z0-9-]+?)(?:-docker\.pkg|\.rep\.pkg)\.dev")
_API = "https://artifactregistry.googleapis.com"
_REGIONAL_API = "https://artifactregistry.{location}.rep.googleapis.com"


@dataclass(frozen=True, slots=True)
class Place:
    """Empty are a `repository` where a whole project is meant, and an `image` where all are.

    `above` is what references have before the image. Names are spelled as gcloud has them in paths.
    """

    project: str
    location: str
    repository: str
    image: str
    above: str

    @property
    def parent(self) -> str:
        """The API's name for the location in the project."""
        return f"projects/{segment(self.project)}/locations/{segment(self.location)}"

    @property
    def name(self) -> str:
        """The API's name for the repository."""
        return f"{self.parent}/repositories/{segment(self.repository)}"

    @property
    def package(self) -> str:
        """The API's name for the image; slashes are coded in it, and that is coded in the path."""
        return f"{self.name}/packages/{segment(segment(self.image))}"


def place(host: str, path: str) -> Place | None:
    """None at hosts that are no project's, such as mirror.gcr.io.

    The project of a domain, `example.com:acme`, is spelled with a slash in references.
    """
    project, _, rest = path.partition("/")
    if "." in project and rest:
        name, _, rest = rest.partition("/")
        above, project = f"{project}/{name}", f"{project}:{name}"
    else:
        above = project
    location = _OF_CONTAINER_REGISTRY.get(host)
    if location is not None:
        return Place(project, location, host, rest, above)
    found = _LOCATION.fullmatch(host)
    if found is None:
        return None
    repository, _, image = rest.partition("/")
    return Place(
        project, found[1], repository, image, f"{above}/{repository}" if repository else above
    )


def is_container_registry(host: str) -> bool:
    """Whether the host itself is the name of the repository: references have none."""
    return host in _OF_CONTAINER_REGISTRY


def api_of(host: str) -> str:
    """Where the API is usually; a regional host keeps what it is told in its region."""
    found = _LOCATION.fullmatch(host)
    if found is not None and host.endswith(".rep.pkg.dev"):
        return _REGIONAL_API.format(location=found[1])
    return _API
