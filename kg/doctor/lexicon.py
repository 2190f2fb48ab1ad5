"""What names and values mean, from the word lists: spellings and languages brought together."""

from __future__ import annotations

from functools import cache
from typing import Literal, TypeAlias

from kg.doctor.spelling import folded, singular, words
from kg.doctor.words_of import word_list

ValueKind: TypeAlias = Literal["colours", "materials", "sizes", "answers"]
VALUE_KINDS: tuple[ValueKind, ...] = ("colours", "materials", "sizes", "answers")


@cache
def name_phrases() -> dict[str, str]:
    """A folded phrase → the attribute that it names: 'farbe' → 'colour'."""
    return {" ".join(words(text)): meant for text, meant in _raw("names", "same").items()}


@cache
def name_words() -> dict[str, str]:
    """A folded word of a name → the word that it stands for: 'max' → 'maximum'."""
    table = word_list("names")["words"]
    return {folded(word): folded(meant) for meant, line in table.items() for word in line.split()}


@cache
def generic_words() -> frozenset[str]:
    """Words that a name may have or lack."""
    return frozenset(word_list("names")["generic"]["words"].split())


@cache
def value_phrases(kind: ValueKind) -> dict[str, str]:
    """A folded phrase → the value that it names: 'schwarz' → 'black'."""
    return {phrase: meant for text, meant in _raw("values", kind).items() if (phrase := spelled(text))}


@cache
def units() -> dict[str, str]:
    """A folded unit → how it is written: 'inches' → 'in'."""
    return _raw("values", "units")


def _raw(file: str, table: str) -> dict[str, str]:
    return {
        folded(text.strip()): meant
        for meant, line in word_list(file)[table].items()
        for text in line.split(",")
    }


def spelled(text: str) -> str:
    """Words only, singular, one space between: what phrases are looked up by."""
    return " ".join(singular(word) for word in words(text))
