"""Words that the shop does not know: two in one, or mistyped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from recommend.understand.language import Grammar
from recommend.understand.name_table import NameTable
from recommend.understand.vocabulary import Vocabulary
from recommend.understand.words import Word, key, lemma

_SHORTEST_PART = 3
_NAMED = 2.0
"""A word that names something is this much likelier (as a logarithm) to be meant than one that does not."""
_FITTING = 3.0
"""…and one that makes a name together with its neighbour this much."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mended:
    """What stands in for one word of a query: one word, or the two that it was made of ('name': the word is
    right, and only its parts are named)."""

    words: tuple[Word, ...]
    source: Literal["spelling", "compound", "name"]


def knows(word: Word, vocabulary: Vocabulary, table: NameTable) -> bool:
    """Whether a word needs no mending: it occurs in the shop, names something there, or is right anyway."""
    return vocabulary.is_right(word.folded) or table.find(word.token) is not None


def mend(words: Sequence[Word], at: int, vocabulary: Vocabulary, table: NameTable) -> Mended | None:
    """What the unknown word at a place was meant to be, or None."""
    word = words[at]
    if word.cjk or any(c.isdigit() for c in word.folded):
        return None
    parts = _parts(word, vocabulary, table)
    if parts is not None and _names(parts, table):
        return Mended(words=parts, source="compound")
    spelled = _spelled(words, at, vocabulary, table)
    if spelled is not None:
        return Mended(words=(spelled,), source="spelling")
    return None if parts is None else Mended(words=parts, source="compound")


def without_stem(word: Word, grammar: Grammar, table: NameTable) -> Mended | None:
    """'Without fan' for 'fanless', if the shop knows the stem."""
    for ending in sorted(grammar.phrases["less"], key=len, reverse=True):
        stem = word.folded.removesuffix(ending).rstrip("-")
        if stem == word.folded or len(stem) < _SHORTEST_PART or table.find(lemma(stem)) is None:
            continue
        cut = word.start + len(stem)
        without = word._replace(folded=min(grammar.phrases["without"], key=_plain), token="", start=cut)
        return Mended(words=(without, word._replace(folded=stem, token=lemma(stem), stop=cut)), source="name")
    return None


def _plain(phrase: str) -> tuple[bool, int, str]:
    """Orders phrases: one word of letters first, the longest of them."""
    return (not phrase.isascii() or not phrase.isalpha(), -len(phrase), phrase)


def _spelled(words: Sequence[Word], at: int, vocabulary: Vocabulary, table: NameTable) -> Word | None:
    word = words[at]
    found: list[tuple[float, str]] = []
    for other, odds in vocabulary.meant(word.folded):
        token = lemma(other)
        if table.find(token) is not None:
            odds += _NAMED
        before = words[at - 1].token if at else ""
        after = words[at + 1].token if at + 1 < len(words) else ""
        if (before and table.find(f"{before} {token}")) or (after and table.find(f"{token} {after}")):
            odds += _FITTING
        found.append((-odds, other))
    if not found:
        return None
    other = min(found)[1]
    return word._replace(folded=other, token=lemma(other))


def _parts(word: Word, vocabulary: Vocabulary, table: NameTable) -> tuple[Word, Word] | None:
    """The two known words that a word is made of; those that name something together, or both, come first."""
    text = word.folded
    best: tuple[tuple[int, int], tuple[Word, Word]] | None = None
    for cut in range(_SHORTEST_PART, len(text) - _SHORTEST_PART + 1):
        one, other = text[:cut], text[cut:]
        if not (one.isalpha() and other.isalpha()):
            continue
        pair = (
            word._replace(folded=one, token=lemma(one), stop=word.start + cut),
            word._replace(folded=other, token=lemma(other), start=word.start + cut),
        )
        if not all(knows(part, vocabulary, table) for part in pair):
            continue
        rank = (2 if table.find(key(pair)) else _names(pair, table), min(len(one), len(other)))
        if best is None or rank > best[0]:
            best = rank, pair
    return None if best is None else best[1]


def _names(parts: Sequence[Word], table: NameTable) -> bool:
    """Whether two words name something, together or each."""
    return table.find(key(parts)) is not None or all(table.find(part.token) is not None for part in parts)
