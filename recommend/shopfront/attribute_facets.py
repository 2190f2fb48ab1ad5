"""Facets of attributes, and which attributes are worth one."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt

from kg.attribute_table import AttributeTable
from kg.filters import Filter, as_number
from kg.measured import NEAR, as_measure
from recommend.shopfront.attribute_columns import AttributeColumns, NumberColumn
from recommend.shopfront.facet import ATTRIBUTE, Choice, Facet, range_facet, value_facet
from recommend.shopfront.narrowing import Mask, Narrowed
from recommend.shopfront.ranges import plain, round_bounds, shares

MOST_AS_VALUES = 8
"""Numbers with no more distinct values than this are listed one by one: 2, 4 or 6 ports."""
_LOOKED_AT = 12
"""So many values say how well an attribute divides a result."""
_TRIED = 8
"""So many attributes of numbers, those that most products have, are tried."""
_LEAST_COVERAGE = 0.05
_RANGES_WORTH = 0.5
"""People choose a colour before they choose a span of package widths."""
_ALIKE_WORTH = 0.5
"""An attribute that shares a word with one chosen before says much the same: package width and height."""


class AttributeFacets:
    """Counts the facets of one attribute table."""

    def __init__(self, table: AttributeTable) -> None:
        self._columns = AttributeColumns(table)

    def facet(self, name: str, narrowed: Narrowed, most: int) -> Facet:
        """The facet of one attribute: ranges, where its values are many different numbers, else values."""
        field = f"{ATTRIBUTE}{name}"
        chosen, mask = narrowed.chosen(field), narrowed.mask(field)
        total = len(narrowed.products(field))
        attribute = self._columns.number(name)
        if attribute is None:
            return Facet(field=field, kind="values", total=total, values=())
        numbers = self._columns.numbers(attribute).of(mask)
        if self._columns.is_numeric(attribute) and len(_distinct(numbers)) > MOST_AS_VALUES:
            bounds, sizes = _ranges(numbers)
            return range_facet(field, bounds, sizes, chosen, total=total, unit=numbers.unit)
        picked = _picked(chosen, numbers.unit)
        values = self._texts(attribute, mask) + _numbers(numbers, most, picked)
        if self._columns.is_mixed(attribute):
            values = _counted(field, values, narrowed, most, picked)
        return value_facet(field, values, picked, total=total, most=most)

    def _texts(self, attribute: int, mask: Mask) -> list[Choice]:
        codes, counts = self._columns.values(attribute, mask)
        texts = zip(map(self._columns.text, codes.tolist()), counts.tolist(), strict=True)
        return [Choice(text, text, count) for text, count in texts if text]

    def best(self, narrowed: Narrowed, most: int, *, without: list[str]) -> list[str]:
        """Names of the attributes that tell the products of a result apart best, the best first.

        An attribute is worth the share of products that have it, times the entropy (bits) of its most
        frequent values, times the share of the products that these cover. For numbers the values are ranges.
        """
        products, mask = narrowed.products(""), narrowed.mask("")
        if len(products) == 0:
            return []
        with_text, with_number, attribute, count = self._columns.profile(products)
        worth = np.zeros(len(with_text))
        rank = np.arange(len(attribute)) - np.searchsorted(attribute, attribute)  # within the attribute
        attribute, count = attribute[rank < _LOOKED_AT], count[rank < _LOOKED_AT]
        if len(attribute):
            share = np.minimum(count / np.maximum(1, with_text[attribute]), 1.0)
            bits = np.bincount(attribute, weights=-share * np.log2(share), minlength=len(worth))
            covered = np.bincount(attribute, weights=share, minlength=len(worth))
            worth = with_text / len(products) * bits * np.minimum(covered, 1.0)
        numeric = np.flatnonzero((with_number > with_text) & (with_number >= _LEAST_COVERAGE * len(products)))
        for one in numeric[np.argsort(-with_number[numeric], kind="stable")][:_TRIED].tolist():
            values = self._columns.numbers(one).of(mask).values
            share = shares(values[np.isfinite(values)])
            worth[one] = (
                _RANGES_WORTH * with_number[one] / len(products) * float(-(share * np.log2(share)).sum())
            )
        return self._different(worth, most, without)

    def _different(self, worth: npt.NDArray[np.float64], most: int, without: list[str]) -> list[str]:
        names = self._columns.names
        worth = worth.copy()
        taken = {name.casefold() for name in without}
        found: list[str] = []
        candidates = np.argsort(-worth, kind="stable")[: 10 * most + len(taken)].tolist()
        while candidates and len(found) < most:
            best = max(candidates, key=lambda one: (worth[one], -one))
            candidates.remove(best)
            if worth[best] <= 0:
                break
            if not names[best] or names[best].casefold() in taken:
                continue
            found.append(names[best])
            words = set(names[best].casefold().split())
            for other in candidates:
                if not words.isdisjoint(names[other].casefold().split()):
                    worth[other] *= _ALIKE_WORTH
        return found


def _picked(chosen: Sequence[Filter], unit: str) -> frozenset[str]:
    """The folded values that filters choose, numbers as choices write them."""
    found: set[str] = set()
    for value in (str(v) for one in chosen if one.op in ("=", "in") for v in one.values):
        measure = as_measure(value)
        number = measure[0] if measure and measure[1].name == unit else as_number(value)
        found |= {value.casefold()} if number is None else {value.casefold(), plain(number)}
    return frozenset(found)


def _numbers(numbers: NumberColumn, most: int, picked: Collection[str]) -> list[Choice]:
    """Numbers one by one; of many the most frequent."""
    distinct = _distinct(numbers)
    if len(distinct) > MOST_AS_VALUES:
        found, counts = np.unique(numbers.values, return_counts=True)
        frequent = found[np.argsort(-counts, kind="stable")[:most]]
        distinct = np.array([n for n in distinct.tolist() if n in frequent or plain(n) in picked])
    return [
        Choice(
            plain(n), f"{plain(n)} {numbers.unit}".strip(), len(np.unique(numbers.products[numbers.equal(n)]))
        )
        for n in distinct.tolist()
    ]


def _counted(
    field: str, values: list[Choice], narrowed: Narrowed, most: int, picked: Collection[str]
) -> list[Choice]:
    """The choices of an attribute where one filter may mean values of several forms, counted by filters."""
    ordered = sorted({one.value.casefold(): one for one in values}.values(), key=lambda one: -one.products)
    return [
        Choice(one.value, one.label, narrowed.count_if(field, Filter(field=field, op="=", value=one.value)))
        for place, one in enumerate(ordered)
        if place < 2 * most or one.value.casefold() in picked
    ]


def _distinct(numbers: NumberColumn) -> npt.NDArray[np.float64]:
    """The different numbers, ascending; those that differ by the rounding of a conversion only count once."""
    found = np.unique(numbers.values[np.isfinite(numbers.values)])
    if len(found) > 1 and numbers.converted.any():
        with np.errstate(over="ignore"):
            gap = np.diff(found) > NEAR * np.maximum(np.abs(found[1:]), np.abs(found[:-1]))
        found = found[np.concatenate(([True], gap))]
    return found


def _ranges(numbers: NumberColumn) -> tuple[tuple[float, ...], npt.NDArray[np.int64]]:
    """(bounds, how many products are in each range): with several numbers a product may be in several, and a
    product with 5 and 50 has something from 10 on and something below 20, as filters see it."""
    bounds = round_bounds(numbers.values[np.isfinite(numbers.values)])
    _, starts = np.unique(numbers.products, return_index=True)
    if len(starts) == 0:
        return (), np.zeros(1, dtype=np.int64)
    counts: list[int] = []
    above = np.ones(len(starts), dtype=np.bool_)
    for bound in bounds:
        counts.append(int(np.count_nonzero(above & np.logical_or.reduceat(numbers.below(bound), starts))))
        above = np.logical_or.reduceat(numbers.at_least(bound), starts)
    counts.append(int(np.count_nonzero(above)))
    return bounds, np.array(counts, dtype=np.int64)
