"""What is attached to an image without belonging to it: referrers, and cosign's tags."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hubcli.errors import IntegrityFailure, NotFound
from hubcli.oci import Manifest
from hubcli.stores import Referred, Source
from hubcli.transfer import graph

MOST = 10_000
"""Attached manifests before they are refused."""

_SUFFIXES = ("sig", "att", "sbom")


def referrers(source: Source, digests: Iterable[str]) -> Iterator[Manifest]:
    """The manifests whose subject is one of these, or one of those in turn; each once."""
    if not isinstance(source, Referred):
        return
    queue = list(digests)
    seen = set(queue)
    while queue:
        for descriptor in source.referrers(queue.pop()):
            if descriptor.digest in seen:
                continue
            seen.add(descriptor.digest)
            if len(seen) > MOST:
                raise IntegrityFailure(f"more than {MOST} manifests refer to the image")
            queue.append(descriptor.digest)
            yield graph.child(source, descriptor)


def digest_tags(source: Source, digests: Iterable[str]) -> Iterator[tuple[str, Manifest]]:
    """What cosign's tags `sha256-….sig`, `.att` and `.sbom` stand for, with the tag."""
    for digest in digests:
        for suffix in _SUFFIXES:
            tag = f"{digest.replace(':', '-')}.{suffix}"
            try:
                yield tag, source.manifest(tag)
            except NotFound:
                continue
