"""Phrases that name types, found by growing nouns to the left: 'cable', 'patch cable', 'fiber patch
cable'."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kg.derive.tokens import NONE, WORD, Tokens
from kg.derive.vocabulary import Vocabulary

Numbers = npt.NDArray[np.int64]

LONGEST = 4
"""Words of a type."""
_NOUN = 0.08
"""A word below this names nothing."""
_RUN = 6
"""Nouns of one run that are looked at."""
_SURER = 0.4
"""…and it may not stand in front of one that is less sure by this factor."""
_SEED = 0.4
"""A noun that is surer than its follower by this factor is not taken for the follower's modifier."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Phrases:
    """Nouns and the words before them as a tree: a node is a phrase, its parent the phrase without its first
    word.

    word int32 [p]: the first word (a lemma); parent int32 [p], -1 for single nouns; named bool [p]: whether
    the phrase is frequent enough to be a type. Parents come before their children. keys int64 [p], sorted,
    are (parent + 1) * width + word, and node int64 [p] the node of each key.
    """

    word: npt.NDArray[np.int32]
    parent: npt.NDArray[np.int32]
    named: npt.NDArray[np.bool_]
    quality: npt.NDArray[np.bool_]
    width: int
    keys: Numbers
    node: Numbers

    @classmethod
    def of(
        cls,
        word: npt.NDArray[np.int32],
        parent: npt.NDArray[np.int32],
        named: npt.NDArray[np.bool_],
        width: int,
    ) -> Phrases:
        keys = (parent.astype(np.int64) + 1) * width + word
        order = np.argsort(keys)
        quality = np.zeros(len(word), dtype=np.bool_)
        return cls(
            word=word, parent=parent, named=named, quality=quality, width=width, keys=keys[order], node=order
        )

    def __len__(self) -> int:
        return len(self.word)

    def find(self, parent: Numbers, word: Numbers) -> Numbers:
        """int64 [n]: the node of each parent (-1 for none) with a word before it, or -1."""
        wanted = (parent + 1) * self.width + word
        place = np.minimum(np.searchsorted(self.keys, wanted), max(0, len(self.keys) - 1))
        if not len(self.keys):
            return np.full(len(wanted), -1, dtype=np.int64)
        return np.where((self.keys[place] == wanted) & (word >= 0), self.node[place], -1)

    def words(self, node: int) -> tuple[int, ...]:
        """The lemmas of a phrase, in reading order."""
        found = []
        while node >= 0:
            found.append(int(self.word[node]))
            node = int(self.parent[node])
        return tuple(found)

    def strength(self, noun: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """float32 [p]: how likely the last word of each phrase is a noun."""
        strength: npt.NDArray[np.float32] = noun[self.word[self.nouns()]]
        return strength

    def nouns(self) -> Numbers:
        """int64 [p]: the node of the last word of each phrase, the widest type that it is of."""
        found = np.arange(len(self))
        for node, parent in enumerate(self.parent.tolist()):
            if parent >= 0:
                found[node] = found[parent]
        return found

    def members(self, row: Numbers, node: Numbers, count: int) -> sp.csc_array:
        """float32 [count, p]: ones for some rows in the columns of their phrases and of all types above."""
        above = self.type_above()
        width = max(1, len(self))
        keys = [row * width + node]
        while len(node):
            row, node = row[above[node] >= 0], above[node][above[node] >= 0]
            keys.append(row * width + node)
        every = np.unique(np.concatenate(keys))
        ones = np.ones(len(every), dtype=np.float32)
        return sp.csc_array((ones, (every // width, every % width)), shape=(count, width))

    def type_above(self) -> Numbers:
        """int64 [p]: the nearest shorter phrase that is a type, or -1."""
        above = np.full(len(self), -1, dtype=np.int64)
        for node, parent in enumerate(self.parent.tolist()):
            if parent >= 0:
                above[node] = parent if self.named[parent] else above[parent]
        return above


@dataclass(frozen=True, kw_only=True, eq=False)
class Mentions:
    """Where phrases stand: place int64 [k] (the token of the noun), node int64 [k], length int64 [k] (in
    words)."""

    place: Numbers
    node: Numbers
    length: Numbers


def learn_phrases(
    vocabulary: Vocabulary, titles: Tokens, others: Tokens, *, brand: Numbers, fewest: int = 3
) -> Phrases:
    """The phrases that at least `fewest` products share, those of several brands first of all."""
    width = len(vocabulary.words)
    single = len(np.unique(brand)) <= 1
    heads = np.flatnonzero((vocabulary.noun >= _NOUN) & (vocabulary.lemma == np.arange(width)))
    extra = np.unique(vocabulary.lemma[vocabulary.noun >= _NOUN])
    heads = np.union1d(heads, extra)
    word, parent = heads.astype(np.int32), np.full(len(heads), -1, dtype=np.int32)
    named = np.ones(len(heads), dtype=np.bool_)
    modifier = _modifiers(vocabulary)
    fields = [(field, *_starts(field, vocabulary, word, width)) for field in (titles, others)]
    for length in range(2, LONGEST + 1):
        grown = []
        for number, (field, place, node) in enumerate(fields):
            left, known = _left(field, vocabulary, place, length, modifier)
            known &= _modifies(vocabulary, left, place, field)
            fields[number] = (field, place[known], node[known])
            grown.append((left[known], node[known], field.text[place[known]], field.lower[place[known]]))
        lefts, nodes, rows, lower = (np.concatenate(part) for part in zip(*grown, strict=True))
        keys, key_of = np.unique((nodes + 1) * width + lefts, return_inverse=True)
        pairs = np.unique(key_of * (len(brand) + 1) + rows)
        owner, row = pairs // (len(brand) + 1), pairs % (len(brand) + 1)
        count = np.bincount(owner, minlength=len(keys))
        span = int(brand.max(initial=-1)) + 2
        brands = np.bincount(np.unique(owner * span + brand[row] + 1) // span, minlength=len(keys))
        small = np.bincount(key_of, weights=lower, minlength=len(keys)) / np.maximum(1, np.bincount(key_of))
        kept = (count >= fewest) & ((brands >= 2) | (small >= 0.3) | (count >= 3 * fewest) | single)
        good = kept & ((count >= 2 * fewest) | (small >= 0.5))
        first = len(word)
        word = np.concatenate((word, (keys[kept] % width).astype(np.int32)))
        parent = np.concatenate((parent, (keys[kept] // width - 1).astype(np.int32)))
        named = np.concatenate((named, good[kept]))
        renumbered = np.full(len(keys), -1, dtype=np.int64)
        renumbered[kept] = first + np.arange(int(kept.sum()))
        start = 0
        for number, (field, place, _) in enumerate(fields):
            nodes_now = renumbered[key_of[start : start + len(place)]]
            start += len(place)
            alive = nodes_now >= 0
            fields[number] = (field, place[alive], nodes_now[alive])
    return Phrases.of(word, parent, named, width)


def mentions(phrases: Phrases, vocabulary: Vocabulary, tokens: Tokens) -> Mentions:
    """The longest type that ends at each noun. A noun before a noun is a modifier: 'printer cable' is a
    cable."""
    place, node = _starts(tokens, vocabulary, phrases.word[phrases.parent < 0], phrases.width)
    node = phrases.find(
        np.full(len(place), -1, dtype=np.int64), vocabulary.lemma[tokens.word[place]].astype(np.int64)
    )
    modifier = _modifiers(vocabulary)
    best, size = node.copy(), np.ones(len(place), dtype=np.int64)
    alive = np.arange(len(place))
    here = node
    inside = np.zeros(len(tokens.word) + 1, dtype=np.bool_)
    for length in range(2, LONGEST + 1):
        left, known = _left(tokens, vocabulary, place[alive], length, modifier)
        found = np.full(len(alive), -1, dtype=np.int64)
        found[known] = phrases.find(here[known], left[known])
        kept = found >= 0
        alive, here = alive[kept], found[kept]
        good = phrases.named[here]
        best[alive[good]], size[alive[good]] = here[good], length
        inside[place[alive[good]] - 1] = True  # the word before the noun is part of its phrase
        if length > 2:
            for back in range(2, length):
                inside[place[alive[good]] - back] = True
    modifies = inside[place] | _followed(tokens, place, vocabulary.noun[tokens.word[place]])
    kept = ~modifies & ~phrases.quality[best]
    return Mentions(place=place[kept], node=best[kept], length=size[kept])


def _modifiers(vocabulary: Vocabulary) -> npt.NDArray[np.bool_]:
    """bool [words]: those that may stand before a noun in the name of a type."""
    # paper is a material and a thing; HDMI is a value of connectors and makes a kind of cables
    quality = vocabulary.quality & (vocabulary.noun < 0.5) & ~vocabulary.abbreviated
    return ~(quality | vocabulary.unit | vocabulary.name)


def _modifies(vocabulary: Vocabulary, left: Numbers, place: Numbers, tokens: Tokens) -> npt.NDArray[np.bool_]:
    """Whether a word may stand in a phrase with the noun at a place: not the noun again, nor a surer one."""
    noun, lemma = vocabulary.noun[tokens.word[place]], vocabulary.lemma[tokens.word[place]]
    may: npt.NDArray[np.bool_] = np.not_equal(left, lemma)
    may &= np.less_equal(vocabulary.noun[left], noun / _SURER)
    return may


def _followed(tokens: Tokens, place: Numbers, noun: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    """bool [k]: whether a noun that is sure enough comes later in the same run of words."""
    breaks = (tokens.gap != NONE) | (tokens.kind != WORD)
    breaks[1:] |= tokens.kind[:-1] != WORD
    run = np.cumsum(breaks)[place]
    later = np.zeros(len(place), dtype=np.float32)
    for step in range(1, _RUN):
        same = run[step:] == run[:-step]
        later[:-step] = np.where(same, np.maximum(later[:-step], noun[step:]), later[:-step])
    followed: npt.NDArray[np.bool_] = np.greater_equal(later, _SEED * noun)
    return followed


def _starts(
    tokens: Tokens, vocabulary: Vocabulary, heads: npt.NDArray[np.int32], width: int
) -> tuple[Numbers, Numbers]:
    """(places of the nouns among the tokens, the number of each in `heads`)."""
    number = np.full(width + 1, -1, dtype=np.int64)
    number[heads] = np.arange(len(heads))
    known = tokens.word >= 0
    lemma = np.where(known, vocabulary.lemma[tokens.word], width) if width else tokens.word
    usable = known & (tokens.kind == WORD)
    place = np.flatnonzero(usable & (number[lemma] >= 0))
    return place, number[lemma[place]]


def _left(
    tokens: Tokens, vocabulary: Vocabulary, place: Numbers, length: int, modifier: npt.NDArray[np.bool_]
) -> tuple[Numbers, npt.NDArray[np.bool_]]:
    """(the lemma `length` - 1 words before each place, whether it is there, in the same run, and may
    modify)."""
    at = place - (length - 1)
    safe = np.maximum(at, 0)
    word = tokens.word[safe]
    known = (at >= 0) & (tokens.gap[np.minimum(safe + 1, len(tokens.gap) - 1)] == NONE) & (word >= 0)
    known &= tokens.kind[safe] == WORD
    known &= modifier[np.maximum(word, 0)]
    # the first token of a text has a gap before it, so a run never reaches into the text before
    return vocabulary.lemma[np.maximum(word, 0)].astype(np.int64), known
