"""Numbers of attributes with their units, as columns, so that 1,500 g and 1.5 kg compare as equals."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from kg.attribute_table import NUMBER, AttributeTable
from kg.units import Unit, find_unit

Compare: TypeAlias = Callable[[npt.NDArray[np.float64], float], npt.NDArray[np.bool_]]

_MEASURE = re.compile(r"\s*([+-]?(?:\d+(?:\.\d*)?|\.\d+))\s*([^\d\s].*)", re.DOTALL)
NEAR = 1e-9
"""Converted numbers that differ by less than this share of their size are the same."""
_NO_UNIT = 0


def as_measure(text: str) -> tuple[float, Unit] | None:
    """A number with a known unit, as filters are written: '2 kg', '15.6"'; None for anything else."""
    match = _MEASURE.fullmatch(text)
    unit = find_unit(match[2]) if match else None
    return (float(match[1]), unit) if match and unit else None


@dataclass(frozen=True, kw_only=True, eq=False)
class Measured:
    """Numbers of one attribute in one `unit` ('' for none): values float64 [m], bool [m] whether each is a
    number that can be compared in it, and whether it was converted (and so is rounded)."""

    values: npt.NDArray[np.float64]
    comparable: npt.NDArray[np.bool_]
    converted: npt.NDArray[np.bool_]
    unit: str


class MeasuredCells:
    """Compares the numbers of an attribute table with a number, in whatever unit either of them is.

    The home unit of an attribute is the one most of its values are in. A number without a unit is taken to be
    in it, and so is a value without one. Where most values have no unit, a number without one is compared
    with all of them as they stand, and a number with a unit only with values that have one. A unit of another
    dimension never matches; one that `kg.units` does not know is a dimension of its own.
    """

    def __init__(self, table: AttributeTable) -> None:
        self._table = table
        self._groups: dict[str, int] = {}
        size = len(table.texts) + 1  # the last is for numbers without a unit, whose text is -1
        self._group = np.zeros(size, dtype=np.int32)
        self._factor = np.ones(size)
        self._offset = np.zeros(size)
        for text in np.unique(table.text[(table.form == NUMBER) & (table.text >= 0)]).tolist():
            name = table.texts[text].strip()
            if not name:
                continue
            unit = find_unit(name)
            self._group[text] = self._number("dimension " + unit.dimension if unit else name.casefold())
            if unit is not None:
                self._factor[text], self._offset[text] = unit.factor, unit.offset

    def _number(self, group: str) -> int:
        return self._groups.setdefault(group, len(self._groups) + 1)

    def hits(
        self, cells: npt.NDArray[np.int64], compare: Compare, number: float, unit: Unit | None, *, near: bool
    ) -> npt.NDArray[np.bool_]:
        """bool [len(cells)]: the cells of one attribute for which `compare(value, number)` holds.

        `near` is what becomes of values that equal the number but for the rounding of a conversion.
        """
        measured = self.measured(cells, unit)
        rounded = measured.converted & near_to(measured.values, number)
        hit: npt.NDArray[np.bool_] = measured.comparable & np.where(
            rounded, near, compare(measured.values, number)
        )
        return hit

    def measured(self, cells: npt.NDArray[np.int64], unit: Unit | None = None) -> Measured:
        """The numbers of all cells of one attribute in a unit; None is what its filters mean without one."""
        numeric = self._table.form[cells] == NUMBER
        values = self._table.number[cells]
        own = np.where(self._group[self._table.text[cells]] == _NO_UNIT, -1, self._table.text[cells])
        home = _most_frequent(own[numeric])
        if unit is None and home < 0:
            return Measured(
                values=values, comparable=numeric, converted=np.zeros(len(cells), dtype=np.bool_), unit=""
            )
        own[own < 0] = home
        if unit is None:
            group, factor, offset = self._group[home], self._factor[home], self._offset[home]
        else:
            group = self._groups.get("dimension " + unit.dimension, -1)
            factor, offset = unit.factor, unit.offset
        as_given = (self._factor[own] == factor) & (self._offset[own] == offset)
        with np.errstate(
            over="ignore", invalid="ignore"
        ):  # of numbers as large as floats get, and infinite ones
            converted = (values * self._factor[own] + (self._offset[own] - offset)) / factor
        return Measured(
            values=np.where(as_given, values, converted),
            comparable=numeric & (self._group[own] == group),
            converted=~as_given,
            unit=self._table.texts[home].strip() if unit is None else unit.name,
        )


def near_to(values: npt.NDArray[np.float64], number: float) -> npt.NDArray[np.bool_]:
    """bool [m]: the numbers that equal another one but for the rounding of a conversion."""
    with np.errstate(over="ignore"):  # numbers so far apart are not near
        near: npt.NDArray[np.bool_] = np.abs(values - number) <= NEAR * np.maximum(
            np.abs(values), abs(number)
        )
    return near


def _most_frequent(units: npt.NDArray[np.integer]) -> int:
    """The number that occurs most often, the lowest of equals; -1 if there is none."""
    distinct, counts = np.unique(units, return_counts=True)
    return int(distinct[np.argmax(counts)]) if len(distinct) else -1
