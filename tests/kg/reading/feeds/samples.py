"""The small feeds that the tests read, and the ones that are written when they are needed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from kg.reading import Reading, read
from kg.records import Fact, Interaction, Product, RecordKind

FIXTURES = Path(__file__).parent / "fixtures"

ESCI_PRODUCTS = [
    {
        "product_id": "B0LAMP0001",
        "product_title": "Lumo Clamp Lamp",
        "product_description": "<p>A lamp &amp; a clamp.</p>",
        "product_bullet_point": "Turns by 360 degrees\nCable of 2 m",
        "product_brand": "Lumo",
        "product_color": "Brass",
        "product_locale": "us",
    },
    {
        "product_id": "B0LAMP0001",
        "product_title": "クランプランプ",
        "product_description": None,
        "product_bullet_point": None,
        "product_brand": "Lumo",
        "product_color": None,
        "product_locale": "jp",
    },
    {
        "product_id": "B0MUG00002",
        "product_title": "Taza de gres",
        "product_description": "",
        "product_bullet_point": "300 ml",
        "product_brand": None,
        "product_color": "",
        "product_locale": "es",
    },
]

ESCI_EXAMPLES = [
    # example_id, query, query_id, product_id, locale, label, small, large, split
    (0, "clamp lamp", 1, "B0LAMP0001", "us", "E", 1, 1, "test"),
    (1, "clamp lamp", 1, "B0MUG00002", "us", "S", 1, 1, "test"),
    (2, "clamp lamp", 1, "B0BULB0003", "us", "C", 1, 1, "test"),
    (3, "clamp lamp", 1, "B0SOCK0004", "us", "I", 1, 1, "test"),
    (4, "クランプ", 2, "B0LAMP0001", "jp", "E", 1, 1, "test"),
    (5, "clamp lamp", 1, "B0LAMP0009", "us", "E", 0, 1, "test"),
    (6, "mug", 3, "B0MUG00002", "us", "E", 1, 1, "train"),
]
_EXAMPLE = "example_id query query_id product_id product_locale esci_label small_version large_version split"


def write_esci_products(folder: Path) -> Path:
    path = folder / "shopping_queries_dataset_products.parquet"
    pq.write_table(pa.Table.from_pylist(ESCI_PRODUCTS), path)
    return path


def write_esci_examples(folder: Path, rows: Sequence[tuple[object, ...]] = ESCI_EXAMPLES) -> Path:
    path = folder / "shopping_queries_dataset_examples.parquet"
    names = _EXAMPLE.split()
    pq.write_table(pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in rows]), path)
    return path


def load(path: Path, kind: RecordKind | None = None, feed: str | None = None) -> tuple[list[object], Reading]:
    """All records of a file, and the reading that has its report."""
    reading = read(path, kind=kind, feed=feed)
    return list(reading), reading


def products(records: Iterable[object]) -> dict[str, Product]:
    return {record.id: record for record in records if isinstance(record, Product)}


def facts(records: Iterable[object]) -> Iterator[tuple[str, str, str]]:
    return ((r.head, r.relation, r.tail) for r in records if isinstance(r, Fact))


def interactions(records: Iterable[object]) -> list[Interaction]:
    return [record for record in records if isinstance(record, Interaction)]
