"""Amazon ECR Public: `public.ecr.aws/<alias>/<repository>`.

API: Amazon Elastic Container Registry Public, 2020-10-30, in us-east-1 wherever one is. It knows
the registry that is one's own, and nothing of others'.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hubcli.auth.credentials import Credential
from hubcli.errors import NotFound, Unsupported
from hubcli.providers.aws import Service, moment
from hubcli.providers.capabilities import (
    CreatesRepositories,
    Creation,
    Edit,
    EditsRepositories,
    HasIdentity,
    ListsRepositories,
    ListsTags,
    ListsUntagged,
    RemovesManifests,
    RemovesRepositories,
    RemovesTags,
    Row,
    ShowsRepositories,
)
from hubcli.providers.ecr import image_row, refusal
from hubcli.providers.provider import Provider, Surroundings

_REGION = "us-east-1"
_SUFFIX_OF_ALIASES = "public.ecr.aws/"


class PublicRegistry(
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
    RemovesManifests,
):
    """One's own public registry, under its alias; everybody may pull from it."""

    repository_fields = frozenset({"visibility", "created"})
    tag_fields = ("digest", "pushed", "size", "media_type")
    creates = frozenset({"private", "description"})
    edits = frozenset({"description"})
    options = {
        "about": "the text of the gallery's page, in Markdown",
        "usage": "the text on usage, in Markdown",
    }
    refusals = {
        "search": ("the gallery of Amazon ECR Public has no API", "https://gallery.ecr.aws"),
        "tag undelete": ("Amazon ECR Public does not bring back what was deleted", None),
    }
    identities = "AWS: environment, profile, SSO, role (botocore)"

    def __init__(self, at: Surroundings) -> None:
        super().__init__(at)
        self._service = Service(self, "ecr-public", _REGION)
        self._aliases: frozenset[str] | None = None

    def identity(self) -> Credential | None:
        """GetAuthorizationToken, which takes sts:GetServiceBearerToken as well"""
        return self._service.credential()

    def repositories(self, namespace: str | None) -> Iterator[Row]:
        """DescribeRepositories: one's own"""
        alias, _, below = (namespace or "").partition("/")
        if alias:
            self._check(alias)
        for repository in self._service.pages("describe_repositories", "repositories"):
            if not below or str(repository["repositoryName"]).startswith(f"{below}/"):
                yield self._row(repository, alias or None)

    def repository(self, path: str) -> Row:
        """DescribeRepositories of one name, GetRepositoryCatalogData"""
        alias, name = self._own(path)
        answer = self._service.call("describe_repositories", repositoryNames=[name])
        row = self._row(answer["repositories"][0], alias)
        data = self._catalog(name)
        return {**row, "description": data.get("description"), "readme": data.get("aboutText")}

    def create_repository(self, path: str, wish: Creation) -> Row:
        """CreateRepository"""
        if wish.private:
            raise Unsupported(
                "all of it is public; private is <account>.dkr.ecr.<region>.amazonaws.com"
            )
        alias, name = self._own(path)
        data = {
            "description": wish.description,
            "aboutText": wish.options.get("about"),
            "usageText": wish.options.get("usage"),
        }
        data = {member: text for member, text in data.items() if text is not None}
        answer = self._service.call(
            "create_repository", repositoryName=name, catalogData=data or None
        )
        return {**self._row(answer["repository"], alias), "description": wish.description}

    def edit_repository(self, path: str, wish: Edit) -> None:
        """PutRepositoryCatalogData, which replaces all of it"""
        _, name = self._own(path)
        before = self._catalog(name)
        kept = ("description", "architectures", "operatingSystems", "aboutText", "usageText")
        data: dict[str, Any] = {member: before[member] for member in kept if before.get(member)}
        if wish.description is not None:
            data["description"] = wish.description
        data |= {_MEMBERS[key]: text for key, text in wish.options.items()}
        self._service.call("put_repository_catalog_data", repositoryName=name, catalogData=data)

    def remove_repository(self, path: str) -> None:
        """DeleteRepository, with all images"""
        _, name = self._own(path)
        self._service.call("delete_repository", repositoryName=name, force=True)

    def tags(self, path: str) -> Iterator[Row]:
        """DescribeImageTags"""
        _, name = self._own(path)
        found = self._service.pages("describe_image_tags", "imageTagDetails", repositoryName=name)
        for tag in found:
            yield {"name": tag["imageTag"], **image_row(tag.get("imageDetail", {}))}

    def untagged(self, path: str) -> Iterator[Row]:
        """DescribeImages: those without tags"""
        _, name = self._own(path)
        for image in self._service.pages("describe_images", "imageDetails", repositoryName=name):
            if not image.get("imageTags"):
                yield image_row(image)

    def remove_tag(self, path: str, tag: str, digest: str) -> None:  # noqa: ARG002
        """BatchDeleteImage by tag: the image goes with its last tag"""
        self._delete(path, {"imageTag": tag})

    def remove_manifest(self, path: str, digest: str) -> None:
        """BatchDeleteImage by digest, with all its tags"""
        self._delete(path, {"imageDigest": digest})

    def _delete(self, path: str, image: Mapping[str, str]) -> None:
        _, name = self._own(path)
        answer = self._service.call("batch_delete_image", repositoryName=name, imageIds=[image])
        for failure in answer.get("failures", ()):
            raise refusal(failure)

    def _own(self, path: str) -> tuple[str, str]:
        """Alias and name of a repository; what is somebody else's the API does not know."""
        alias, _, name = path.partition("/")
        if not name:
            raise NotFound("a repository of Amazon ECR Public is ALIAS/NAME")
        self._check(alias)
        return alias, name

    def _check(self, alias: str) -> None:
        if self._aliases is None:
            found = self._service.pages("describe_registries", "registries")
            self._aliases = frozenset(
                str(entry.get("name"))
                for registry in found
                for entry in registry.get("aliases", ())
            )
        if alias not in self._aliases:
            known = ", ".join(sorted(self._aliases)) or "none"
            raise NotFound(f"the API tells of one's own registry only, and its aliases are {known}")

    def _catalog(self, name: str) -> dict[str, Any]:
        try:
            answer = self._service.call("get_repository_catalog_data", repositoryName=name)
        except NotFound:
            return {}
        found: dict[str, Any] = answer.get("catalogData", {})
        return found

    def _row(self, repository: Mapping[str, Any], alias: str | None) -> Row:
        uri = str(repository.get("repositoryUri", "")).removeprefix(_SUFFIX_OF_ALIASES)
        path = f"{alias or uri.partition('/')[0]}/{repository['repositoryName']}"
        return {
            "name": f"{self.at.host}/{path}",
            "namespace": path.rpartition("/")[0],
            "registry": self.at.host,
            "visibility": "public",
            "created": moment(repository.get("createdAt")),
        }


_MEMBERS = {"about": "aboutText", "usage": "usageText"}
