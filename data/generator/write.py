"""Writes the demo files, always the same bytes for the same content."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from .model import Item


def product_record(item: Item) -> dict[str, Any]:
    attributes: dict[str, Any] = {"colour": item.colour.name}
    if not item.type.packaging:
        attributes["material"] = item.material.name
    for name, value in item.specs.items():
        if name not in item.hidden:
            plain = dict(value) if isinstance(value, Mapping) else value
            attributes[name] = list(plain) if isinstance(plain, tuple) else plain
    return {
        "id": item.id,
        "title": item.title,
        "description": item.description,
        "brand": item.brand.name,
        "category": item.type.category,
        "attributes": attributes,
        "price": item.price,
        "currency": "EUR",
        "image": f"pictures/{item.id}.webp",
        "gtin": item.gtin,
        "availability": item.availability,
        "language": "zh" if item.chinese else "en",
    }


def write_products(path: Path, items: Iterable[Item]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as out:
        for item in items:
            record = product_record(item)
            price = record["price"]
            record["price"] = "@price"
            # json has no way to say "two places", so the number is set in as text.
            line = json.dumps(record, ensure_ascii=False).replace('"@price"', f"{price:.2f}")
            out.write(line + "\n")


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
