"""GitHub Container Registry: the packages API of GitHub knows what `ghcr.io` does not tell.

API: GitHub REST, "Packages" (package_type=container). A package's version is a manifest; its
name is the digest, its tags are in `metadata.container.tags`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from hubcli import timestamps
from hubcli.auth.credentials import Credential, Kind
from hubcli.auth.tokens.fixed import FixedAuthorizer
from hubcli.errors import HubcliError, NotFound, NotSignedIn
from hubcli.providers import programs
from hubcli.providers.calls import Api, number, segment, text
from hubcli.providers.capabilities import (
    HasIdentity,
    ListsRepositories,
    ListsTags,
    ListsUntagged,
    RemovesManifests,
    RemovesRepositories,
    RestoresTags,
    Row,
    Searches,
    ShowsRepositories,
)
from hubcli.providers.provider import Provider, Surroundings

_API = "https://api.github.com"
_HEADERS = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
_CONTAINERS = {"package_type": "container", "per_page": 100}

_Object = Mapping[str, Any]


class GitHubPackages(
    Provider,
    HasIdentity,
    ListsRepositories,
    ShowsRepositories,
    RemovesRepositories,
    ListsTags,
    ListsUntagged,
    RemovesManifests,
    RestoresTags,
    Searches,
):
    """Repositories are the container packages of a user or an organization."""

    repository_fields = frozenset({"visibility", "description", "created", "updated"})
    tag_fields = ("digest", "updated", "pushed")
    bookkeeping = re.compile(r"sha256-[0-9a-f]{64}")  # the fallback lists of referrers
    refusals = {
        "repo edit": (
            "GitHub changes packages on its web page only",
            "https://{name} leads to the package's settings",
        ),
    }
    identities = "GITHUB_TOKEN, GH_TOKEN, `gh auth token`"

    def __init__(self, at: Surroundings) -> None:
        super().__init__(at)
        self._api = Api(
            at.http,
            at.api_url(_API),
            at.host,
            FixedAuthorizer(at.credential, bearer=True),
            headers=_HEADERS,
        )
        self._routes: dict[str, str] = {}

    def identity(self) -> Credential | None:
        """GitHub's own variables, else whom its command line is signed in as.

        The registry takes any user name beside a token.
        """
        environ = self.at.environ
        user = environ.get("GITHUB_ACTOR") or "token"
        for name in self.at.row.variables:
            if environ.get(name):
                return Credential(user, environ[name].strip(), name, Kind.PAT)
        token = programs.printed(environ, "gh", "auth", "token", "--hostname", "github.com")
        return None if token is None else Credential(user, token, "gh auth token", Kind.PAT)

    def repositories(self, namespace: str | None) -> Iterator[Row]:
        """GET /user/packages, or those of the owner that is the first part of `namespace`."""
        owner, _, below = (namespace or "").partition("/")
        route = f"{self._owner(owner)}/packages" if owner else "/user/packages"
        for package in self._api.rows(route, _CONTAINERS):
            row = self._row(package, owner)
            inside = not below or str(row and row["name"]).startswith(
                f"{self.at.host}/{namespace}/"
            )
            if row is not None and inside:
                yield row

    def repository(self, path: str) -> Row:
        """GET …/packages/container/{name}"""
        owner = path.partition("/")[0]
        row = self._row(self._api.get(self._package(path)).object(), owner)
        if row is None:
            raise NotFound("not found")
        return row

    def remove_repository(self, path: str) -> None:
        """DELETE …/packages/container/{name}"""
        self._api.send("DELETE", self._package(path))

    def tags(self, path: str) -> Iterator[Row]:
        """GET …/packages/container/{name}/versions"""
        for version in self._told_versions(path):
            for tag in _tags(version):
                yield {"name": tag, **_version_row(version)}

    def untagged(self, path: str) -> Iterator[Row]:
        """GET …/packages/container/{name}/versions: those without tags."""
        for version in self._told_versions(path):
            if not _tags(version) and text(version.get("name")):
                yield _version_row(version)

    def remove_manifest(self, path: str, digest: str) -> None:
        """DELETE …/versions/{id} of the version that has this digest."""
        for version in self._versions(path):
            if version.get("name") == digest:
                self._remove(path, version)
                return
        raise NotFound("no version of the package has this digest")

    def restore_tag(self, path: str, tag: str, digest: str | None) -> str:
        """POST …/versions/{id}/restore of the newest deleted version that had the tag."""
        for version in self._versions(path, state="deleted"):
            found = text(version.get("name"))
            if tag in _tags(version) and found and digest in {None, found}:
                route = f"{self._package(path)}/versions/{number(version.get('id'))}/restore"
                self._api.send("POST", route)
                return found
        raise NotFound("no deleted version of the package has it")

    def search(self, words: str) -> Iterator[Row]:
        """By listing: `owner/words` looks among an owner's packages, else among one's own."""
        owner, slash, wanted = words.partition("/")
        rows = self.repositories(owner if slash else None)
        for row in rows:
            if (wanted if slash else words).lower() in str(row["name"]).partition("/")[2]:
                yield row

    def _remove(self, path: str, version: _Object) -> None:
        route = f"{self._package(path)}/versions/{number(version.get('id'))}"
        try:
            self._api.send("DELETE", route)
        except HubcliError as error:
            if "last" in error.reason and "version" in error.reason:
                error.hint = f"hubcli repo rm {self.at.host}/{path}"
            raise

    def _told_versions(self, path: str) -> Iterator[_Object]:
        if self.at.credential() is None:
            raise NotSignedIn("GitHub tells strangers nothing", hint=f"hubcli login {self.at.host}")
        return self._versions(path)

    def _versions(self, path: str, state: str | None = None) -> Iterator[_Object]:
        return self._api.rows(f"{self._package(path)}/versions", {"per_page": 100, "state": state})

    def _package(self, path: str) -> str:
        owner, _, name = path.partition("/")
        if not name:
            raise NotFound("a package has an owner: OWNER/NAME")
        return f"{self._owner(owner)}/packages/container/{segment(name)}"

    def _owner(self, name: str) -> str:
        """The route of a user or an organization: only GitHub knows which of them it is."""
        if name not in self._routes:
            kind = self._api.get(f"/users/{segment(name)}").object().get("type")
            place = "orgs" if kind == "Organization" else "users"
            self._routes[name] = f"/{place}/{segment(name)}"
        return self._routes[name]

    def _row(self, package: _Object, owner: str) -> Row | None:
        name = text(package.get("name"))
        of = package.get("owner")
        owner = (text(of.get("login")) if isinstance(of, dict) else None) or owner
        if name is None or not owner:
            return None
        path = f"{owner.lower()}/{name}"
        source = package.get("repository")
        visibility = text(package.get("visibility"))
        return {
            "name": f"{self.at.host}/{path}",
            "namespace": path.rpartition("/")[0],
            "registry": self.at.host,
            # "internal" is for the members of an enterprise.
            "visibility": "private" if visibility == "internal" else visibility,
            "description": text(source.get("description")) if isinstance(source, dict) else None,
            "created": timestamps.normalised(package.get("created_at")),
            "updated": timestamps.normalised(package.get("updated_at")),
        }


def _version_row(version: _Object) -> Row:
    return {
        "digest": text(version.get("name")),
        "pushed": timestamps.normalised(version.get("created_at")),
        "updated": timestamps.normalised(version.get("updated_at")),
    }


def _tags(version: _Object) -> list[str]:
    metadata = version.get("metadata")
    container = metadata.get("container") if isinstance(metadata, dict) else None
    tags = container.get("tags") if isinstance(container, dict) else None
    return [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []
