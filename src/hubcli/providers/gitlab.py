"""GitLab, gitlab.com and self-hosted: its REST API knows projects, and the registry of each.

API: GitLab REST v4, "Container registry API". A path is a project's, with up to a few names behind
it; the project says who may see what is in it. Lists of tags are names there as they are in `/v2/`,
so tags are listed by that, which takes deploy tokens, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from itertools import chain, islice

from hubcli import timestamps
from hubcli.auth.challenge import preferred
from hubcli.auth.credentials import Credential
from hubcli.auth.tokens.fixed import BareAuthorizer, FixedAuthorizer
from hubcli.errors import Denied, NotFound, NotSignedIn, Unsupported
from hubcli.http import origin
from hubcli.providers import gitlab_identity
from hubcli.providers.calls import number, segment, text
from hubcli.providers.capabilities import (
    Edit,
    EditsRepositories,
    HasIdentity,
    ListsRepositories,
    RemovesRepositories,
    RemovesTags,
    Row,
    ShowsRepositories,
)
from hubcli.providers.gitlab_api import Found, GitLabApi, Object, Places, gitlab_problem
from hubcli.providers.provider import Provider

_HOME = "https://gitlab.com"
_TOKENS = "/jwt/auth"
_API = "/api/v4"
_PUBLIC, _MEMBERS = "enabled", "private"
_REFUSALS = (NotSignedIn, Denied, NotFound)


class GitLab(
    Provider,
    HasIdentity,
    ListsRepositories,
    ShowsRepositories,
    EditsRepositories,
    RemovesRepositories,
    RemovesTags,
):
    """`HOST/GROUP/PROJECT` is a project and a repository of it, `…/PROJECT/NAME` is another."""

    repository_fields = frozenset({"created"})
    repository_lookups = frozenset({"visibility", "description", "size"})
    edits = frozenset({"private"})
    refusals = {
        "repo create": (
            "GitLab creates a repository when something is pushed to it, in a project",
            "hubcli push SOURCE {name}",
        ),
        "search": (
            "GitLab has no search for images",
            "hubcli repo ls {host}/GROUP --filter '*{words}*'",
        ),
        "tag undelete": ("GitLab does not bring back what was deleted", None),
    }
    identities = gitlab_identity.WHERE

    def identity(self) -> Credential | None:
        """What a CI job has, or GITLAB_TOKEN."""
        return gitlab_identity.find(self.at.environ, self.at.host, self.at.is_named)

    # Repositories

    def repositories(self, namespace: str | None) -> Iterator[Row]:
        """Those of a group and all below it, of a project, or of a user's projects.

        Without a namespace those of all projects that one is a member of; in a CI job, whose token
        is for one project, those of that.
        """
        if namespace is None and self._is_job:
            namespace = self.at.environ.get("CI_PROJECT_PATH", "").lower() or None
        if namespace is None:
            if self._credential is None:
                raise NotSignedIn("strangers have no projects", hint=f"hubcli login {self.at.host}")
            found = self._of_projects("/projects", membership="true")
        else:
            found = self._below(namespace)
        inside = f"{namespace}/"
        for one in found:
            if namespace is None or f"{one.path}/".startswith(inside):
                yield self._row(self._places.note(one))

    def repository(self, path: str) -> Row:
        """GET /registry/repositories/{id} and /projects/{id}; a project without a repository of
        its own path is shown as one that is empty."""
        try:
            found = self._places.repository(path)
        except NotFound:
            project = self._told(lambda: self._places.project(path))
            if not project:
                raise
            made = timestamps.normalised(project.get("created_at"))
            return {**self._row(Found(0, 0, path, made)), **_of_project(project)}
        detail = self._told(lambda: self._api.repository(found.number))
        project = self._told(lambda: self._places.project(found.project))
        return {**self._row(found), **_of_project(project), "size": number(detail.get("size"))}

    def check_edit(self, path: str, wish: Edit) -> None:
        """A registry is the whole project's, and never more open than that."""
        try:
            project = self._places.project(path)
        except NotFound:
            found = self._told(lambda: self._places.project(self._places.repository(path).project))
            if not found:
                raise
            whole = f"{self.at.host}/{str(found.get('path_with_namespace')).lower()}"
            edit = f"hubcli repo edit {whole}"
            raise Unsupported(
                f"that is for the whole project {whole} to say",
                hint=f"{edit} --private" if wish.private else f"{edit} --public",
            ) from None
        if wish.private is False and project.get("visibility") != "public":
            raise Unsupported(
                f"the project is {project.get('visibility')}, and its registry no less",
                hint=text(project.get("web_url")),
            )

    def edit_repository(self, path: str, wish: Edit) -> None:
        """PUT /projects/{id}, of which the registry is a part"""
        self.check_edit(path, wish)
        project = self._places.project(path)
        level = _MEMBERS if wish.private else _PUBLIC
        body = {"container_registry_access_level": level}
        answer = self._api.send("PUT", f"/projects/{number(project.get('id'))}", body=body)
        self._places.renew(path, answer.object())

    def remove_repository(self, path: str) -> None:
        """DELETE /projects/{id}/registry/repositories/{id}, which GitLab does by and by"""
        self._api.send("DELETE", _route(self._places.repository(path)))
        self.at.notify(f"{self.at.host}/{path}: GitLab deletes it in the background")

    def _below(self, namespace: str) -> Iterator[Found]:
        if not self._is_job:
            found = self._api.registry_of_group(namespace)
            try:
                return chain(list(islice(found, 1)), found)
            except NotFound:
                pass  # it may be a project, or a user
        if "/" in namespace:
            return self._places.around(namespace)
        return self._of_projects(f"/users/{segment(namespace)}/projects")

    def _of_projects(self, path: str, **query: str) -> Iterator[Found]:
        """The repositories of each project of a list, a few projects at once."""
        from hubcli.parallel import in_order

        def registry(project: int) -> list[Found]:
            try:
                return list(self._api.registry_of_project(project))
            except (Denied, NotFound):  # it has no registry, or none that one may see
                return []

        found = in_order(registry, self._api.projects(path, **query), self.at.concurrency)
        return chain.from_iterable(found)

    def _told(self, ask: Callable[[], Object]) -> Object:
        """What GitLab tells of something; nothing where it does not tell it to this token."""
        try:
            return ask()
        except _REFUSALS:
            return {}

    def _row(self, found: Found) -> Row:
        return {
            "name": f"{self.at.host}/{found.path}",
            "namespace": found.path.rpartition("/")[0],
            "registry": self.at.host,
            "created": found.created,
        }

    # Tags

    def remove_tag(self, path: str, tag: str, digest: str) -> None:
        """DELETE …/repositories/{id}/tags/{tag}; by `/v2/` with a token that opens that alone"""
        try:
            found = self._places.repository(path)
            self._api.send("DELETE", f"{_route(found)}/tags/{segment(tag)}")
        except (NotSignedIn, NotFound, Unsupported):
            from hubcli.registry.untag import Untagger

            repository = self.at.registry().deleting_in(path)
            Untagger(repository, self.at.notify).remove(tag, digest)

    # The API

    @cached_property
    def _credential(self) -> Credential | None:
        return self.at.credential()

    @property
    def _is_job(self) -> bool:
        return self._credential is not None and self._credential.username == gitlab_identity.JOB

    @cached_property
    def _places(self) -> Places:
        return Places(self._api)

    @cached_property
    def _api(self) -> GitLabApi:
        if gitlab_identity.opens_registry_only(self._credential):
            raise NotSignedIn(
                "a deploy token opens the registry, and not GitLab's API",
                hint=f"hubcli login {self.at.host}",
            )
        carrier = gitlab_identity.carrier(self._credential)
        find = self.at.credential
        authorizer = FixedAuthorizer(find, bearer=True)
        return GitLabApi(
            self.at.http,
            self._address(),
            self.at.host,
            authorizer if carrier == "Authorization" else BareAuthorizer(find),
            problem=gitlab_problem,
            endpoint=self.at.registry().endpoint,
            carrier=carrier,
        )

    def _address(self) -> str:
        """The configuration's, gitlab.com's, that of one's CI job, or where the token server is."""
        at = self.at
        is_of_job = gitlab_identity.is_of_job(at.environ, at.host)
        usual = at.environ.get("CI_API_V4_URL", "") if is_of_job else ""
        if at.row.is_at(at.host):
            usual = _HOME
        url = at.api_url(usual) or self._beside_token_server()
        return url if url.endswith(_API) else f"{url}{_API}"

    def _beside_token_server(self) -> str:
        """GitLab itself makes the tokens. Where all there is to go by is a greeting, it has to
        be the same machine's: a stranger could name any."""
        registry = self.at.registry()
        challenge = preferred(registry.greet().challenges)
        registry_url = registry.endpoint.url
        realm = origin.realm_target(registry_url, (challenge and challenge.realm) or "")
        base, found, _ = realm.partition(_TOKENS)
        hint = f"hubcli config set 'registries.{self.at.host}.api' https://GITLAB"
        if not found:
            raise Unsupported(f"{self.at.host} does not tell where its GitLab is", hint=hint)
        if not self.at.is_named and origin.origin(base)[1] != origin.origin(registry_url)[1]:
            raise Unsupported(
                f"{self.at.host} says that its GitLab is {origin.authority(base)}; that has to be"
                " confirmed before it is told who you are",
                hint=f"hubcli config set 'registries.{self.at.host}.provider' gitlab",
            )
        return base


def _route(found: Found) -> str:
    return f"/projects/{found.project}/registry/repositories/{found.number}"


def _of_project(project: Object) -> Row:
    """What a project says for its registry, which may be for its members though it is not."""
    visibility = text(project.get("visibility"))
    is_open = project.get("container_registry_access_level", _PUBLIC) == _PUBLIC
    return {
        # "internal" is for those who are signed in.
        "visibility": visibility
        and ("public" if visibility == "public" and is_open else "private"),
        "description": text(project.get("description")),
    }
