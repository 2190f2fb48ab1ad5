"""The columns of Shopify's product CSV, under the header that it had until 2024 and under the newer one."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from kg.errors import DataError
from kg.reading.feeds.tidying import listed, words
from kg.reading.formats.base import Cells, Table

_COLUMNS: dict[str, str] = {
    "handle": "handle, url handle",
    "title": "title",
    "body": "body (html), body html, description",
    "vendor": "vendor",
    "category": "product category, standard product type",
    "type": "type, custom product type",
    "tags": "tags",
    "published": "published, published on online store",
    "status": "status",
    "name 1": "option1 name",
    "name 2": "option2 name",
    "name 3": "option3 name",
    "value 1": "option1 value",
    "value 2": "option2 value",
    "value 3": "option3 value",
    "sku": "variant sku, sku",
    "barcode": "variant barcode, barcode, barcodes",
    "price": "variant price, price",
    "grams": "variant grams, weight value (grams)",
    "tracker": "variant inventory tracker, inventory tracker",
    "quantity": "variant inventory qty, inventory quantity",
    "policy": "variant inventory policy, continue selling when out of stock",
    "image": "image src, product image url",
    "image position": "image position",
    "variant image": "variant image, variant image url",
    "gift card": "gift card",
    "gender": "google shopping / gender",
    "age group": "google shopping / age group",
}
_KEYS = {name: key for key, names in _COLUMNS.items() for name in names.split(", ")}
_METAFIELD = re.compile(r"(.+?) \(product\.metafields\.([\w-]+)\.(.+)\)", re.DOTALL)
_NOT_ABOUT_IT = re.compile(r"shopify--discovery|reviews$|mm-google-shopping$|global$|seo$")


@dataclass(frozen=True, kw_only=True)
class Header:
    """Which column holds what, and which fields are made of them."""

    columns: dict[str, str]
    metafields: tuple[tuple[str, str, str], ...]
    made: tuple[str, ...]

    @classmethod
    def of(cls, table: Table) -> Header:
        columns: dict[str, str] = {}
        metafields = []
        for column in table.columns or ():
            if (key := _KEYS.get(column.strip().casefold())) is not None:
                columns.setdefault(key, column)
            elif (match := _METAFIELD.fullmatch(column.strip())) and not _NOT_ABOUT_IT.match(match[2]):
                metafields.append((column, match[1], match[2]))
        if "handle" not in columns and "title" not in columns:
            raise DataError(
                f"{table.name} has neither a column 'Handle' (or 'URL handle') nor 'Title', so it is no "
                "product export of Shopify; leave the feed out"
            )
        sources = {
            "title": ("title",),
            "description": ("body",),
            "brand": ("vendor",),
            "category": ("category", "type"),
            "labels": ("tags", "type"),
            "price": ("price",),
            "gtin": ("barcode",),
            "image": ("image", "variant image"),
            "availability": ("quantity",),
        }
        made = [name for name, keys in sources.items() if any(key in columns for key in keys)]
        return cls(
            columns=columns,
            metafields=tuple(metafields),
            made=("id", *made, "attributes", "collections"),
        )

    def cell(self, cells: Cells, key: str) -> str:
        column = self.columns.get(key)
        return "" if column is None else words(cells.get(column))


def metafield_value(text: str, *, several: bool) -> object:
    """A metafield as attribute values: a text, a list of them, or a number with its unit."""
    if text.startswith(("[", "{")):
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return text
        if isinstance(value, list):
            return [part for part in value if isinstance(part, str) and not part.startswith("gid:")]
        if isinstance(value, dict) and isinstance(value.get("value"), (int, float)):
            return {"number": value["value"], "unit": value.get("unit")}
        return ""  # rich text, or a reference
    if text.startswith("gid:"):
        return ""
    return listed(text.split(";")) if several else text
