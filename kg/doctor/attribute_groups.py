"""Which attribute names are one and the same attribute: colour, Color, Farbe.

Two names are one if their words are the same once case, signs and known synonyms are set aside; or, where
their values agree too, if only a plural, a space, a unit, a generic word or a slip of the finger is between
them. Against it speaks that products have both, with different values, or that one counts and one names.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from statistics import median
from typing import Literal, TypeAlias

import numpy as np

from kg.doctor.cells import Cells
from kg.doctor.lexicon import generic_words, name_phrases, spelled, value_phrases
from kg.doctor.lexicon import name_words as synonyms
from kg.doctor.matching import Groups
from kg.doctor.spelling import folded, name_words, numbers, shortened, singular, typo
from kg.records import Quantity

Form: TypeAlias = Literal["text", "number", "boolean"]
Why: TypeAlias = Literal["meaning", "plural", "joined", "unit", "generic", "values", "typo", "short"]

_TOGETHER = 0.1
"""Names that more than this share of the rarer one's products have both are two attributes…"""
_AGREE = 0.8
"""…unless their values agree on this share of them: then it is said twice."""
_TYPO_SHARE = 0.34
"""A mistyped name is at most so common, compared with the right one."""
_TYPO_VALUES = 0.5
"""…and this share of its values is found under the right one."""
_SOME_VALUES = 0.2
"""Where only a plural, a space or a unit differs, this share of its values must be found there."""
_SAME_VALUES = 0.9
_LEAST: dict[Why, float] = {
    "meaning": 0.0,
    "plural": _SOME_VALUES,
    "joined": _SOME_VALUES,
    "unit": 0.0,
    "generic": _SAME_VALUES,
    "values": _SAME_VALUES,
    "typo": _TYPO_VALUES,
    "short": _SAME_VALUES,
}
_KIND_SHARE = 0.5
"""An attribute has colours (materials) as values if so many are known ones…"""
_DISTINCT = 3
"""…and there are so many."""
_MOST_NAMES = 1_000
"""So many names that share a key are compared with each other."""
_MOST_SAMPLED = 300
_FEW = 5
"""On fewer products than this the values of a name say little."""
_MAGNITUDE = 5.0
"""Numbers of one attribute have medians within this factor."""
_KNOWN_WORD = 3
"""A word in so many titles or values is no misspelling."""
_UNITS = frozenset(
    ("mm", "cm", "km", "kg", "g", "lb", "lbs", "oz", "ml", "l", "kw", "w", "v", "hz", "inch", "inches")
)
"""What may stand behind a name: weight kg. Not m or in, which are words too often."""


@dataclass(frozen=True, kw_only=True)
class NameStats:
    """One attribute name: on how many products, what its values mostly are, the texts among them, their
    units and the median of its distinct numbers."""

    products: int
    form: Form
    texts: dict[str, int]
    units: frozenset[str]
    median: float


def stats_of(cells: Cells) -> list[NameStats]:
    """For every name, in the order of `cells.names`."""
    return [_stats(cells, name) for name in range(len(cells.names))]


def _stats(cells: Cells, name: int) -> NameStats:
    texts: dict[str, int] = {}
    forms: dict[Form, int] = {"text": 0, "number": 0, "boolean": 0}
    amounts: list[float] = []
    measured: set[str] = set()
    for number, count in cells.of_name(name).items():
        value = cells.values[number]
        if isinstance(value, str):
            forms["text"] += count
            key = folded(value)
            texts[key] = texts.get(key, 0) + count
        elif isinstance(value, bytes):
            forms["text"] += count
        else:
            forms["boolean" if isinstance(value, bool) else "number"] += count
            amounts.append(abs(value.number if isinstance(value, Quantity) else float(value)))
            if isinstance(value, Quantity):
                measured.add(folded(value.unit))
    form = max(forms, key=lambda one: forms[one])
    return NameStats(
        products=len(cells.rows(name)),
        form=form,
        texts=texts,
        units=frozenset(measured),
        median=median(amounts or [0.0]),
    )


def variant_names(cells: Cells, stats: list[NameStats], known_words: Mapping[str, int]) -> list[list[int]]:
    """Groups of numbers of names that are one attribute. `known_words` counts the words of titles."""
    found = Groups()
    parts = [tuple(name_words(name)) for name in cells.names]
    meant = [_meaning(part) for part in parts]
    seen = _frequencies(parts)
    candidates: list[tuple[Why, tuple[int, int]]] = []
    candidates += [("meaning", pair) for pair in _sharing((key, n) for n, key in enumerate(meant) if key)]
    candidates += [("plural", pair) for pair in _sharing((_singular(p), n) for n, p in enumerate(parts) if p)]
    candidates += [("joined", pair) for pair in _sharing(_joined(parts, seen))]
    candidates += [("unit", pair) for pair in _sharing(_without_unit(parts))]
    candidates += [("generic", pair) for pair in _sharing(_without_generic(parts))]
    candidates += [("values", pair) for pair in _same_kind(parts, stats)]
    candidates += [("typo", pair) for pair in _nearly(parts)]
    candidates += [("short", pair) for pair in _shortened(parts)]
    for why, (first, second) in candidates:
        if found.joined(first, second) or numbers(cells.names[first]) != numbers(cells.names[second]):
            continue
        common, rare = sorted((first, second), key=lambda n: (-stats[n].products, n))
        if not _compatible(stats[common], stats[rare]) or (why == "generic" and stats[rare].form != "text"):
            continue
        if any(_two_attributes(cells, a, b) for a in found.of(common) for b in found.of(rare)):
            continue
        if why in ("typo", "short"):
            wrong, right = next((a, b) for a, b in zip(parts[rare], parts[common], strict=True) if a != b)
            textual = stats[rare].form == "text"  # else values do not help to decide
            if not textual and (wrong.startswith(right) or right.startswith(wrong)):
                continue
            least = _KNOWN_WORD if textual else 1
            own_word = known_words.get(wrong, 0) >= least or (
                seen[wrong] > 1 and seen[wrong] * 3 > seen[right]
            )
            if own_word or stats[rare].products > _TYPO_SHARE * stats[common].products:
                continue
        if _alike(stats[common], stats[rare], _LEAST[why]):
            found.join(first, second)
    return list(found)


def _alike(common: NameStats, rare: NameStats, share: float) -> bool:
    """Whether so many of the rarer one's texts are found under the commoner; numbers must be of one size."""
    if not share:
        return True
    if common.form == rare.form == "number":
        low, high = sorted((common.median, rare.median))
        same = rare.products < _FEW or bool(common.units & rare.units)
        return same or low == high or (low > 0 and high <= _MAGNITUDE * low)
    if common.form != "text" or rare.form != "text":
        return common.form == rare.form
    total = sum(rare.texts.values())
    return total > 0 and sum(n for text, n in rare.texts.items() if text in common.texts) >= share * total


def _frequencies(parts: Iterable[tuple[str, ...]]) -> dict[str, int]:
    """In how many names each word stands."""
    seen: dict[str, int] = {}
    for part in parts:
        for word in set(part):
            seen[word] = seen.get(word, 0) + 1
    return seen


def _meaning(part: tuple[str, ...]) -> str:
    """The meaning of a name, as far as the word list knows; else its words."""
    phrases, known = name_phrases(), synonyms()
    if len(part) > 1 and part[0] in ("is", "has"):
        part = part[1:]
    if (plain := " ".join(part)) in phrases:
        return phrases[plain]
    meant = " ".join(known.get(word, word) for word in part)
    return phrases.get(meant, meant)


def _singular(part: tuple[str, ...]) -> str:
    return " ".join(singular(word) for word in part)


def _sharing(pairs: Iterable[tuple[str, int]]) -> Iterator[tuple[int, int]]:
    by_key: dict[str, list[int]] = defaultdict(list)
    for key, number in pairs:
        by_key[key].append(number)
    for members in by_key.values():
        yield from combinations(members[:_MOST_NAMES], 2)


def _joined(parts: list[tuple[str, ...]], seen: dict[str, int]) -> Iterator[tuple[str, int]]:
    """'maxload' is 'max load'; but 'bandwidth', which other names hold too, is no 'band width'."""
    for number, part in enumerate(parts):
        if part and (len(part) > 1 or seen[part[0]] == 1):
            yield "".join(part), number


def _without_unit(parts: list[tuple[str, ...]]) -> Iterator[tuple[str, int]]:
    """'weight kg' is 'weight' in a unit."""
    for number, part in enumerate(parts):
        if part:
            bare = part[:-1] if len(part) > 1 and part[-1] in _UNITS else part
            yield _meaning(bare[:-1] if bare != part and len(bare) > 1 and bare[-1] == "in" else bare), number


def _without_generic(parts: list[tuple[str, ...]]) -> Iterator[tuple[str, int]]:
    """'colour of product' is 'colour'."""
    generic = generic_words()
    for number, part in enumerate(parts):
        kept = tuple(sorted(word for word in part if word not in generic))
        if kept:
            yield _meaning(kept), number


def _same_kind(parts: list[tuple[str, ...]], stats: list[NameStats]) -> Iterator[tuple[int, int]]:
    """Names of one word that mostly have colours, or materials, as values."""
    for kind in ("colours", "materials"):
        phrases = value_phrases(kind)
        members = []
        for number, part in enumerate(parts):
            texts = stats[number].texts
            known = sum(count for text, count in texts.items() if spelled(text) in phrases)
            if len(part) == 1 and len(texts) >= _DISTINCT and known >= _KIND_SHARE * sum(texts.values()):
                members.append(number)
        yield from combinations(members, 2)


def _nearly(parts: list[tuple[str, ...]]) -> Iterator[tuple[int, int]]:
    """Names that differ in one word, by keys that leave each word out in turn."""

    def keys() -> Iterator[tuple[str, int]]:
        for number, part in enumerate(parts):
            for at, word in enumerate(part):
                if word.isalpha() and len(word) >= 5:
                    rest = "\x1f".join((*part[:at], "\x1e", *part[at + 1 :]))
                    # a slip leaves the first two letters, if in another order
                    yield f"{rest}\x1d{min(word[:2])}{max(word[:2])}", number
                    yield f"{rest}\x1d{word[0]}", number

    for first, second in _sharing(keys()):
        if any(typo(a, b) for a, b in zip(parts[first], parts[second], strict=True) if a != b):
            yield first, second


def _shortened(parts: list[tuple[str, ...]]) -> Iterator[tuple[int, int]]:
    """Names of one word of which one abbreviates the other: 'clr'."""
    by_letter: dict[str, list[int]] = defaultdict(list)
    for number, part in enumerate(parts):
        if len(part) == 1:
            by_letter[part[0][0]].append(number)
    for members in by_letter.values():
        for first, second in combinations(members[:_MOST_NAMES], 2):
            if shortened(parts[first][0], parts[second][0]) or shortened(parts[second][0], parts[first][0]):
                yield first, second


def _compatible(one: NameStats, other: NameStats) -> bool:
    """A count is no variant of a yes or no; a text may be a number that was typed."""
    return one.form == other.form or "boolean" not in (one.form, other.form)


def _two_attributes(cells: Cells, first: int, second: int) -> bool:
    """Whether products have both, with different values."""
    rows, others = cells.rows(first), cells.rows(second)
    both = np.intersect1d(rows, others, assume_unique=True)
    if len(both) <= _TOGETHER * min(len(rows), len(others)):
        return False
    sample = both[:_MOST_SAMPLED].tolist()
    agree = sum(_values(cells, row, first) == _values(cells, row, second) for row in sample)
    return agree < _AGREE * len(sample)


def _values(cells: Cells, row: int, name: int) -> frozenset[str]:
    part = slice(int(cells.indptr[row]), int(cells.indptr[row + 1]))
    return frozenset(
        folded(str(cells.values[value]))
        for one, value in zip(cells.name[part].tolist(), cells.value[part].tolist(), strict=True)
        if one == name
    )
