"""ESCI: the products of Amazon's Shopping Queries data set, in three locales."""

from __future__ import annotations

from pathlib import Path

import pytest

from kg.errors import DataError
from kg.records import Product
from tests.kg.reading.feeds.samples import load, products, write_esci_examples, write_esci_products


def test_every_field_and_an_id_for_each_locale(tmp_path: Path) -> None:
    records, reading = load(write_esci_products(tmp_path))
    assert products(records) == {
        "B0LAMP0001": Product(
            id="B0LAMP0001",
            title="Lumo Clamp Lamp",
            description="A lamp & a clamp.\nTurns by 360 degrees\nCable of 2 m",
            brand="Lumo",
            attributes={"color": "Brass"},
            language="en",
        ),
        "B0LAMP0001@jp": Product(id="B0LAMP0001@jp", title="クランプランプ", brand="Lumo", language="ja"),
        "B0MUG00002@es": Product(
            id="B0MUG00002@es", title="Taza de gres", description="300 ml", language="es"
        ),
    }
    report = reading.report()
    assert (report.ok, report.duplicates) == (True, 0)
    assert any(note.startswith("read as ESCI") for note in report.notes)


def test_judgments_are_not_products(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="evaluate --judgments"):
        load(write_esci_examples(tmp_path))


def test_odd_rows(tmp_path: Path) -> None:
    path = tmp_path / "products.csv"
    path.write_text(
        "product_id,product_title,product_bullet_point,product_locale\n"
        "B1,One,,\n,Nameless,,us\nB2,Two,,us,more\nB3,,,fr\n"
    )
    records, reading = load(path)
    assert products(records) == {
        "B1": Product(id="B1", title="One"),
        "B3@fr": Product(id="B3@fr"),
    }
    assert [(r.line, r.field) for r in reading.report().rejections] == [(3, "id"), (4, "")]


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    path = write_esci_products(tmp_path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DataError, match="damaged Parquet file"):
        load(path, feed="esci")
