"""Series: the names that recur in the titles of one brand, behind the brand and before what the thing is."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from kg.derive.source import Source
from kg.derive.tokens import CODE, NONE, NUMBER, WORD, has_inner_capital, without_brand, words_of
from kg.units import find_unit

Piece = tuple[str, int, int]
"""A token as `tokens.words_of` gives it: (as written, kind, gap)."""

LONGEST = 4
_MEASURE = re.compile(r"(\d{1,3}(?:[.,]\d+)?)([^\W\d_]{1,4})")
_FEWEST = 3
_BOUND = 0.6
"""So much of a name's use must be one brand's."""
_CODED = 0.3
"""So often a model number must follow a name, or the word behind it."""
_SMALL = 0.2


@dataclass(frozen=True, kw_only=True, eq=False)
class SeriesNames:
    """`ids`: each series as (brand, its words folded) → its id, 'HP LaserJet 4700'."""

    ids: Mapping[tuple[str, tuple[str, ...]], str]
    _starts: dict[str, list[tuple[str, tuple[str, ...]]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for key in sorted(self.ids, key=lambda key: (-len(key[1]), key)):
            self._starts.setdefault(key[1][0], []).append(key)

    def of_title(self, brand: str, pieces: Sequence[Piece]) -> list[str]:
        """The ids of the series that a title begins with, the widest first."""
        words = tuple(_opening(pieces))
        found = (self.ids.get((brand, words[:length])) for length in range(1, len(words) + 1))
        return [series for series in found if series is not None]

    def mentioned(self, pieces: Sequence[Piece], brand: str, others: Collection[str]) -> Iterator[str]:
        """The ids of the series that are spoken of, the longest at each place; that of `brand` among equals.

        Of brands that are not spoken of (`others` are) only names that no other word could be: LaserJet,
        ThinkPad.
        """
        words = [written.casefold() for written, _, _ in pieces]
        place = 0
        while place < len(words):
            best = self._longest(words, place, brand)
            if best is None:
                place += 1
                continue
            if best[0] == brand or best[0] in others or has_inner_capital(pieces[place][0]):
                yield self.ids[best]
            place += len(best[1])

    def _longest(self, words: Sequence[str], place: int, brand: str) -> tuple[str, tuple[str, ...]] | None:
        best = None
        for key in self._starts.get(words[place], ()):
            if best is not None and len(key[1]) < len(best[1]):
                break
            if tuple(words[place : place + len(key[1])]) == key[1] and (best is None or key[0] == brand):
                best = key
        return best


def learn_series(
    source: Source, pieces: Sequence[Sequence[Piece]], *, common: Collection[str]
) -> SeriesNames:
    """Series of at least three products. `common` are folded words that name no series: types, colours,
    units."""
    uses: Counter[str] = Counter()
    small: Counter[str] = Counter()
    for some in pieces:
        for written, kind, _ in some:
            if kind == WORD:
                uses[written.casefold()] += 1
                small[written.casefold()] += written.islower()
    openings = [tuple(_opening(some)) for some in pieces]
    begun: dict[str, Counter[tuple[str, ...]]] = defaultdict(Counter)
    coded: Counter[tuple[str, str]] = Counter()
    written_as: dict[tuple[str, tuple[str, ...]], Counter[tuple[str, ...]]] = defaultdict(Counter)
    for brand, words, some in zip(source.brands, openings, pieces, strict=True):
        if not brand or not words:
            continue
        for length in range(1, len(words) + 1):
            begun[brand][words[:length]] += 1
            written_as[brand, words[:length]][tuple(w for w, _, _ in some[:length])] += 1
        coded[brand, words[0]] += _coded(some, words, common)
    ids: dict[tuple[str, tuple[str, ...]], str] = {}
    for brand in sorted(begun):
        counts = begun[brand]
        for words in sorted(counts, key=lambda words: (len(words), words)):
            count = counts[words]
            if count < _FEWEST or (len(words) > 1 and (brand, words[:-1]) not in ids):
                continue
            if len(words) == 1:
                word = words[0]
                if word in common or len(word) < 2 or coded[brand, word] < _CODED * count:
                    continue
                if small[word] > _SMALL * uses[word] or count < _BOUND * uses[word] * _first(uses[word]):
                    continue
            elif words[-1] in common:
                continue
            usual = written_as[brand, words].most_common()
            best = min(usual, key=lambda entry: (-entry[1], entry[0]))[0]
            ids[brand, words] = f"{brand} {' '.join(best)}"
    return SeriesNames(ids=ids)


def _coded(pieces: Sequence[Piece], words: Sequence[str], common: Collection[str]) -> bool:
    """Whether a model number follows the first word at once, or behind one more name."""
    if len(words) > 1 and pieces[1][1] != WORD:
        return True
    return len(words) > 2 and words[1] not in common and pieces[2][1] != WORD


def _first(uses: int) -> float:
    """A name is used elsewhere too (in what goes with it): of frequent ones less must be in front."""
    return 0.5 if uses >= 50 else 1.0


def pieces_of(source: Source) -> list[list[Piece]]:
    """The tokens of each title, without its brand."""
    return [
        words_of(without_brand(title, brand))
        for title, brand in zip(source.titles, source.brands, strict=True)
    ]


def _opening(pieces: Sequence[Piece]) -> Iterator[str]:
    """The words at the front that may name a series: a name first, then names and model numbers."""
    for place, (written, kind, gap) in enumerate(pieces[:LONGEST]):
        if (place == 0 and kind != WORD) or (place and gap != NONE):
            return
        if (kind == WORD and written.islower()) or (kind == CODE and _is_measure(written)):
            return
        if kind == NUMBER and _is_unit(pieces, place + 1):
            return
        yield written.casefold()


def _is_unit(pieces: Sequence[Piece], place: int) -> bool:
    """Whether a unit stands there: '1500 VA', '19 cm'."""
    return (
        place < len(pieces)
        and pieces[place][2] == NONE
        and find_unit(pieces[place][0].casefold()) is not None
    )


def _is_measure(code: str) -> bool:
    """Whether a code is a number with its unit: '230V', '3ft'."""
    match = _MEASURE.fullmatch(code)
    return match is not None and (find_unit(match[2]) or find_unit(match[2].casefold())) is not None
