"""What SBOMs and attestations look like, and what is refused."""

from __future__ import annotations

import base64
import json

import pytest

from hubcli.artifacts.statements import statements
from hubcli.errors import IntegrityFailure
from support.attested import SPDX_PREDICATE, bundle, encoded, envelope, spdx, statement

DIGEST = f"sha256:{'a' * 64}"
STATED = statement(SPDX_PREDICATE, spdx("x"), DIGEST)
LINES = encoded(STATED) + b"\n" + encoded(envelope(STATED)) + b"\n"


@pytest.mark.parametrize(
    ("document", "format"),
    [
        (spdx("x"), "spdx"),
        ({"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": []}, "spdx"),
        ({"bomFormat": "CycloneDX", "specVersion": "1.6"}, "cyclonedx"),
        ({"artifacts": [], "schema": {"url": "https://x/anchore/syft/schema.json"}}, "syft"),
        ({"schema": "syft"}, None),
        ({"anything": "else"}, None),
    ],
)
def test_documents_as_such(document: object, format: str | None) -> None:
    (found,) = statements(encoded(document), "it")
    assert (found.format, found.content, found.subjects) == (format, encoded(document), ())


@pytest.mark.parametrize(
    ("content", "format"),
    [
        (b"SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\n", "spdx"),
        (b'<?xml version="1.0"?><bom xmlns="http://cyclonedx.org/schema/bom/1.4"/>', "cyclonedx"),
    ],
)
def test_documents_that_are_no_json(content: bytes, format: str) -> None:
    (found,) = statements(content, "it")
    assert (found.format, found.content) == (format, content)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"[]", b'"text"'])
def test_what_is_none_of_them_holds_nothing(content: bytes) -> None:
    assert list(statements(content, "it")) == []


@pytest.mark.parametrize("wrapped", [STATED, envelope(STATED), bundle(STATED)])
def test_statements_are_unwrapped(wrapped: object) -> None:
    (found,) = statements(encoded(wrapped), "it")
    assert json.loads(found.content) == spdx("x")
    assert (found.format, found.predicate_type) == ("spdx", SPDX_PREDICATE)
    assert found.subjects == (DIGEST,)


def test_an_envelope_may_use_the_other_alphabet() -> None:
    document = {**STATED, "x": "\u07ff\u07ff\u07ff"}
    text = json.dumps(document, ensure_ascii=False).encode()
    wrapped = {**envelope(STATED), "payload": base64.urlsafe_b64encode(text).decode()}
    assert {"-", "_"} & set(wrapped["payload"])
    (found,) = statements(encoded(wrapped), "it")
    assert found.format == "spdx"


def test_a_line_each() -> None:
    assert [one.format for one in statements(LINES, "it")] == ["spdx", "spdx"]


def test_cosign_wraps_text_in_a_predicate() -> None:
    text = "SPDXVersion: SPDX-2.3\n"
    document = statement(SPDX_PREDICATE, {"Data": text, "Timestamp": ""}, DIGEST)
    (found,) = statements(encoded(document), "it")
    assert found.content == text.encode()


@pytest.mark.parametrize(
    ("predicate_type", "format"),
    [
        ("https://spdx.dev/Document/v2.3", "spdx"),
        ("https://cyclonedx.org/bom/v1.4", "cyclonedx"),
        ("https://cyclonedx.org/bom", "cyclonedx"),
        ("https://slsa.dev/provenance/v0.2", "slsa"),
        ("https://slsa.dev/provenance/v1", "slsa"),
        ("https://slsa.dev/verification_summary/v1", None),
        ("https://example.com/", None),
    ],
)
def test_predicates(predicate_type: str, format: str | None) -> None:
    (found,) = statements(encoded(statement(predicate_type, {"a": 1})), "it")
    assert found.format == format


@pytest.mark.parametrize(
    "broken",
    [
        b"{",
        b"{" * 100_000,
        encoded({**envelope(STATED), "payload": "!"}),
        encoded({**envelope(STATED), "payload": None}),
        encoded({**envelope(STATED), "payload": "AAAA"}),
        encoded({**STATED, "predicate": []}),
        LINES + b"{",
    ],
)
def test_what_is_broken(broken: bytes) -> None:
    with pytest.raises(IntegrityFailure):
        list(statements(broken, "it"))


def test_subjects_that_are_none_are_left_out() -> None:
    strange = {**STATED, "subject": [1, {"digest": []}, {"digest": {"sha256": "x", "md5": "0"}}]}
    (found,) = statements(encoded(strange), "it")
    assert found.subjects == ()
