"""Which attributes of a shop hold numbers, and in which unit they are measured.

Where a catalog gives numbers without units, titles tell them: if the products titled '… 17" …' have 17 as
their display diagonal, it is measured in inches.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kg.arrays import Arrays
from kg.attribute_table import NUMBER
from kg.graph import Graph
from kg.texts import Texts
from kg.units import Unit, convert, find_unit
from recommend.understand.field_units import factors, home_units, learnt_units
from recommend.understand.language import Grammar
from recommend.understand.measures import Measure, MeasureReader
from recommend.understand.words import key, normal, split

NO_FELLOWS: Mapping[str, tuple[str, ...]] = MappingProxyType({})
_MOST_FIELDS = 4
_NEAR_BEST = 0.25
_OTHER_UNIT, _OTHER_SYSTEM = 0.6, 0.1
"""What an attribute counts that is measured in another unit of the same dimension: screens in inches, sizes
in mm."""
_USUAL = 0.1
_IMPERIAL = frozenset(
    {"in", "ft", "yd", "mi", "in²", "ft²", "lb", "oz", "fl.oz", "gal", "pt", "qt", "°F", "psi", "mph", "hp"}
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """An attribute with numbers: its name, the unit most of them are in (None: they have none), whether the
    catalog states it, and how many products have it."""

    number: int
    name: str
    unit: Unit | None
    stated: bool
    products: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Fields:
    """names: of attributes with numbers; words and word_field int32 [m]: keys under which they are spoken of;
    units: their units, "" for none; stated bool [n]; low, high float64 [n]: their range, in the unit; having:
    CSR int32 [all nodes, n], the products of a type or category that have the attribute; products int64 [n];
    price float64 [2]: the 1st and the 100th percentile."""

    names: Texts
    words: Texts
    word_field: npt.NDArray[np.int32]
    units: Texts
    stated: npt.NDArray[np.bool_]
    low: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]
    products: npt.NDArray[np.int64]
    having: sp.csr_array
    price: npt.NDArray[np.float64]

    @classmethod
    def of(
        cls,
        graph: Graph,
        linked: sp.csr_array,
        measures: MeasureReader,
        fellows: Mapping[str, tuple[str, ...]] = NO_FELLOWS,
    ) -> Fields:
        table = graph.products.attributes
        cells = np.flatnonzero((table.form == NUMBER) & np.isfinite(table.number))
        rows, names, numbers, texts = (
            table.rows[cells],
            table.name[cells],
            table.number[cells],
            table.text[cells],
        )
        used, field = np.unique(names, return_inverse=True)
        written = [table.names[int(n)] for n in used]
        home = home_units(field, texts, len(used), table.texts)
        learnt = learnt_units(graph, measures, rows, field, numbers, texts < 0, len(used))
        units = [unit or learnt.get(place, "") for place, unit in enumerate(home)]
        low, high = np.full(len(used), np.inf), np.full(len(used), -np.inf)
        values = numbers * factors(texts, field, table.texts, units)
        np.minimum.at(low, field, values)
        np.maximum.at(high, field, values)
        has = sp.coo_array(
            (np.ones(len(rows), np.int32), (rows, field)), shape=(graph.product_count, len(used))
        ).tocsr()
        has.sum_duplicates()
        has.data[:] = 1
        having = (linked.T.tocsr() @ has).tocsr()
        having.sort_indices()
        words, word_field = _spoken_of(written, fellows)
        return cls(
            names=Texts.of(written),
            words=Texts.of(words),
            word_field=np.array(word_field, dtype=np.int32),
            units=Texts.of(units),
            stated=np.array([bool(unit) for unit in home], dtype=np.bool_),
            low=low,
            high=high,
            products=np.bincount(has.indices, minlength=len(used)).astype(np.int64),
            having=having,
            price=_prices(graph),
        )

    def priced(self, graph: Graph) -> Fields:
        """The same with the prices of another graph."""
        return replace(self, price=_prices(graph))

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def _units(self) -> list[Unit | None]:
        return [find_unit(unit) if unit else None for unit in self.units]

    @cached_property
    def _by_dimension(self) -> Mapping[str, list[int]]:
        found: dict[str, list[int]] = {}
        for number, unit in enumerate(self._units):
            if unit is not None:
                found.setdefault(unit.dimension, []).append(number)
        return found

    @cached_property
    def _by_word(self) -> Mapping[str, list[int]]:
        found: dict[str, list[int]] = {}
        for words, number in zip(self.words, self.word_field.tolist(), strict=True):
            found.setdefault(words, []).append(number)
        return found

    def called(self, words: str, measure: Measure, grammar: Grammar) -> list[int]:
        """The attributes that some words (a key) beside an amount name: those measured in its dimension whose
        names have the words in them; of those without a unit, only by the whole name or by what is counted
        ('number of …')."""
        found = []
        for number in self._by_word.get(words, ()):
            own = self._units[number]
            same = own is not None and measure.unit is not None and own.dimension == measure.unit.dimension
            whole = words == self._whole[number] or _counts(words, self._whole[number], grammar)
            if same or (whole and (own is None or measure.unit is None)):
                found.append(number)
        return found

    @cached_property
    def of_name(self) -> Mapping[str, Field]:
        """The attributes by their names."""
        return {name: self.field(number) for number, name in enumerate(self.names)}

    @cached_property
    def _whole(self) -> list[str]:
        return [key(split(normal(name))) for name in self.names]

    def field(self, number: int) -> Field:
        return Field(
            number=number,
            name=self.names[number],
            unit=self._units[number],
            stated=bool(self.stated[number]),
            products=int(self.products[number]),
        )

    def measured(
        self, measure: Measure, things: Sequence[tuple[int, float]], among: Iterable[int] | None
    ) -> list[Field]:
        """The attributes that an amount may be about, the likeliest first.

        things: (node, weight) of the types that are asked for; among: only these attributes, where the query
        names them.
        """
        unit = measure.unit
        if among is not None:
            numbers = list(among)
        else:
            numbers = self._by_dimension.get(unit.dimension, []) if unit is not None else []
        scored: list[tuple[float, int]] = []
        for number in numbers:
            own = self._units[number]
            if not self._covers(number, measure):
                continue
            if things:
                count = float(sum(weight * self._having(thing, number) for thing, weight in things))
            else:
                count = float(self.products[number])
            if not count:  # what is wanted has no such attribute
                continue
            if unit is not None and own is not None and own.name != unit.name:
                count *= _OTHER_UNIT if of_one_system(own, unit) else _OTHER_SYSTEM
            scored.append((-count, number))
        scored.sort()
        return [self.field(n) for score, n in scored[:_MOST_FIELDS] if score <= _NEAR_BEST * scored[0][0]]

    def usual(self, thing: int, numbers: Iterable[int], counts: npt.NDArray[np.int64]) -> bool:
        """Whether enough of the products of a type or category have one of some attributes; counts: of the
        products of each node."""
        least = _USUAL * float(counts[thing])
        return any(self._having(thing, number) >= max(1.0, least) for number in numbers)

    def _covers(self, number: int, measure: Measure) -> bool:
        own, unit = self._units[number], measure.unit
        low, high = (
            None if v is None else convert(v, unit, own) if own is not None and unit is not None else v
            for v in (measure.low, measure.high)
        )
        return (low is None or low <= self.high[number]) and (high is None or high >= self.low[number])

    def _having(self, thing: int, number: int) -> int:
        start, stop = int(self.having.indptr[thing]), int(self.having.indptr[thing + 1])
        place = start + int(self.having.indices[start:stop].searchsorted(number))
        return int(self.having.data[place]) if place < stop and self.having.indices[place] == number else 0

    def arrays(self) -> Arrays:
        return {
            **self.names.arrays("fields.names"),
            **self.words.arrays("fields.words"),
            "fields.word_field": self.word_field,
            **self.units.arrays("fields.units"),
            "fields.stated": self.stated,
            "fields.low": self.low,
            "fields.high": self.high,
            "fields.products": self.products,
            "fields.data": self.having.data.astype(np.int32),
            "fields.indices": self.having.indices.astype(np.int32),
            "fields.indptr": self.having.indptr.astype(np.int64),
            "fields.price": self.price,
        }

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Fields:
        names = Texts.from_arrays(arrays, "fields.names")
        parts = (arrays["fields.data"], arrays["fields.indices"], arrays["fields.indptr"])
        return cls(
            names=names,
            words=Texts.from_arrays(arrays, "fields.words"),
            word_field=arrays["fields.word_field"].astype(np.int32, copy=False),
            units=Texts.from_arrays(arrays, "fields.units"),
            stated=arrays["fields.stated"].astype(np.bool_, copy=False),
            low=arrays["fields.low"].astype(np.float64, copy=False),
            high=arrays["fields.high"].astype(np.float64, copy=False),
            products=arrays["fields.products"].astype(np.int64, copy=False),
            having=sp.csr_array(parts, shape=(len(arrays["fields.indptr"]) - 1, len(names))),
            price=arrays["fields.price"].astype(np.float64, copy=False),
        )


def of_one_system(one: Unit, other: Unit) -> bool:
    """Whether two units are both metric, or both of inches and pounds."""
    return (one.name in _IMPERIAL) == (other.name in _IMPERIAL)


def _counts(words: str, name: str, grammar: Grammar) -> bool:
    """Whether an attribute of this name (a key) says how many of some things there are."""
    return any(
        (name.startswith(f"{count} ") and name.endswith(f" {words}"))
        or name.endswith(f" {words} {count}")
        or name == f"{words} {count}"
        for count in grammar.phrases["count"]
    )


def _spoken_of(names: Sequence[str], fellows: Mapping[str, tuple[str, ...]]) -> tuple[list[str], list[int]]:
    """(keys of names, of parts of them and of their synonyms; the attribute of each)."""
    found: dict[tuple[str, int], None] = {}
    for number, name in enumerate(names):
        words = split(normal(name))
        for start in range(len(words)):
            for stop in range(start + 1, len(words) + 1):
                part = key(words[start:stop])
                for one in (part, *fellows.get(part, ())):
                    found[one, number] = None
    ordered = sorted(found)
    return [word for word, _ in ordered], [number for _, number in ordered]


def _prices(graph: Graph) -> npt.NDArray[np.float64]:
    """float64 [2]: what is cheap, and the dearest; NaN without prices."""
    prices = graph.products.price[graph.products.listed]
    prices = prices[np.isfinite(prices)]
    return np.quantile(prices, [0.01, 1.0]) if len(prices) else np.full(2, np.nan)
