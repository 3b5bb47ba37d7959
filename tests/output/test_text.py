"""Hostile text becomes visible, plain text stays what it is."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubcli.output import visible
from hubcli.output.text import json_safe

ANY_TEXT = st.text(st.characters())
HOSTILE = (
    [chr(code) for code in (*range(0x20), *range(0x7F, 0xA0))]
    + [chr(code) for code in (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F))]
    + [chr(code) for code in (*range(0x2066, 0x206A), 0x2028, 0x2029, 0x200B, 0xFEFF)]
    + ["\ud800", "\udfff", "\U000e0001", "\U000e0041"]
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("library/hello-world", "library/hello-world"),
        ("", ""),
        ("two words, Ünïcödé, 日本語, 👍", "two words, Ünïcödé, 日本語, 👍"),
        ("C:\\new\\table", "C:\\new\\table"),
        ("[bold red]no markup[/]", "[bold red]no markup[/]"),
        ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        ("\x1b]8;;https://evil.example\x07link", r"\x1b]8;;https://evil.example\x07link"),
        ("one\ntwo\r\nthree\tfour", r"one\ntwo\r\nthree\tfour"),
        ("\x00\x7f\x85\x9b", r"\x00\x7f\x85\x9b"),
        ("gpj.\u202eexe", r"gpj.\u202eexe"),
        ("\u2066a\u2069\u200f\u061c", r"\u2066a\u2069\u200f\u061c"),
        ("line\u2028separator\u2029", r"line\u2028separator\u2029"),
        ("zero\u200bwidth\ufeff", r"zero\u200bwidth\ufeff"),
        ("lone \ud83d surrogate", r"lone \ud83d surrogate"),
        ("tag\U000e0041", r"tag\U000e0041"),
        ("soft\xadhyphen, nobreak\xa0space", "soft\\xadhyphen, nobreak\xa0space"),
    ],
)
def test_visible(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(ANY_TEXT)
def test_nothing_that_acts_on_a_terminal_is_left(text: str) -> None:
    shown = visible(text)
    assert not any(char in shown for char in HOSTILE)
    assert not any(unicodedata.bidirectional(char) in BIDI_CONTROLS for char in shown)
    shown.encode("utf-8")


BIDI_CONTROLS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


@given(ANY_TEXT)
def test_visible_text_stays_as_it_is(text: str) -> None:
    assert visible(visible(text)) == visible(text)


@given(st.text(st.characters(categories=["L", "N", "P", "S"]) | st.just(" ")))
def test_printable_text_is_never_changed(text: str) -> None:
    assert visible(text) == text


@given(st.text(st.characters() | st.sampled_from(HOSTILE)))
def test_json_keeps_the_text_and_shows_none_of_it_raw(text: str) -> None:
    document = json_safe(json.dumps(text, ensure_ascii=False))
    assert json.loads(document) == json.loads(json.dumps(text))
    assert not any(char in document for char in HOSTILE)
