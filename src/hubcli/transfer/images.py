"""What is copied, where to, and how: the terms in which a transfer is ordered and reported."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from hubcli.errors import Unsupported
from hubcli.oci import Manifest, Platform
from hubcli.stores import Source, Store


@dataclass(frozen=True, slots=True)
class Image:
    """An image to be read. `shown` is what people call it.

    Blobs can be mounted between repositories of the same `registry`; both are None elsewhere.
    """

    store: Source
    identifier: str
    shown: str
    registry: str | None = None
    repository: str | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """An image to be written; as `Image`. It `replaces` a file that is there already, or not.

    Where its `digest` was named, nothing else is written there. If it `is_added`, it takes the
    place of nothing that is there.
    `tags` are written last of all: where one of them is, nothing that belongs to it is missing.
    """

    store: Store
    identifier: str
    shown: str
    registry: str | None = None
    repository: str | None = None
    replaces: bool = False
    tags: tuple[str, ...] = ()
    digest: str | None = None
    is_added: bool = False


@dataclass(frozen=True, slots=True)
class Options:
    """How to copy.

    `platforms` None is all; of one its own manifest is copied, of several an index of them. If it
    is to be `sparse`, it stays the index it was, though images that it names are not there.
    `lenient` takes an image that is for one platform only, whichever that is. `jobs` is how many
    blobs move at once; `chunk_size` (bytes) has them uploaded in chunks. `referrers` and
    `digest_tags` take along what refers to the image by its subject, and by cosign's tags
    `sha256-….sig` and the like. With `only_images` an artifact is not copied: HoldsFiles.
    """

    platforms: tuple[Platform, ...] | None = None
    lenient: bool = False
    jobs: int = 6
    chunk_size: int | None = None
    force: bool = False
    no_clobber: bool = False
    dry_run: bool = False
    referrers: bool = False
    digest_tags: bool = False
    only_images: bool = False
    sparse: bool = False


class HoldsFiles(Unsupported):
    """It is no image, but the artifact `manifest`."""

    def __init__(self, manifest: Manifest) -> None:
        super().__init__("it is no image, but an artifact")
        self.manifest = manifest


@dataclass
class Report:
    """What was copied; `bytes` were read from the source, `blobs` counts outcomes.

    `platforms` are None where nothing said them without being asked for it; `attached` counts the
    manifests that were taken along. `unchanged`: the destination had it already.
    """

    source: str
    destination: str
    digest: str
    media_type: str
    platforms: list[str] | None = None
    bytes: int = 0
    seconds: float = 0.0
    blobs: Counter[str] = field(default_factory=Counter)
    attached: int = 0
    unchanged: bool = False
