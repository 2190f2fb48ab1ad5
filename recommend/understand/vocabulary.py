"""The words that a shop knows, and what a mistyped word was meant to be."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from kg.arrays import Arrays
from kg.doctor.spelling import edits
from kg.graph import Graph
from kg.texts import Texts
from recommend.understand.shop_words import renewed_words, shop_words
from recommend.understand.tokens import is_cjk, stem
from recommend.understand.words import hashed, lemma

_SHORTEST = 4
"""Shorter words are not mended, and words of four letters only into longer ones: too many others are near."""
_TWO_EDITS = 7
"""Words of this length may have two mistakes…"""
_WELL_KNOWN = 10
"""…if the word that was meant occurs so often."""
_LONGEST = 24
_MOST_WORDS = 60_000
"""So many words, the most frequent, are offered as what was meant."""
_PREFIX = 9
"""Letters beyond these are not left out when near words are looked up (as SymSpell does)."""
_LEAST = 2
"""A word that occurs only once may be a mistake itself."""
_EDIT_COST = 3.0
"""A mistake is believed if the word meant is e^3 times as frequent as one without a mistake."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Vocabulary:
    """said: all words and CJK bigrams of the shop, in order of the alphabet, times int64: how often each is
    said; known uint64, sorted: their stems; language uint64, sorted: words that are right though they may not
    occur, in the singular; words: those that may be meant, in order of the alphabet, with counts int64;
    near_key uint64 [m], sorted, and near_word int32 [m]: words by what is left of them without a letter or
    two."""

    said: Texts
    times: npt.NDArray[np.int64]
    known: npt.NDArray[np.uint64]
    language: npt.NDArray[np.uint64]
    words: Texts
    counts: npt.NDArray[np.int64]
    near_key: npt.NDArray[np.uint64]
    near_word: npt.NDArray[np.int32]

    @classmethod
    def of(cls, graph: Graph, language: Iterable[str] = ()) -> Vocabulary:
        """The words of titles, names, attributes and descriptions; `language`: words that need no mending."""
        return cls._of(shop_words(graph), language, None)

    def renewed(self, before: Graph, graph: Graph, language: Iterable[str] = ()) -> Vocabulary:
        """What `of` makes of a newer graph; `before` is the one whose words these are."""
        counts = Counter(dict(zip(self.said, self.times.tolist(), strict=True)))
        return self._of(renewed_words(counts, before, graph), language, self)

    @classmethod
    def _of(cls, counts: Counter[str], language: Iterable[str], earlier: Vocabulary | None) -> Vocabulary:
        offered = _offered(counts)
        number_of = {word: number for number, (word, _) in enumerate(offered)}
        known: list[str] = [] if earlier is None else list(earlier.words)
        fresh = number_of.keys() - known
        near = [(hashed(form), number_of[word]) for word in fresh for form in set(_near(word))]
        key = np.array([form for form, _ in near], dtype=np.uint64)
        word = np.array([number for _, number in near], dtype=np.int32)
        if earlier is not None:
            moved = np.array([number_of.get(word, -1) for word in known], dtype=np.int32)[earlier.near_word]
            key = np.concatenate([key, earlier.near_key[moved >= 0]])
            word = np.concatenate([word, moved[moved >= 0]])
        order = np.lexsort((word, key))
        said = sorted(counts)
        return cls(
            said=Texts.of(said),
            times=np.array([counts[word] for word in said], dtype=np.int64),
            known=_hashes({stem(word) for word in said}),
            language=_hashes({lemma(word.casefold()) for word in language}),
            words=Texts.of(number_of),
            counts=np.array([count for _, count in offered], dtype=np.int64),
            near_key=key[order],
            near_word=word[order],
        )

    def knows(self, word: str) -> bool:
        """Whether a folded word in some form, or two CJK characters, occur in the shop."""
        return _has(self.known, stem(word))

    def is_right(self, word: str) -> bool:
        """Whether a folded word needs no mending."""
        return _has(self.known, stem(word)) or _has(self.language, lemma(word))

    def meant(self, word: str, *, most: int = 3) -> list[tuple[str, float]]:
        """What a folded word may have been meant to be, with the logarithm of the odds, the best first.

        Nothing for a word that is short or has digits, nor where the first letter would change (unless
        the first two are swapped).
        """
        if not _SHORTEST <= len(word) <= _LONGEST or not word.isalpha() or is_cjk(word[0]):
            return []
        allowed = 2 if len(word) >= _TWO_EDITS else 1
        wanted = np.array([hashed(form) for form in set(_near(word))], dtype=np.uint64)
        starts = self.near_key.searchsorted(wanted, side="left")
        stops = self.near_key.searchsorted(wanted, side="right")
        near: set[int] = set()
        for start, stop in zip(starts.tolist(), stops.tolist(), strict=True):
            near.update(self.near_word[start:stop].tolist())
        found: list[tuple[float, str]] = []
        for number in near:
            other = self.words[number]
            swapped = sorted(word) == sorted(other)  # the same letters in another order: coulor
            short = max(len(other), len(word)) == _SHORTEST and not swapped
            same_start = other[0] == word[0] or other[:2] == word[1::-1]
            if short or abs(len(other) - len(word)) > allowed or not same_start:
                continue
            distance = edits(word, other, max(allowed, 2 if swapped else 1))
            if distance > allowed and not (swapped and distance == 2):
                continue
            if distance == 2 and int(self.counts[number]) < _WELL_KNOWN:
                continue
            found.append((_EDIT_COST * distance - math.log1p(int(self.counts[number])), other))
        found.sort()
        return [(other, -cost) for cost, other in found[:most]]

    def arrays(self) -> Arrays:
        return {
            **self.said.arrays("words.said"),
            "words.times": self.times,
            **self.words.arrays("words"),
            "words.known": self.known.view(np.int64),
            "words.language": self.language.view(np.int64),
            "words.counts": self.counts,
            "words.near_key": self.near_key.view(np.int64),
            "words.near_word": self.near_word,
        }

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Vocabulary:
        return cls(
            said=Texts.from_arrays(arrays, "words.said"),
            times=arrays["words.times"].astype(np.int64, copy=False),
            known=arrays["words.known"].view(np.uint64),
            language=arrays["words.language"].view(np.uint64),
            words=Texts.from_arrays(arrays, "words"),
            counts=arrays["words.counts"].astype(np.int64, copy=False),
            near_key=arrays["words.near_key"].view(np.uint64),
            near_word=arrays["words.near_word"].astype(np.int32, copy=False),
        )


def _hashes(words: Collection[str]) -> npt.NDArray[np.uint64]:
    return np.unique(np.fromiter(map(hashed, words), dtype=np.uint64, count=len(words)))


def _has(hashes: npt.NDArray[np.uint64], token: str) -> bool:
    wanted = np.uint64(hashed(token))
    place = int(hashes.searchsorted(wanted))
    return place < len(hashes) and bool(hashes[place] == wanted)


def _offered(counts: Counter[str]) -> list[tuple[str, int]]:
    """The words that a mistyped one may be meant to be, in order of the alphabet."""
    fine = [
        (-count, word)
        for word, count in counts.items()
        if count >= _LEAST and _SHORTEST <= len(word) <= _LONGEST and word.isalpha() and not is_cjk(word[0])
    ]
    fine.sort()
    return sorted((word, -count) for count, word in fine[:_MOST_WORDS])


def _near(word: str) -> Iterator[str]:
    """A word, and what is left of its beginning without one letter or two (two only of long words)."""
    yield word[:_PREFIX]
    begin = word[:_PREFIX]
    for place in range(len(begin)):
        yield begin[:place] + begin[place + 1 :]
    if len(word) >= _TWO_EDITS - 2:
        for one, other in combinations(range(len(begin)), 2):
            yield begin[:one] + begin[one + 1 : other] + begin[other + 1 :]
