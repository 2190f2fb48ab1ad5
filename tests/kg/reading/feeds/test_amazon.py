"""Amazon's metadata and reviews of 2014, 2018 and 2023."""

from __future__ import annotations

import gzip
import json
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kg.records import Interaction, Product, Quantity
from tests.kg.reading.feeds.samples import FIXTURES, facts, interactions, load, products

META_2023 = FIXTURES / "amazon_meta_2023.jsonl"
META_2018 = FIXTURES / "amazon_meta_2018.json"
META_2014 = FIXTURES / "amazon_meta_2014.json"


def write(path: Path, *rows: dict[str, object]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_every_field_of_2023() -> None:
    records, reading = load(META_2023)
    found = products(records)
    assert found["B0LUMO0001"] == Product(
        id="B0LUMO0001",
        title="Lumo Clamp Lamp, Brass",
        description="A lamp for shelves.\nCable of 2 m\nTurns by 360 degrees",
        brand="Lumo",
        category=("Home & Kitchen", "Lighting", "Clamp Lamps"),
        attributes={
            "Color": "Brass",
            "Item Weight": Quantity(number=1.2, unit="lb"),
            "Wattage": 40.0,
            "Package Dimensions": "7.1 x 5.5 x 3 inches",
            "Package Weight": Quantity(number=2.38, unit="lb"),
            "Is Discontinued By Manufacturer": "No",
        },
        price=Decimal("39.9"),
        currency="USD",
        image="https://img.example.com/lamp_1500.jpg",
        gtin="200000000039",
    )
    assert found["B0COMB0002"] == Product(id="B0COMB0002", title="Comb & Brush", category=("All Beauty",))
    book = found["2000000005"]
    assert (book.brand, book.price, book.gtin) == ("", Decimal("14.99"), "978-2000000003")
    assert book.attributes["Author"] == "Ida Falk"
    assert reading.report().ok
    assert any(note.startswith("read as Amazon product metadata") for note in reading.report().notes)


def test_every_field_of_2018_without_the_scraps_of_the_page() -> None:
    found = products(load(META_2018)[0])
    assert found["B0CAL00001"] == Product(
        id="B0CAL00001",
        title='Wall Calendar "Birds"',
        description="A calendar.\nBig type\n12 sheets",
        brand="Tern Press",
        category=("Office Products", "Office & School Supplies", "Calendars"),
        attributes={"Product Dimensions": "12 x 12 inches"},
        price=Decimal("12.50"),
        currency="USD",
        image="https://img.example.com/cal.jpg",
    )
    # a script for a title, a logo for a department, a style sheet for a price
    assert found["B0JUNK0002"] == Product(id="B0JUNK0002")
    assert found["B0KITE0003"].price == Decimal("10.00")  # of '$10.00 - $20.00'


def test_every_field_of_2014_which_is_python_and_not_json() -> None:
    records, reading = load(META_2014)
    found = products(records)
    assert found["B0COMB0001"] == Product(
        id="B0COMB0001",
        title='Falk\'s "Quiet" Comb',
        description="Runs through\thair.",
        brand="Falk",
        category=("Beauty", "Hair Care", "Combs"),
        labels=("Gifts",),
        price=Decimal("7.5"),
        currency="USD",
        image="http://img.example.com/comb.jpg",
    )
    assert found["B0BARE0002"] == Product(id="B0BARE0002", category=("Beauty",))
    assert reading.report().ok


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (META_2023, [("B0COMB0002", "bought_together", "B0LUMO0001")]),
        (
            META_2018,
            [
                ("B0CAL00001", "also_bought", "B0PEN00002"),
                ("B0CAL00001", "also_bought", "B0PEN00003"),
                ("B0CAL00001", "also_viewed", "B0CAL00009"),
            ],
        ),
        (
            META_2014,
            [
                ("B0COMB0001", "also_bought", "B0COMB0002"),
                ("B0COMB0001", "also_bought", "B0BRUSH003"),
                ("B0COMB0001", "also_viewed", "B0BRUSH004"),
                ("B0COMB0001", "bought_together", "B0COMB0002"),
                ("B0COMB0001", "buy_after_viewing", "B0BRUSH003"),
            ],
        ),
    ],
)
def test_loaded_as_facts_metadata_says_what_goes_together(
    path: Path, expected: list[tuple[str, str, str]]
) -> None:
    records, reading = load(path, kind="facts")
    assert list(facts(records)) == expected
    assert {record.source for record in records} == {"amazon"}  # type: ignore[attr-defined]
    assert reading.report().ok


def test_a_review_is_one_rating() -> None:
    records, reading = load(FIXTURES / "amazon_reviews_2023.jsonl")
    assert interactions(records) == [
        # of the parent, under which metadata has the product; a purchase or not
        Interaction(user="AEUSER1", product="B0LUMO0001", kind="rating", time=1600000000.5, value=5.0),
        Interaction(user="AEUSER2", product="B0LUMO0001", kind="rating", time=1600000000.0, value=2.0),
    ]
    assert reading.report().kind == "interactions"
    (older,) = interactions(load(FIXTURES / "amazon_reviews_2018.json")[0])
    assert older == Interaction(
        user="A1READER", product="B0CAL00001", kind="rating", time=1470009600.0, value=4.0
    )


def test_the_csv_of_ratings_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / "All_Beauty.csv"
    path.write_text("user_id,parent_asin,rating,timestamp\nU,B0A,4.0,1600000000000\n")
    assert interactions(load(path)[0]) == [
        Interaction(user="U", product="B0A", kind="rating", time=1.6e9, value=4.0)
    ]


def test_exports_with_other_nesting(tmp_path: Path) -> None:
    row = {
        "main_category": "All Beauty",
        "parent_asin": "B0PARQUET1",
        "title": "Soap",
        "store": "Falk",
        "average_rating": 4.0,
        "rating_number": 3,
        "price": "None",
        "details": '{"Scent": "Pine", "Package Dimensions": "3 x 2 x 1 inches; 4 Ounces"}',
        "images": {
            "hi_res": [None, "https://img.example.com/big.jpg"],
            "large": ["https://img.example.com/other.jpg", "https://img.example.com/large.jpg"],
            "variant": ["PT01", "MAIN"],
        },
    }
    pq.write_table(pa.Table.from_pylist([row]), tmp_path / "full-00000.parquet")
    (soap,) = products(load(tmp_path / "full-00000.parquet")[0]).values()
    assert (soap.price, soap.currency, soap.brand) == (None, "", "Falk")
    assert soap.image == "https://img.example.com/big.jpg"
    assert soap.attributes == {
        "Scent": "Pine",
        "Package Dimensions": "3 x 2 x 1 inches",
        "Package Weight": Quantity(number=4.0, unit="oz"),
    }


@pytest.mark.parametrize(
    "row",
    [
        {"categories": "Home", "images": "none", "details": "not JSON", "related": []},
        {"categories": [None, ""], "images": [None, {}], "details": [], "price": [], "title": None},
        {"categories": [[], [None]], "images": {}, "details": {"": "x", "A": {}}, "price": "—"},
        {"categories": [["A", ["B"]]], "images": {"hi_res": "x"}, "details": "[" * 9999, "brand": 7},
    ],
)
def test_odd_shapes_cost_a_field_and_no_product(row: dict[str, object], tmp_path: Path) -> None:
    told = {"main_category": "Home", "store": "Falk", "rating_number": 1, "average_rating": 5.0}
    path = write(tmp_path / "meta.jsonl", {**told, **row, "parent_asin": "B0ODD00001"})
    records, reading = load(path)
    assert list(products(records)) == ["B0ODD00001"], reading.report()
    assert load(path, kind="facts")[0] == []


def test_a_line_without_an_id_is_rejected(tmp_path: Path) -> None:
    good = json.loads(META_2023.read_text().splitlines()[0])
    path = write(tmp_path / "meta.jsonl", good, {**good, "parent_asin": None})
    with path.open("a") as file:
        file.write('{"parent_asin": "B0CUT\n')
    records, reading = load(path)
    assert len(records) == 1
    assert [(r.line, r.rule.partition(" (")[0]) for r in reading.report().rejections] == [
        (2, "is required"),
        (3, "each line must be one JSON object"),
    ]


def test_gzipped_it_is_the_same(tmp_path: Path) -> None:
    path = tmp_path / "meta_Beauty.json.gz"
    path.write_bytes(gzip.compress(META_2014.read_bytes()))
    assert load(path)[0] == load(META_2014)[0]
