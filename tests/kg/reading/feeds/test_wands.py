"""WANDS: Wayfair's products."""

from __future__ import annotations

from pathlib import Path

import pytest

from kg.errors import DataError
from kg.records import Product
from tests.kg.reading.feeds.samples import FIXTURES, load, products

PRODUCTS = FIXTURES / "wands_product.csv"


def test_every_field() -> None:
    records, reading = load(PRODUCTS)
    found = products(records)
    assert found["0"] == Product(
        id="0",
        title="fjord platform bed",
        description="good , deep sleep needs a good bed .",
        category=("Furniture", "Bedroom Furniture", "Beds & Headboards", "Beds"),
        labels=("Beds",),
        attributes={
            "overallwidth-sidetoside": 64.7,
            "dsprimaryproductstyle": "modern",
            "countryoforigin": ("norway", "sweden"),
            "color": "ash",
        },
        language="en",
    )
    # a slash inside a name is none between names, a level that repeats its parent is left out
    assert found["1"].category == ("Outdoor", "TV Stands/Lights")
    assert found["1"].labels == ("Outdoor Lighting", "Lanterns")
    assert found["1"].attributes == {"finish": 'matte "black"', "note": "ratio 2:1"}
    assert reading.report().ok
    assert "read as WANDS (Wayfair) (feed = 'wands'; 'none' turns that off)" in reading.report().notes


@pytest.mark.parametrize("name", ["wands_label.csv", "wands_query.csv"])
def test_judgments_are_not_products(name: str) -> None:
    with pytest.raises(DataError, match="evaluate --judgments"):
        load(FIXTURES / name)


def test_odd_rows(tmp_path: Path) -> None:
    header = PRODUCTS.read_text().splitlines()[0]
    lines = [
        "2\tlamp\t\t\t\t|||: x|colour :|\t\t\t",
        "3\tcut off",
        "\tno id\t\t\t\t\t\t\t",
        "4\t\t\t\t\t\t\t\t",
    ]
    path = tmp_path / "product.csv"
    path.write_text("\n".join([header, *lines, ""]))
    records, reading = load(path)
    assert products(records) == {
        "2": Product(id="2", title="lamp", language="en"),
        "4": Product(id="4", language="en"),
    }
    assert [(r.line, r.field) for r in reading.report().rejections] == [(3, ""), (4, "id")]


def test_a_file_with_fewer_columns(tmp_path: Path) -> None:
    path = tmp_path / "product.csv"
    path.write_text("product_id\tproduct_name\n7\trug\n")
    assert products(load(path, feed="wands")[0]) == {"7": Product(id="7", title="rug", language="en")}
