"""What images are read from and written to, as the transfer engine sees it.

A registry's repository is a store just as a directory or an archive is: whatever has these methods
is one. An identifier is a tag or a digest, or `ONLY`: the one image of a store that holds one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Literal, Protocol, runtime_checkable

from hubcli.oci import Descriptor, Manifest

Chunks = AbstractContextManager[Iterator[bytes]]
"""A blob's bytes from some offset on, for as long as the context is open."""

ONLY = ""
"""The identifier of an image that needs none, and the name of one that has none."""

OpenAt = Callable[[int], Chunks]
"""Opens a blob at an offset, as often as need be: whoever writes it may have a part already."""

CHOSEN_FROM = "dev.hubcli.chosen-from"
"""The annotation of an image in a list that tells the digest of the index it was chosen from."""

SPARSE = "dev.hubcli.sparse"
"""The annotation of an index in a list that tells which platforms' images are there."""

Outcome = Literal["copied", "skipped", "mounted", "resumed"]
"""How a blob came to be where it should be; `resumed` where a part of it was there before."""


class BlobSource(Protocol):
    """Blobs to be read."""

    def has(self, descriptor: Descriptor) -> bool:
        """Whether the blob is there, as far as can be told without reading it."""
        ...

    def open(self, descriptor: Descriptor, offset: int = 0) -> Chunks:
        """The blob's bytes from `offset` on, unverified; NotFound where there is no such blob."""
        ...

    def read(self, descriptor: Descriptor) -> bytes:
        """A small blob whole, verified."""
        ...


class Blobs(BlobSource, Protocol):
    """Blobs to be read and written."""

    def upload(
        self,
        descriptor: Descriptor,
        open_at: OpenAt,
        *,
        mount_from: str | None = None,
        chunk_size: int | None = None,
    ) -> Outcome:
        """Write a blob, verified while it passes; IntegrityFailure leaves nothing of it behind.

        `mount_from` is a repository of the same registry that has it already. Registries are sent
        chunks of `chunk_size` bytes, where that is given.
        """
        ...


class Source(Protocol):
    """A store that images are read from."""

    @property
    def blobs(self) -> BlobSource: ...

    def resolve(self, identifier: str) -> Descriptor:
        """What a tag or digest stands for; NotFound where it is not there."""
        ...

    def manifest(self, identifier: str) -> Manifest:
        """A manifest or index, verified; NotFound where it is not there."""
        ...


class Store(Source, Protocol):
    """A store that images are read from and written to."""

    @property
    def blobs(self) -> Blobs: ...

    def put_manifest(self, identifier: str, manifest: Manifest) -> None:
        """Write a manifest whose children are there, under a tag or under its own digest."""
        ...


@runtime_checkable
class Findable(Protocol):
    """A store that takes longer to say why something is not there than that it is not."""

    def find(self, identifier: str) -> Descriptor | None:
        """What `resolve` tells; None where it is not there."""
        ...


@runtime_checkable
class Listed(Protocol):
    """A store that lists its images, also those that have no name."""

    def put_image(self, name: str, manifest: Manifest, origin: Descriptor | None = None) -> None:
        """Write a manifest whose children are there, as an image; `ONLY` names none.

        Platform and annotations of `origin` are listed with it.
        """
        ...


@runtime_checkable
class Checked(Protocol):
    """A store that does not take every image."""

    def check(self, root: Manifest) -> None:
        """Refuse, before anything is written, what cannot be kept: Unsupported or Conflict."""
        ...


@runtime_checkable
class Prepared(Protocol):
    """A store that is told what will be written before any of it is."""

    def expect(self, root: Manifest, contents: Iterable[Descriptor]) -> None:
        """Prepare for `root` and what belongs to it."""
        ...


@runtime_checkable
class Referred(Protocol):
    """A store that knows which manifests name another one as their subject."""

    def referrers(self, digest: str, artifact_type: str | None = None) -> Iterator[Descriptor]:
        """The manifests whose subject is `digest`; only those of `artifact_type` if given."""
        ...
