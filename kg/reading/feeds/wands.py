"""WANDS, Wayfair's data set for product search (Chen et al., ECIR 2022): its products.

The queries and labels beside them are judgments, which test a search and are not loaded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from kg.errors import DataError
from kg.reading.feeds.base import Feed, Sample
from kg.reading.feeds.tidying import described, listed, path_of, words
from kg.reading.formats.base import BadRow, Cells, Row, Table
from kg.records import RecordKind

_PRODUCTS = ("product_id", "product_name", "product_class", "category hierarchy", "product_features")
_LABELS = ("id", "query_id", "product_id", "label")
_QUERIES = ("query_id", "query", "query_class")
_LEVEL = re.compile(r"\s+/\s+")


def _claims(sample: Sample) -> bool:
    return sample.has(*_PRODUCTS) or sample.columns in (frozenset(_LABELS), frozenset(_QUERIES))


def _convert(table: Table, kind: RecordKind) -> Table:
    columns = table.columns or ()
    if "product_name" not in columns:
        raise DataError(
            f"{table.name} holds no products of WANDS (they are in product.csv); for its judgments: "
            "shelfgraph evaluate --judgments label.csv"
        )
    made = {
        "id": "product_id",
        "title": "product_name",
        "description": "product_description",
        "category": "category hierarchy",
        "labels": "product_class",
        "attributes": "product_features",
    }
    fields = tuple(field for field, column in made.items() if column in columns)
    return replace(table, columns=(*fields, "language"), rows=_rows(table.rows, fields))


FEED = Feed(name="wands", title="WANDS (Wayfair)", claims=_claims, convert=_convert)


def _rows(rows: Iterator[Row], fields: tuple[str, ...]) -> Iterator[Row]:
    for line, cells in rows:
        if isinstance(cells, BadRow):
            yield line, cells
            continue
        made: Cells = {
            "id": cells.get("product_id"),
            "title": cells.get("product_name"),
            "description": described(cells.get("product_description")),
            "category": path_of(_LEVEL.split(words(cells.get("category hierarchy")))),
            "labels": listed(words(cells.get("product_class")).split("|")),
            "attributes": _features(words(cells.get("product_features"))),
        }
        yield line, {**{field: made[field] for field in fields}, "language": "en"}


def _features(text: str) -> Cells:
    """'colour : black|colour : white' → the distinct values of each name."""
    found: dict[str, dict[str, None]] = {}
    for part in text.split("|"):
        name, colon, value = part.partition(":")
        if colon and name.strip() and value.strip():
            found.setdefault(name.strip(), {})[value.strip()] = None
    return {name: list(several) for name, several in found.items()}
