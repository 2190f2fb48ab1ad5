"""The fields of all products, column by column, as filters, encoders and answers read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from kg.arrays import Arrays
from kg.records import AttributeValue, Product, Quantity
from kg.texts import Texts, Vocabulary

_TEXT, _NUMBER, _BOOLEAN = 0, 1, 2
_PATH = "\x1f"  # ASCII's own unit separator: no name of a category can hold it


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
        names: dict[str, int] = {}
        texts: dict[str, int] = {}
        name_column: list[int] = []
        forms: list[int] = []
        numbers: list[float] = []
        text_column: list[int] = []
        indptr = np.zeros(len(products) + 1, dtype=np.int64)
        for row, product in enumerate(products):
            if product is not None:
                for name in sorted(product.attributes):
                    for value in product.values(name):
                        form, number, text = _cell(value)
                        name_column.append(names.setdefault(name, len(names)))
                        forms.append(form)
                        numbers.append(number)
                        text_column.append(-1 if text is None else texts.setdefault(text, len(texts)))
            indptr[row + 1] = len(name_column)
        return cls(
            names=Vocabulary.of(names),
            texts=Vocabulary.of(texts),
            indptr=indptr,
            name=np.array(name_column, dtype=np.int32),
            form=np.array(forms, dtype=np.int8),
            number=np.array(numbers, dtype=np.float64),
            text=np.array(text_column, dtype=np.int32),
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
        if form == _TEXT:
            return self.texts[int(self.text[cell])]
        if form == _BOOLEAN:
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


def _cell(value: AttributeValue) -> tuple[int, float, str | None]:
    if isinstance(value, bool):
        return _BOOLEAN, float(value), None
    if isinstance(value, Quantity):
        return _NUMBER, value.number, value.unit
    if isinstance(value, str):
        return _TEXT, float("nan"), value
    return _NUMBER, float(value), None


@dataclass(frozen=True, kw_only=True, eq=False)
class ProductTable:
    """One row per product of the graph, stubs included (`listed` False, all other columns empty)."""

    id: Texts
    listed: npt.NDArray[np.bool_]
    title: Texts
    description: Texts
    brand: Texts
    category: Texts
    labels: Texts
    price: npt.NDArray[np.float64]
    currency: Texts
    image: Texts
    url: Texts
    gtin: Texts
    availability: Texts
    language: Texts
    collections: Texts
    attributes: AttributeTable

    def __len__(self) -> int:
        return len(self.id)

    @classmethod
    def of(cls, ids: Texts, products: Sequence[Product | None]) -> ProductTable:
        """`products[i]` is the record of ids[i], or None for a stub."""
        filled = [p or Product(id="") for p in products]
        return cls(
            id=ids,
            listed=np.array([p is not None for p in products], dtype=np.bool_),
            title=Texts.of(p.title for p in filled),
            description=Texts.of(p.description for p in filled),
            brand=Texts.of(p.brand for p in filled),
            category=Texts.of(_PATH.join(p.category) for p in filled),
            labels=Texts.of(_PATH.join(p.labels) for p in filled),
            price=np.array([np.nan if p.price is None else float(p.price) for p in filled], dtype=np.float64),
            currency=Texts.of(p.currency for p in filled),
            image=Texts.of(p.image for p in filled),
            url=Texts.of(p.url for p in filled),
            gtin=Texts.of(p.gtin for p in filled),
            availability=Texts.of(p.availability for p in filled),
            language=Texts.of(p.language for p in filled),
            collections=Texts.of(_PATH.join(p.collections) for p in filled),
            attributes=AttributeTable.of(products),
        )

    def category_path(self, row: int) -> tuple[str, ...]:
        return _split(self.category[row])

    def label_names(self, row: int) -> tuple[str, ...]:
        return _split(self.labels[row])

    def product(self, row: int) -> Product:
        """The record of one row."""
        price = float(self.price[row])
        return Product(
            id=self.id[row],
            title=self.title[row],
            description=self.description[row],
            brand=self.brand[row],
            category=self.category_path(row),
            labels=self.label_names(row),
            attributes=MappingProxyType(self.attributes.of_product(row)),
            price=None if np.isnan(price) else _price(price),
            currency=self.currency[row],
            image=self.image[row],
            url=self.url[row],
            gtin=self.gtin[row],
            availability=self.availability[row],
            language=self.language[row],
            collections=_split(self.collections[row]),
        )

    def arrays(self) -> Arrays:
        arrays: Arrays = {"products.listed": self.listed, "products.price": self.price}
        for name in _TEXT_COLUMNS:
            arrays.update(getattr(self, name).arrays(f"products.{name}"))
        table = self.attributes
        arrays.update(table.names.texts.arrays("attributes.names"))
        arrays.update(table.texts.texts.arrays("attributes.texts"))
        for name in _CELL_COLUMNS:
            arrays[f"attributes.{name}"] = getattr(table, name)
        return arrays

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> ProductTable:
        return cls(
            listed=arrays["products.listed"].astype(np.bool_, copy=False),
            price=arrays["products.price"].astype(np.float64, copy=False),
            attributes=AttributeTable(
                names=Vocabulary(Texts.from_arrays(arrays, "attributes.names")),
                texts=Vocabulary(Texts.from_arrays(arrays, "attributes.texts")),
                **{name: arrays[f"attributes.{name}"] for name in _CELL_COLUMNS},  # type: ignore[arg-type]
            ),
            **{name: Texts.from_arrays(arrays, f"products.{name}") for name in _TEXT_COLUMNS},
        )


_TEXT_COLUMNS = (
    "id",
    "title",
    "description",
    "brand",
    "category",
    "labels",
    "currency",
    "image",
    "url",
    "gtin",
    "availability",
    "language",
    "collections",
)
_CELL_COLUMNS = ("indptr", "name", "form", "number", "text")


def _price(number: float) -> Decimal:
    """The shortest decimal that is this float64, with two decimals at least: 19.9 is 19.90."""
    whole, _, cents = f"{Decimal(repr(number)):f}".partition(".")
    return Decimal(f"{whole}.{cents:0<2}")


def _split(joined: str) -> tuple[str, ...]:
    return tuple(joined.split(_PATH)) if joined else ()
