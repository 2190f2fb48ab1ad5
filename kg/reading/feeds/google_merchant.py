"""Google Merchant Center: product feeds as RSS, Atom, TSV or CSV, which Meta, Bing and others take, too.

Each item is one product, a variant if others have its item_group_id. What rows hold keeps Google's
names, so that a mapping can use them; two are added: `regular_price` and `attributes` (product details).
"""

from __future__ import annotations

import csv
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache

from kg.reading import values
from kg.reading.decimals import shown_by
from kg.reading.feeds.base import Feed, Sample
from kg.reading.feeds.unit_codes import measured, quantity
from kg.reading.formats.base import BadRow, Cells, Row, Table
from kg.reading.synonyms import simple
from kg.reading.wording import one_line, paragraphs
from kg.records import RecordKind

_TELLING = frozenset({
    "additional_image_link", "availability", "condition", "google_product_category", "item_group_id",
    "product_type", "sale_price", "identifier_exists", "age_group", "mobile_link",
})  # fmt: skip
_MEASURES = (
    "product_weight",
    "product_length",
    "product_width",
    "product_height",
    "shipping_weight",
    "unit_pricing_measure",
)
_SLASHED = ("color", "material")
_UNLESS_NO = ("is_bundle", "adult")
_TITLES = ("title", "brand", "color", "material", "pattern", "size")
_DETAIL = ("section_name", "attribute_name", "attribute_value")
_TAKEN_UP = frozenset({"sale_price", "sale_price_effective_date", "additional_image_link", "product_detail"})
"""Columns that come out under other names."""

_FALLBACKS = {
    "description": ("summary", "content", "content:encoded"),
    "link": ("url",),
    "product_type": ("category",),
}
"""What RSS, Atom and careless exports call it."""


def _claims(sample: Sample) -> bool:
    names = {_name(column) for column in sample.columns}
    if sample.format == "XML":
        ours = any(column.startswith("g:") for column in sample.columns)
        return ours or (names >= {"id", "title", "link"} and "image_link" in names)
    return (
        sample.format == "CSV" and names >= {"id", "title", "link", "image_link"} and bool(names & _TELLING)
    )


@lru_cache(maxsize=1024)
def _name(column: str) -> str:
    """'g:Image Link' and 'image_link' are the same; 'shipping(country:price)' is 'shipping'."""
    return simple(column.partition("(")[0])


def _convert(table: Table, kind: RecordKind) -> Table:
    columns = None
    if table.columns is not None:
        columns = tuple(name for name in _by_name(dict.fromkeys(table.columns, "")) if name not in _TAKEN_UP)
    return replace(table, columns=columns, rows=_rows(table), typed=True)


def _rows(table: Table) -> Iterator[Row]:
    now = time.time()
    on_sale = 0
    for line, cells in table.rows:
        if isinstance(cells, BadRow):
            yield line, cells
            continue
        item = _by_name(cells)
        on_sale += _settle_price(item, now)
        _settle_category(item)
        _settle_pictures(item)
        _settle_attributes(item, _detail_order(table.columns))
        for name in _TITLES:
            item[name] = _each(item[name], one_line) if name in item else None
        if isinstance(item.get("description"), str):
            item["description"] = paragraphs(str(item["description"]))
        yield line, {name: value for name, value in item.items() if value is not None}
    if on_sale:
        table.late_notes.append(f"{table.name}: {on_sale:,} products have the sale price that holds now")


def _by_name(cells: Cells) -> Cells:
    """One value a name; what stands in Google's namespace beats what RSS or Atom say."""
    item: Cells = {}
    for column in sorted(cells, key=lambda column: column.startswith("g:")):
        value = cells[column]
        name = column if column.startswith("c:") else _name(column)
        item[name] = value if name in ("product_detail", "link") else _plain(value)
    for name, others in _FALLBACKS.items():
        for other in others:
            value = item.pop(other, None)
            if values.blank(item.get(name)) and value is not None:
                item[name] = value
    if "link" in item:
        item["link"] = _link(item["link"])
    if "availability" in item:
        item["availability"] = _each(item["availability"], lambda text: simple(one_line(text)))
    return item


def _plain(value: object) -> object:
    """Text, or a list of texts; markup inside an element counts as its words."""
    if isinstance(value, list):
        return [_plain(v) for v in value]
    if isinstance(value, dict):
        return " ".join(str(_plain(v)) for key, v in value.items() if not key.startswith("@"))
    return value


def _each(value: object, change: Callable[[str], object]) -> object:
    if isinstance(value, list):
        return [_each(v, change) for v in value]
    return change(value) if isinstance(value, str) else value


def _link(value: object) -> object:
    """The address of the page: text, or the href of Atom's link that is not rel="self" or such."""
    for link in value if isinstance(value, list) else [value]:
        if isinstance(link, str) and link:
            return link
        if isinstance(link, dict) and link.get("@rel", "alternate") == "alternate" and link.get("@href"):
            return link["@href"]
    return ""


def _settle_price(item: Cells, now: float) -> bool:
    """`price` is what a shopper pays now: the sale price while it holds. True if it does."""
    sale = item.pop("sale_price", None)
    period = item.pop("sale_price_effective_date", None)
    if "price" in item:
        item["regular_price"] = ""
    if not isinstance(sale, str) or values.blank(sale) or not _holds(period, now):
        return False
    regular = item.get("price")
    try:
        amount, _ = _amount(sale)
        if amount == 0:  # how some exports say that there is none
            return False
        if isinstance(regular, str) and not values.blank(regular):
            full, currency = _amount(regular)
            if amount >= full:
                return False
            item["regular_price"] = quantity(float(full), currency)
    except ValueError:
        pass  # the price that cannot be read is told when it is checked
    item["price"] = sale
    return True


def _amount(price: str) -> tuple[Decimal, str]:
    return values.price(price, shown_by(price) or ".")


def _holds(period: object, now: float) -> bool:
    """True within 'start/end', and without a period; False for one that cannot be read."""
    if values.blank(period):
        return True
    start, _, end = str(period).partition("/")
    try:
        return values.seconds(start.strip()) <= now <= values.seconds(end.strip())
    except ValueError:
        return False


def _settle_category(item: Cells) -> None:
    """`product_type` is the shop's own path; Google's stands in for it, unless it is a mere number."""
    paths = [_path(text) for text in _texts(item.get("product_type"))]
    google = _texts(item.get("google_product_category"))
    if not any(paths) and google:
        words = re.sub(r"^\d+\s*-\s*", "", google[0])
        if not words.strip().isdigit():
            paths = [_path(words)]
            item["google_product_category"] = ""
    if any(paths):
        item["product_type"] = [path for path in paths if path]


def _path(text: str) -> list[str]:
    return [name for part in one_line(text).split(">") if (name := part.strip())]


def _texts(value: object) -> list[str]:
    """The values of a repeated element, or of a cell that quotes them: '"A > B","C"'."""
    if isinstance(value, list):
        return [text for v in value for text in _texts(v)]
    text = "" if value is None else str(value).strip()
    if text.startswith('"') and text.endswith('"'):
        return _split(text)
    return [text] if text else []


def _split(text: str) -> list[str]:
    """The values of one cell, between commas, quoted where they have commas themselves."""
    try:
        parts = next(csv.reader([" ".join(text.split())], skipinitialspace=True), [])
    except csv.Error:  # too long
        return [text]
    return [part.strip() for part in parts if part.strip()]


def _settle_pictures(item: Cells) -> None:
    """The main picture first; the others only show that there are more."""
    more = item.pop("additional_image_link", None)
    pictures = _texts(item.get("image_link"))
    for cell in more if isinstance(more, list) else [more]:
        pictures += _split(str(cell)) if isinstance(cell, str) else []
    if pictures:
        item["image_link"] = [picture.replace("&amp;", "&") for picture in pictures]


def _settle_attributes(item: Cells, order: tuple[str, ...]) -> None:
    for name in _MEASURES:
        item[name] = _each(item.get(name), measured)
    for name in _SLASHED:
        parts = [part for text in _texts(item.get(name)) for part in text.split("/") if part.strip()]
        item[name] = parts or item.get(name)
    for name in _UNLESS_NO:
        if str(item.get(name)).strip().lower() in ("no", "false"):
            item[name] = ""
    if "product_highlight" in item:
        item["product_highlight"] = [paragraphs(text) for text in _texts(item["product_highlight"])]
    details = _details(item.pop("product_detail", None), order)
    if details:
        item["attributes"] = details


def _details(value: object, order: tuple[str, ...]) -> Cells:
    """The attributes that are product details: nested elements, or 'section:name:value' in cells."""
    found: dict[str, list[object]] = {}
    for detail in value if isinstance(value, list) else [value]:
        if isinstance(detail, dict):
            pairs = [{_name(key): str(_plain(v) or "") for key, v in detail.items()}]
        else:
            pairs = [dict(zip(order, parts, strict=False)) for parts in _triples(detail, len(order))]
        for pair in pairs:
            name, text = one_line(pair.get("attribute_name", "")), one_line(pair.get("attribute_value", ""))
            if name and text:
                known = measured(text)
                found.setdefault(name, []).append(values.number_or_text(text) if known is text else known)
    return dict(found)


def _triples(cell: object, width: int) -> list[list[str]]:
    """The details in one cell; a comma inside a value starts no new one, nor does a colon."""
    details: list[list[str]] = []
    for part in _split(cell) if isinstance(cell, str) else []:
        pieces = [re.sub(r"\\(.)", r"\1", p).strip() for p in re.split(r"(?<!\\):", part, maxsplit=width - 1)]
        if len(pieces) == width:
            details.append(pieces)
        elif details:
            details[-1][-1] += ", " + part
    return details


def _detail_order(columns: tuple[str, ...] | None) -> tuple[str, ...]:
    """The parts of a product detail in the order that the header gives, if it does."""
    for column in columns or ():
        name, _, parts = column.partition("(")
        if parts and simple(name) == "product_detail":
            return tuple(simple(part) for part in parts.rstrip(") ").split(":"))
    return _DETAIL


FEED = Feed(
    name="google_merchant",
    title="a Google Merchant Center feed",
    claims=_claims,
    convert=_convert,
    mapping="google_merchant",
)
