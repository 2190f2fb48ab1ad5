"""ESCI, Amazon's Shopping Queries data set (Reddy et al., 2022): its products.

The same ASIN is sold, and described, in several locales, each a shop of its own. In the American one the id
is the ASIN, so that other data about it fits; elsewhere the locale follows: 'B07XYZ@jp'. The examples
beside them are judgments, which test a search and are not loaded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from kg.errors import DataError
from kg.reading.feeds.base import Feed, Sample
from kg.reading.feeds.tidying import described, words
from kg.reading.formats.base import BadRow, Cells, Row, Table
from kg.records import RecordKind

_HOME = "us"
_LANGUAGES = {"us": "en", "es": "es", "jp": "ja"}


def esci_product(asin: object, locale: object) -> str:
    """The id that a product of a locale has here; '' without an ASIN."""
    name, place = words(asin), words(locale)
    return name if not name or place in ("", _HOME) else f"{name}@{place}"


def _claims(sample: Sample) -> bool:
    return sample.has("product_id", "product_locale") and (
        sample.has("product_title", "product_bullet_point") or sample.has("esci_label")
    )


def _convert(table: Table, kind: RecordKind) -> Table:
    fields = ("id", "title", "description", "brand", "attributes", "language")
    return replace(table, columns=fields, rows=_rows(table))


FEED = Feed(name="esci", title="ESCI (Amazon Shopping Queries)", claims=_claims, convert=_convert)


def _rows(table: Table) -> Iterator[Row]:
    for line, cells in table.rows:
        if isinstance(cells, BadRow):
            yield line, cells
            continue
        if "product_title" not in cells:
            raise DataError(
                f"{table.name} holds no products of ESCI (shopping_queries_dataset_products.parquet does); "
                "for its judgments: shelfgraph evaluate --judgments FILE"
            )
        yield line, _product(cells)


def _product(cells: Cells) -> Cells:
    locale = words(cells.get("product_locale"))
    colour = words(cells.get("product_color") or cells.get("product_color_name"))
    bullets = words(cells.get("product_bullet_point")).split("\n")
    return {
        "id": esci_product(cells.get("product_id"), locale),
        "title": cells.get("product_title"),
        "description": described(cells.get("product_description"), bullets),
        "brand": cells.get("product_brand"),
        "attributes": {"color": colour} if colour else {},
        "language": _LANGUAGES.get(locale, ""),
    }
