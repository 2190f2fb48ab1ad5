"""Whether two rows of a catalog with nearly the same title are one product."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

import numpy as np
import numpy.typing as npt

from kg.doctor.catalog import Catalog
from kg.doctor.matching import Groups
from kg.doctor.spelling import folded, typo, words
from kg.doctor.title_bags import Bags, title_list, title_words

_ENDS = re.compile(r"\b[MF]/[MF]\b")
_MOST = 10
"""So many rows of a group are asked whether another belongs to it."""
_CONFLICTS = 0.2
"""Nearly equal titles may disagree in this share of their common attributes."""
_NEAR_PRICE = 1.5
_MANY = 8
"""With so many attributes in common, prices need not be near, only in reason."""
_ENOUGH = 5
"""With fewer attributes in common, both must have the very same ones."""
_FAR_PRICE = 3.0
_LONG_TEXT = 12
_SAME_TEXT = 0.6
_KNOWN = 3
"""A word in so many titles is no slip."""
_TELLING = 3
"""Rows with so many attributes, all the same, may differ more in the title…"""
_RESEMBLE = 0.85
"""…but this share of its letters must agree (Ratcliff and Obershelp's measure)."""


class Comparison:
    """Asks about pairs of products whose titles are the same or nearly."""

    def __init__(self, catalog: Catalog, bags: Bags) -> None:
        self._catalog = catalog
        self._bags = bags

    def variants(self, first: int, second: int) -> bool:
        """Whether the shop itself says that they are variants of one product."""
        one, other = (int(self._catalog.collections.numbers[row]) for row in (first, second))
        return one == other != 0

    def join(self, groups: Groups, first: int, second: int) -> None:
        """Join two rows, unless one that is with either differs: A is B, B is C, A is not C."""
        pairs = ((a, b) for a in groups.of(first)[:_MOST] for b in groups.of(second)[:_MOST])
        if not any(self._attributes(a, b)[0] > _CONFLICTS * self._attributes(a, b)[1] for a, b in pairs):
            groups.join(first, second)

    def conflicts(self, first: int, second: int) -> bool:
        """Whether they differ in an attribute that both have, a number of the title, the description or the
        price; with few attributes in common, prices must be near."""
        differ, common = self._attributes(first, second)
        if differ or self._numbers(first) != self._numbers(second) or self._text_conflict(first, second):
            return True
        names = [set(self._cells(row)[0]) for row in (first, second)]
        if common < _ENOUGH and names[0] != names[1]:
            return True  # a general title, and little to compare: who knows
        title = self._catalog.title[first]
        if not self.same_order(first, second) and (
            title_list("directed") & set(words(title)) or _ENDS.search(title)
        ):
            return True
        return not self._near_price(first, second, _FAR_PRICE if common >= _MANY else _NEAR_PRICE)

    def same_order(self, first: int, second: int) -> bool:
        """Whether the words of the two titles are the same in the same order."""
        return title_words(self._catalog.title[first]) == title_words(self._catalog.title[second])

    def nearly(self, first: int, second: int) -> bool:
        """Whether titles that differ in one word are of the same product."""
        one, other = self._bags.of(first), self._bags.of(second)
        left, right = _without(one, other), _without(other, one)
        differ, common = self._attributes(first, second)
        if differ > _CONFLICTS * common or not self._same_category(first, second):
            return False
        if self._text_conflict(first, second) or not self._near_price(first, second, _FAR_PRICE):
            return False
        if len(left) == len(right) == 1:
            code = any(
                word.upper() in self._catalog.title[row]
                for word, row in ((left[0], first), (right[0], second))
            )
            return typo(left[0], right[0]) and not code and not (differ and common < 5)
        # a word more: all else must be the same
        return len(left) + len(right) == 1 and not differ and common >= 2 and self._same_facts(first, second)

    def fingerprints(self) -> npt.NDArray[np.int64]:
        """int64 [n]: equal for rows of the same brand, category and attributes; 0 where these say little."""
        catalog = self._catalog
        brand, category = catalog.brand.numbers.tolist(), catalog.category.numbers.tolist()
        prints = np.zeros(len(catalog), dtype=np.int64)
        for row in range(len(catalog)):
            names, values = self._cells(row)
            if len(set(names)) >= _TELLING:
                prints[row] = hash((brand[row], category[row], frozenset(zip(names, values, strict=True))))
        return prints

    def resembles(self, first: int, second: int) -> bool:
        """Whether the titles of two rows that are equal in all else are nearly the same."""
        if self._numbers(first) != self._numbers(second) or not self._near_price(first, second):
            return False
        if self._text_conflict(first, second):
            return False
        left, right = self._bags.of(first), self._bags.of(second)
        known = self._catalog.title_words
        if not all(w.isalpha() for w in (*_without(left, right), *_without(right, left))):
            return False  # another model
        if any(
            min(known[a], known[b]) >= _KNOWN for a in _without(left, right) for b in _without(right, left)
        ):
            return False  # one word of the shop's for another: inkjet, thermal
        one, other = (" ".join(sorted(bag)) for bag in (left, right))
        return SequenceMatcher(None, one, other, autojunk=False).ratio() >= _RESEMBLE

    def _text_conflict(self, first: int, second: int) -> bool:
        """Whether their descriptions are of two products: in a short one every word counts."""
        one, other = (set(title_words(self._catalog.description[row])) for row in (first, second))
        if not one or not other or one == other:
            return False
        if one - other and other - one:
            return True  # a word for another: upward, downward
        if {w for w in one if not w.isalpha()} != {w for w in other if not w.isalpha()}:
            return True
        return len(one & other) < (1.0 if min(len(one), len(other)) < _LONG_TEXT else _SAME_TEXT) * len(
            one | other
        )

    def _same_category(self, first: int, second: int) -> bool:
        one, other = (int(self._catalog.category.numbers[row]) for row in (first, second))
        return one == other or not one or not other

    def _same_facts(self, first: int, second: int) -> bool:
        """Both have the same attributes, and prices that are near."""
        names = [self._cells(row)[0] for row in (first, second)]
        return set(names[0]) == set(names[1]) and self._near_price(first, second)

    def _near_price(self, first: int, second: int, times: float = _NEAR_PRICE) -> bool:
        """True also where a price is missing."""
        low, high = sorted(float(self._catalog.price[row]) for row in (first, second))
        return not high > times * low

    def _attributes(self, first: int, second: int) -> tuple[int, int]:
        """(in how many attributes they differ, how many both have)."""
        one, other = (self._values(row) for row in (first, second))
        common = one.keys() & other.keys()
        return sum(one[name] != other[name] for name in common), len(common)

    def _values(self, row: int) -> dict[int, frozenset[str]]:
        values: dict[int, set[str]] = {}
        for name, value in zip(*self._cells(row), strict=True):
            values.setdefault(name, set()).add(folded(str(self._catalog.cells.values[value])))
        return {name: frozenset(found) for name, found in values.items()}

    def _cells(self, row: int) -> tuple[list[int], list[int]]:
        cells = self._catalog.cells
        part = slice(int(cells.indptr[row]), int(cells.indptr[row + 1]))
        return cells.name[part].tolist(), cells.value[part].tolist()

    def _numbers(self, row: int) -> list[str]:
        return sorted(re.findall(r"\d+", self._catalog.title[row]))


def _without(words_: list[str], others: list[str]) -> list[str]:
    left = list(words_)
    for word in others:
        if word in left:
            left.remove(word)
    return left
