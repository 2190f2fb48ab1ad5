"""All attribute values of a catalog as cells, counted by name and by name and value."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from kg.records import AttributeValue, Product, Quantity
from kg.snapshot import ATTRIBUTE_LENGTH

CellValue: TypeAlias = AttributeValue | bytes
Rows: TypeAlias = npt.NDArray[np.int32]


@dataclass(frozen=True, kw_only=True, eq=False)
class Cells:
    """Cell k says that a product has the value values[value[k]] of names[name[k]]; name, value int32 [m].

    The cells of product i are indptr[i]:indptr[i + 1] (int64 [n + 1]). Of a text of more than 80
    characters, which is a description, only a digest is kept (bytes), to see whether two are the same.
    """

    indptr: npt.NDArray[np.int64]
    name: Rows
    value: Rows
    names: list[str]
    values: list[CellValue]

    @cached_property
    def owner(self) -> Rows:
        """int32 [m]: the product of each cell."""
        return np.repeat(np.arange(len(self.indptr) - 1, dtype=np.int32), np.diff(self.indptr))

    @cached_property
    def _order(self) -> npt.NDArray[np.int64]:
        """Cells by name, value and product."""
        return np.lexsort((self.owner, self.value, self.name))

    @cached_property
    def _starts(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """(start of each pair of name and value within `_order`, its end, first pair of each name)."""
        name, value = self.name[self._order], self.value[self._order]
        new = np.ones(len(name), dtype=np.bool_)
        new[1:] = (name[1:] != name[:-1]) | (value[1:] != value[:-1])
        starts = np.flatnonzero(new)
        ends = np.append(starts[1:], len(name))
        first = np.searchsorted(name[starts], np.arange(len(self.names) + 1))
        return starts, ends, first

    def of_name(self, name: int) -> dict[int, int]:
        """The values of a name and how many cells have each."""
        starts, ends, first = self._starts
        part = slice(int(first[name]), int(first[name + 1]))
        values = self.value[self._order[starts[part]]]
        return dict(zip(values.tolist(), (ends[part] - starts[part]).tolist(), strict=True))

    def rows(self, name: int, value: int | None = None) -> Rows:
        """The products that have a name (and a value of it), sorted."""
        starts, ends, first = self._starts
        low, high = int(first[name]), int(first[name + 1])
        if low == high:
            return np.empty(0, dtype=np.int32)
        if value is not None:
            values = self.value[self._order[starts[low:high]]]
            at = low + int(np.searchsorted(values, value))
            if at == high or values[at - low] != value:
                return np.empty(0, dtype=np.int32)
            low, high = at, at + 1
        return np.unique(self.owner[self._order[starts[low] : ends[high - 1]]])


class CellsDraft:
    """Cells while they are gathered, product after product."""

    def __init__(self) -> None:
        self._ends = array("q", [0])
        self._name = array("i")
        self._value = array("i")
        self._names: dict[str, int] = {}
        # keyed by type too: True, 1 and 1.0 are one key of a dict
        self._values: dict[tuple[type, CellValue], int] = {}

    def add(self, product: Product | None) -> None:
        """The cells of the next product; None where attributes are not wanted."""
        if product is not None:
            for name in product.attributes:
                number = self._names.setdefault(name, len(self._names))
                for value in product.values(name):
                    self._add(number, value)
        self._ends.append(len(self._name))

    def _add(self, name: int, value: CellValue) -> None:
        if isinstance(value, str):
            if len(value) > ATTRIBUTE_LENGTH:
                value = blake2b(value.encode("utf-8", "replace"), digest_size=8).digest()
        elif not isinstance(value, (bool, Quantity)):
            value = float(value)
        self._name.append(name)
        self._value.append(self._values.setdefault((type(value), value), len(self._values)))

    def column(self) -> Cells:
        return Cells(
            indptr=np.array(self._ends, dtype=np.int64),
            name=np.array(self._name, dtype=np.int32),
            value=np.array(self._value, dtype=np.int32),
            names=list(self._names),
            values=[value for _, value in self._values],
        )
