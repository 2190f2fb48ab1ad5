"""Facets: what a result can be narrowed down to, with the number of products that would remain.

The counts are exact: choosing a value in place of the facet's own filters gives as many products as it
says. So a facet is counted over the products for which all filters on *other* fields hold, and those chosen
in it stay, marked as `selected`.

A result is the products that `recommend.shopfront.relevance` finds for a query, before filters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from kg.filters import Filter, FilterIndex
from kg.graph import Graph
from recommend.shopfront.attribute_facets import AttributeFacets
from recommend.shopfront.facet import (
    ATTRIBUTE,
    ATTRIBUTES,
    DEFAULT,
    MOST_VALUES,
    Choice,
    Facet,
    facet_names,
    range_facet,
    value_facet,
)
from recommend.shopfront.narrowing import Mask, Narrowed
from recommend.shopfront.ranges import round_bounds
from recommend.shopfront.value_sets import ValueSets

MOST_ATTRIBUTES = 5
_SETS: Mapping[str, Callable[[Graph], ValueSets]] = {
    "category": lambda graph: ValueSets.of_categories(graph.products),
    "type": ValueSets.of_types,
    "brand": lambda graph: ValueSets.of_column(graph.products.brand),
    "availability": lambda graph: ValueSets.of_column(graph.products.availability),
    "language": lambda graph: ValueSets.of_column(graph.products.language),
    "currency": lambda graph: ValueSets.of_column(graph.products.currency),
}


class Facets:
    """Counts the facets of one graph's products. What a field needs is made when it is first asked for."""

    def __init__(self, graph: Graph, filters: FilterIndex) -> None:
        self._graph = graph
        self._filters = filters
        self._attributes = AttributeFacets(graph.products.attributes)
        self._made: dict[str, ValueSets] = {}

    def of(
        self,
        names: Iterable[str] | bool,
        result: Mask,
        where: Sequence[Filter] = (),
        *,
        most: int = MOST_VALUES,
        attributes: int = MOST_ATTRIBUTES,
    ) -> tuple[Facet, ...]:
        """The facets of a result (bool [n]: its products before filters) under some filters.

        With `names=True` (or what that stands for) those that would leave no choice are left out.
        """
        wanted = facet_names(names)
        narrowed = Narrowed(self._filters, result, where)
        found: list[Facet] = []
        for name in wanted:
            if name == ATTRIBUTES:
                named = [n.removeprefix(ATTRIBUTE) for n in wanted if n.startswith(ATTRIBUTE)]
                filtered = [n.removeprefix(ATTRIBUTE) for n in narrowed.fields if n.startswith(ATTRIBUTE)]
                kept = [n for n in filtered if n.casefold() not in {one.casefold() for one in named}]
                left = max(0, attributes - len(kept))
                best = self._attributes.best(narrowed, left, without=[*named, *kept])
                found += [self._attributes.facet(one, narrowed, most) for one in (*kept, *best)]
            elif name.startswith(ATTRIBUTE):
                found.append(self._attributes.facet(name.removeprefix(ATTRIBUTE), narrowed, most))
            elif name == "price":
                found.append(self._prices(narrowed))
            else:
                found.append(self._values(name, narrowed, most))
        return tuple(one for one in found if one.has_choice or wanted != DEFAULT)

    def _values(self, field: str, narrowed: Narrowed, most: int) -> Facet:
        sets = self._sets(field)
        products, chosen = narrowed.products(field), narrowed.chosen(field)
        counts = sets.counts(products)
        picked = sets.named(v for one in chosen if one.op in ("=", "in") for v in map(str, one.values))
        level = sets.shown & (counts > 0)
        if field == "category":
            level = _level(sets, counts, picked, len(products))
        level[picked] = True
        codes = np.flatnonzero(level)
        left_out = 0
        if len(codes) > most > 0:  # a shop may have thousands of brands
            last = np.partition(counts[codes], -most)[-most]
            shown = codes[(counts[codes] >= last) | np.isin(codes, picked)]
            codes, left_out = shown, len(codes) - len(shown)
        choices = [Choice(sets.texts[code], sets.labels[code], int(counts[code])) for code in codes.tolist()]
        texts = {sets.texts[code].casefold() for code in picked.tolist()}
        return value_facet(field, choices, texts, total=len(products), most=most, left_out=left_out)

    def _prices(self, narrowed: Narrowed) -> Facet:
        products = narrowed.products("price")
        prices = self._graph.products.price[products]
        prices = prices[np.isfinite(prices)]
        bounds = round_bounds(prices)
        places = np.searchsorted(np.array(bounds), prices, side="right")
        counts = np.bincount(places, minlength=len(bounds) + 1)
        currencies = self._sets("currency")
        used = np.flatnonzero(currencies.counts(products))
        unit = currencies.labels[int(used[0])] if len(used) == 1 else ""
        chosen = narrowed.chosen("price")
        return range_facet("price", bounds, counts, chosen, total=len(products), unit=unit)

    def _sets(self, field: str) -> ValueSets:
        if field not in self._made:
            self._made[field] = _SETS[field](self._graph)
        return self._made[field]


def _level(sets: ValueSets, counts: npt.NDArray[np.int64], picked: npt.NDArray[np.int64], total: int) -> Mask:
    """bool [values]: the categories to choose from: those right below the chosen ones, else the uppermost
    that divide the result."""
    if len(picked):
        return np.isin(sets.parents, picked) & (counts > 0)
    level = (sets.parents < 0) & (counts > 0)
    while np.count_nonzero(level) == 1 and counts[level][0] == total:
        below = np.isin(sets.parents, np.flatnonzero(level)) & (counts > 0)
        if not below.any():
            break
        level = below
    return level
