"""Amazon ECR, private registries: `<account>.dkr.ecr.<region>.amazonaws.com`.

API: Amazon Elastic Container Registry, 2015-09-21. Its `/v2/` takes `AWS` and a password of twelve
hours as Basic authentication, makes no repository on a push, and deletes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from hubcli.auth.credentials import Credential
from hubcli.errors import Conflict, HubcliError, NotFound, Unsupported, UsageError
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
from hubcli.providers.provider import Provider, Surroundings

_HOST = re.compile(
    r"(?P<account>\d{12})\.dkr(?P<dash>[.-])ecr(?P<fips>-fips)?\.(?P<region>[^.]+)\."
)
_ALL = ".*"
_MUTABLE, _IMMUTABLE = "MUTABLE", "IMMUTABLE"
_ENCRYPTIONS = ("AES256", "KMS", "KMS_DSSE")
_SWITCHES = {"true": True, "false": False}


class ElasticRegistry(
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
    """The registry of an account in a region; visibility is a matter of policies there."""

    repository_fields = frozenset({"visibility", "created", "immutable_tags"})
    tag_fields = ("digest", "pushed", "pulled", "size", "media_type")
    creates = frozenset({"private", "immutable_tags", "scan_on_push"})
    edits = frozenset({"immutable_tags", "scan_on_push"})
    options = {
        "encryption": "AES256, KMS or KMS_DSSE (when it is made)",
        "kms-key": "the ARN or alias of a key (when it is made)",
        "scan-on-push": "true or false",
    }
    refusals = {
        "search": ("Amazon ECR has no search", "hubcli repo ls {host} --filter '*{words}*'"),
        "tag undelete": ("Amazon ECR does not bring back what was deleted", None),
    }
    identities = "AWS: environment, profile, SSO, role (botocore)"

    def __init__(self, at: Surroundings) -> None:
        super().__init__(at)
        found = _HOST.match(at.host)
        self._account = found["account"] if found else None
        region = found["region"] if found else at.environ.get("AWS_REGION") or "us-east-1"
        self._service = Service(
            self,
            "ecr",
            region,
            fips=bool(found and found["fips"]),
            dualstack=bool(found and found["dash"] == "-"),
        )

    def identity(self) -> Credential | None:
        """GetAuthorizationToken; it is good for all accounts in the region that let one in."""
        return self._service.credential()

    def repositories(self, namespace: str | None) -> Iterator[Row]:
        """DescribeRepositories"""
        found = self._service.pages(
            "describe_repositories", "repositories", registryId=self._account
        )
        for repository in found:
            name = str(repository["repositoryName"])
            if namespace is None or name.startswith(f"{namespace}/"):
                yield self._row(repository)

    def repository(self, path: str) -> Row:
        """DescribeRepositories of one name"""
        answer = self._service.call(
            "describe_repositories", registryId=self._account, repositoryNames=[path]
        )
        return self._row(answer["repositories"][0])

    def create_repository(self, path: str, wish: Creation) -> Row:
        """CreateRepository"""
        if wish.private is False:
            raise Unsupported(
                "a private registry is opened by a policy; what is public is in public.ecr.aws"
            )
        scan = _scans(wish.scan_on_push, wish.options)
        if wish.options.get("encryption", "KMS") not in _ENCRYPTIONS:
            raise UsageError(f"--option encryption takes {', '.join(_ENCRYPTIONS)}")
        encryption = {
            "encryptionType": wish.options.get("encryption")
            or ("KMS" if "kms-key" in wish.options else None),
            "kmsKey": wish.options.get("kms-key"),
        }
        encryption = {name: value for name, value in encryption.items() if value is not None}
        answer = self._service.call(
            "create_repository",
            registryId=self._account,
            repositoryName=path,
            imageTagMutability=_IMMUTABLE if wish.immutable_tags else None,
            imageScanningConfiguration=None if scan is None else {"scanOnPush": scan},
            encryptionConfiguration=encryption or None,
        )
        return self._row(answer["repository"])

    def check_edit(self, path: str, wish: Edit) -> None:  # noqa: ARG002 - all are alike
        """All tags are frozen or none, and what encrypts a repository is there from its start."""
        if wish.immutable_tags is not None and list(wish.immutable_tags) not in ([], [_ALL]):
            raise Unsupported(f"Amazon ECR freezes all tags ({_ALL!r}) or none")
        for key in wish.options:
            if key != "scan-on-push":
                raise Unsupported(f"Amazon ECR knows {key} only when a repository is made")
        _scans(wish.scan_on_push, wish.options)

    def edit_repository(self, path: str, wish: Edit) -> None:
        """PutImageTagMutability, PutImageScanningConfiguration"""
        self.check_edit(path, wish)
        given = {"registryId": self._account, "repositoryName": path}
        if wish.immutable_tags is not None:
            mutability = _IMMUTABLE if wish.immutable_tags else _MUTABLE
            self._service.call("put_image_tag_mutability", **given, imageTagMutability=mutability)
        scan = _scans(wish.scan_on_push, wish.options)
        if scan is not None:
            self._service.call(
                "put_image_scanning_configuration",
                **given,
                imageScanningConfiguration={"scanOnPush": scan},
            )

    def remove_repository(self, path: str) -> None:
        """DeleteRepository, with all images"""
        self._service.call(
            "delete_repository", registryId=self._account, repositoryName=path, force=True
        )

    def tags(self, path: str) -> Iterator[Row]:
        """DescribeImages, those with tags"""
        for image in self._images(path, "TAGGED"):
            for tag in image.get("imageTags", ()):
                yield {"name": tag, **image_row(image)}

    def untagged(self, path: str) -> Iterator[Row]:
        """DescribeImages, those without"""
        images = self._images(path, "UNTAGGED")
        return (image_row(image) for image in images if not image.get("imageTags"))

    def _images(self, path: str, status: str) -> Iterator[Mapping[str, Any]]:
        return self._service.pages(
            "describe_images",
            "imageDetails",
            registryId=self._account,
            repositoryName=path,
            filter={"tagStatus": status},
        )

    def remove_tag(self, path: str, tag: str, digest: str) -> None:  # noqa: ARG002
        """BatchDeleteImage by tag: the image goes with its last tag"""
        self._delete(path, {"imageTag": tag})

    def remove_manifest(self, path: str, digest: str) -> None:
        """BatchDeleteImage by digest, with all its tags"""
        self._delete(path, {"imageDigest": digest})

    def _delete(self, path: str, image: Mapping[str, str]) -> None:
        answer = self._service.call(
            "batch_delete_image",
            registryId=self._account,
            repositoryName=path,
            imageIds=[image],
        )
        for failure in answer.get("failures", ()):
            raise refusal(failure)

    def _row(self, repository: Mapping[str, Any]) -> Row:
        path = str(repository["repositoryName"])
        mutability = str(repository.get("imageTagMutability", _MUTABLE))
        return {
            "name": f"{self.at.host}/{path}",
            "namespace": path.rpartition("/")[0] or None,
            "registry": self.at.host,
            "visibility": "private",
            "created": moment(repository.get("createdAt")),
            "immutable_tags": [_ALL] if mutability == _IMMUTABLE else [],
        }


def image_row(image: Mapping[str, Any]) -> Row:
    """What `ImageDetail` tells, the tags aside; the public registry's has no pulls."""
    return {
        "digest": image.get("imageDigest"),
        "pushed": moment(image.get("imagePushedAt")),
        "pulled": moment(image.get("lastRecordedPullTime")),
        "size": image.get("imageSizeInBytes"),
        "media_type": image.get("imageManifestMediaType"),
    }


def refusal(failure: Mapping[str, Any]) -> HubcliError:
    """The failure of one item in a batch that has succeeded."""
    code = str(failure.get("failureCode") or "FAILED")
    reason = str(failure.get("failureReason") or code)
    kind = {"ImageNotFound": NotFound, "ImageReferencedByManifestList": Conflict}.get(code)
    return (kind or HubcliError)(reason[:1].lower() + reason[1:], code=code)


def _scans(flag: bool | None, options: Mapping[str, str]) -> bool | None:
    """Whether what is pushed is scanned, by the flag or by the option of that name."""
    text = options.get("scan-on-push")
    if text is None:
        return flag
    if text not in _SWITCHES:
        raise UsageError(f"--option scan-on-push takes true or false, not {text!r}")
    return _SWITCHES[text]
