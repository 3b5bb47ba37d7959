"""Who the user is to GitLab: a CI job's own variables, and the token that GitLab's tools read.

What a job has is for the registry that `CI_REGISTRY` names, and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from hubcli.auth.credentials import Credential, Kind
from hubcli.providers.belonging import belongs

WHERE = "CI_REGISTRY_USER and CI_REGISTRY_PASSWORD, CI_JOB_TOKEN, GITLAB_TOKEN"
JOB = "gitlab-ci-token"
OAUTH = "oauth2"
_PAT = "glpat-"
_DEPLOY_TOKEN = re.compile(r"gitlab(?:\+deploy-token-\d+|-deploy-token)")


def find(environ: Mapping[str, str], host: str, is_named: bool) -> Credential | None:
    """A job's identity at its registry, else GITLAB_TOKEN, for GITLAB_HOST or gitlab.com.

    `is_named` is whether the host is known to be a GitLab: only there are tokens for all of it.
    """
    if is_of_job(environ, host):
        user = environ.get("CI_REGISTRY_USER", "").strip()
        secret = environ.get("CI_REGISTRY_PASSWORD", "").strip()
        if user and secret:
            return Credential(user, secret, "CI_REGISTRY_PASSWORD", Kind.ROLE)
    token = environ.get("CI_JOB_TOKEN", "").strip()
    if token and is_named and belongs(host, environ.get("CI_SERVER_URL")):
        return Credential(JOB, token, "CI_JOB_TOKEN", Kind.ROLE)
    token = environ.get("GITLAB_TOKEN", "").strip()
    whose = environ.get("GITLAB_HOST") or "gitlab.com"
    if token and is_named and belongs(host, whose if "//" in whose else f"https://{whose}"):
        return Credential(OAUTH, token, "GITLAB_TOKEN", Kind.PAT)
    return None


def is_of_job(environ: Mapping[str, str], host: str) -> bool:
    """Whether it is the registry of the CI job that this runs in."""
    return environ.get("CI_REGISTRY", "").strip().lower() == host


def carrier(credential: Credential | None) -> str:
    """The header of GitLab's API that a secret goes in; tokens of OAuth are bearer tokens."""
    if credential is None:
        return "Authorization"
    if credential.username == JOB:
        return "JOB-TOKEN"
    is_oauth = credential.username == OAUTH and not credential.secret.startswith(_PAT)
    return "Authorization" if is_oauth else "PRIVATE-TOKEN"


def opens_registry_only(credential: Credential | None) -> bool:
    """Whether it is a deploy token: the API refuses these."""
    if credential is None:
        return False
    named = _DEPLOY_TOKEN.fullmatch(credential.username) is not None
    return named or credential.secret.startswith("gldt-")
