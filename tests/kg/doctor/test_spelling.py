"""What counts as another spelling, and what never does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.doctor.languages import language_of, subtag
from kg.doctor.spelling import edits, folded, name_words, numbers, shortened, singular, typo
from kg.doctor.title_bags import title_words
from kg.doctor.value_keys import value_key

WORDS = st.text(alphabet="abcde", max_size=8)


def slow_edits(first: str, second: str) -> int:
    """The same distance, by its definition."""
    if not first or not second:
        return len(first) + len(second)
    best = min(
        slow_edits(first[1:], second) + 1,
        slow_edits(first, second[1:]) + 1,
        slow_edits(first[1:], second[1:]) + (first[0] != second[0]),
    )
    if len(first) > 1 and len(second) > 1 and first[0] == second[1] and first[1] == second[0]:
        best = min(best, slow_edits(first[2:], second[2:]) + 1)
    return best


@given(st.text(alphabet="abc", max_size=5), st.text(alphabet="abc", max_size=5), st.integers(0, 4))
def test_edits_are_counted_up_to_a_limit(first: str, second: str, most: int) -> None:
    assert edits(first, second, most) == min(slow_edits(first, second), most + 1)


@given(WORDS, WORDS)
def test_typos_go_both_ways(first: str, second: str) -> None:
    assert typo(first, second) == typo(second, first)
    assert not typo(first, first)


@given(st.text(alphabet="ab12 ", max_size=12), st.text(alphabet="ab12 ", max_size=12))
def test_values_with_other_numbers_never_have_one_key(first: str, second: str) -> None:
    if sorted("".join(numbers(first))) != sorted("".join(numbers(second))):
        assert value_key(first) != value_key(second)


@given(st.text(max_size=30))
def test_any_text_has_a_key_and_a_language_or_none(text: str) -> None:
    assert value_key(text) == value_key(f" {text} ")
    assert isinstance(language_of(text), str)
    assert title_words(text) == title_words(text.swapcase()) or not text.isascii()


@pytest.mark.parametrize(
    ("first", "second"),
    [("walnut", "walnt"), ("colour", "coulor"), ("aluminium", "alumnium"), ("glass", "lgass")],
)
def test_typos(first: str, second: str) -> None:
    assert typo(first, second)


@pytest.mark.parametrize(
    ("first", "second"), [("oak", "oat"), ("width", "depth"), ("ddr2", "ddr3"), ("male", "female")]
)
def test_no_typos(first: str, second: str) -> None:
    assert not typo(first, second)


@pytest.mark.parametrize(
    ("short", "long"), [("blk", "black"), ("lthr", "leather"), ("alum", "aluminium"), ("stl", "steel")]
)
def test_abbreviations(short: str, long: str) -> None:
    assert shortened(short, long)


@pytest.mark.parametrize(
    ("short", "long"), [("xl", "l"), ("red", "reddish"), ("cat", "coat"), ("wired", "wireless")]
)
def test_no_abbreviations(short: str, long: str) -> None:
    assert not shortened(short, long)


def test_words_and_plurals() -> None:
    assert folded("Größe") == "grosse"
    assert name_words("maxLoad_kg") == ["max", "load", "kg"]
    assert [singular(w) for w in ("lenses", "batteries", "boxes", "glass", "gas", "colours")] == [
        "lense",
        "battery",
        "box",
        "glass",
        "gas",
        "colour",
    ]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The lamp is made of brass and it comes with a bulb.", "en"),
        ("Die Lampe ist aus Messing und wird mit einer Birne geliefert.", "de"),
        ("La lampe est en laiton et elle est livrée avec une ampoule.", "fr"),
        ("La lámpara es de latón y se entrega con una bombilla.", "es"),
        ("La lampada è in ottone e viene fornita con una lampadina.", "it"),
        ("De lamp is van messing en wordt geleverd met een gloeilamp.", "nl"),
        ("黄铜台灯，适合阅读", "zh"),
        ("真鍮のランプです", "ja"),
        ("Лампа из латуни", "ru"),
        ("HP LaserJet Q3710A USB 2.0", ""),
        ("", ""),
        ("Le Creuset", ""),
    ],
)
def test_languages(text: str, language: str) -> None:
    assert language_of(text) == language


def test_the_brand_does_not_speak_for_the_text() -> None:
    assert language_of("La Maison du Chocolat truffles in a box", "La Maison du Chocolat") != "fr"


def test_language_fields_in_many_forms() -> None:
    assert [subtag(x) for x in ("zh-CN", "zh_TW", "Chinese", "EN-gb", "Deutsch", "xx", "")] == [
        "zh", "zh", "zh", "en", "de", "xx", "",
    ]  # fmt: skip
