"""What a request names: its repository, tag or digest, checked (distribution-spec, "Pull")."""

from __future__ import annotations

import re

from starlette.requests import Request

from hubcli.sandbox.content.files import is_digest
from hubcli.sandbox.registry import replies

_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")
_LONGEST_REPOSITORY = 255
_TAG = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}")


def is_repository(name: str) -> bool:
    return len(name) <= _LONGEST_REPOSITORY and _REPOSITORY.fullmatch(name) is not None


def is_tag(name: str) -> bool:
    return _TAG.fullmatch(name) is not None


def repository_of(request: Request) -> str:
    """The repository in the path; NAME_INVALID where there can be none of that name."""
    name: str = request.path_params["name"]
    if not is_repository(name):
        raise replies.name_invalid(name[:_LONGEST_REPOSITORY])
    return name


def digest_of(request: Request) -> str:
    """The digest in the path; DIGEST_INVALID where it is malformed or of an unknown algorithm."""
    return checked_digest(request.path_params["digest"])


def checked_digest(digest: str) -> str:
    if not is_digest(digest):
        raise replies.digest_invalid("the digest is malformed or of an unknown algorithm", digest)
    return digest
