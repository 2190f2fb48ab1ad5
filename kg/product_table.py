"""The fields of all products, column by column, as filters, encoders and answers read them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

import numpy as np
import numpy.typing as npt

from kg.arrays import Arrays
from kg.attribute_table import AttributeTable, RowAttributes
from kg.records import Product
from kg.texts import Texts, Vocabulary

_UNIT, _ESCAPE = "\x1f", "\x1e"  # ASCII's own separators


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
            category=Texts.of(_joined(p.category) for p in filled),
            labels=Texts.of(_joined(p.labels) for p in filled),
            price=np.array([np.nan if p.price is None else float(p.price) for p in filled], dtype=np.float64),
            currency=Texts.of(p.currency for p in filled),
            image=Texts.of(p.image for p in filled),
            url=Texts.of(p.url for p in filled),
            gtin=Texts.of(p.gtin for p in filled),
            availability=Texts.of(p.availability for p in filled),
            language=Texts.of(p.language for p in filled),
            collections=Texts.of(_joined(p.collections) for p in filled),
            attributes=AttributeTable.of(products),
        )

    def merged(self, newer: ProductTable, rows: npt.NDArray[np.int64]) -> ProductTable:
        """The table of some rows of this one and, numbered behind them, of another."""
        return ProductTable(
            listed=np.concatenate((self.listed, newer.listed))[rows],
            price=np.concatenate((self.price, newer.price))[rows],
            attributes=self.attributes.merged(newer.attributes, rows),
            **{
                name: Texts.chain(getattr(self, name), getattr(newer, name)).pick(rows)
                for name in TEXT_COLUMNS
            },
        )

    def category_path(self, row: int) -> tuple[str, ...]:
        return split_names(self.category[row])

    def label_names(self, row: int) -> tuple[str, ...]:
        return split_names(self.labels[row])

    def product(self, row: int) -> Product:
        """The record of one row."""
        price = float(self.price[row])
        texts = {name: column[row] for name, column in self._filled}
        names = {name: split_names(texts.pop(name)) for name in _JOINED if name in texts}
        return Product(
            **texts,  # type: ignore[arg-type]
            **names,  # type: ignore[arg-type]
            attributes=RowAttributes(self.attributes, row),
            price=None if math.isnan(price) else _price(price),
        )

    @cached_property
    def _filled(self) -> tuple[tuple[str, Texts], ...]:
        """The text columns that hold anything, and the ids."""
        columns = ((name, getattr(self, name)) for name in TEXT_COLUMNS)
        return tuple((name, texts) for name, texts in columns if len(texts.data) or name == "id")

    def arrays(self) -> Arrays:
        arrays: Arrays = {"products.listed": self.listed, "products.price": self.price}
        for name in TEXT_COLUMNS:
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
            **{name: Texts.from_arrays(arrays, f"products.{name}") for name in TEXT_COLUMNS},
        )


TEXT_COLUMNS = (
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
_JOINED = ("category", "labels", "collections")
"""The text columns of which each text is several names."""
_CELL_COLUMNS = ("indptr", "name", "form", "number", "text")


def _price(number: float) -> Decimal:
    """The shortest decimal that is this float64, with two decimals at least: 19.9 is 19.90."""
    whole, _, cents = f"{Decimal(repr(number)):f}".partition(".")
    return Decimal(f"{whole}.{cents:0<2}")


def _joined(names: Sequence[str]) -> str:
    """Several names as one text. Readers let no separator into a name; what holds one anyway is escaped."""
    if not names:
        return ""
    text = _UNIT.join(names)
    if _ESCAPE in text or text.count(_UNIT) >= len(names):
        text = _UNIT.join(n.replace(_ESCAPE, f"{_ESCAPE}e").replace(_UNIT, f"{_ESCAPE}u") for n in names)
    return text or _ESCAPE


def split_names(text: str) -> tuple[str, ...]:
    """The names behind a text of the columns category, labels and collections."""
    if not text:
        return ()
    if _ESCAPE not in text:
        return tuple(text.split(_UNIT))
    plain = text if text != _ESCAPE else ""  # one name, and that is empty
    return tuple(n.replace(f"{_ESCAPE}u", _UNIT).replace(f"{_ESCAPE}e", _ESCAPE) for n in plain.split(_UNIT))
