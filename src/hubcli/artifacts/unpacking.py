"""Artifacts as files in a directory: names checked, contents verified, nothing overwritten.

A file grows beside its place, where the next run goes on with it, and is put there when it is
whole. Nothing is written before all names are known to be good.
"""

from __future__ import annotations

import os
import stat
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hubcli import oci
from hubcli.artifacts.filenames import TITLE, check_distinct, safe_parts
from hubcli.errors import Conflict, HubcliError, IntegrityFailure, doing
from hubcli.oci import Descriptor, Verifier
from hubcli.stores import Source, partial
from hubcli.transfer import Events
from hubcli.transfer.events import Meter
from hubcli.transfer.threads import Stopped, Workers

_UNPACK = "io.deis.oras.content.unpack"
"""oras's annotation of a layer that is a directory, as a tar."""

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Planned:
    """A blob, and the file that it is to become; `is_there` says that the file has its bytes."""

    descriptor: Descriptor
    target: Path
    is_there: bool = False

    @property
    def beside(self) -> Path:
        """Where it grows: a name that is short enough whatever the file is called."""
        name = oci.digest_of(self.target.name.encode()).partition(":")[2][:12]
        short = self.descriptor.digest.replace(":", "-")[:23]
        return self.target.parent / f".{name}.{short}.partial"


def plan(layers: Sequence[Descriptor], directory: Path, *, force: bool = False) -> list[Planned]:
    """What an artifact's layers become below `directory`; nothing is written.

    IntegrityFailure for a name that is refused, Conflict where something is in the way; with
    `force` that may be a file.
    """
    named = list(dict.fromkeys((_name(one), one.digest) for one in layers if _is_file(one)))
    by_digest = {layer.digest: layer for layer in layers}
    check_distinct(name for name, _ in named)
    planned = []
    for name, digest in named:
        layer = by_digest[digest]
        target = directory.joinpath(*name.split("/"))
        _check_way(directory, target)
        planned.append(Planned(layer, target, _is_there(layer, target, force=force)))
    _check_partials(planned)
    return planned


def fetch(
    store: Source, planned: Sequence[Planned], events: Events, jobs: int = 4
) -> tuple[Counter[str], int]:
    """Make the files; how many were `copied`, `skipped` and `resumed`, and the bytes read."""
    outcomes: Counter[str] = Counter()
    workers, lock = Workers(jobs), threading.Lock()
    meter = Meter(events, workers.check)

    def make(one: Planned) -> None:
        key = one.descriptor.digest
        try:
            outcome = _made(store, one, meter)
        except Stopped:
            raise
        except HubcliError:
            events.finish(key, "failed")
            raise
        if outcome == "skipped":
            events.begin(key, key, one.descriptor.size)
        events.finish(key, outcome)
        with lock:
            outcomes[outcome] += 1

    workers.each(make, planned)
    return outcomes, meter.moved


def _made(store: Source, one: Planned, meter: Meter) -> str:
    if one.is_there:
        return "skipped"
    descriptor = one.descriptor
    open_at = meter.measured(descriptor, lambda offset: store.blobs.open(descriptor, offset))
    try:
        one.target.parent.mkdir(parents=True, exist_ok=True)
        with doing("write", str(one.target)), partial.held(one.beside) as growing:
            resumed = growing.fill(descriptor, open_at)
            growing.become(one.target)
    except OSError as error:
        raise HubcliError(f"cannot write {one.target}: {error.strerror}") from error
    return "resumed" if resumed else "copied"


def _is_file(layer: Descriptor) -> bool:
    """Not the blob that stands for nothing (image-spec, "Guidance for an Empty Descriptor")."""
    return not (layer.media_type == oci.OCI_EMPTY and TITLE not in layer.annotations)


def _name(layer: Descriptor) -> str:
    """The name a layer's file gets: its title, checked, or its digest."""
    title = layer.annotations.get(TITLE)
    if title is None:
        return layer.digest.replace(":", "-")
    name = "/".join(safe_parts(title.removesuffix("/")))
    if layer.annotations.get(_UNPACK) == "true" and not name.endswith((".tar", ".tgz", ".gz")):
        name += ".tar.gz" if "gzip" in layer.media_type else ".tar"
    return name


def _check_way(directory: Path, target: Path) -> None:
    """Conflict where a parent is a link that could lead elsewhere, or no directory."""
    for parent in _between(directory, target):
        try:
            mode = parent.lstat().st_mode
        except FileNotFoundError:
            return
        except OSError as error:
            raise Conflict(f"cannot look at {parent}: {error.strerror}") from error
        if stat.S_ISLNK(mode):
            raise Conflict(f"{parent} is a symbolic link; nothing is written through it")
        if not stat.S_ISDIR(mode):
            raise Conflict(f"{parent} is there already, and no directory")


def _between(directory: Path, target: Path) -> Iterator[Path]:
    """The directories below `directory` on the way to `target`."""
    parts = target.relative_to(directory).parts
    for depth in range(1, len(parts)):
        yield directory.joinpath(*parts[:depth])


def _is_there(layer: Descriptor, target: Path, *, force: bool) -> bool:
    """Whether `target` has the layer's bytes; Conflict where it has others and may not be lost."""
    try:
        found = target.lstat()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise Conflict(f"cannot look at {target}: {error.strerror}") from error
    if not stat.S_ISREG(found.st_mode):
        kind = "a symbolic link" if stat.S_ISLNK(found.st_mode) else "no regular file"
        raise Conflict(f"{target} is there already, and {kind}")
    if found.st_size == layer.size and _has(target, layer):
        return True
    if not force:
        raise Conflict(f"{target} is there already, and another file", hint="--force replaces it")
    return False


def _has(path: Path, layer: Descriptor) -> bool:
    verifier = Verifier(layer.digest, layer.size)
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                verifier.update(chunk)
        verifier.finish()
    except (OSError, IntegrityFailure):
        return False
    return True


def _check_partials(planned: Sequence[Planned]) -> None:
    """The files that others grow in are nobody's target, nor links that lead elsewhere."""
    targets = {os.path.normcase(one.target) for one in planned}
    for one in planned:
        if os.path.normcase(one.beside) in targets:
            raise IntegrityFailure(f"the file name {one.beside.name!r} is refused: it is taken")
        if one.beside.is_symlink() or (one.beside.exists() and not one.beside.is_file()):
            raise Conflict(f"{one.beside} is there already, and no regular file")
