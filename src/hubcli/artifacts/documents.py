"""The SBOMs and the provenance of an image, wherever somebody put them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hubcli import oci, timestamps
from hubcli.artifacts import content, statements
from hubcli.artifacts.attachments import Attachment, Attachments, Subject
from hubcli.artifacts.statements import CYCLONEDX, SLSA, SPDX, SYFT, Statement
from hubcli.errors import IntegrityFailure
from hubcli.oci import Descriptor
from hubcli.stores import Source

SBOM = frozenset({SPDX, CYCLONEDX, SYFT})
PROVENANCE = frozenset({SLSA})
"""Formats that a kind of document comes in."""

_PREDICATE_TYPES = (
    "in-toto.io/predicate-type",
    "predicateType",
    "dev.sigstore.bundle.predicateType",
)
"""Annotations that tell a statement's predicate type: BuildKit's, cosign's, Sigstore's."""

_FORMATS = (("spdx", SPDX), ("cyclonedx", CYCLONEDX), ("syft", SYFT), ("slsa", SLSA))
_NEVER = ("simplesigning", "jose", "cose", "notary", ".tar", "openvex", "oci.image.config")
"""Parts of the types of what is no document: signatures, layers and the like."""

_WRAPPERS = ("in-toto", "dsse", "sigstore.bundle")
_LARGEST_GUESS = 16 << 20
"""Bytes of a blob that are read to find out what it is, where nothing tells."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A blob in which there may be a document; what tells without reading it what it is."""

    attachment: Attachment
    blob: Descriptor
    predicate_type: str | None
    format: str | None

    @property
    def type(self) -> str:
        """What people may call it by."""
        return (
            self.predicate_type
            or self.attachment.descriptor.artifact_type
            or (self.blob.media_type)
        )


@dataclass(frozen=True, slots=True)
class Document:
    """A document; `original` is the blob that it was in, unpacked where it was compressed."""

    candidate: Candidate
    statement: Statement
    original: bytes

    @property
    def format(self) -> str:
        return str(self.statement.format)


class Documents:
    """The documents of some formats about an image; what matters most comes first."""

    def __init__(
        self, store: Source, subject: Subject, formats: frozenset[str], wanted: str | None = None
    ) -> None:
        self.found = Attachments(store, subject)
        self._store = store
        self._formats = formats
        self.wanted = wanted

    def candidates(self) -> list[Candidate]:
        """Where to look, by the manifests of what is attached; no document is read for it."""
        return [
            Candidate(attachment, blob, predicate, told)
            for attachment in self.found
            if _may_hold(attachment.descriptor.artifact_type, self._formats)
            for blob, predicate, told in self._blobs(attachment)
        ]

    def read(self, candidate: Candidate) -> Iterator[Document]:
        """The documents in a candidate, as far as they are asked for.

        IntegrityFailure where it is not what its digest says, or is broken.
        """
        original = content.whole(self._store, candidate.blob)
        for statement in _statements(candidate, original):
            document = Document(candidate, statement, original)
            if statement.format in self._formats and _is(document, self.wanted):
                yield document

    def _blobs(self, attachment: Attachment) -> Iterator[tuple[Descriptor, str | None, str | None]]:
        manifest = attachment.read(self._store)
        if manifest is None or manifest.is_index:
            return
        for blob in manifest.layers:
            predicate = _predicate_type({**manifest.annotations, **blob.annotations})
            if predicate is not None:
                told = statements.format_of(predicate)
                possible = told in self._formats
            else:
                told = _format_in(blob.media_type)
                possible = _may_hold(blob.media_type, self._formats) and (
                    told is not None or _is_wrapper(blob) or blob.size <= _LARGEST_GUESS
                )
            if possible and not blob.is_foreign:
                yield blob, predicate, told


def _statements(candidate: Candidate, original: bytes) -> list[Statement]:
    """What a blob holds; a broken one that nobody calls a document holds nothing."""
    try:
        return [*statements.statements(original, f"the blob {candidate.blob.digest}")]
    except IntegrityFailure:
        if candidate.predicate_type or candidate.format or _is_wrapper(candidate.blob):
            raise
        return []


def _is_wrapper(blob: Descriptor) -> bool:
    return any(part in blob.media_type for part in _WRAPPERS)


def summary(document: Document) -> dict[str, Any]:
    """What a document says about itself: name, version, created, packages, builder; each may be
    None. Times are RFC 3339, `packages` is a number."""
    found = document.statement.predicate or {}
    created, name, packages, builder = None, None, None, None
    if document.format == SPDX:
        created, name = _at(found, "creationInfo", "created"), found.get("name")
        packages = found.get("packages")
    elif document.format == CYCLONEDX:
        created = _at(found, "metadata", "timestamp")
        name, packages = _at(found, "metadata", "component", "name"), found.get("components")
    elif document.format == SYFT:
        name = _at(found, "source", "name") or _at(found, "source", "target", "userInput")
        packages = found.get("artifacts")
    else:
        created = _at(found, "metadata", "buildFinishedOn") or (
            _at(found, "runDetails", "metadata", "finishedOn")
        )
        builder = _at(found, "builder", "id") or _at(found, "runDetails", "builder", "id")
    return {
        "name": name if isinstance(name, str) else None,
        "created": timestamps.normalised(created),
        "packages": len(packages) if isinstance(packages, list) else None,
        "builder": builder if isinstance(builder, str) and builder else None,
    }


def _at(document: object, *path: str) -> object:
    for name in path:
        document = document.get(name) if isinstance(document, dict) else None
    return document


def _is(document: Document, wanted: str | None) -> bool:
    """Whether `wanted` (a format, a type or a digest) names a document."""
    candidate = document.candidate
    names = {
        document.format,
        document.statement.predicate_type,
        candidate.type,
        candidate.attachment.descriptor.artifact_type,
        candidate.blob.media_type,
        candidate.attachment.digest,
        candidate.blob.digest,
    }
    return wanted is None or wanted in names


def _predicate_type(annotations: dict[str, str]) -> str | None:
    return next((annotations[name] for name in _PREDICATE_TYPES if annotations.get(name)), None)


def _may_hold(type_: str | None, formats: frozenset[str]) -> bool:
    """Whether what calls itself so can be a document of these formats, or be around one."""
    if type_ is None or type_ in oci.CONFIG_TYPES:
        return True
    told = _format_in(type_)
    if told is not None:
        return told in formats
    return not any(part in type_ for part in _NEVER)


def _format_in(type_: str) -> str | None:
    return next((name for part, name in _FORMATS if part in type_), None)
