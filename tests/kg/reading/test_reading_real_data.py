"""The catalogs that others collected load whole, and fast enough."""

from __future__ import annotations

import os
import time
from decimal import Decimal
from pathlib import Path

import pytest

from kg.reading import LoadReport, Mapping, read
from kg.records import Fact, Interaction, Product

DATA = os.environ.get("SHELFGRAPH_TEST_DATA", "")
pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not DATA, reason="SHELFGRAPH_TEST_DATA is not set: no real catalogs here"),
]


def test_icecat_loads_whole() -> None:
    reading = read(Path(DATA) / "icecat" / "products.jsonl.gz", mapping=Mapping.builtin("icecat"))
    products, values = 0, 0
    first: Product | None = None
    started = time.process_time()
    for record in reading:
        assert isinstance(record, Product)
        first = first or record
        products += 1
        values += sum(len(record.values(name)) for name in record.attributes)
    assert time.process_time() - started < 8
    assert (products, values) == (19_406, 371_405)
    report = reading.report()
    assert (report.rejected, report.duplicates) == (0, 0)
    assert not any("columns not used" in note for note in report.notes)
    assert first is not None
    assert (first.id, first.brand, first.price, first.gtin) == (
        "3920564",
        "Xerox",
        Decimal("49.95"),
        "0095205603217",
    )
    assert first.attributes["black toner page yield"] == 23_000.0
    assert first.attributes["printing colours"] == "Black"


def beauty(name: str) -> tuple[list[object], LoadReport]:
    folder = Path(DATA) / "beauty"
    file = {"purchases": "purchases_train"}.get(name, name)
    reading = read(folder / f"{file}.csv.gz", kind=None, mapping=Mapping.builtin(f"beauty_{name}"))
    return list(reading), reading.report()


def test_beauty_products_have_labels_and_no_tree() -> None:
    records, report = beauty("products")
    products = [r for r in records if isinstance(r, Product)]
    assert (len(products), report.loaded, report.ok) == (12_101, 12_101, True)
    assert products[0].brand == "Conair"
    assert products[0].labels == ("Beauty", "Curling Irons", "Styling Tools", "Irons", "Hair Care")
    assert not any(p.category or p.title for p in products)


@pytest.mark.parametrize(("relation", "rows"), [("also_viewed", 155_350), ("bought_together", 9_021)])
def test_beauty_relations(relation: str, rows: int) -> None:
    records, report = beauty(relation)
    assert (report.read, report.loaded + report.duplicates, report.rejected) == (rows, rows, 0)
    fact = records[0]
    assert isinstance(fact, Fact)
    assert (fact.relation, fact.source) == (relation, "amazon")


def test_beauty_purchases() -> None:
    records, report = beauty("purchases")
    assert (len(records), report.rejected) == (149_844, 0)
    assert records[0] == Interaction(user="A67861C2ZZDHQ", product="B00KHH2VOY")


@pytest.mark.long
def test_beauty_also_bought() -> None:
    mapping = Mapping.builtin("beauty_also_bought")
    reading = read(Path(DATA) / "beauty" / "also_bought.csv.gz", kind=None, mapping=mapping)
    assert sum(1 for _ in reading) == 891_182
    assert (reading.report().rejected, reading.report().duplicates) == (0, 0)
