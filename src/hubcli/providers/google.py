"""Google Artifact Registry and gcr.io: `tags/list` says more there than the specification has.

Members, as google/go-containerregistry decodes them (pkg/v1/google/list.go): `child` are the names
one level below, `manifest` has by digest the tags, the size and the times in milliseconds.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from typing import Any

from hubcli import timestamps
from hubcli.auth.credentials import Credential
from hubcli.errors import CredentialFailure, NotFound, Unsupported
from hubcli.http.client import with_query
from hubcli.providers.calls import number, text
from hubcli.providers.capabilities import HasIdentity, ListsRepositories, ListsTags, Row
from hubcli.providers.provider import Provider
from hubcli.registry.calls import Call

_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_USER = "oauth2accesstoken"
_PAGE = 10_000
_DEEPEST = 16
_LONGEST_REASON = 300

_Object = Mapping[str, Any]


class GoogleRegistry(Provider, HasIdentity, ListsRepositories, ListsTags):
    """Repositories are images here: below a project, and on pkg.dev below a repository of it."""

    tag_fields = ("digest", "pushed", "size", "media_type")
    refusals = {
        "repo create": (
            "an image is there with its first push, into a repository that Google has made",
            "gcloud artifacts repositories create NAME --repository-format=docker",
        ),
    }
    identities = "google-auth: GOOGLE_APPLICATION_CREDENTIALS, gcloud, workload identity, metadata"

    def identity(self) -> Credential | None:
        """An access token of the application default credentials; None where there are none."""
        try:
            from google.auth import default, exceptions
            from google.auth.transport.requests import Request
        except ImportError as error:
            raise self.missing_extra(CredentialFailure) from error
        try:
            with warnings.catch_warnings():
                # That gcloud's own credentials have no project to bill is nothing to registries.
                warnings.simplefilter("ignore")
                found: Any = default(scopes=[_SCOPE])[0]
                found.refresh(Request())
        except exceptions.DefaultCredentialsError as error:
            if self.at.environ.get("GOOGLE_APPLICATION_CREDENTIALS"):
                raise CredentialFailure(_line(error)) from error
            return None
        except exceptions.GoogleAuthError as error:
            raise CredentialFailure(_line(error)) from error
        # google-auth counts in UTC, without saying so.
        moment = timestamps.parse(found.expiry.isoformat()) if found.expiry else None
        return Credential(
            _USER,
            str(found.token),
            "application default credentials",
            expires=None if moment is None else moment.timestamp(),
        )

    def repositories(self, namespace: str | None) -> Iterator[Row]:
        """GET /v2/{namespace}/tags/list, and those of what is below it."""
        if namespace is None:
            raise Unsupported(
                f"{self.at.host} lists what is in a project, not its projects",
                hint=f"hubcli repo ls {self.at.host}/PROJECT",
            )
        yield from self._below(namespace, _DEEPEST)

    def tags(self, path: str) -> Iterator[Row]:
        """GET /v2/{name}/tags/list: `manifest`; names alone where that is missing."""
        for listing in self._listings(path):
            manifests = listing.get("manifest")
            told = set[str]()
            for digest, about in manifests.items() if isinstance(manifests, dict) else ():
                if not isinstance(about, dict):
                    continue
                for tag in _names(about.get("tag")):
                    told.add(tag)
                    yield _tag(tag, digest, about)
            yield from (
                _tag(tag, None, {}) for tag in _names(listing.get("tags")) if tag not in told
            )

    def _below(self, path: str, depth: int) -> Iterator[Row]:
        for listing in self._listings(path):
            for child in _names(listing.get("child")):
                name = f"{path}/{child}"
                try:
                    if any(map(_is_image, self._listings(name))):
                        yield self._row(name)
                    if depth:
                        yield from self._below(name, depth - 1)
                except NotFound:
                    continue

    def _listings(self, path: str) -> Iterator[_Object]:
        repository = self.at.registry().repository(path)
        call = Call("GET", with_query("tags/list", {"n": _PAGE}))
        for answer in self.at.registry().pages(repository.completed(call)):
            yield answer.object()

    def _row(self, path: str) -> Row:
        return {
            "name": f"{self.at.host}/{path}",
            "namespace": path.rpartition("/")[0],
            "registry": self.at.host,
            "visibility": None,
        }


def _tag(name: str, digest: str | None, about: _Object) -> Row:
    milliseconds = number(about.get("timeUploadedMs"))
    return {
        "name": name,
        "digest": digest,
        "pushed": timestamps.from_epoch(milliseconds / 1000) if milliseconds else None,
        "size": number(about.get("imageSizeBytes")),
        "media_type": text(about.get("mediaType")),
    }


def _is_image(listing: _Object) -> bool:
    return bool(listing.get("tags") or listing.get("manifest"))


def _names(value: object) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:_LONGEST_REASON]
