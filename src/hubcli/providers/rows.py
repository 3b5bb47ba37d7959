"""The table of the registries that hubcli knows by name, and what is peculiar to each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING

from hubcli.registry.quirks import Quirks

if TYPE_CHECKING:
    from hubcli.providers.provider import Provider


@dataclass(frozen=True, slots=True)
class Marks:
    """What gives a registry away in the answer to `GET /v2/`: one of these is enough.

    `realm` is a regular expression for the end of the realm's path; where there is a `service`,
    that has to be right as well. `headers` are names.
    """

    realm: str | None = None
    service: str | None = None
    headers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProviderRow:
    """One kind of registry.

    `name` is what a configuration row calls it, `title` what people do. `hosts` matches the whole
    of a `HOST[:PORT]`, `known_as` says the same for people. `code` is `module:Class` in this
    package, None where there is nothing but data; `extra` is the extra of hubcli that the class
    needs. `home` is the host of a registry that there is only one of: who has set one of
    `variables` has an identity there. `host_variable` names the host that others are about.
    """

    name: str
    title: str
    hosts: str | None = None
    known_as: str | None = None
    marks: Marks = field(default_factory=Marks)
    code: str | None = None
    extra: str | None = None
    home: str | None = None
    variables: tuple[str, ...] = ()
    host_variable: str | None = None
    quirks: Quirks = field(default_factory=Quirks)

    def is_at(self, host: str) -> bool:
        return self.hosts is not None and re.fullmatch(self.hosts, host) is not None

    def load(self) -> type[Provider] | None:
        """The class behind the row; its module is imported now."""
        if self.code is None:
            return None
        module, _, name = self.code.partition(":")
        found: type[Provider] = getattr(import_module(f"hubcli.providers.{module}"), name)
        return found


# A PATCH is answered 201 there, and the `Range` of an upload stands still; `/v2/` deletes nothing.
_ECR = Quirks(creates_on_push=False, chunks=False, deletes_tags=False, deletes_manifests=False)

ROWS: tuple[ProviderRow, ...] = (
    ProviderRow(
        "ecr",
        "Amazon ECR",
        hosts=(
            r"\d{12}\.dkr[.-]ecr(?:-fips)?\.[a-z0-9][a-z0-9-]*\."
            r"(?:amazonaws\.com(?:\.cn)?|amazonaws\.eu|on\.aws|on\.amazonwebservices\.(?:com\.cn|eu)"
            r"|c2s\.ic\.gov|on\.aws\.ic\.gov|sc2s\.sgov\.gov|on\.aws\.scloud|cloud\.adc-e\.uk"
            r"|on\.cloud-aws\.adc-e\.uk|csp\.hci\.ic\.gov|on\.aws\.hci\.ic\.gov)"
        ),
        known_as="ACCOUNT.dkr.ecr.REGION.amazonaws.com and its like in other partitions",
        code="ecr:ElasticRegistry",
        extra="aws",
        quirks=_ECR,
    ),
    ProviderRow(
        "ecr-public",
        "Amazon ECR Public",
        hosts=r"public\.ecr\.aws|ecr-public\.aws\.com",
        known_as="public.ecr.aws",
        code="ecr_public:PublicRegistry",
        extra="aws",
        quirks=Quirks(
            catalog=False,
            creates_on_push=False,
            chunks=False,
            deletes_tags=False,
            deletes_manifests=False,
        ),
    ),
    ProviderRow(
        "ghcr",
        "GitHub Container Registry",
        hosts=r"ghcr\.io|docker\.pkg\.github\.com",
        known_as="ghcr.io",
        code="ghcr:GitHubPackages",
        home="ghcr.io",
        variables=("GITHUB_TOKEN", "GH_TOKEN"),
        # A PATCH of more than 4 MiB is answered 416; DELETE with 405, referrers with 404.
        quirks=Quirks(
            catalog=False,
            chunks=False,
            deletes_tags=False,
            deletes_manifests=False,
            referrers=False,
        ),
    ),
    ProviderRow(
        "quay",
        "Quay",
        hosts=r"quay\.io",
        known_as="quay.io",
        marks=Marks(realm="/v2/auth", headers=("x-sparse-manifest-support",)),
        code="quay:Quay",
        home="quay.io",
        variables=("QUAY_OAUTH_TOKEN", "QUAY_OIDC_TOKEN"),
        # Its token server answers 400 to `delete` and to the catalog's scope, and gives `*` to
        # administrators only; for deleting it wants what it wants for pushing.
        quirks=Quirks(
            catalog_scopes=(),
            counts_one_too_many=True,
            deletes_tags=True,
            delete_actions=("pull", "push"),
        ),
    ),
    ProviderRow(
        "artifactory",
        "JFrog Artifactory",
        hosts=r"(?:[a-z0-9-]+\.)+jfrog\.io",
        known_as="*.jfrog.io",
        marks=Marks(
            realm=r"/api/docker/[^/]+/v2/token", headers=("x-jfrog-version", "x-artifactory-id")
        ),
        code="artifactory:Artifactory",
    ),
    ProviderRow(
        "acr",
        "Azure Container Registry",
        # NAME, NAME-HASH or NAME.REGION.geo; a login server is never ….data.azurecr.io.
        hosts=r"[a-z0-9]{5,50}(-[a-z0-9]+)?(\.[a-z0-9]+\.geo)?\.azurecr\.(io|cn|us|de)",
        known_as="….azurecr.io, .cn, .us, .de",
        marks=Marks(realm="/oauth2/token"),
        code="acr:AzureRegistry",
        extra="azure",
        # DELETE by tag is for digests only; untagging is a matter of its own API.
        quirks=Quirks(deletes_tags=False),
    ),
    ProviderRow(
        "google",
        "Google Artifact Registry, gcr.io",
        hosts=r"([a-z]+\.)?gcr\.io|[a-z0-9-]+-docker\.pkg\.dev|docker\.[a-z0-9-]+\.rep\.pkg\.dev",
        known_as="*-docker.pkg.dev, gcr.io, *.gcr.io",
        code="google:GoogleRegistry",
        extra="google",
        # The catalog of pkg.dev is empty whatever there is; uploads in parts are refused, and so
        # is the deletion of a manifest that has tags.
        quirks=Quirks(catalog=False, chunks=False, deletes_tags=True, deletes_tagged=False),
    ),
    ProviderRow(
        "harbor",
        "Harbor",
        hosts=r"demo\.goharbor\.io",
        known_as="demo.goharbor.io",
        marks=Marks(realm="/service/token", service="harbor-registry"),
        code="harbor:Harbor",
        # The catalog is for administrators only, and leaves out repositories without images; a
        # push makes a repository, and no project for it.
        quirks=Quirks(catalog=False, creates_on_push=False, deletes_tags=False),
    ),
    ProviderRow(
        "gitlab",
        "GitLab",
        hosts=r"registry\.gitlab\.com",
        known_as="registry.gitlab.com",
        marks=Marks(realm="/jwt/auth", service="container_registry"),
        code="gitlab:GitLab",
        home="registry.gitlab.com",
        variables=("GITLAB_TOKEN", "CI_JOB_TOKEN"),
        host_variable="CI_REGISTRY",
        # The catalog is for administrators. A CI job may `delete` what is its project's, and is
        # never given `*`; older versions do not take tags to be deleted, which a try tells.
        quirks=Quirks(catalog=False, delete_actions=("pull", "push", "delete")),
    ),
    ProviderRow("zot", "zot", quirks=Quirks(deletes_tags=True)),
    ProviderRow("distribution", "distribution, and any other registry"),
)
"""In the order in which they are tried; a name that a configuration row has decides at once."""

PLAIN = ROWS[-1]
BY_NAME: Mapping[str, ProviderRow] = {row.name: row for row in ROWS}
