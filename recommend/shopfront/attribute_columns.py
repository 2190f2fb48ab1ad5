"""The attributes of all products, one column per name, so that a result's values are counted in arrays.

Names and texts that differ only in case are one, as in filters.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from kg.attribute_table import BOOLEAN, NUMBER, TEXT, AttributeTable
from kg.filters import as_number, as_truth
from kg.measured import MeasuredCells, as_measure, near_to
from kg.ragged import spans

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class NumberColumn:
    """The numbers of one attribute in the unit that its filters mean: products int64 [m] ascending, values
    float64 [m], converted bool [m]."""

    products: Numbers
    values: npt.NDArray[np.float64]
    converted: npt.NDArray[np.bool_]
    unit: str

    def of(self, mask: npt.NDArray[np.bool_]) -> NumberColumn:
        """The numbers of some products (bool [n])."""
        kept = mask[self.products]
        return NumberColumn(
            products=self.products[kept],
            values=self.values[kept],
            converted=self.converted[kept],
            unit=self.unit,
        )

    def equal(self, number: float) -> npt.NDArray[np.bool_]:
        """bool [m]: which are a number, as filters see it."""
        same: npt.NDArray[np.bool_] = self.values == number
        return same | self._near(number)

    def at_least(self, bound: float) -> npt.NDArray[np.bool_]:
        above: npt.NDArray[np.bool_] = self.values >= bound
        return above | self._near(bound)

    def below(self, bound: float) -> npt.NDArray[np.bool_]:
        return (self.values < bound) & ~self._near(bound)

    def _near(self, number: float) -> npt.NDArray[np.bool_]:
        return self.converted & near_to(self.values, number) if self.converted.any() else self.converted


class AttributeColumns:
    """Columns over one attribute table; nothing is computed before it is asked for."""

    def __init__(self, table: AttributeTable) -> None:
        self._table = table
        self._numbers: dict[int, NumberColumn] = {}
        self._mixed: dict[int, bool] = {}

    @cached_property
    def _folded_names(self) -> tuple[list[str], npt.NDArray[np.int32], dict[str, int]]:
        """(how each folded name is written, folded number of each name, folded text → number)."""
        uses = np.bincount(self._table.name, minlength=len(self._table.names)).tolist()
        return _fold(list(self._table.names), uses)

    @cached_property
    def _folded_texts(self) -> tuple[list[str], npt.NDArray[np.int32]]:
        """The same for texts, and behind them false and true."""
        text = self._table.text[self._table.form == TEXT]
        uses = np.bincount(text, minlength=len(self._table.texts)).tolist()
        written, folded, _ = _fold(list(self._table.texts), uses)
        return written, folded

    @property
    def names(self) -> list[str]:
        """Each attribute's name, as most products write it."""
        return self._folded_names[0]

    def number(self, name: str) -> int | None:
        """The number of an attribute by its name, in any case."""
        return self._folded_names[2].get(name.casefold())

    @property
    def truth(self) -> int:
        """The code of 'true'; that of 'false' is one less, those below are texts."""
        return len(self._folded_texts[0]) + 1

    def text(self, code: int) -> str:
        """A value as a filter names it."""
        written = self._folded_texts[0]
        return written[code] if code < len(written) else ("no", "yes")[code - len(written)]

    @cached_property
    def _cells(
        self,
    ) -> tuple[npt.NDArray[np.int32], Numbers, Numbers, npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """By cell: its attribute; all cells by attribute and where each attribute begins; by cell: its
        product and its value (-1 for a number)."""
        table = self._table
        folded = self._folded_names[1]
        name = folded[table.name] if len(table.name) else np.empty(0, dtype=np.int32)
        order = np.argsort(name, kind="stable")
        starts = np.searchsorted(name[order], np.arange(len(self.names) + 1))
        texts = self._folded_texts[1]
        value = np.full(len(name), -1, dtype=np.int32)
        textual = table.form == TEXT
        if len(texts):
            value[textual] = texts[table.text[textual]]
        boolean = table.form == BOOLEAN
        value[boolean] = self.truth - 1 + (table.number[boolean] != 0)
        return name, order, starts, table.rows.astype(np.int32), value

    def cells(self, attribute: int) -> Numbers:
        """The cells of one attribute, in the order of their products."""
        _, order, starts, _, _ = self._cells
        return order[int(starts[attribute]) : int(starts[attribute + 1])]

    def values(self, attribute: int, mask: npt.NDArray[np.bool_]) -> tuple[Numbers, Numbers]:
        """(codes of texts and truths, how many of some products (bool [n]) have each), without numbers."""
        _, _, _, rows, value = self._cells
        cells = self.cells(attribute)
        cells = cells[mask[rows[cells]]]
        cells = cells[value[cells] >= 0]
        size = np.int64(self.truth + 1)
        if (np.diff(rows[cells]) > 0).all():  # a product each
            counts = np.bincount(value[cells])
            codes = np.flatnonzero(counts)
            return codes, counts[codes]
        keys = np.unique(rows[cells] * size + value[cells])
        codes, counts = np.unique(keys % size, return_counts=True)
        return codes, counts

    def is_numeric(self, attribute: int) -> bool:
        """Whether most of its values are numbers."""
        forms = self._table.form[self.cells(attribute)]
        return bool(2 * np.count_nonzero(forms == NUMBER) >= len(forms))

    def is_mixed(self, attribute: int) -> bool:
        """Whether a filter on one of its values may mean values of another form too: 5 the text '5', 'yes'
        the text and what is true."""
        if attribute not in self._mixed:
            _, _, _, _, value = self._cells
            cells = self.cells(attribute)
            forms = np.unique(self._table.form[cells])
            written = len(self._folded_texts[0])
            codes = np.unique(value[cells]).tolist() if len(forms) > 1 else []
            texts = [self.text(code) for code in codes if 0 <= code < written]
            numeric = NUMBER in forms and any(as_number(t) is not None or as_measure(t) for t in texts)
            truth = BOOLEAN in forms and any(as_truth(text) is not None for text in texts)
            self._mixed[attribute] = bool(numeric or truth)
        return self._mixed[attribute]

    def numbers(self, attribute: int) -> NumberColumn:
        """The numbers of one attribute that filters without a unit compare."""
        if attribute not in self._numbers:
            _, _, _, rows, _ = self._cells
            cells = self.cells(attribute)
            found = self._measures.measured(cells)
            kept = found.comparable & ~np.isnan(found.values)
            self._numbers[attribute] = NumberColumn(
                products=rows[cells[kept]].astype(np.int64),
                values=found.values[kept],
                converted=found.converted[kept],
                unit=found.unit,
            )
        return self._numbers[attribute]

    @cached_property
    def _measures(self) -> MeasuredCells:
        return MeasuredCells(self._table)

    def profile(self, products: Numbers) -> tuple[Numbers, Numbers, Numbers, Numbers]:
        """(by attribute: how many of some products have text or truth, how many a number; attribute and
        count of its texts and truths that two or more have, the most frequent first within each attribute).

        Good for comparing attributes: a product that says one thing twice counts twice.
        """
        name, _, _, rows, value = self._cells
        pair, attribute_of = self._pairs
        indptr = self._table.indptr
        cells = spans(indptr[products], np.diff(indptr)[products])
        names, numeric = name[cells], value[cells] < 0
        first = np.ones(len(cells), dtype=np.bool_)  # several values of a name follow one another
        first[1:] = (np.diff(names) != 0) | (np.diff(rows[cells]) != 0)
        size = len(self.names)
        counts = np.bincount(pair[cells[~numeric]], minlength=len(attribute_of))
        several = np.flatnonzero(counts > 1)
        several = several[np.lexsort((-counts[several], attribute_of[several]))]
        return (
            np.bincount(names[first & ~numeric], minlength=size),
            np.bincount(names[first & numeric], minlength=size),
            attribute_of[several],
            counts[several],
        )

    @cached_property
    def _pairs(self) -> tuple[npt.NDArray[np.int32], Numbers]:
        """By cell the number of its pair of attribute and value (0 for numbers); by pair its attribute."""
        name, _, _, _, value = self._cells
        size = np.int64(self.truth + 1)
        plain = np.flatnonzero(value >= 0)
        keys, codes = np.unique(name[plain] * size + value[plain], return_inverse=True)
        pair = np.zeros(len(name), dtype=np.int32)
        pair[plain] = codes
        return pair, keys // size


def _fold(strings: list[str], uses: list[int]) -> tuple[list[str], npt.NDArray[np.int32], dict[str, int]]:
    """(the most used spelling of each folded string, its number for each string, folded → number)."""
    numbers: dict[str, int] = {}
    best: list[int] = []
    folded = np.empty(len(strings), dtype=np.int32)
    for place, text in enumerate(strings):
        number = numbers.setdefault(text.casefold(), len(numbers))
        if number == len(best):
            best.append(place)
        elif (-uses[place], text) < (-uses[best[number]], strings[best[number]]):
            best[number] = place
        folded[place] = number
    return [strings[place] for place in best], folded, numbers
