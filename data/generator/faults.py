"""A small file with planted faults, for seeing how a load reports them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .model import Catalog

COLUMNS = (
    "id", "title", "brand", "category", "price", "currency", "image", "gtin", "availability", "attr_colour",
)  # fmt: skip
GOOD = 24


@dataclass(frozen=True, kw_only=True)
class Fault:
    line: int  # 1 is the header
    field: str
    rule: str


def make_faulty(catalog: Catalog) -> tuple[tuple[tuple[str, ...], ...], tuple[Fault, ...]]:
    """The rows of the file, and what was planted where."""
    rows = [_row(catalog, at, number) for number, at in enumerate(range(0, 8 * GOOD, 8), start=1)]
    plan: list[tuple[int, str, str, str]] = [
        (3, "price", "-12.50", "a price must not be negative"),
        (6, "price", "abc", "a price must be a number"),
        (9, "id", "", "an id is required"),
        (12, "id", rows[3][0], "an id twice in one file: the last row wins, the earlier is reported"),
        (15, "title", "Quiet\x07 side\x1b[31m table", "a title must not contain control characters"),
        (18, "category", "Home > Furniture > Home", "a category path must not repeat a name"),
        (21, "price", "", "a missing price is allowed; this row is good"),
    ]
    faults: list[Fault] = []
    for at, column, value, rule in plan:
        row = list(rows[at])
        row[COLUMNS.index(column)] = value
        rows[at] = tuple(row)
        if "good" not in rule:
            faults.append(Fault(line=at + 2, field=column, rule=rule))
    return tuple(rows), tuple(faults)


def _row(catalog: Catalog, at: int, number: int) -> tuple[str, ...]:
    item = catalog.items[at]
    return (
        f"FX-{number:03d}", item.title, item.brand.name, item.type.category, f"{item.price:.2f}", "EUR",
        f"pictures/{item.id}.webp", item.gtin, item.availability, item.colour.name,
    )  # fmt: skip


def as_json(faults: Sequence[Fault]) -> list[dict[str, str | int]]:
    return [{"line": f.line, "field": f.field, "rule": f.rule} for f in faults]
