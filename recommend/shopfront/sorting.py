"""Other orders than by relevance. Products without a value come last, equals in the order of their ids."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from functools import cached_property
from typing import Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from kg.attribute_table import TEXT
from kg.errors import SettingsError
from kg.product_table import ProductTable

SortOrder: TypeAlias = Literal["relevance", "price", "price_desc", "newest", "popularity", "title"]
SORT_ORDERS: tuple[SortOrder, ...] = get_args(SortOrder)
DATES = (
    "date added",
    "available from",
    "release date",
    "released",
    "launch date",
    "publication date",
    "published",
    "year",
)
"""Attributes that say since when a product is sold, the first that the shop has counts; a rules file may name
another."""
_DATE = re.compile(r"\s*(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?(?![\d-])")
_YEARS = (1900, 2200)


def check_sort(name: str) -> SortOrder:
    """The name of an order; SettingsError names those there are."""
    for known in SORT_ORDERS:
        if name == known:
            return known
    raise SettingsError(f"sort={name!r} is unknown; choose one of {', '.join(SORT_ORDERS)}")


class Sorter:
    """Puts products into an order; the columns it needs are made when they are first asked for."""

    def __init__(
        self, table: ProductTable, popularity: Callable[[], npt.NDArray[np.float32]], *, newest: str = ""
    ) -> None:
        self._table = table
        self._popularity = popularity
        self._newest = newest

    def sorted(self, products: npt.NDArray[np.int64], order: SortOrder) -> npt.NDArray[np.int64]:
        """Product numbers in an order. 'relevance' keeps the one they have."""
        if order == "relevance":
            return products
        if order == "title":
            return self._by_title(products)
        keys = self._keys(order)[products]
        return products[np.lexsort((products, np.where(np.isnan(keys), np.inf, keys)))]

    def _keys(self, order: SortOrder) -> npt.NDArray[np.float64]:
        if order == "price":
            return self._table.price
        if order == "price_desc":
            return -self._table.price
        return -self._days if order == "newest" else -self._popularity().astype(np.float64)

    def _by_title(self, products: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        titles = [unicodedata.normalize("NFKC", text).casefold() for text in self._table.title.take(products)]
        keyed = sorted(zip(titles, products.tolist(), strict=True), key=lambda pair: (not pair[0], *pair))
        return np.array([product for _, product in keyed], dtype=np.int64)

    @cached_property
    def _days(self) -> npt.NDArray[np.float64]:
        """float64 [n]: since when each product is sold, as the ordinal of a day; NaN where unknown."""
        days = days_of(self._table, self._newest)
        if np.isfinite(days).any():
            return days
        said = f"no product has the attribute {self._newest!r}" if self._newest else "no product says it"
        raise SettingsError(
            f"sort='newest' needs to know since when products are sold, and {said}; load dates such as "
            f'2026-05-01 as the attribute {DATES[0]!r}, or name yours in the rules file: [sort] newest = "…"'
        )


def days_of(table: ProductTable, newest: str = "") -> npt.NDArray[np.float64]:
    """float64 [n]: since when each product is sold, as the ordinal of a day; NaN where unknown. It stands in
    the attribute `newest`, or in the first of DATES that says something."""
    attributes = table.attributes
    wanted = [newest.casefold()] if newest else list(DATES)
    folded = [name.casefold() for name in attributes.names]
    days = np.full(len(table), np.nan)
    for name in wanted:
        numbers = [number for number, known in enumerate(folded) if known == name]
        cells = np.flatnonzero(np.isin(attributes.name, numbers))
        days = np.full(len(table), np.nan)
        rows = attributes.rows
        for cell in cells.tolist():
            text = attributes.form[cell] == TEXT
            day = _ordinal(attributes.texts[int(attributes.text[cell])] if text else attributes.number[cell])
            days[rows[cell]] = np.fmax(days[rows[cell]], day)
        if np.isfinite(days).any():
            return days
    return days


def _ordinal(value: str | float) -> float:
    """A date as text ('2026-05-01', '2026-05', '2026') or a year as a number; NaN for anything else."""
    match = _DATE.match(value if isinstance(value, str) else f"{value:.0f}" if np.isfinite(value) else "")
    if match is None or not _YEARS[0] <= int(match[1]) < _YEARS[1]:
        return float("nan")
    try:
        return float(date(int(match[1]), int(match[2] or 1), int(match[3] or 1)).toordinal())
    except ValueError:
        return float("nan")
