"""Where a repository is in Artifactory: its key, and the image within.

Artifactory is reached in three ways: HOST/KEY/IMAGE, KEY.HOST/IMAGE (as INSTANCE-KEY at jfrog.io)
and HOST:PORT/IMAGE. Only the last leaves open which key is meant, unless its greeting tells.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import unquote, urlsplit

from hubcli.auth.challenge import parse_challenges
from hubcli.errors import Denied, NotFound, NotSignedIn, Unsupported
from hubcli.http.response import Response
from hubcli.providers.calls import Api, text

_DOCKER = frozenset({"docker", "oci"})
_SAAS = ".jfrog.io"
_OF_KEY = re.compile(r"/api/docker/([^/]+)(?:/v2(?:/token)?)?/?$")


@dataclass(frozen=True, slots=True)
class Key:
    """A repository key; `kind` is `LOCAL`, `REMOTE`, `VIRTUAL` or `FEDERATED`."""

    name: str
    kind: str

    @property
    def store(self) -> str:
        """Where its files are: what was pulled through a remote one is in its cache."""
        return f"{self.name}-cache" if self.kind == "REMOTE" else self.name


@dataclass(frozen=True, slots=True)
class Place:
    """An image, or all of a key where that is empty; `prefix` is what references begin with."""

    key: Key
    image: str
    prefix: str

    def path(self, image: str) -> str:
        """How an image of the same key is spelled behind the host."""
        return f"{self.prefix}{image}" if image else self.key.name


def key_of(url: str) -> str | None:
    """The key in an address of its API: the configuration's `api`, or a token server's."""
    found = _OF_KEY.search(urlsplit(url).path)
    return unquote(found[1]) if found else None


class Keys:
    """The keys at one host.

    `address` is the API's as the configuration has it, which may say for which key the host
    stands; `greet` answers `GET /v2/` as a stranger gets it, `catalog` has the first of its images.
    """

    def __init__(
        self,
        api: Api,
        host: str,
        address: str | None,
        *,
        greet: Callable[[], Response],
        catalog: Callable[[], Collection[str]],
    ) -> None:
        self._api = api
        self._host = host
        self._address = address
        self._configured = None if address is None else key_of(address)
        self._greet = greet
        self._catalog = catalog

    @cached_property
    def all(self) -> dict[str, Key]:
        """GET /api/repositories; those for images, by name."""
        found = {}
        for row in self._api.rows("/api/repositories"):
            name, kind = text(row.get("key")), text(row.get("type"))
            if name and kind and str(row.get("packageType")).lower() in _DOCKER:
                found[name] = Key(name, kind.upper())
        return dict(sorted(found.items()))

    def place(self, path: str) -> Place:
        """Where a path leads; NotFound where its key is not there."""
        first, _, rest = path.partition("/")
        named = None if self._configured else self.all.get(first)
        own = None if named and ":" not in self._host and self._labelled is None else self.own
        if own is not None:
            return Place(own, path, "")
        if named is None:
            raise self._unknown(first)
        return Place(named, rest, f"{first}/")

    def places(self, path: str | None) -> Iterator[Place]:
        """Where to look for images below a path: without one in every key, but in no virtual one,
        which has nothing that is not in another."""
        if path:
            yield self.place(path)
        elif self.own is not None:
            yield Place(self.own, "", "")
        else:
            for key in self.all.values():
                if key.kind != "VIRTUAL":
                    yield Place(key, "", f"{key.name}/")

    @cached_property
    def own(self) -> Key | None:
        """The key that the whole host stands for, if it does."""
        if self._configured is not None:
            return self._listed().get(self._configured) or Key(self._configured, "LOCAL")
        if self._labelled is not None and self._has_catalog():
            return self._labelled
        return self._greeted()

    @cached_property
    def _labelled(self) -> Key | None:
        """The key that the host's name may be meant to name: a host can be called as a key is."""
        name = self._host.partition(":")[0]
        label = name.partition(".")[0]
        endings = [label]
        if name.endswith(_SAAS):
            endings = [label[at.end() :] for at in re.finditer("-", label)]
        return next((self.all[ending] for ending in endings if ending in self.all), None)

    def _has_catalog(self) -> bool:
        """Whether `/v2/` is that of one key: only there is a catalog."""
        try:
            return bool(self._catalog())
        except (NotFound, Denied, NotSignedIn, Unsupported):
            return False

    def _greeted(self) -> Key | None:
        """The key whose own token server the greeting names."""
        for challenge in parse_challenges(self._greet().challenges):
            name = key_of(challenge.realm or "")
            if name in self.all:
                return self.all[name]
        return None

    def _listed(self) -> Mapping[str, Key]:
        """All keys; none where one may not list them, which says nothing about the one."""
        try:
            return self.all
        except (NotFound, Denied, NotSignedIn):
            return {}

    def add(self, key: Key) -> None:
        """Note a key that was made."""
        self.all = dict(sorted({**self.all, key.name: key}.items()))

    def require_paths(self) -> None:
        """Unsupported where the first part of a path may be an image's, for all that is known.

        A key is not to be changed, made or deleted because an image was meant.
        """
        if self._address is None and (":" in self._host or self._labelled is not None):
            raise Unsupported(
                f"{self._host} does not tell whether it stands for one repository key",
                hint=self.hint,
            )

    @property
    def hint(self) -> str:
        """The command that says which key the host stands for, or that it stands for none."""
        url = f"https://{self._host.partition(':')[0]}/artifactory"
        command = f"hubcli config set registries.{self._host}.api {url}"
        return f"{command}/api/docker/KEY (or {url}, if paths begin with keys)"

    def _unknown(self, name: str) -> NotFound:
        if ":" in self._host:
            return NotFound(
                f"{self._host} has no repository key {name}, and does not tell which one it is",
                hint=self.hint,
            )
        return NotFound(
            f"{self._host} has no repository key {name}", hint=f"hubcli repo ls {self._host}"
        )


def below(key: Key, image: str) -> dict[str, object]:
    """The criterion for the files of an image, and of those whose names go on from its own."""
    return {"repo": key.store, "path": {"$match": f"{image}/*" if image else "*"}}
