"""JSON that a stranger wrote (RFC 8259), and how much of it is read."""

from __future__ import annotations

import pytest

from hubcli import jsonreading

DEEPEST = jsonreading.DEEPEST


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b'{"a": [1, 2.5, null, true, "x"]}', {"a": [1, 2.5, None, True, "x"]}),
        (b"9223372036854775807", (1 << 63) - 1),
        (b"-9223372036854775808", -(1 << 63)),
        (b'{"a": 1, "a": 2}', {"a": 2}),
        (b"1" * 21, 1.1111111111111111e20),
        (b"9" * 5000, float("inf")),
        (b"[" * DEEPEST + b"]" * DEEPEST, ...),
        ('"\u00e9"'.encode("utf-16"), "\u00e9"),
    ],
)
def test_what_is_read(content: bytes, value: object) -> None:
    found = jsonreading.read(content)
    assert value is ... or found == value


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1), "nested too deeply"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "nested too deeply"),
        (b"[" + b"0," * jsonreading.MOST_VALUES + b"0]", "of more than 2000000 values"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_is_refused(content: bytes, told: str) -> None:
    with pytest.raises(ValueError, match=f"^{told}$"):
        jsonreading.read(content)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b'{"a": 1, "b": {"c": 1, "c": 1}}', "ambiguous: it has 'c' twice"),
        (b'{"a": NaN}', "not JSON"),
        (b"1" * 21, "not JSON"),
        (b"9" * 5000, "not JSON"),
        (b"[-Infinity]", "not JSON"),
    ],
)
def test_what_is_refused_where_it_must_be_exact(content: bytes, told: str) -> None:
    jsonreading.read(content)
    with pytest.raises(ValueError, match=f"^{told}$"):
        jsonreading.read(content, exact=True)
    assert jsonreading.read(b'{"a": {"a": 1}}', exact=True) == {"a": {"a": 1}}


def test_brackets_inside_strings_are_not_depth() -> None:
    assert jsonreading.read(b'["%s"]' % (b"[" * 500)) == ["[" * 500]
