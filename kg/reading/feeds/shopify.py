"""Shopify's product CSV.

A product is its handle. Its first row says what it is, further rows hold a variant or a picture each. A
variant is what a customer buys, so it is the product here: with the fields of its handle, its own options as
attributes, and the handle as its collection.

The id is the SKU, which orders name. Where there is none, or another variant has it already, it is the
handle and the option values, 'tee:Black:M'. Products that are not in the shop (drafts, archived, unpublished
ones) are left out, so they are not sold; load the whole export with deletions to take them out of an older
load. The file names no currency: set it under [constants] in a mapping whose [options] have feed = "shopify".
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from kg.reading import values
from kg.reading.feeds.base import Feed, Sample
from kg.reading.feeds.shopify_columns import Header, metafield_value
from kg.reading.feeds.tidying import listed, words
from kg.reading.formats.base import BadRow, Cells, Row, Table
from kg.reading.wording import paragraphs
from kg.records import RecordKind

MAX_ROWS = 10_000
"""Rows of one handle are held in memory together; Shopify itself allows 2,048 variants and 250 pictures."""

_SOLD = frozenset({"", "active"})
_NO_OPTION = "default title"


def _claims(sample: Sample) -> bool:
    columns = {column.strip().casefold() for column in sample.columns}
    # Shopify's inventory export has handles, titles and options too, but neither prices nor descriptions
    older = {"handle", "title"} <= columns and bool(columns & {"variant price", "body (html)"})
    newer = {"url handle", "title"} <= columns and bool(columns & {"price", "description"})
    return sample.format == "CSV" and (older or newer)


def _convert(table: Table, kind: RecordKind) -> Table:
    header = Header.of(table)
    return replace(table, columns=header.made, rows=_Export(header, table).rows())


FEED = Feed(name="shopify", title="a Shopify product export", claims=_claims, convert=_convert)


@dataclass(kw_only=True)
class _Group:
    """The rows of one handle, so far."""

    handle: str
    rows: list[tuple[int, Cells]] = field(default_factory=list)


class _Export:
    """One pass over an export. In memory are the rows of one handle, and hashes of all handles and SKUs."""

    def __init__(self, header: Header, table: Table) -> None:
        self._cell = header.cell
        self._header = header
        self._table = table
        self._handles: set[int] = set()
        self._owners: dict[int, int] = {}  # of SKUs: the handle
        self._left_out: Counter[str] = Counter()
        self._ambiguous = 0

    def rows(self) -> Iterator[Row]:
        group = _Group(handle="")
        for line, cells in self._table.rows:
            if isinstance(cells, BadRow):
                yield line, cells
                continue
            handle, title = self._cell(cells, "handle"), self._cell(cells, "title")
            if (handle and handle == group.handle) or not (handle or title):
                if (wrong := self._misplaced(group)) is not None:
                    yield line, replace(wrong, text=_shown(cells))
                else:
                    group.rows.append((line, cells))
                continue
            yield from self._variants(group)
            group = _Group(handle=handle or _slug(title))
            if hash(group.handle) in self._handles and not title:
                yield line, BadRow(text=_shown(cells), rule=_APART)
                group = _Group(handle=handle)  # its other rows are misplaced, too
                continue
            self._handles.add(hash(group.handle))
            group.rows.append((line, cells))
        yield from self._variants(group)
        self._table.late_notes.extend(self._notes())

    def _misplaced(self, group: _Group) -> BadRow | None:
        if not group.rows:
            return BadRow(text="", rule=_APART if group.handle else "a row must have a handle or a title")
        if len(group.rows) >= MAX_ROWS:
            return BadRow(text="", rule=f"a handle may have {MAX_ROWS:,} rows")
        return None

    def _variants(self, group: _Group) -> Iterator[Row]:
        if not group.rows:
            return
        cell = self._cell
        first = next((cells for _, cells in group.rows if cell(cells, "title")), group.rows[0][1])
        status = cell(first, "status").casefold()
        if status not in _SOLD or _is_no(cell(first, "published")):
            self._left_out[status if status not in _SOLD else "unpublished"] += 1
            return
        own = ("value 1", "sku", "price", "barcode")
        variants = [(line, cells) for line, cells in group.rows if any(cell(cells, key) for key in own)]
        variants = variants or group.rows[:1]
        skus = Counter(_code(cell(cells, "sku")) for _, cells in variants)
        shared, about = self._shared(first, group), self._about(first)
        for line, cells in variants:
            options = self._options(first, cells)
            sku = _code(cell(cells, "sku"))
            taken = {name.casefold() for name in options}
            others = {
                name: v for name, v in (about | self._weight(cells)).items() if name.casefold() not in taken
            }
            made = {
                **shared,
                "id": sku if self._names_one(sku, skus[sku], group) else _id(group, options),
                "attributes": options | others,
                "price": cell(cells, "price"),
                "gtin": re.split("[;,|]", _code(cell(cells, "barcode")))[0],
                "image": cell(cells, "variant image") or shared["image"],
                "availability": self._availability(cells),
                "collections": [group.handle] if len(variants) > 1 else [],
            }
            if not made["attributes"]:
                del made["attributes"]  # a patch would clear all of them
            yield line, {name: made[name] for name in self._header.made if name in made}

    def _names_one(self, sku: str, count: int, group: _Group) -> bool:
        """True if an SKU stands on one variant only, as far as the file was read."""
        if not sku:
            return False
        handle = hash(group.handle)
        alone = count == 1 and self._owners.setdefault(hash(sku), handle) == handle
        self._ambiguous += not alone
        return alone

    def _shared(self, first: Cells, group: _Group) -> Cells:
        """What all variants of a handle have in common."""
        cell = self._cell
        category, kind = cell(first, "category"), cell(first, "type")
        path = [name for part in category.split(">") if (name := part.strip())]
        if path == ["Uncategorized"]:
            path = []
        pictures = [
            (_place(cell(cells, "image position")), cell(cells, "image"))
            for _, cells in group.rows
            if cell(cells, "image")
        ]
        return {
            "title": cell(first, "title"),
            "description": paragraphs(cell(first, "body")),
            "brand": cell(first, "vendor"),
            "category": path or listed(kind),
            "labels": [*(listed(kind) if path else ()), *listed(cell(first, "tags").split(","))],
            "image": min(pictures, key=lambda picture: picture[0])[1] if pictures else "",
        }

    def _about(self, first: Cells) -> Cells:
        """The attributes of a handle: metafields and what Google asks for."""
        found: Cells = {name: v for name in ("gender", "age group") if (v := self._cell(first, name))}
        if self._cell(first, "gift card").casefold() == "true":
            found["gift card"] = True
        for column, name, space in self._header.metafields:
            found[name] = metafield_value(words(first.get(column)), several=space.startswith("shopify"))
        return found

    def _options(self, first: Cells, cells: Cells) -> Cells:
        """Option name → value. The names stand in the first row only."""
        options: Cells = {}
        for number in "123":
            value = self._cell(cells, f"value {number}")
            name = self._cell(first, f"name {number}") or self._cell(cells, f"name {number}")
            if value and value.casefold() != _NO_OPTION:
                options[name or f"option {number}"] = value
        return options

    def _weight(self, cells: Cells) -> Cells:
        try:
            grams = values.number(self._cell(cells, "grams") or "0")
        except ValueError:
            grams = 0.0
        return {"weight": {"number": grams, "unit": "g"}} if grams > 0 else {}

    def _availability(self, cells: Cells) -> str:
        if "tracker" in self._header.columns and not self._cell(cells, "tracker"):
            return "in_stock"  # Shopify does not count it and always sells it
        try:
            quantity = values.number(self._cell(cells, "quantity"))
        except ValueError:
            return ""
        if quantity > 0:
            return "in_stock"
        on = self._cell(cells, "policy").casefold() in ("continue", "true")
        return "backorder" if on else "out_of_stock"

    def _notes(self) -> Iterator[str]:
        name = self._table.name
        if self._left_out:
            what = ", ".join(f"{count:,} {status}" for status, count in sorted(self._left_out.items()))
            yield f"{name}: products that are not in the shop were left out: {what}"
        if self._ambiguous:
            yield (
                f"{name}: variants with an SKU that another variant has, too: {self._ambiguous:,}; "
                "their ids are made of handle and options"
            )


_APART = "the rows of one handle must follow each other, its title in the first one; sort the file by handle"


def _is_no(published: str) -> bool:
    return published.casefold() in ("false", "no", "0")


def _code(text: str) -> str:
    return text.removeprefix("'")  # it keeps the zeros of a code in spreadsheets


def _id(group: _Group, options: Cells) -> str:
    return ":".join((group.handle, *map(str, options.values())))


def _place(position: str) -> int:
    return int(position) if position.isdecimal() else MAX_ROWS


def _slug(title: str) -> str:
    return re.sub(r"\W+", "-", title.casefold()).strip("-")


def _shown(cells: Cells) -> str:
    return ",".join(words(value) for value in cells.values())
