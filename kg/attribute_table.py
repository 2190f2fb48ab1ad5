"""The attributes of all products, cell by cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import compress
from typing import Any

import numpy as np
import numpy.typing as npt

from kg.ragged import spans
from kg.records import AttributeValue, Product, Quantity
from kg.texts import Texts, Vocabulary

TEXT, NUMBER, BOOLEAN = 0, 1, 2
"""The forms of attribute values."""
_QUANTITY = 3  # a number too; told apart only while a table is made


@dataclass(frozen=True, kw_only=True, eq=False)
class AttributeTable:
    """Every attribute of every product, sorted by product and name: the cell k belongs to row r when
    indptr[r] <= k < indptr[r + 1].

    name int32 [m] (number in `names`), form int8 [m] (0 text, 1 number, 2 boolean), number float64 [m]
    (NaN for text, 0 or 1 for booleans), text int32 [m] (number in `texts`; the text, or the unit of
    a number, or -1).
    """

    names: Vocabulary
    texts: Vocabulary
    indptr: npt.NDArray[np.int64]
    name: npt.NDArray[np.int32]
    form: npt.NDArray[np.int8]
    number: npt.NDArray[np.float64]
    text: npt.NDArray[np.int32]

    @classmethod
    def of(cls, products: Sequence[Product | None]) -> AttributeTable:
        indptr = np.zeros(len(products) + 1, dtype=np.int64)
        names: list[str] = []
        values: list[AttributeValue] = []
        for row, product in enumerate(products):
            if product is not None and product.attributes:
                own = sorted(product.attributes)
                cells = list(map(product.attributes.__getitem__, own))
                if tuple in map(type, cells):
                    several = [product.values(name) for name in own]
                    own = [name for name, some in zip(own, several, strict=True) for _ in some]
                    cells = [value for some in several for value in some]
                names += own
                values += cells  # type: ignore[arg-type]
            indptr[row + 1] = len(values)
        # by way of the types: there are four of them, and hundreds of thousands of values
        types = list(map(type, values))
        form_of = {kind: _form(kind) for kind in set(types)}
        form = np.fromiter(map(form_of.__getitem__, types), dtype=np.int8, count=len(values))
        quantity = form == _QUANTITY
        form[quantity] = NUMBER
        plain: list[Any] = list(compress(values, (form != TEXT).tolist()))
        words: list[Any] = list(compress(values, (quantity | (form == TEXT)).tolist()))
        if quantity.any():
            plain = [value.number if isinstance(value, Quantity) else value for value in plain]
            words = [value.unit if isinstance(value, Quantity) else value for value in words]
        number = np.full(len(values), np.nan)
        number[form != TEXT] = plain
        text = np.full(len(values), -1, dtype=np.int32)
        texts, text[quantity | (form == TEXT)] = _numbered(words)
        vocabulary, name = _numbered(names)
        return cls(
            names=vocabulary, texts=texts, indptr=indptr, name=name, form=form, number=number, text=text
        )

    def merged(self, newer: AttributeTable, rows: npt.NDArray[np.int64]) -> AttributeTable:
        """The table of some rows of this one and, numbered behind them, of another."""
        lengths = np.concatenate((np.diff(self.indptr), np.diff(newer.indptr)))[rows]
        starts = np.concatenate((self.indptr[:-1], newer.indptr[:-1] + len(self.name)))[rows]
        indptr = np.zeros(len(rows) + 1, dtype=np.int64)
        np.cumsum(lengths, out=indptr[1:])
        cells = spans(starts, lengths)
        names, name = _shared(self.names, self.name, newer.names, newer.name, cells)
        texts, text = _shared(self.texts, self.text, newer.texts, newer.text, cells)
        return AttributeTable(
            names=names,
            texts=texts,
            indptr=indptr,
            name=name,
            form=np.concatenate((self.form, newer.form))[cells],
            number=np.concatenate((self.number, newer.number))[cells],
            text=text,
        )

    @cached_property
    def _names(self) -> list[str]:
        return list(self.names)

    @property
    def rows(self) -> npt.NDArray[np.int64]:
        """int64 [m]: the product of each cell."""
        return np.repeat(np.arange(len(self.indptr) - 1), np.diff(self.indptr))

    def value(self, cell: int) -> AttributeValue:
        form = int(self.form[cell])
        if form == TEXT:
            return self.texts[int(self.text[cell])]
        if form == BOOLEAN:
            return bool(self.number[cell])
        number, unit = float(self.number[cell]), int(self.text[cell])
        return number if unit < 0 else Quantity(number=number, unit=self.texts[unit])

    def of_product(self, row: int) -> dict[str, AttributeValue | tuple[AttributeValue, ...]]:
        found: dict[str, AttributeValue | tuple[AttributeValue, ...]] = {}
        for cell in range(int(self.indptr[row]), int(self.indptr[row + 1])):
            name, value = self._names[int(self.name[cell])], self.value(cell)
            if name not in found:
                found[name] = value
            else:
                before = found[name]
                found[name] = (*before, value) if isinstance(before, tuple) else (before, value)
        return found


class RowAttributes(Mapping[str, "AttributeValue | tuple[AttributeValue, ...]"]):
    """The attributes of one row, read from the table when somebody first looks: most lists of products are
    shown without them."""

    def __init__(self, table: AttributeTable, row: int) -> None:
        self._table = table
        self._row = row

    @cached_property
    def _read(self) -> dict[str, AttributeValue | tuple[AttributeValue, ...]]:
        return self._table.of_product(self._row)

    def __getitem__(self, name: str) -> AttributeValue | tuple[AttributeValue, ...]:
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read)

    def __len__(self) -> int:
        return len(self._read)

    def __repr__(self) -> str:
        return repr(self._read)

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (self._read,)  # a copy elsewhere must not take the whole table along


def _form(kind: type) -> int:
    if issubclass(kind, bool):
        return BOOLEAN
    if issubclass(kind, Quantity):
        return _QUANTITY
    return TEXT if issubclass(kind, str) else NUMBER


def _numbered(strings: Sequence[str]) -> tuple[Vocabulary, npt.NDArray[np.int32]]:
    """(the distinct strings as they come, the number of each)."""
    numbers = {text: number for number, text in enumerate(dict.fromkeys(strings))}
    codes = np.fromiter(map(numbers.__getitem__, strings), dtype=np.int32, count=len(strings))
    return Vocabulary.of(numbers), codes


def _shared(
    known: Vocabulary,
    codes: npt.NDArray[np.int32],
    newer: Vocabulary,
    newer_codes: npt.NDArray[np.int32],
    cells: npt.NDArray[np.int64],
) -> tuple[Vocabulary, npt.NDArray[np.int32]]:
    """One vocabulary for some cells of two columns (-1: no string), numbered as `_numbered` does."""
    numbers = known.numbers(newer)
    numbers = np.where(numbers < 0, len(known) + np.arange(len(newer)), numbers)
    # the last entry stands for "none", which -1 finds in both
    chosen = np.concatenate((codes, np.append(numbers, -1)[newer_codes]))[cells]
    total = len(known) + len(newer)
    first = np.full(total + 1, len(chosen), dtype=np.int64)
    first[chosen[::-1]] = np.arange(len(chosen))[::-1]  # of several values NumPy keeps the last
    used = np.flatnonzero(first[:total] < len(chosen))
    used = used[np.argsort(first[used])]
    renumbered = np.full(total + 1, -1, dtype=np.int32)
    renumbered[used] = np.arange(len(used))
    texts = Texts.chain(known.texts, newer.texts).pick(used)
    return Vocabulary(texts), renumbered[chosen]
