"""How images are spelled on the command line: references, and local stores as skopeo has them.

oci:DIR[:TAG]   oci-archive:FILE[:TAG]   docker-archive:FILE[:NAME:TAG]
docker-daemon:NAME[:TAG]   ocidir://DIR[:TAG]   -   and, where a path is expected, plain paths
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from hubcli import reference
from hubcli.errors import UsageError
from hubcli.reference import Reference
from hubcli.stores import ONLY

ARCHIVE_SUFFIXES = (".tar", ".tar.gz", ".tgz")

OCI, OCI_ARCHIVE, DOCKER_ARCHIVE = "oci", "oci-archive", "docker-archive"
DOCKER_DAEMON = "docker-daemon"
ARCHIVE = "archive"
"""An archive whose kind its content tells."""

_KINDS = (OCI, OCI_ARCHIVE, DOCKER_ARCHIVE, DOCKER_DAEMON)
_DIGEST_AT_END = re.compile(r"(.*)@((?:sha256|sha384|sha512):[0-9a-f]+)", re.DOTALL)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@/+-]{0,511}")


@dataclass(frozen=True, slots=True)
class Local:
    """An image in a local store; `path` is `-` for stdin or stdout.

    `name` is a tag in OCI stores, `NAME:TAG` in docker's; None where it is not given. In an
    engine `path` is the image's name, with its tag.
    """

    kind: str
    path: str
    name: str | None = None
    digest: str | None = None

    @property
    def identifier(self) -> str:
        """What the store is asked for; `ONLY` where nothing is given."""
        return self.digest or self.name or ONLY

    @property
    def is_stream(self) -> bool:
        return self.path == "-"

    @property
    def comes_once(self) -> bool:
        """Whether reading it is all there is to be had of it, or costs as much each time."""
        return self.is_stream or self.kind == DOCKER_DAEMON

    def __str__(self) -> str:
        name = f":{self.name}" if self.name else ""
        digest = f"@{self.digest}" if self.digest else ""
        prefix = "" if self.kind == ARCHIVE else f"{self.kind}:"
        return f"{prefix}{self.path}{name}{digest}"


def parse(text: str) -> Reference | Local:
    """Read what stands for an image: a local store by its prefix, else a reference.

    What starts as no reference can (`/`, `./`, `../`) is a path.
    """
    local = _prefixed(text)
    if local is not None:
        return local
    if text.startswith(("/", "./", "../")) or text in {".", ".."}:
        return parse_path(text)
    return reference.parse(text)


def parse_local(text: str) -> Local:
    """Read a local store: by its prefix, else as a path."""
    return _prefixed(text) or parse_path(text)


def is_path(text: str) -> bool:
    """Whether `parse_local` takes it for a plain path, and no store is spelled."""
    return _prefixed(text) is None


def parse_path(text: str) -> Local:
    """A plain path: a file or `*.tar`, `*.tar.gz`, `*.tgz` is an archive, else `DIR[:TAG]`."""
    if not text:
        raise UsageError("the path is empty")
    if text.lower().endswith(ARCHIVE_SUFFIXES) or Path(text).is_file():
        return Local(ARCHIVE, text)
    return _split(OCI, text)


def _prefixed(text: str) -> Local | None:
    if text == "-":
        return Local(ARCHIVE, "-")
    if text.startswith("ocidir://"):
        return _split(OCI, text.removeprefix("ocidir://"))
    kind, colon, rest = text.partition(":")
    if not colon or kind not in _KINDS:
        return None
    if kind == DOCKER_DAEMON:
        return Local(kind, _in_engine(rest))
    return _split(kind, rest)


def _in_engine(text: str) -> str:
    """`NAME[:TAG]`, an image's digest, or its id `sha256:…`, as an engine is asked for it."""
    if re.fullmatch(r"sha256:[0-9a-f]{64}", text):
        return text
    if not text:
        raise UsageError(f"{DOCKER_DAEMON}: the name of an image is missing")
    found = reference.parse(text)
    whole = found if found.tag or found.digest else found.tagged("latest")
    return whole.short.removeprefix("library/")


def _split(kind: str, text: str) -> Local:
    """`PATH[:NAME][@DIGEST]`: as with skopeo the first colon ends the path."""
    digest = None
    ended = _DIGEST_AT_END.fullmatch(text)
    if ended:
        text, digest = ended[1], reference.checked_digest(ended[2], text)
    drive, path = _drive(text)
    path, _, name = path.partition(":")
    if not path:
        raise UsageError(f"{kind}: a path is missing in {text!r}")
    if name and not _NAME.fullmatch(name):
        raise UsageError(f"{kind}: {name!r} cannot be the name of an image")
    return Local(kind, drive + path, name or None, digest)


def _drive(text: str) -> tuple[str, str]:
    """Windows: the colon of `C:\\` belongs to the path."""
    if re.match(r"[A-Za-z]:[\\/]", text):
        return text[:2], text[2:]
    return "", text
