"""One kind of filter for every entrance: `brand=HP`, `price<=50`, `attr.colour in black,grey`.

Several filters must all hold; `in` holds for any of its values. A product that lacks the value
fails every operator but `!=`. Text is compared without regard to case, ids exactly. `category` holds for
everything below a category too, `type` for all its subtypes.

Numbers of attributes are compared across units: `attr.weight<=2 kg` finds 1,500 g, and nothing in cm. A
number without a unit is in the unit that most values of the attribute have, and so are values without
one; where most have no unit, the numbers are compared as they stand.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from kg.errors import FilterError
from kg.graph import OF_TYPE, SUBTYPE_OF, Graph
from kg.measured import MeasuredCells, as_measure
from kg.product_table import ProductTable
from kg.sharing import OnePerGraph
from kg.texts import Texts
from kg.units import Unit, near_units

Operator: TypeAlias = Literal["=", "!=", "<", "<=", ">", ">=", "in"]
FilterValue: TypeAlias = str | float | bool | tuple[str | float | bool, ...]

FIELDS = ("id", "brand", "category", "type", "price", "availability", "language")
_ATTRIBUTE = "attr."
_ORDERINGS: Mapping[str, Callable[[npt.NDArray[np.float64], float], npt.NDArray[np.bool_]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_SYNTAX = re.compile(
    r"^\s*(?P<field>[^<>=!]+?)\s*(?P<op>!=|<=|>=|=|<|>|\s+in\s)\s*(?P<value>.*?)\s*$", re.DOTALL
)
_TRUE, _FALSE = frozenset({"true", "yes"}), frozenset({"false", "no"})


@dataclass(frozen=True, kw_only=True)
class Filter:
    """One condition on products; raises FilterError if it makes no sense."""

    field: str
    op: Operator
    value: FilterValue

    def __post_init__(self) -> None:
        if self.field not in FIELDS and not (
            self.field.startswith(_ATTRIBUTE) and len(self.field) > len(_ATTRIBUTE)
        ):
            raise FilterError(
                f"unknown filter field {self.field!r}; fields are {', '.join(FIELDS)} and attr.NAME"
            )
        if self.op not in get_args(Operator):
            raise FilterError(f"unknown operator {self.op!r}; operators are {' '.join(get_args(Operator))}")
        if self.op == "in" and not isinstance(self.value, tuple):
            raise FilterError(f"'in' needs a tuple of values, not {self.value!r}")
        if self.op != "in" and isinstance(self.value, tuple):
            raise FilterError(f"{self.op!r} needs one value, not {self.value!r}; use 'in'")
        numeric = self.field == "price" or self.op in _ORDERINGS
        if numeric and any(as_number(v) is None for v in self.values) and not self._measured:
            raise FilterError(f"{self} compares with a number, which {self.value!r} is not{self._hint}")
        if self.op in _ORDERINGS and self.field != "price" and not self.field.startswith(_ATTRIBUTE):
            raise FilterError(f"{self.field!r} has no order; use =, != or in")

    @property
    def _measured(self) -> bool:
        return self.field.startswith(_ATTRIBUTE) and all(as_measure(str(v)) for v in self.values)

    @property
    def _hint(self) -> str:
        match = re.fullmatch(r"\s*[\d.]+\s*([^\d\s.,]+)\s*", str(self.value))
        if match is None or not self.field.startswith(_ATTRIBUTE):
            return ""
        return f"; no unit is called {match[1]!r} (near: {near_units(match[1])}), so leave it out or mend it"

    @property
    def values(self) -> tuple[str | float | bool, ...]:
        return self.value if isinstance(self.value, tuple) else (self.value,)

    @classmethod
    def parse(cls, text: str) -> Filter:
        """Read `FIELD OP VALUE`; with `in` the values are separated by commas."""
        match = _SYNTAX.match(text)
        if match is None or not match["value"]:
            raise FilterError(
                f"cannot read the filter {text!r}; write FIELD OP VALUE, such as price<=50, brand=HP or "
                "attr.colour in black,grey"
            )
        op = match["op"].strip()
        if op == "in":
            listed = tuple(part.strip() for part in match["value"].split(",") if part.strip())
            if not listed:
                raise FilterError(
                    f"the filter {text!r} lists no value; write them with commas: brand in HP,LG"
                )
            return cls(field=match["field"].strip(), op="in", value=listed)
        return cls(field=match["field"].strip(), op=op, value=match["value"])  # type: ignore[arg-type]

    def __str__(self) -> str:
        if isinstance(self.value, tuple):
            return f"{self.field} in {','.join(str(v) for v in self.value)}"
        return f"{self.field}{self.op}{self.value}"


Where: TypeAlias = Filter | str | Iterable[Filter | str]


def parse_where(where: Where) -> tuple[Filter, ...]:
    """Filters from what people pass: one or many, as text or not."""
    items: Iterable[Filter | str] = (where,) if isinstance(where, Filter | str) else where
    return tuple(item if isinstance(item, Filter) else Filter.parse(item) for item in items)


class FilterIndex:
    """Evaluates filters over one product table; the columns it needs are factorised on first use.

    Types are nodes of the graph: without one, no product has a type.
    """

    def __init__(self, table: ProductTable, graph: Graph | None = None) -> None:
        self._table = table
        self._graph = graph

    @staticmethod
    def of(graph: Graph) -> FilterIndex:
        """The index of a graph's products, the same for all who ask."""
        return _of_graph(graph)

    def mask(self, filters: Sequence[Filter]) -> npt.NDArray[np.bool_]:
        """bool [n]: the products for which all filters hold."""
        mask = np.ones(len(self._table), dtype=np.bool_)
        for one in filters:
            mask &= self._one(one)
        return mask

    def _one(self, condition: Filter) -> npt.NDArray[np.bool_]:
        if condition.op == "!=":
            return ~self._one(Filter(field=condition.field, op="=", value=condition.value))
        if condition.field == "price":
            return _compare(self._table.price, condition)
        if condition.field.startswith(_ATTRIBUTE):
            return self._attribute(condition.field.removeprefix(_ATTRIBUTE), condition)
        if condition.field == "id":
            wanted = {str(v) for v in condition.values}
            return np.fromiter((i in wanted for i in self._table.id), dtype=np.bool_, count=len(self._table))
        if condition.field == "category":
            return self._category({str(v).casefold() for v in condition.values})
        if condition.field == "type":
            return self._type({str(v).casefold() for v in condition.values})
        column = self._columns[condition.field]
        return column.matches({str(v).casefold() for v in condition.values})

    @cached_property
    def _columns(self) -> Mapping[str, _Column]:
        table = self._table
        return {
            "brand": _Column(table.brand),
            "availability": _Column(table.availability),
            "language": _Column(table.language),
        }

    @cached_property
    def _category_columns(self) -> tuple[_Column, _Column]:
        return _Column(self._table.category), _Column(self._table.labels)

    def _category(self, wanted: set[str]) -> npt.NDArray[np.bool_]:
        paths, labels = self._category_columns

        def in_path(joined: str) -> bool:
            names = joined.split("\x1f")
            tails = (" > ".join(names[: i + 1]) for i in range(len(names)))
            return not wanted.isdisjoint(names) or not wanted.isdisjoint(tails)

        return paths.where(in_path) | labels.where(lambda joined: not wanted.isdisjoint(joined.split("\x1f")))

    def _type(self, wanted: set[str]) -> npt.NDArray[np.bool_]:
        found = np.zeros(len(self._table), dtype=np.bool_)
        relation = None if self._graph is None else self._graph.relation(OF_TYPE, "product", "type")
        if self._graph is None or relation is None:
            return found
        names = self._graph.nodes["type"]
        meant = np.fromiter((name.casefold() in wanted for name in names), dtype=np.bool_, count=len(names))
        tree = self._graph.relation(SUBTYPE_OF, "type", "type")
        while tree is not None:  # the types below those that are meant, level by level
            wider = meant.copy()
            wider[tree.heads[meant[tree.tails]]] = True
            if wider.sum() == meant.sum():
                break
            meant = wider
        found[relation.heads[meant[relation.tails]]] = True
        return found

    def _attribute(self, name: str, condition: Filter) -> npt.NDArray[np.bool_]:
        table = self._table.attributes
        found = np.zeros(len(self._table), dtype=np.bool_)
        names = self._attribute_names.get(name.casefold())
        if names is None:
            return found
        cells = self._cells(names)
        if condition.op in _ORDERINGS:
            number, unit = _amount(condition.values[0]) or (math.nan, None)
            near = condition.op in ("<=", ">=")
            hit = self._measured_cells.hits(cells, _ORDERINGS[condition.op], number, unit, near=near)
        else:
            hit = np.zeros(len(cells), dtype=np.bool_)
            texts = np.where(table.form[cells] == 0, table.text[cells], -1)  # the others' text is a unit
            for value in condition.values:
                wanted = str(value).casefold()
                if (amount := _amount(value)) is not None:
                    hit |= self._measured_cells.hits(cells, operator.eq, *amount, near=True)
                as_boolean = as_truth(value)
                if as_boolean is not None:
                    hit |= (table.form[cells] == 2) & (table.number[cells] == float(as_boolean))
                hit |= np.isin(texts, self._attribute_texts.get(wanted, ()))
        found[self._attribute_rows[cells[hit]]] = True
        return found

    def _cells(self, names: Sequence[int]) -> npt.NDArray[np.int64]:
        """The cells of an attribute, by the numbers of all spellings of its name, ascending."""
        order, starts = self._by_name
        cells = np.concatenate([order[starts[name] : starts[name + 1]] for name in names])
        return cells if len(names) == 1 else np.sort(cells)

    @cached_property
    def _by_name(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """(all cells by the number of their attribute's name, where each name begins)."""
        name, count = self._table.attributes.name, len(self._table.attributes.names)
        short = name.astype(np.uint16) if count <= 2**16 else name  # what is short is sorted by its digits
        starts = np.zeros(count + 1, dtype=np.int64)
        np.cumsum(np.bincount(name, minlength=count), out=starts[1:])
        return np.argsort(short, kind="stable"), starts

    @cached_property
    def _measured_cells(self) -> MeasuredCells:
        return MeasuredCells(self._table.attributes)

    @cached_property
    def _attribute_rows(self) -> npt.NDArray[np.int64]:
        return self._table.attributes.rows

    @cached_property
    def _attribute_names(self) -> Mapping[str, list[int]]:
        return _by_folded(self._table.attributes.names)

    @cached_property
    def _attribute_texts(self) -> Mapping[str, list[int]]:
        return _by_folded(self._table.attributes.texts)


_of_graph = OnePerGraph(lambda graph: FilterIndex(graph.products, graph))


class _Column:
    """A text column as codes into its distinct values (folded), 0 being the empty one."""

    def __init__(self, texts: Texts) -> None:
        numbers: dict[str, int] = {"": 0}
        self.codes = np.fromiter(
            (numbers.setdefault(t.casefold(), len(numbers)) for t in texts), dtype=np.int32, count=len(texts)
        )
        self.numbers = numbers

    def matches(self, wanted: set[str]) -> npt.NDArray[np.bool_]:
        codes = [self.numbers[w] for w in wanted if w and w in self.numbers]
        return np.isin(self.codes, codes)

    def where(self, test: Callable[[str], bool]) -> npt.NDArray[np.bool_]:
        hit = np.fromiter(
            (bool(v) and test(v) for v in self.numbers), dtype=np.bool_, count=len(self.numbers)
        )
        return hit[self.codes]


def _by_folded(strings: Iterable[str]) -> Mapping[str, list[int]]:
    groups: dict[str, list[int]] = {}
    for number, text in enumerate(strings):
        groups.setdefault(text.casefold(), []).append(number)
    return groups


def _compare(column: npt.NDArray[np.float64], condition: Filter) -> npt.NDArray[np.bool_]:
    numbers = [n for n in map(as_number, condition.values) if n is not None]
    if condition.op in _ORDERINGS:
        with np.errstate(invalid="ignore"):  # NaN is a missing value: it fails every comparison
            return _ORDERINGS[condition.op](column, numbers[0])
    return np.isin(column, numbers)


def _amount(value: object) -> tuple[float, Unit | None] | None:
    number = as_number(value)
    return as_measure(str(value)) if number is None else (number, None)


def as_truth(value: object) -> bool | None:
    """What a filter's value says of a boolean attribute; None if nothing."""
    text = str(value).casefold()
    return True if text in _TRUE else False if text in _FALSE else None


def as_number(value: object) -> float | None:
    """A filter's value as a number; None if it is none, or not finite."""
    try:
        number = float(str(value))
    except ValueError:
        return None
    return number if math.isfinite(number) else None
