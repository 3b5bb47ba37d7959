"""Who may pull from a repository, as its policy at Google says; a project's own is not looked at.

API: getIamPolicy and setIamPolicy. A policy comes with an `etag`, and takes the place of the one
that had it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hubcli.errors import Denied, Unavailable
from hubcli.providers.google_api import ArtifactsApi

_READER = "roles/artifactregistry.reader"
_ROLES = "roles/artifactregistry."
_EVERYBODY = frozenset({"allUsers", "allAuthenticatedUsers"})
# Policies with conditions are told, and taken, in this version only.
_VERSION = 3

_Object = Mapping[str, Any]


def visibility(api: ArtifactsApi, name: str) -> str | None:
    """`public` or `private`; None for those who may not ask."""
    try:
        bindings = _bindings(_policy(api, name))
    except Denied:
        return None
    return "public" if any(map(_is_for_everybody, bindings)) else "private"


def set_private(api: ArtifactsApi, name: str, private: bool) -> None:
    """Let everybody pull, or nobody whom the policy does not name."""
    policy = _policy(api, name)
    kept = [_without_everybody(one) for one in _bindings(policy)]
    if not private:
        kept.append({"role": _READER, "members": ["allUsers"]})
    bindings = [one for one in kept if one.get("members")]
    wanted = {**policy, "version": _VERSION, "bindings": bindings}
    api.send("POST", f"/v1/{name}:setIamPolicy", body={"policy": wanted})


def _policy(api: ArtifactsApi, name: str) -> _Object:
    query = {"options.requestedPolicyVersion": _VERSION}
    return api.get(f"/v1/{name}:getIamPolicy", query).object()


def _bindings(policy: _Object) -> list[_Object]:
    found = policy.get("bindings", [])
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise Unavailable("the API answers with a policy of an unexpected shape")
    return found


def _is_for_everybody(binding: _Object) -> bool:
    reads = str(binding.get("role")).startswith(_ROLES)
    return reads and not _EVERYBODY.isdisjoint(_members(binding))


def _without_everybody(binding: _Object) -> _Object:
    if not _is_for_everybody(binding):
        return binding
    return {**binding, "members": [one for one in _members(binding) if one not in _EVERYBODY]}


def _members(binding: _Object) -> list[str]:
    found = binding.get("members")
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []
