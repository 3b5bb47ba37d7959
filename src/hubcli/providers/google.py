"""Google Artifact Registry, and gcr.io, which is a repository of it in every project.

API: `/v1` of artifactregistry.googleapis.com, for those who have an access token. For everybody
else, and for public images, `/v2/` tells as much as it can.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from itertools import chain, islice
from typing import Any
from urllib.parse import unquote

from hubcli import timestamps
from hubcli.auth.credentials import Credential
from hubcli.auth.tokens.fixed import FixedAuthorizer
from hubcli.errors import Conflict, Denied, HubcliError, NotFound, NotSignedIn, Unsupported
from hubcli.providers import (
    google_identity,
    google_places,
    google_policy,
    google_settings,
    google_wire,
)
from hubcli.providers.calls import number, text
from hubcli.providers.capabilities import (
    CreatesRepositories,
    Creation,
    Edit,
    EditsRepositories,
    HasIdentity,
    ListsRepositories,
    ListsTags,
    ListsUntagged,
    RemovesRepositories,
    Row,
    ShowsRepositories,
)
from hubcli.providers.google_api import ArtifactsApi, named
from hubcli.providers.google_places import Place
from hubcli.providers.provider import Provider, Surroundings

_MOST_RELATED = 100
_OF_DOCKER = ("DOCKER", "FORMAT_UNSPECIFIED")

_Object = Mapping[str, Any]


class GoogleRegistry(
    Provider,
    HasIdentity,
    ListsRepositories,
    CreatesRepositories,
    ShowsRepositories,
    EditsRepositories,
    RemovesRepositories,
    ListsTags,
    ListsUntagged,
):
    """`HOST/PROJECT/REPOSITORY` can be made and edited; images in it come with the first push."""

    repository_fields = frozenset({"created", "updated", "description", "size", "immutable_tags"})
    repository_gaps = frozenset({"description", "size", "immutable_tags"})
    tag_fields = ("digest", "pushed", "updated", "size", "media_type")
    tag_gaps = frozenset({"updated"})
    creates = frozenset({"private", "description", "immutable_tags", "scan_on_push"})
    edits = frozenset({"private", "description", "immutable_tags", "scan_on_push"})
    options = google_settings.OPTIONS
    refusals = {
        "search": (
            "Google has no search for images",
            "hubcli repo ls {host}/PROJECT/REPOSITORY --filter '*{words}*'",
        ),
    }
    identities = (
        "google-auth: GOOGLE_APPLICATION_CREDENTIALS, workload identity, metadata; `gcloud`"
    )

    def __init__(self, at: Surroundings) -> None:
        super().__init__(at)
        self._access: Credential | None = None
        self._renewing = threading.Lock()

    def identity(self) -> Credential | None:
        """An access token for whom google-auth finds."""
        return google_identity.identity(self)

    def check_options(self, options: Mapping[str, str]) -> None:
        google_settings.check(options)

    # Repositories

    def repositories(self, namespace: str | None) -> Iterator[Row]:
        """The repositories of a project, or the images of a repository."""
        if namespace is None:
            raise Unsupported(
                f"{self.at.host} lists what is in a project, not its projects",
                hint=f"hubcli repo ls {self.at.host}/PROJECT",
            )
        yield from self._either(
            lambda: self._listed(self._place(namespace), namespace),
            lambda: map(self._row, self._walked(namespace)),
        )

    def repository(self, path: str) -> Row:
        """GET …/repositories/{repository}, or …/packages/{image} of an image in it"""
        place = self._named(path)
        if not place.image:
            found = self._api.get(f"/v1/{place.name}").object()
            opened = google_policy.visibility(self._api, place.name)
            return {**self._repository_row(place.above, found), "visibility": opened}
        return self._image_row(path, self._api.get(f"/v1/{place.package}").object())

    def create_repository(self, path: str, wish: Creation) -> Row:
        """POST …/repositories; an image in it comes with the first push."""
        place = self._named(path)
        query = {"repositoryId": place.repository}
        try:
            made = self._api.send(
                "POST",
                f"/v1/{place.parent}/repositories",
                query=query,
                body=google_settings.created(wish),
            )
        except Conflict as error:
            self._refuse_to_create(place)
            error.hint = f"hubcli repo inspect {self.at.host}/{path}"
            raise
        self._api.finish(made.object())
        if wish.private is False:
            self._open(place)
        row = self.repository(place.above)
        if not place.image:
            return row
        self.at.notify(f"made {row['name']}; {place.image} comes with the first push")
        return {**self._row(path), "visibility": row["visibility"]}

    def needed_for(self, path: str) -> str | None:
        """The repository, which is looked for where it is to be made: an image appears in it."""
        place = google_places.place(self.at.host, path)
        return place.above if place is not None and place.image else None

    def check_edit(self, path: str, wish: Edit) -> None:
        """Only repositories are edited, no images in them."""
        place = self._named(path)
        if place.image:
            raise Unsupported(
                "Google keeps nothing of an image that could be edited, only of its repository",
                hint=f"hubcli repo edit {self.at.host}/{place.above}",
            )
        google_settings.changed(wish)

    def edit_repository(self, path: str, wish: Edit) -> None:
        """PATCH …/repositories/{repository}, or its policy"""
        self.check_edit(path, wish)
        place = self._named(path)
        if wish.private is not None:
            google_policy.set_private(self._api, place.name, wish.private)
            return
        changes = google_settings.changed(wish)
        query = {"updateMask": google_settings.mask(changes)}
        self._api.send("PATCH", f"/v1/{place.name}", query=query, body=changes)

    def remove_repository(self, path: str) -> None:
        """DELETE …/packages/{image}, or …/repositories/{repository} with all that is in it"""
        place = self._named(path)
        if not place.image and google_places.is_container_registry(self.at.host):
            raise Unsupported(
                f"that would delete all images of {place.project} at {self.at.host}",
                hint=f"hubcli repo rm '{self.at.host}/{path}/*'",
            )
        name = place.package if place.image else place.name
        self._api.finish(self._api.send("DELETE", f"/v1/{name}").object())

    # Tags

    def tags(self, path: str) -> Iterator[Row]:
        """GET …/packages/{image}/versions: all of them, with the tags of each."""
        return self._either(
            lambda: self._tagged(self._named(path)),
            lambda: google_wire.tags(self.at.registry(), path),
        )

    def untagged(self, path: str) -> Iterator[Row]:
        """The versions without a tag; the images of an index are among them."""
        return self._either(
            lambda: self._untagged(self._named(path)),
            lambda: google_wire.untagged(self.at.registry(), path),
        )

    def _untagged(self, place: Place) -> Iterator[Row]:
        for version in self._versions(place):
            if not named(version.get("relatedTags")):
                yield _version(version)

    def _versions(self, place: Place) -> Iterator[_Object]:
        return self._api.all(f"{place.package}/versions", view="FULL")

    def _tagged(self, place: Place) -> Iterator[Row]:
        is_empty = True
        for version in self._versions(place):
            about = _version(version)
            for tag in self._tags_of(place, version):
                is_empty = False
                yield {"name": tag, **about}
        if is_empty:
            raise NotFound("there is no such image, or no tag of it")

    def _tags_of(self, place: Place, version: _Object) -> Iterator[str]:
        """What points at a version: it names a hundred of them and no more."""
        related = named(version.get("relatedTags"))
        if len(related) < _MOST_RELATED:
            return map(_last, related)
        wanted = f'version="{version["name"]}"'
        return map(_last, self._api.all(f"{place.package}/tags", filter=wanted))

    # What is where

    def _place(self, path: str) -> Place:
        found = google_places.place(self.at.host, path)
        if found is None:
            raise Unsupported(f"{self.at.host} is not the registry of a project")
        return found

    def _named(self, path: str) -> Place:
        """The place of a repository, or of what is in it."""
        found = self._place(path)
        if not found.repository:
            raise Unsupported(
                f"{self.at.host}/{path} is a project: its repositories are below it",
                hint=f"hubcli repo ls {self.at.host}/{path}",
            )
        return found

    def _refuse_to_create(self, place: Place) -> None:
        """Unsupported for an image that is not there yet, in a repository that is."""
        if not place.image:
            return
        try:
            self._api.get(f"/v1/{place.package}")
        except NotFound:
            name = f"{self.at.host}/{place.above}/{place.image}"
            raise Unsupported(
                f"{self.at.host} creates an image when it is pushed to its repository",
                hint=f"hubcli push SOURCE {name}",
            ) from None

    def _open(self, place: Place) -> None:
        try:
            google_policy.set_private(self._api, place.name, private=False)
        except HubcliError as error:
            error.reason = f"the repository was made, but it is private: {error.reason}"
            raise

    def _listed(self, place: Place, path: str) -> Iterator[Row]:
        if not place.repository:
            for found in self._api.all(f"{place.parent}/repositories"):
                if found.get("format") in _OF_DOCKER:
                    yield self._repository_row(f"{path}/{_last(found)}", found)
            return
        inside = f"{place.image}/" if place.image else ""
        for found in self._api.all(f"{place.name}/packages"):
            image = _last(found)
            if image.startswith(inside):
                yield self._image_row(f"{place.above}/{image}", found)

    def _walked(self, path: str) -> Iterator[str]:
        place = google_places.place(self.at.host, path)
        whole = place is not None and not place.repository
        walk = google_wire.children if whole else google_wire.images_below
        return walk(self.at.registry(), path)

    def _either(
        self, by_api: Callable[[], Iterator[Row]], by_wire: Callable[[], Iterator[Row]]
    ) -> Iterator[Row]:
        """What the API tells; where it refuses at once, what `/v2/` does."""
        try:
            found = by_api()
            first = [*islice(found, 1)]
        except (Denied, NotFound, NotSignedIn, Unsupported) as error:
            if isinstance(error, Denied):
                self.at.notify(f"the API of {self.at.host} is not for you: {error.reason}")
            first, found = [], by_wire()
        yield from chain(first, found)

    @cached_property
    def _api(self) -> ArtifactsApi:
        return ArtifactsApi(
            self.at.http,
            self.at.api_url(google_places.api_of(self.at.host)),
            self.at.host,
            FixedAuthorizer(self._token, bearer=True),
        )

    def _token(self) -> Credential:
        with self._renewing:
            if self._access is None or self._access.is_spent(time.time()):
                self._access = google_identity.for_api(self)
            return self._access

    # Rows

    def _row(self, path: str) -> Row:
        return {
            "name": f"{self.at.host}/{path}",
            "namespace": path.rpartition("/")[0] or None,
            "registry": self.at.host,
            "visibility": None,
        }

    def _image_row(self, path: str, found: _Object) -> Row:
        return {
            **self._row(path),
            "created": timestamps.normalised(found.get("createTime")),
            "updated": timestamps.normalised(found.get("updateTime")),
        }

    def _repository_row(self, path: str, found: _Object) -> Row:
        config = found.get("dockerConfig")
        frozen = isinstance(config, dict) and config.get("immutableTags") is True
        return {
            **self._image_row(path, found),
            "description": text(found.get("description")),
            "size": number(found.get("sizeBytes")),
            "immutable_tags": [google_settings.IMMUTABLE] if frozen else [],
        }


def _version(found: _Object) -> Row:
    details = found.get("metadata")
    metadata = details if isinstance(details, dict) else {}
    return {
        "digest": _last(found),
        "pushed": timestamps.normalised(found.get("createTime")),
        "updated": timestamps.normalised(found.get("updateTime")),
        "size": number(metadata.get("imageSizeBytes")),
        "media_type": text(metadata.get("mediaType")),
    }


def _last(found: _Object) -> str:
    """The last part of a resource's name; an image's slashes are coded in it."""
    return unquote(str(found["name"]).rpartition("/")[2])
