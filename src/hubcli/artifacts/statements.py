"""What SBOMs and attestations look like: documents as such, or wrapped up.

in-toto attestation framework (Statement v0.1 and v1), DSSE v1 envelopes, Sigstore bundles;
SPDX 2 and 3, CycloneDX, Syft's own JSON; SLSA provenance. Signatures are not verified.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hubcli.errors import IntegrityFailure
from hubcli.oci import is_digest, parse_object

SPDX, CYCLONEDX, SYFT, SLSA = "spdx", "cyclonedx", "syft", "slsa"

_PREDICATES = (
    ("https://spdx.dev/document", SPDX),
    ("https://cyclonedx.org/", CYCLONEDX),
    ("https://syft.dev/bom", SYFT),
    ("https://slsa.dev/provenance", SLSA),
)
_PAYLOAD = "application/vnd.in-toto+json"
_MOST_LINES = 1_000
"""Statements in one file of JSON lines before it is refused."""

_HEAD = 4 << 10
_STRING_AS_PREDICATE = frozenset({"Data", "Timestamp"})


@dataclass(frozen=True, slots=True)
class Statement:
    """A document and what it was wrapped in.

    `format` is None for a predicate of another kind; `predicate` the parsed document where it is
    JSON; `subjects` the digests that the statement says it is about.
    """

    format: str | None
    predicate_type: str | None
    content: bytes
    predicate: Mapping[str, Any] | None
    subjects: tuple[str, ...] = ()


def format_of(predicate_type: str) -> str | None:
    """`spdx`, `cyclonedx`, `syft` or `slsa`; None for what is none of them."""
    lowered = predicate_type.lower()
    return next((name for start, name in _PREDICATES if lowered.startswith(start)), None)


def statements(content: bytes, shown: str) -> Iterator[Statement]:
    """What is in a file: a document, a statement, an envelope around one, or a line each of them.

    Nothing where it is something else; IntegrityFailure for an envelope or statement that is
    broken.
    """
    if not content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        found = _text(content)
        if found is not None:
            yield found
        return
    for part in _objects(content, shown):
        yield _unwrapped(*part, shown)


def _objects(content: bytes, shown: str) -> Iterator[tuple[dict[str, Any], bytes]]:
    """The JSON objects in a file, with their bytes: one, or one on each line."""
    try:
        whole = parse_object(content, shown)
    except IntegrityFailure:
        lines = [line for line in content.splitlines() if line.strip()]
        if not 1 < len(lines) <= _MOST_LINES:
            raise
        for line in lines:
            yield parse_object(line, shown), line
    else:
        yield whole, content


def _unwrapped(document: dict[str, Any], content: bytes, shown: str) -> Statement:
    envelope = document.get("dsseEnvelope", document)
    if isinstance(envelope, dict) and envelope.get("payloadType") == _PAYLOAD:
        document = parse_object(_payload(envelope, shown), f"the payload of {shown}")
    if not isinstance(document.get("predicateType"), str):
        return Statement(_format(document), None, content, document)
    return _stated(document, shown)


def _payload(envelope: Mapping[str, Any], shown: str) -> bytes:
    payload = envelope.get("payload")
    if not isinstance(payload, str):
        raise IntegrityFailure(f"{shown} is an envelope without a payload")
    try:
        # DSSE v1: standard or URL-safe alphabet, whichever the signer took.
        return base64.b64decode(payload.translate(_URL_SAFE), validate=True)
    except (binascii.Error, ValueError) as error:
        raise IntegrityFailure(f"the payload of {shown} is not base64") from error


_URL_SAFE = str.maketrans("-_", "+/")


def _stated(document: Mapping[str, Any], shown: str) -> Statement:
    predicate_type, predicate = document["predicateType"], document.get("predicate")
    subjects = tuple(_subjects(document.get("subject")))
    found = format_of(predicate_type)
    if isinstance(predicate, dict) and predicate and set(predicate) <= _STRING_AS_PREDICATE:
        predicate = predicate.get("Data")  # what cosign writes around files that are not JSON
    if isinstance(predicate, str):
        text = predicate.encode("utf-8", "surrogatepass")
        return Statement(found, predicate_type, text, None, subjects)
    if not isinstance(predicate, dict):
        raise IntegrityFailure(f"{shown} is a statement without a predicate")
    return Statement(found, predicate_type, _json(predicate, shown), predicate, subjects)


def _json(predicate: Mapping[str, Any], shown: str) -> bytes:
    try:
        text = json.dumps(predicate, separators=(",", ":"), ensure_ascii=False)
    except RecursionError as error:
        raise IntegrityFailure(f"the predicate of {shown} nests too deep") from error
    return text.encode("utf-8", "surrogatepass") + b"\n"


def _subjects(entries: object) -> Iterator[str]:
    for entry in entries if isinstance(entries, list) else ():
        digests = entry.get("digest") if isinstance(entry, dict) else None
        for algorithm, value in digests.items() if isinstance(digests, dict) else ():
            if is_digest(f"{algorithm}:{value}"):
                yield f"{algorithm}:{value}"


def _format(document: Mapping[str, Any]) -> str | None:
    """What a document says that it is."""
    context, schema = document.get("@context"), document.get("schema")
    if "spdxVersion" in document or "spdx.org/rdf/3" in str(context)[:_HEAD]:
        return SPDX
    if document.get("bomFormat") == "CycloneDX":
        return CYCLONEDX
    if isinstance(schema, dict) and "syft" in str(schema.get("url")):
        return SYFT
    return None


def _text(content: bytes) -> Statement | None:
    """SPDX as tags and values, and CycloneDX as XML."""
    head = content[:_HEAD]
    if b"SPDXVersion:" in head:
        return Statement(SPDX, None, content, None)
    if b"http://cyclonedx.org/schema/bom" in head:
        return Statement(CYCLONEDX, None, content, None)
    return None
