"""JFrog Artifactory, and its free edition for containers: the REST API behind its `/v2/`.

API: JFrog's "Artifactory REST APIs". Tokens of every kind, API keys and passwords are all taken
as the password of Basic authentication.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING

from hubcli.auth.credentials import Credential
from hubcli.auth.tokens.fixed import FixedAuthorizer
from hubcli.errors import (
    Conflict,
    Denied,
    HubcliError,
    NotFound,
    NotSignedIn,
    Unsupported,
)
from hubcli.providers import jfrog_identity
from hubcli.providers.artifactory_items import INDEX, MANIFESTS, Extent, Item, items
from hubcli.providers.artifactory_keys import Key, Keys, Place, below
from hubcli.providers.artifactory_settings import OPTIONS, TYPES, settings_of
from hubcli.providers.calls import Api, segment, text
from hubcli.providers.capabilities import (
    CreatesRepositories,
    Creation,
    Edit,
    EditsRepositories,
    HasIdentity,
    ListsRepositories,
    ListsTags,
    RemovesRepositories,
    RemovesTags,
    RestoresTags,
    Row,
    Searches,
    ShowsRepositories,
)
from hubcli.providers.provider import Provider

if TYPE_CHECKING:
    from hubcli.providers.artifactory_inside import Inside
    from hubcli.registry import Repository

_TRASH = "auto-trashcan"
_SEARCHABLE = re.compile(r"[a-z0-9._/-]+")


class Artifactory(
    Provider,
    HasIdentity,
    ListsRepositories,
    CreatesRepositories,
    ShowsRepositories,
    EditsRepositories,
    RemovesRepositories,
    ListsTags,
    RemovesTags,
    RestoresTags,
    Searches,
):
    """Images are below repository keys, and these alone can be made and edited."""

    repository_fields = frozenset({"created", "updated", "pushed", "tag_count"})
    tag_fields = ("digest", "updated", "pushed", "size")
    tag_gaps = frozenset({"digest", "size"})
    creates = frozenset({"description"})
    edits = frozenset({"description"})
    options = OPTIONS
    identities = jfrog_identity.WHERE

    def identity(self) -> Credential | None:
        """Who the user is to JFrog's own command line, where that is about this host."""
        return jfrog_identity.find(self.at.environ, self.at.host)

    # Repositories

    def repositories(self, namespace: str | None) -> Iterator[Row]:
        """The images of a key, or of all keys; of a remote one those that came through it."""
        for place in self._keys.places(namespace):
            yield from self._images(place)

    def repository(self, path: str) -> Row:
        """What its files tell of an image; GET /api/repositories/{key} of a key."""
        place = self._keys.place(path)
        if not place.image:
            return self._key_row(place.key)
        extent = Extent()
        for item in items(self._api, below(place.key, place.image)):
            if item.image == place.image:
                extent.add(item)
        if not extent.count:
            next(self._repository(path).tags(), None)  # of a remote key, or not found
        return self._row(place.path(place.image), extent, size=extent.size)

    def create_repository(self, path: str, wish: Creation) -> Row:
        """PUT /api/repositories/{key}, for an image whose key is not there yet."""
        settings = settings_of(wish.options, wish.description)
        self._refuse_to_create(path)
        self._keys.require_paths()
        name, _, image = path.partition("/")
        key = Key(name, "LOCAL")
        usual = {
            "key": name,
            "rclass": "local",
            "packageType": TYPES[0],
            "repoLayoutRef": "simple-default",
        }
        try:
            self._api.send("PUT", _of_key(key), body={**usual, **settings})
        except Denied as error:
            error.hint = "an administrator of Artifactory makes repository keys"
            raise
        except HubcliError as error:
            if "already exists" in error.reason:  # a key of another kind, or one may not see it
                raise Conflict(error.reason) from None
            raise
        self._keys.add(key)
        row = self._key_row(key)
        if not image:
            return row
        self.at.notify(f"made the repository key {row['name']}; {image} comes with the first push")
        return {**row, "name": f"{self.at.host}/{path}", "namespace": path.rpartition("/")[0]}

    def check_edit(self, path: str, wish: Edit) -> None:
        """Only repository keys are edited, and not what they are for."""
        place = self._keys.place(path)
        if place.image:
            raise Unsupported(
                f"{self.at.host} keeps nothing of an image that could be edited, only of its key",
                hint=f"hubcli repo edit {self.at.host}/{place.key.name}" if place.prefix else None,
            )
        self._keys.require_paths()
        if "packageType" in settings_of(wish.options, wish.description):
            raise Unsupported("what a repository key is for does not change")

    def edit_repository(self, path: str, wish: Edit) -> None:
        """POST /api/repositories/{key}"""
        self.check_edit(path, wish)
        settings = settings_of(wish.options, wish.description)
        self._api.send("POST", _of_key(self._keys.place(path).key), body=settings)

    def remove_repository(self, path: str) -> None:
        """DELETE /{key}/{image}, or /api/repositories/{key} with all that is in it.

        The folder of an image may hold those of others, whose names go on from its own: then its
        tags go one by one.
        """
        place = self._own_place(path)
        if not place.image:
            self._keys.require_paths()
            self._api.send("DELETE", _of_key(place.key))
            return
        folders, shares = dict[str, Item | None](), False
        for item in items(self._api, below(place.key, place.image)):
            if item.image == place.image:
                known = folders.setdefault(item.path, None)
                folders[item.path] = item if item.is_manifest else known
            else:
                shares = True
        if not folders:
            raise NotFound("not found")
        self._make_sure(path, folders)
        for folder in [*folders] if shares else [place.image]:
            self._api.send("DELETE", _of_file(place.key.name, folder))

    # Tags

    def tags(self, path: str) -> Iterator[Row]:
        """By their files, of all tags at once; names alone of what was never here, as behind a
        remote key, and for those who may not ask."""
        try:
            place = self._keys.place(path)
            found = self._tags(place) if place.key.kind != "REMOTE" else iter(())
            first = next(found, None)
        except (Denied, NotFound, NotSignedIn, Unsupported):
            first = None
        if first is None:
            yield from (_tag(name) for name in self._names(path))
            return
        yield first
        yield from found

    def remove_tag(self, path: str, tag: str, digest: str) -> None:
        """DELETE /{key}/{image}/{tag}: each tag has files of its own.

        What an index has inside is pushed under its digest before, if no other folder has it.
        """
        place = self._own_place(path)
        self._check(place.key.name, f"{place.image}/{tag}", digest)
        route = _of_file(place.key.name, place.image, tag)
        repository = self.at.registry().repository(path, "pull", "push")
        if not self._inside.depends_on(repository, place, tag, digest):
            self._api.send("DELETE", route)
            return
        manifest = repository.manifest(digest)
        repository.put_manifest(digest, manifest)
        self._api.send("DELETE", route)
        if repository.find(digest) is None:
            repository.put_manifest(digest, manifest)

    def restore_tag(self, path: str, tag: str, digest: str | None) -> str:
        """POST /api/trash/restore/{key}/{image}/{tag}, for administrators; the trash can has what
        was deleted last."""
        place = self._own_place(path)
        key, folder = place.key.name, f"{place.image}/{tag}"
        found = self._manifest(_TRASH, f"{key}/{folder}")
        if found is None or digest not in {None, found.digest}:
            raise NotFound("it is not in the trash can of Artifactory, as far as you may see that")
        if self._manifest(key, folder) is not None:
            raise Conflict("there is a tag of that name, which it would replace")
        self._restore(key, folder)
        if found.name == INDEX:
            self._restore_images(place, path, tag)
        return found.digest or str(self._repository(path).resolve(tag).digest)

    def _restore(self, key: str, folder: str) -> None:
        query = {"to": f"{key}/{folder}"}
        self._api.send("POST", f"/api/trash/restore{_of_file(key, folder)}", query=query)

    def _restore_images(self, place: Place, path: str, tag: str) -> None:
        """The images of an index, which went with the repository: they are beside its tags."""
        repository = self._repository(path)
        for entry in repository.manifest(tag).manifests:
            try:
                repository.resolve(entry.digest)
            except NotFound:
                folder = f"{place.image}/{entry.digest}"
                for spelled in (folder, folder.replace("sha256:", "sha256__")):
                    if self._manifest(_TRASH, f"{place.key.name}/{spelled}") is not None:
                        self._restore(place.key.name, spelled)

    # Search

    def search(self, words: str) -> Iterator[Row]:
        """The images whose names have the words in them; those that end with them come first."""
        wanted = words.lower().strip("/")
        if not _SEARCHABLE.fullmatch(wanted):
            return  # no name has other characters
        stores = {place.key.store: place for place in self._keys.places(None)}
        found: dict[str, Extent] = {}
        for item in items(self._api, _matching(wanted, stores)):
            place = stores.get(item.repo)
            if place is not None and item.tag is not None:
                path = place.path(item.image)
                if wanted in path:
                    found.setdefault(path, Extent()).add(item)
        for path in sorted(found, key=lambda path: (not path.endswith(wanted), path)):
            yield self._row(path, found[path])

    # What is where

    @cached_property
    def _api(self) -> Api:
        registry = self.at.registry()
        if registry.endpoint.may_be_tls:
            registry.greet()
        url = self.at.api_url(f"{registry.endpoint.url}/artifactory")
        url = url.partition("/api/docker/")[0]
        basic = FixedAuthorizer(self.at.credential, bearer=False)
        return Api(self.at.http, url, self.at.host, basic, endpoint=self.at.endpoint)

    @cached_property
    def _keys(self) -> Keys:
        registry = self.at.registry()
        return Keys(
            self._api,
            self.at.host,
            self.at.endpoint.row.api,
            greet=registry.greet,
            catalog=lambda: next(registry.catalog(), []),
        )

    @cached_property
    def _inside(self) -> Inside:
        from hubcli.providers.artifactory_inside import Inside

        return Inside(self._api, self.at.concurrency)

    def _images(self, place: Place) -> Iterator[Row]:
        found: dict[str, Extent] = {}
        for item in items(self._api, {**below(place.key, place.image), **MANIFESTS}):
            if item.tag is not None:
                found.setdefault(item.image, Extent()).add(item)
        inside = f"{place.image}/" if place.image else ""
        for image, extent in found.items():
            if image.startswith(inside):
                yield self._row(place.path(image), extent)

    def _tags(self, place: Place) -> Iterator[Row]:
        """One row for each folder; a virtual key may have several of the same name."""
        found = items(self._api, below(place.key, place.image))
        of_tags = (item for item in found if item.image == place.image and item.tag is not None)
        for tag, files in groupby(of_tags, key=lambda item: str(item.tag)):
            told = [
                row for _, own in groupby(files, key=lambda item: item.repo) if (row := _told(own))
            ]
            # Which of several is served depends on the order of keys in the virtual one.
            if told:
                yield {**_tag(tag), **(told[0] if len(told) == 1 else {})}

    def _names(self, path: str) -> Iterator[str]:
        return (name for page in self._repository(path).tags() for name in page)

    def _repository(self, path: str) -> Repository:
        return self.at.registry().repository(path)

    def _own_place(self, path: str) -> Place:
        """Where a path leads, if it is a key that has what is in it."""
        place = self._keys.place(path)
        kind = place.key.kind.lower()
        if kind == "remote":
            raise Unsupported(
                f"the repository key {place.key.name} is remote: it brings back what was deleted"
            )
        if kind == "virtual":
            raise Unsupported(
                f"the repository key {place.key.name} is virtual: what it shows is in other keys",
                hint=f"hubcli search {self.at.host}/{place.image}" if place.image else None,
            )
        return place

    def _manifest(self, repo: str, folder: str) -> Item | None:
        return next(items(self._api, {"repo": repo, "path": folder, **MANIFESTS}), None)

    def _check(self, repo: str, folder: str, digest: str) -> None:
        """Conflict unless a tag's files are those of the image that `/v2/` serves for it."""
        found = self._manifest(repo, folder)
        if found is None or found.digest not in {None, digest}:
            raise Conflict(
                f"{repo}/{folder} in Artifactory is not what {self.at.host} serves; "
                "nothing was deleted",
                hint=self._keys.hint,
            )

    def _make_sure(self, path: str, folders: Mapping[str, Item | None]) -> None:
        """That an image's files are those of the repository that is to go, by one of its tags."""
        for folder, manifest in folders.items():
            if manifest is not None and manifest.tag is not None:
                served = str(self._repository(path).resolve(manifest.tag).digest)
                self._check(manifest.repo, folder, served)
                return

    def _has(self, place: Place) -> bool:
        """Whether anything of an image is there."""
        found = items(self._api, {**below(place.key, place.image), **MANIFESTS})
        return any(item.image == place.image for item in found)

    def _refuse_to_create(self, path: str) -> None:
        """Unless there is no key yet, which can be made: an image cannot."""
        try:
            place = self._keys.place(path)
        except NotFound:
            return
        if not place.image or self._has(place):
            raise Conflict("there is a repository of that name")
        raise Unsupported(
            f"{self.at.host} creates an image when it is pushed to its repository key",
            hint=f"hubcli push SOURCE {self.at.host}/{path}",
        )

    # Rows

    def _row(self, path: str, extent: Extent, **more: object) -> Row:
        return {
            "name": f"{self.at.host}/{path}",
            "namespace": path.rpartition("/")[0] or None,
            "registry": self.at.host,
            "visibility": None,
            "created": extent.created,
            "updated": extent.modified,
            "pushed": extent.modified,
            "tag_count": extent.tags if extent.count else None,
            **more,
        }

    def _key_row(self, key: Key) -> Row:
        found = self._api.get(_of_key(key)).object()
        kind = text(found.get("rclass"))
        return {
            **self._row(key.name, Extent()),
            "description": text(found.get("description")),
            "type": kind and kind.lower(),
        }


def _told(files: Iterator[Item]) -> Row | None:
    """What the files of one tag tell; None where there is no manifest among them.

    The size is that of an image's blobs; an index has its images elsewhere.
    """
    manifest, size = None, 0
    for item in files:
        size += (item.size or 0) if item.is_blob else 0
        manifest = item if item.is_manifest else manifest
    if manifest is None:
        return None
    return {
        "digest": manifest.digest,
        "updated": manifest.modified,
        "pushed": manifest.modified,
        "size": None if manifest.name == INDEX or not size else size,
    }


def _tag(name: str) -> Row:
    return {"name": name, "digest": None, "updated": None, "pushed": None, "size": None}


def _matching(words: str, stores: Iterable[str]) -> dict[str, object]:
    """The criterion for manifests of images that may have the words in their names, key included.

    The words may begin in the name of a key.
    """
    anywhere: list[object] = [{"path": {"$match": f"*{words}*"}}]
    for store in stores:
        name = store.removesuffix("-cache")
        head, slash, rest = words.partition("/")
        if words in name or (slash and name.endswith(head)):
            inside = f"{rest}*" if slash else "*"
            anywhere.append({"repo": store, "path": {"$match": inside}})
    return {"$and": [MANIFESTS, {"$or": anywhere}]}


def _of_key(key: Key) -> str:
    return f"/api/repositories/{segment(key.name)}"


def _of_file(*path: str) -> str:
    return "".join(f"/{segment(part)}" for part in "/".join(path).split("/"))
