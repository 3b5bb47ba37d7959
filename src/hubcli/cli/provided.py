"""From a host to the capability that a command needs there, or to the line that refuses it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from hubcli.cli.runtime import Runtime
from hubcli.errors import doing

if TYPE_CHECKING:
    from hubcli.reference import Reference
    from hubcli.session import Session

_Capability = TypeVar("_Capability")


def capable(runtime: Runtime, host: str, capability: type[_Capability]) -> _Capability | None:
    """The provider of a host, if it has a capability."""
    provider = runtime.session.provider(host)
    return provider if isinstance(provider, capability) else None


def required(
    runtime: Runtime,
    reference: Reference,
    capability: type[_Capability],
    command: str,
    action: str,
) -> _Capability:
    """The same; Unsupported, in the provider's words, where it has none."""
    from hubcli.providers.refusals import refusal

    with doing(action, reference.name):
        provider = runtime.session.provider(reference.host)
    if isinstance(provider, capability):
        return provider
    raise refusal(provider, command, reference.host, action, reference.name)


def removing_manifests(session: Session, reference: Reference) -> Callable[[str], None] | None:
    """How the registry's own API deletes manifests of a repository, by digest; or None."""
    from hubcli.providers import RemovesManifests

    provider = session.provider(reference.host)
    if not isinstance(provider, RemovesManifests):
        return None
    return partial(provider.remove_manifest, reference.path)
