"""What a catalog tells about each of its words: does it name a kind of thing, a quality, a unit, a model?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kg.derive.tokens import NONE, NUMBER, WORD, Tokens
from kg.derive.word_counts import WordCounts, share
from kg.derive.words import ARTICLES, COLOURS, GRAMMAR, JOINING, MEASURES, OF
from kg.units import find_unit

Numbers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Shares = npt.NDArray[np.float64]


_UNIT, _COUNTED = 0.6, 0.5
"""A word that follows a number in so many of its places is a unit; so is one that does in both its forms."""
_QUALITY = 0.4
"""A word that is an attribute's value in so many of its products is a quality."""
_COHERENT = 0.12
_UPPER = 0.8
_FREE = 0.12
_PLURALS = 30
_STOP = ARTICLES | JOINING | OF | GRAMMAR


@dataclass(frozen=True, kw_only=True, eq=False)
class Vocabulary:
    """`words` folded; the arrays have a number for each.

    lemma int32: the number of the singular (its own, if there is none); noun float32 in [0, 1]: how likely it
    is that the word names a kind of thing; name, quality, unit bool: part of names of one brand (a series), a
    value of attributes (a colour), a unit of measure.
    """

    words: tuple[str, ...]
    lemma: npt.NDArray[np.int32]
    noun: npt.NDArray[np.float32]
    name: npt.NDArray[np.bool_]
    quality: npt.NDArray[np.bool_]
    unit: npt.NDArray[np.bool_]
    abbreviated: npt.NDArray[np.bool_]
    count: npt.NDArray[np.int32]


def learn_vocabulary(
    words: Sequence[str],
    titles: Tokens,
    others: Tokens,
    *,
    brand: Numbers,
    values: Numbers,
    type_values: Numbers,
    brand_words: Numbers,
    coherence: Callable[[Numbers, Numbers], npt.NDArray[np.float32]] | None = None,
) -> Vocabulary:
    """Learn it from titles and other texts.

    `brand` int64 [titles]: a number for each product's brand, -1 for none. `values` int64 [k], sorted: row *
    len(words) + word for each word that is, alone, a value of an attribute of that product; `type_values` the
    same for attributes that are called 'type'. `brand_words`: the numbers of words that are a brand's name.
    `coherence` takes (word, row) pairs and gives float32 [words]: how alike the attributes of the products
    are that have a word.
    """
    n = len(words)
    counts = WordCounts.of(words, titles, others, brand)
    plain = titles.kind == WORD
    word, row = titles.word[plain].astype(np.int64), titles.text[plain]
    stop = _which(words, lambda w: w in _STOP)
    unit = _units(words, counts)
    keys = np.unique(row * n + word)
    quality = _valued(keys, values, n) >= _QUALITY
    # 'Original' is called a type by many catalogs, but no text ever speaks of originals
    quality |= (_valued(keys, type_values, n) >= _QUALITY) & ~counts.plural & (counts.lower < 0.1)
    name = _names(counts, brand_words)
    noun = _looks(counts)
    noun[quality] *= 0.75
    measure = _which(words, lambda w: w in MEASURES)
    short = _which(words, lambda w: max(map(len, w.split("/"))) < 2) | (counts.count < 2)  # 'f/f'
    coloured = _which(words, lambda w: w in COLOURS)
    noun[unit | stop | name | measure | short | coloured | (quality & (noun < 0.68))] = 0.0
    noun *= _stands(titles, noun, quality | coloured, name | unit, unit, counts)
    if coherence is not None:
        noun *= np.minimum(1.0, coherence(word, row) / _COHERENT)
    _take_parts(words, noun, counts.lemma)
    best = noun.copy()
    np.maximum.at(best, counts.lemma, noun)
    noun = best[counts.lemma]  # a plural is as much a noun as its singular
    return Vocabulary(
        words=tuple(words),
        lemma=counts.lemma,
        noun=noun.astype(np.float32),
        name=name,
        quality=quality | stop | coloured,
        unit=unit,
        abbreviated=counts.upper >= _UPPER,
        count=counts.count.astype(np.int32),
    )


def _which(words: Sequence[str], rule: Callable[[str], bool]) -> Flags:
    return np.fromiter(map(rule, words), dtype=np.bool_, count=len(words))


def _units(words: Sequence[str], counts: WordCounts) -> Flags:
    """Words that mostly follow numbers, or follow them and are known units, or are counts: '8 outlet(s)'."""
    letters = np.fromiter(map(len, words), dtype=np.int64, count=len(words))
    unit = (counts.counted >= _UNIT) & ((letters <= 3) | (counts.count >= 10))
    # surge protectors have '8 outlets' or '1 outlet': they are none
    uses = np.bincount(counts.lemma, weights=counts.count, minlength=len(words))[counts.lemma]
    unit |= (counts.counted_thing > _COUNTED) & counts.plural & (uses >= 10)
    unit |= (counts.counted >= 0.15) & _which(words, lambda w: find_unit(w) is not None)
    return unit | _which(words, lambda w: w.endswith("(s)"))


def _names(counts: WordCounts, brand_words: Numbers) -> Flags:
    """Words that one brand calls its things, right behind its own name, or writes as names are."""
    if counts.brands.max(initial=0) <= 1:  # with one brand nobody can tell
        return np.zeros(len(counts.count), dtype=np.bool_)
    owned = (counts.top >= 0.9) | (counts.brands <= 1)
    name = (counts.lower < 0.05) & owned & ~counts.plural & (counts.early >= 0.5)
    name |= (counts.inner >= 0.5) & ((counts.brands <= 3) | (counts.top >= 0.6))
    proper = np.zeros(len(counts.count), dtype=np.bool_)
    proper[brand_words] = True
    return name | (proper & (counts.lower < 0.3))


def _looks(counts: WordCounts) -> Shares:
    """How much a word looks like a common noun, by itself: written small, with a plural, used by many."""
    abbreviated = counts.upper >= _UPPER  # of these the case says nothing
    noun = 0.35 * np.where(abbreviated, 0.5, np.minimum(1.0, counts.lower / 0.2)) + 0.25 * counts.plural
    single = counts.brands.max(initial=0) <= 1
    noun += 0.2 if single else 0.25 * (np.minimum(counts.brands, 4) - 1) / 3
    noun += 0.15 * np.minimum(1.0, np.log1p(counts.count) / np.log(50))
    if np.count_nonzero(counts.plural) >= _PLURALS:  # the language has plurals: what has none names no things
        noun[~counts.plural & ~abbreviated & (counts.count >= 30)] *= 0.75
    return noun


def _stands(
    titles: Tokens, noun: Shares, quality: Flags, loose: Flags, unit: Flags, counts: WordCounts
) -> Shares:
    """A factor for where a word stands: nouns end what is said, and nothing better stands in their clause."""
    n = len(noun)
    plain = titles.kind == WORD
    word = titles.word[plain]
    following = np.full(len(titles.word), -1)
    joined = np.flatnonzero((titles.gap[1:] == NONE) & (titles.kind[1:] == WORD))
    following[joined] = titles.word[joined + 1]
    following = following[plain]
    last = (_ends(titles, quality | loose) | _rises(titles))[plain]
    firm = _ends(titles, np.zeros(n, dtype=np.bool_))[plain]

    def times(mask: Flags) -> Numbers:
        return np.bincount(word[mask], minlength=n)

    ended = times(last) + times(firm)
    modifying = times(np.append(noun, 0.0)[following] >= 0.4)
    alone = counts.count - modifying
    # 'toner' is mostly a part of 'toner cartridge'
    free = np.where((alone >= 8) & (modifying >= alone), share(ended, 2 * alone) / 0.6, 0.0)
    factor = np.minimum(1.0, np.maximum(free, share(ended, 2 * counts.count) / 0.25))
    # 'light' stands before colours: it is a part of theirs; but 'smartwatch AMOLED' are two things said
    valued, rise = np.append(quality, False)[following], _rises(titles)[plain]
    ends = times(firm | (valued & rise))
    factor *= np.minimum(1.0, share(ends, times(valued & ~rise)) / _FREE) ** 2
    # 'Core i7': a name with numbers; but not 'webcam 2 MP'
    code, measure = (times(found[plain]) for found in _before_code(titles, unit))
    coded = share(code - np.where(counts.upper < _UPPER, measure, 0), counts.count)
    factor[(coded >= 0.7) & (counts.lower < 0.1)] *= 0.3
    return factor * _claims(word[last].astype(np.int64), titles.clauses[plain][last], noun * factor)


def _take_parts(words: Sequence[str], noun: Shares, lemma: npt.NDArray[np.int32]) -> None:
    """Let a word with a slash that is no noun itself stand for its part that is one: 'labels/colour' for
    labels."""
    numbers = {word: number for number, word in enumerate(words)}
    for number, word in enumerate(words):
        if "/" in word and noun[number] < 0.4:
            parts = [numbers[part] for part in word.split("/") if part in numbers]
            best = max(parts, key=lambda part: noun[part], default=number)
            if noun[best] >= 0.5:
                noun[number], lemma[number] = 0.8 * noun[best], lemma[best]


def _valued(keys: Numbers, values: Numbers, n: int) -> Shares:
    """float64 [n]: in which share of its products each word is a value of an attribute too."""
    known = keys[np.isin(keys, values, assume_unique=True)] % n
    return share(np.bincount(known, minlength=n), np.bincount(keys % n, minlength=n))


def _claims(word: Numbers, clause: Numbers, noun: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """float64 [n], 0.3 to 1: how often a word that ends a run is the best noun of its clause. 'USB' stands
    beside cables, hubs and adapters: it is none of them."""
    best = np.zeros(int(clause.max(initial=-1)) + 1)
    np.maximum.at(best, clause, noun[word])
    won = np.bincount(word[noun[word] >= best[clause]], minlength=len(noun))
    return 0.3 + 0.7 * share(won, np.bincount(word, minlength=len(noun)))


def _ends(tokens: Tokens, loose: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """bool [m]: whether a word is the last of a run of words, or stands before a `loose` one (bool
    [words])."""
    last = np.ones(len(tokens.word), dtype=np.bool_)
    last[:-1] = (tokens.gap[1:] != NONE) | (tokens.kind[1:] != WORD) | loose[tokens.word[1:]]
    last &= tokens.kind == WORD
    return last


def _rises(tokens: Tokens) -> npt.NDArray[np.bool_]:
    """bool [m]: whether a small word stands before a large one: 'motherboard LGA 775'."""
    found = np.zeros(len(tokens.word), dtype=np.bool_)
    found[:-1] = tokens.lower[:-1] & ~tokens.lower[1:] & (tokens.kind[:-1] == WORD)
    return found


def _before_code(tokens: Tokens, unit: Flags) -> tuple[Flags, Flags]:
    """bool [m]: whether a code or a number follows at once, and whether that is a number with its unit."""
    found = np.zeros(len(tokens.word), dtype=np.bool_)
    found[:-1] = (tokens.gap[1:] == NONE) & (tokens.kind[1:] != WORD)
    measured = np.zeros_like(found)
    measured[:-2] = (tokens.kind[1:-1] == NUMBER) & (tokens.gap[2:] == NONE) & unit[tokens.word[2:]]
    return found, found & measured
