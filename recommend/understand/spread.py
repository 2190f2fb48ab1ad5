"""What a number without a unit is about: the price, or what the titles of such products measure.

"Headphones 20-50" is a price. "Monitor 24-27" is a diagonal: hardly any monitor costs 24 to 27, and titles of
monitors give their diagonal. What is meant parts the products of the kind; a number that all of them or none
have says nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from kg.attribute_table import NUMBER
from kg.graph import MEMBERSHIP, TREES, EdgeType, Graph, Node
from kg.units import Unit, convert, find_unit
from recommend.understand.fields import Field, Fields
from recommend.understand.measures import Measure, MeasureReader
from recommend.understand.words import normal

Floats: TypeAlias = npt.NDArray[np.float64]

_PRICE = 3.0
"""A price is so much likelier to be meant than a measure that parts the products as well."""
_USUAL = 8.0
"""…but a range between two sizes that such things come in is one of sizes."""
_TITLES = 200
"""So many titles of a kind tell what it is measured by…"""
_OFTEN, _LEAST = 0.2, 3
"""…if this share of them, and so many, give the number of an attribute with its unit."""
_AS_OFTEN = 0.8
"""Of attributes that are given about as often, the one that is given first."""
_EQUAL, _NEAR = 0.01, 0.02
_NOTHING = 0.02
"""What parts the products less than this says nothing."""


class Spread:
    """Prices and main measures of kinds of things. What was asked once is kept; safe to use from many
    threads."""

    def __init__(self, graph: Graph, fields: Fields, measures: MeasureReader) -> None:
        self._graph = graph
        self._fields = fields
        self._reader = measures
        self._kinds: dict[Node, tuple[Floats, tuple[Field, Floats] | None]] = {}
        self._values: dict[tuple[Node, int], Floats] = {}

    def meant(self, measure: Measure, thing: Node) -> Field | bool:
        """The attribute that a bare number is about, else whether it may be the price of such things."""
        price, main = self._known(thing)
        by_price, by_measure = _PRICE * _parts(price, measure), 0.0
        if main is not None:
            by_measure = _parts(main[1], measure) * (_USUAL if _usual(main[1], measure) else 1.0)
        if main is not None and by_measure > max(by_price, _NOTHING):
            return main[0]
        return by_price > _NOTHING

    def _known(self, thing: Node) -> tuple[Floats, tuple[Field, Floats] | None]:
        """(the prices of such things, what they are measured by)."""
        known = self._kinds.get(thing)
        if known is None:
            rows = self._products(thing)
            known = _finite(self._graph.products.price[rows]), self._main_measure(rows)
            self._kinds[thing] = known
        return known

    def some_have(self, measure: Measure, fields: Sequence[Field], thing: Node) -> list[Field]:
        """The attributes by which some product of a kind comes in an amount; all of them if none does."""
        return [field for field in fields if self._has(measure, field, thing)] or list(fields)

    def _has(self, measure: Measure, field: Field, thing: Node) -> bool:
        values = self._values.get((thing, field.number))
        if values is None:
            values = self._values[thing, field.number] = self._numbers(self._products(thing), field)
        unit = measure.unit
        if unit is None or field.unit is None or unit.dimension != field.unit.dimension:
            return True
        low = -np.inf if measure.low is None else convert(measure.low, unit, field.unit)
        high = np.inf if measure.high is None else convert(measure.high, unit, field.unit)
        near = _NEAR * max(abs(low) if np.isfinite(low) else 0.0, abs(high) if np.isfinite(high) else 0.0)
        return bool(np.any((values >= low - near) & (values <= high + near)))

    def _products(self, thing: Node) -> npt.NDArray[np.int64]:
        """The products of a type or category and of all below it."""
        tree = self._graph.relations.get(EdgeType(thing.kind, TREES[thing.kind], thing.kind))
        wanted = np.zeros(len(self._graph.nodes[thing.kind]), dtype=np.bool_)
        wanted[thing.number] = True
        while tree is not None:
            wider = wanted.copy()
            wider[tree.heads[wanted[tree.tails]]] = True
            if np.array_equal(wider, wanted):
                break
            wanted = wider
        edges = self._graph.relations.get(EdgeType("product", MEMBERSHIP[thing.kind], thing.kind))
        if edges is None:
            return np.empty(0, np.int64)
        rows = np.unique(edges.heads[wanted[edges.tails] & (edges.weight > 0)]).astype(np.int64)
        return rows[self._graph.products.listed[rows]]

    def _main_measure(self, rows: npt.NDArray[np.int64]) -> tuple[Field, Floats] | None:
        """(the attribute that titles of some products give most, its numbers), if there is one."""
        table = self._graph.products.attributes
        sample = rows[np.linspace(0, len(rows) - 1, min(len(rows), _TITLES)).astype(np.int64)]
        given: Counter[str] = Counter()
        place: Counter[str] = Counter()
        for row in sample.tolist():
            amounts = list(self._reader.units_in(normal(self._graph.products.title[row])))
            start, stop = (int(at) for at in table.indptr[row : row + 2])
            cells = range(start, stop) if amounts else range(0)
            for name, number, unit in self._measured(np.array(cells, dtype=np.int64)):
                first = next((i for i, one in enumerate(amounts) if _same(one, number, unit)), None)
                if first is not None:
                    given[name] += 1
                    place[name] += first
        often = [name for name, count in given.items() if count >= max(_LEAST, _OFTEN * len(sample))]
        if not often:
            return None
        most = max(given[name] for name in often)
        usual = [name for name in often if given[name] >= _AS_OFTEN * most]
        best = min(usual, key=lambda name: (place[name] / given[name], name))
        field = self._fields.of_name[best]
        return field, self._numbers(rows, field)

    def _numbers(self, rows: npt.NDArray[np.int64], field: Field) -> Floats:
        """float64: what some products have for an attribute, in its unit."""
        table = self._graph.products.attributes
        cells = np.flatnonzero(table.name == table.names.number(field.name))
        own = np.zeros(self._graph.product_count, dtype=np.bool_)
        own[rows] = True
        at = np.searchsorted(table.indptr, cells, side="right") - 1
        numbers = (
            convert(number, unit, field.unit)
            for _, number, unit in self._measured(cells[own[at]])
            if field.unit is not None and field.unit.dimension == unit.dimension
        )
        return np.array(list(numbers), dtype=np.float64)

    def _measured(self, cells: npt.NDArray[np.int64]) -> Iterator[tuple[str, float, Unit]]:
        """(attribute, number, unit) of the cells that are measured in one."""
        table = self._graph.products.attributes
        for cell in cells[(table.form[cells] == NUMBER) & np.isfinite(table.number[cells])].tolist():
            name, text = table.names[int(table.name[cell])], int(table.text[cell])
            unit = self._fields.of_name[name].unit if text < 0 else find_unit(table.texts[text])
            if unit is not None:
                yield name, float(table.number[cell]), unit


def _same(amount: tuple[float, Unit], number: float, unit: Unit) -> bool:
    said, own = amount
    return own.dimension == unit.dimension and abs(convert(said, own, unit) - number) <= _EQUAL * abs(number)


def _parts(values: Floats, measure: Measure) -> float:
    """How well an amount parts some products: 0 if all or none have it, 1 for half of them."""
    if not len(values):
        return 0.0
    fine = np.ones(len(values), dtype=np.bool_)
    if measure.low is not None:
        fine &= values >= measure.low
    if measure.high is not None:
        fine &= values <= measure.high
    share = float(fine.mean())
    return 4 * share * (1 - share)


def _usual(values: Floats, measure: Measure) -> bool:
    """Whether both ends of an amount are among some values; of 15.6 inches one says 15."""
    ends = [end for end in (measure.low, measure.high) if end is not None]
    return len(ends) == 2 and all(np.any((values >= end) & (values < end + 1)) for end in ends)


def _finite(values: Floats) -> Floats:
    return values[np.isfinite(values)]
