"""Words of a text, in English, in Chinese, and in both at once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommend.understand.tokens import MOST, tokens, written_tokens


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Bulbs", ["bulb"]),
        ("running SHOES", ["run", "shoe"]),
        ("a red-and-black chair", ["a", "red", "and", "black", "chair"]),
        ("18.5 inch", ["18.5", "inch"]),
        ("snake_case", ["snake", "case"]),
        ("台灯", ["台灯"]),
        ("黄铜台灯", ["黄铜", "铜台", "台灯"]),
        ("灯", ["灯"]),
        ("LED台灯 E14", ["led", "台灯", "e14"]),
        ("小米10手机", ["小米", "10", "手机"]),
        ("ＬＥＤ　ｌａｍｐ", ["led", "lamp"]),  # full-width letters
        ("テーブル", ["テー", "ーブ", "ブル"]),
        ("램프", ["램프"]),
        ("Straße", ["strass"]),
        ("", []),
        ("  \t\n", []),
        ("!?…&— ___", []),
    ],
)
def test_known_texts(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected


@pytest.mark.parametrize(
    ("one", "other"), [("chairs", "chair"), ("Lamps", "LAMP"), ("dimmable", "dimmables"), ("é", "e\u0301")]
)
def test_forms_of_one_word_are_one_token(one: str, other: str) -> None:
    assert tokens(one) == tokens(other)


def test_a_token_is_shown_as_it_was_written() -> None:
    assert written_tokens("Dimmable Bulbs 台灯") == [
        ("dimmabl", "dimmable"),
        ("bulb", "bulbs"),
        ("台灯", "台灯"),
    ]


def test_a_pasted_book_is_cut() -> None:
    assert len(tokens("word " * 50_000)) <= MOST
    assert len(tokens("书" * 50_000)) <= MOST


@given(st.text(max_size=200))
def test_any_text_gives_words_without_space_or_capitals(text: str) -> None:
    for token, written in written_tokens(text):
        assert token
        assert token == token.casefold() or not token.isascii()
        assert not any(c.isspace() for c in token + written)


@given(st.text(max_size=60), st.text(max_size=60))
def test_a_space_parts_words(one: str, other: str) -> None:
    assert tokens(f"{one} {other}") == tokens(one) + tokens(other)
