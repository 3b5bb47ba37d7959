"""Harbor: its API knows projects, repositories, and artifacts with their tags.

API: goharbor/harbor api/v2.0/swagger.yaml, with Basic authentication on every call. The first
part of a path is the project, which says who may see what is in it; a repository appears in it
with the first push. A repository's name goes into the API's paths without the project, encoded
twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from hubcli import timestamps
from hubcli.auth.credentials import Credential
from hubcli.auth.tokens.fixed import FixedAuthorizer
from hubcli.errors import Conflict, Denied, HubcliError, NotFound, Unsupported, UsageError
from hubcli.providers.calls import Api, number, segment, text
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
    RemovesTags,
    Row,
    Searches,
    ShowsRepositories,
)
from hubcli.providers.harbor_rules import EVERYWHERE, Rules
from hubcli.providers.provider import Provider

_PAGE = 100
# A project's name may be all digits: it is not to be taken for the number of another one.
_HEADERS = {"X-Is-Resource-Name": "true"}
_SEVERITIES = ("none", "low", "medium", "high", "critical")
_SWITCHES = {
    "scan-on-push": "auto_scan",
    "sbom-on-push": "auto_sbom_generation",
    "prevent-vulnerable": "prevent_vul",
}

_Object = Mapping[str, Any]


class Harbor(
    Provider,
    HasIdentity,
    ListsRepositories,
    CreatesRepositories,
    ShowsRepositories,
    EditsRepositories,
    RemovesRepositories,
    ListsTags,
    ListsUntagged,
    RemovesTags,
    Searches,
):
    """`HOST/PROJECT` is a project, `HOST/PROJECT/NAME` a repository in it."""

    repository_fields = frozenset({"visibility", "description", "pulls", "created", "updated"})
    tag_fields = ("digest", "pushed", "pulled", "size", "platforms")
    tag_gaps = frozenset({"pulled"})
    creates = frozenset({"private", "immutable_tags", "scan_on_push"})
    edits = frozenset({"private", "description", "immutable_tags", "scan_on_push"})
    options = {
        "storage-limit": "bytes that a new project may take, or none",
        "scan-on-push": "true or false: whether what is pushed to the project is scanned",
        "sbom-on-push": "true or false: whether an SBOM is made of what is pushed to it",
        "prevent-vulnerable": "true or false: whether vulnerable images of it cannot be pulled",
        "severity": f"from which severity they are vulnerable: {', '.join(_SEVERITIES)}",
    }
    identities = "HARBOR_USERNAME and HARBOR_PASSWORD, for the host in HARBOR_URL"

    def identity(self) -> Credential | None:
        """What Harbor's own Terraform provider reads, if it is about this host."""
        environ = self.at.environ
        username, secret = environ.get("HARBOR_USERNAME"), environ.get("HARBOR_PASSWORD")
        if not username or not secret or _host(environ.get("HARBOR_URL", "")) != self.at.host:
            return None
        return Credential.found(username, secret, "HARBOR_USERNAME")

    def repositories(self, namespace: str | None) -> Iterator[Row]:
        """GET /repositories, or /projects/{project}/repositories"""
        project, _, below = (namespace or "").partition("/")
        if not project:
            public = {str(one.get("name")): _is_public(one) for one in self._all("/projects")}
            for found in self._all("/repositories", sort="name"):
                yield self._row(found, public.get(str(found.get("name")).partition("/")[0]))
            return
        is_public = _is_public(self._project(project))
        wanted = f"name=~{below}/" if below else None
        for found in self._all(f"{_of(project)}/repositories", sort="name", q=wanted):
            if not below or str(found.get("name")).startswith(f"{namespace}/"):
                yield self._row(found, is_public)

    def create_repository(self, path: str, wish: Creation) -> Row:
        """POST /projects, for the project that is to have it."""
        project, _, name = path.partition("/")
        metadata = _metadata(wish.options)
        limit = _limit(wish.options)
        if name:
            self._refuse_to_create(path)
        if wish.private is not None:
            metadata["public"] = _spelled(not wish.private)
        if wish.scan_on_push:
            metadata["auto_scan"] = "true"
        body = {"project_name": project, "metadata": metadata, "storage_limit": limit}
        given = {member: value for member, value in body.items() if value is not None}
        try:
            self._api.send("POST", "/projects", body=given)
        except Conflict as error:
            error.hint = f"hubcli repo ls {self.at.host}/{project}"
            raise
        if wish.immutable_tags:
            self._freeze(project)
        row = self._project_row(project)
        if not name:
            return row
        self.at.notify(f"made the project {row['name']}; {name} appears in it with the first push")
        return {**row, "name": f"{self.at.host}/{path}", "namespace": project}

    def repository(self, path: str) -> Row:
        """GET /projects/{project}/repositories/{name}, or the project"""
        project, _, name = path.partition("/")
        if not name:
            return {**self._project_row(project), "immutable_tags": self._frozen(project, None)}
        found = self._api.get(_of(path)).object()
        row = self._row(found, _is_public(self._project(project)))
        return {**row, "immutable_tags": self._frozen(project, name)}

    def needed_for(self, path: str) -> str:
        """The project: a repository appears in it."""
        return path.partition("/")[0]

    def check_edit(self, path: str, wish: Edit) -> None:
        """Visibility and options are the whole project's, a description is a repository's."""
        project, _, name = path.partition("/")
        if "storage-limit" in wish.options:
            raise Unsupported(f"{self.at.host} sets the quota of a new project only")
        if wish.description is not None and not name:
            raise Unsupported("a project of Harbor has no description")
        flags = list(_flags(wish))
        if name and flags:
            whole = f"{self.at.host}/{project}"
            raise Unsupported(
                f"that is for the whole project {whole} to say",
                hint=f"hubcli repo edit {' '.join([whole, *flags])}",
            )

    def edit_repository(self, path: str, wish: Edit) -> None:
        """PUT /projects/{project}[/repositories/{name}], or the project's rules"""
        self.check_edit(path, wish)
        project, _, name = path.partition("/")
        if wish.immutable_tags is not None:
            whole = f"{self.at.host}/{project}"
            self._rules(project).replace(name or EVERYWHERE, wish.immutable_tags, whole)
            return
        if wish.description is not None:
            self._api.send("PUT", _of(path), body={"description": wish.description})
            return
        metadata = _metadata(wish.options)
        if wish.private is not None:
            metadata["public"] = _spelled(not wish.private)
        if wish.scan_on_push is not None:
            metadata["auto_scan"] = _spelled(wish.scan_on_push)
        self._api.send("PUT", _of(project), body={"metadata": metadata})

    def remove_repository(self, path: str) -> None:
        """DELETE …/repositories/{name}, or the project, which has to be empty"""
        try:
            self._api.send("DELETE", _of(path))
        except HubcliError as error:
            if "/" not in path and "contains repositories" in error.reason:
                error.hint = f"hubcli repo rm '{self.at.host}/{path}/*'"
            raise

    def tags(self, path: str) -> Iterator[Row]:
        """GET …/artifacts: those that have tags, the newest first"""
        for artifact in self._all(
            f"{_repository(path)}/artifacts", q="tags=*", with_tag="true", sort="-push_time"
        ):
            shared = _shared(artifact)
            for tag in _objects(artifact.get("tags")):
                if text(tag.get("name")):
                    yield {
                        **shared,
                        "name": tag["name"],
                        "pushed": timestamps.normalised(tag.get("push_time")),
                        "pulled": timestamps.normalised(tag.get("pull_time")),
                    }

    def untagged(self, path: str) -> Iterator[Row]:
        """GET …/artifacts without tags; the images of an index are none of their own there."""
        for artifact in self._all(
            f"{_repository(path)}/artifacts", q="tags=nil", with_tag="false", sort="-push_time"
        ):
            yield {
                **_shared(artifact),
                "pushed": timestamps.normalised(artifact.get("push_time")),
                "pulled": timestamps.normalised(artifact.get("pull_time")),
            }

    def remove_tag(self, path: str, tag: str, digest: str) -> None:
        """DELETE …/artifacts/{digest}/tags/{tag}; the artifact stays"""
        artifact = f"{_repository(path)}/artifacts/{segment(digest)}"
        self._api.send("DELETE", f"{artifact}/tags/{segment(tag)}")

    def search(self, words: str) -> Iterator[Row]:
        """GET /search?q="""
        answer = self._api.get("/search", {"q": words}).object()
        for found in _objects(answer.get("repository")):
            name = text(found.get("repository_name"))
            if name is not None:
                yield self._row({**found, "name": name}, _truth(found.get("project_public")))

    @cached_property
    def _api(self) -> Api:
        registry = self.at.registry()
        if registry.endpoint.may_be_tls:
            registry.greet()  # an API on the same port speaks TLS if the registry does
        endpoint = registry.endpoint
        return Api(
            self.at.http,
            self.at.api_url(f"{endpoint.url}/api/v2.0"),
            self.at.host,
            FixedAuthorizer(self.at.credential, bearer=False),
            headers=_HEADERS,
            endpoint=endpoint,
        )

    def _all(self, path: str, **query: object) -> Iterator[_Object]:
        return self._api.rows(path, {"page_size": _PAGE, **query})

    def _project(self, name: str) -> _Object:
        return self._api.get(_of(name)).object()

    def _refuse_to_create(self, path: str) -> None:
        """Unless there is no project yet, which can be made: a repository cannot."""
        try:
            self._project(path.partition("/")[0])
        except (NotFound, Denied):  # who may not see a project is not told whether there is one
            return
        try:
            self._api.get(_of(path))
        except NotFound:
            raise Unsupported(
                f"{self.at.host} creates a repository when something is pushed to its project",
                hint=f"hubcli push SOURCE {self.at.host}/{path}",
            ) from None
        raise Conflict("there is a repository of that name")

    def _freeze(self, project: str) -> None:
        try:
            self._rules(project).replace(EVERYWHERE, [".*"], project)
        except HubcliError as error:
            error.reason = f"the project was made, but its tags may change: {error.reason}"
            raise

    def _rules(self, project: str) -> Rules:
        return Rules(self._api, f"{_of(project)}/immutabletagrules", _PAGE)

    def _frozen(self, project: str, name: str | None) -> list[str] | None:
        """The rules for a repository, or for all of a project; None where they are not told."""
        try:
            return self._rules(project).expressions(name)
        except (Denied, NotFound):
            return None

    def _row(self, found: _Object, is_public: bool | None) -> Row:
        path = str(found.get("name"))
        return {
            "name": f"{self.at.host}/{path}",
            "namespace": path.rpartition("/")[0] or None,
            "registry": self.at.host,
            "visibility": _visibility(is_public),
            "description": text(found.get("description")),
            "pulls": number(found.get("pull_count")),
            "created": timestamps.normalised(found.get("creation_time")),
            "updated": timestamps.normalised(found.get("update_time")),
        }

    def _project_row(self, name: str) -> Row:
        found = self._project(name)
        return self._row({**found, "name": name}, _is_public(found))


def _of(path: str) -> str:
    """The route of a project, or of a repository in it."""
    return _repository(path) if "/" in path else f"/projects/{segment(path)}"


def _repository(path: str) -> str:
    project, _, name = path.partition("/")
    if not name:
        raise NotFound("a repository of Harbor is in a project: PROJECT/NAME")
    return f"/projects/{segment(project)}/repositories/{segment(segment(name))}"


def _shared(artifact: _Object) -> Row:
    """What all tags of an artifact have in common."""
    details = artifact.get("extra_attrs")
    config = details if isinstance(details, dict) else {}
    kind = text(artifact.get("type"))
    return {
        "digest": text(artifact.get("digest")),
        "size": number(artifact.get("size")),
        "media_type": text(artifact.get("manifest_media_type")),
        "type": "image" if kind == "IMAGE" else text(artifact.get("artifact_type")),
        "platforms": _platforms(artifact.get("references"), config),
        "created": timestamps.normalised(config.get("created")),
    }


def _platforms(references: object, config: _Object) -> list[str]:
    """Those of an index, or the one in an image's configuration; attestations have none."""
    from hubcli.oci import Platform

    stated = [reference.get("platform") for reference in _objects(references)] or [config]
    found = (
        Platform(str(one["os"]), str(one["architecture"]), text(one.get("variant")))
        for one in _objects(stated)
        if text(one.get("os")) and text(one.get("architecture"))
    )
    return list(dict.fromkeys(str(platform) for platform in found if not platform.unknown))


def _objects(value: object) -> Iterable[_Object]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else ()


def _is_public(project: _Object) -> bool | None:
    metadata = project.get("metadata")
    return _truth(metadata.get("public")) if isinstance(metadata, dict) else None


def _truth(value: object) -> bool | None:
    """Projects say it in text, search results say it as it is."""
    return {"true": True, "false": False, "1": True, "0": False}.get(str(value).lower())


def _visibility(is_public: bool | None) -> str | None:
    return None if is_public is None else "public" if is_public else "private"


def _spelled(value: bool) -> str:
    return "true" if value else "false"


def _metadata(options: Mapping[str, str]) -> dict[str, str]:
    """The members of a project's metadata that options stand for; UsageError for other values."""
    found = {}
    for key, value in options.items():
        known: Sequence[str] = ("true", "false") if key in _SWITCHES else _SEVERITIES
        if key == "storage-limit":
            continue
        if value not in known:
            raise UsageError(f"--option {key}= takes {' or '.join(known)}, not {value!r}")
        found[_SWITCHES.get(key, key)] = value
    return found


def _limit(options: Mapping[str, str]) -> int | None:
    """Bytes, -1 for no limit; None where nothing was said."""
    value = options.get("storage-limit")
    if value is None or value == "none":
        return None if value is None else -1
    if not (value.isascii() and value.isdecimal() and 0 < len(value) < 19 and int(value)):
        raise UsageError(f"--option storage-limit= takes a number of bytes or none, not {value!r}")
    return int(value)


def _flags(wish: Edit) -> Iterator[str]:
    if wish.private is not None:
        yield "--private" if wish.private else "--public"
    if wish.scan_on_push is not None:
        yield "--scan-on-push" if wish.scan_on_push else "--no-scan-on-push"
    yield from (f"--option {key}={value}" for key, value in wish.options.items())


def _host(url: str) -> str:
    """The `HOST[:PORT]` of a URL, as references have it."""
    stated = urlsplit(url if "//" in url else f"https://{url}")
    place = stated.netloc.rpartition("@")[2].lower()
    return place.removesuffix(":80" if stated.scheme == "http" else ":443")
