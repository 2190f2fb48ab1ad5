"""Which products differ between two tables, column by column and without decoding a single text."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import numpy.typing as npt

from kg.attribute_table import AttributeTable
from kg.product_table import TEXT_COLUMNS, ProductTable
from kg.texts import Texts, Vocabulary

_ROWS = 50_000
"""So many rows are compared at a time: their bytes are laid side by side."""

FIELDS = frozenset({*TEXT_COLUMNS, "price", "attributes"})
LINKING = frozenset({"brand", "category", "labels", "attributes", "collections"})
"""The fields that make edges."""
TOLD = FIELDS - {"price", "currency", "availability", "image", "url", "gtin"}
"""The fields that say what a product is: those that edges, derived ones too, and the words of queries come
from."""

Rows = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


def changed_rows(
    before: ProductTable,
    now: ProductTable,
    origin: Rows,
    *,
    among: Rows | None = None,
    fields: Collection[str] = FIELDS,
) -> Rows:
    """int64: rows of `now` that are new or differ in one of the fields, ascending.

    `origin` int64 [rows of now]: the row in `before`, -1 for a product that is new. With `among` (int64,
    ascending) only these rows are looked at.
    """
    rows = np.arange(len(now), dtype=np.int64) if among is None else among
    changed = origin[rows] < 0
    kept = np.flatnonzero(~changed)
    new, old = rows[kept], origin[rows[kept]]
    differs: Mask = before.listed[old] != now.listed[new]
    if "price" in fields:
        differs |= _numbers_differ(before.price[old], now.price[new])
    if "attributes" in fields:
        differs |= _attributes_differ(before.attributes, now.attributes, old, new)
    for name in TEXT_COLUMNS:
        if name in fields:
            differs |= _texts_differ(getattr(before, name), getattr(now, name), old, new)
    changed[kept] = differs
    return rows[changed]


def _numbers_differ(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> Mask:
    differs: Mask = (one != other) & ~(np.isnan(one) & np.isnan(other))
    return differs


def _texts_differ(before: Texts, now: Texts, old: Rows, new: Rows) -> Mask:
    lengths = before.offsets[old + 1] - before.offsets[old]
    differs: Mask = lengths != now.offsets[new + 1] - now.offsets[new]
    alike = np.flatnonzero(~differs & (lengths > 0))
    for start in range(0, len(alike), _ROWS):
        part = alike[start : start + _ROWS]
        ends = np.cumsum(lengths[part])
        starts = ends - lengths[part]
        within = np.arange(int(ends[-1])) - np.repeat(starts, lengths[part])
        one = before.data[np.repeat(before.offsets[old[part]], lengths[part]) + within]
        other = now.data[np.repeat(now.offsets[new[part]], lengths[part]) + within]
        differs[part] = np.logical_or.reduceat(one != other, starts)
    return differs


def _attributes_differ(before: AttributeTable, now: AttributeTable, old: Rows, new: Rows) -> Mask:
    counts = np.diff(before.indptr)[old]
    differs: Mask = counts != np.diff(now.indptr)[new]
    alike = np.flatnonzero(~differs & (counts > 0))
    if len(alike) == 0:
        return differs
    lengths = counts[alike]
    ends = np.cumsum(lengths)
    starts = ends - lengths
    within = np.arange(int(ends[-1])) - np.repeat(starts, lengths)
    one = np.repeat(before.indptr[old[alike]], lengths) + within
    other = np.repeat(now.indptr[new[alike]], lengths) + within
    cells = _translated(before.names, now.names)[before.name[one]] != now.name[other]
    cells |= before.form[one] != now.form[other]
    cells |= _numbers_differ(before.number[one], now.number[other])
    texts = np.append(_translated(before.texts, now.texts), -1)  # number -1: no text
    cells |= texts[before.text[one]] != now.text[other]
    differs[alike] = np.logical_or.reduceat(cells, starts)
    return differs


def _translated(before: Vocabulary, now: Vocabulary) -> Rows:
    """int64 [earlier strings]: their numbers now; -2 for those that are gone."""
    one, other = before.texts, now.texts
    if np.array_equal(one.offsets, other.offsets) and np.array_equal(one.data, other.data):
        return np.arange(len(before), dtype=np.int64)
    found = now.numbers(before)
    return np.where(found >= 0, found, -2)
