"""Shopify's product CSV: variants over several rows, pictures on their own rows, drafts, odd SKUs."""

from __future__ import annotations

import csv
import gzip
import shutil
from decimal import Decimal
from pathlib import Path

import pytest

from kg.errors import DataError
from kg.reading import Mapping, read
from kg.reading.feeds.shopify import MAX_ROWS
from kg.records import Product, ProductPatch, Quantity
from tests.kg.reading.feeds.samples import FIXTURES, load, products

OLDER = FIXTURES / "shopify_older.csv"
NEWER = FIXTURES / "shopify_newer.csv"
CDN = "https://cdn.example.com/files/"


def write(path: Path, rows: list[dict[str, str]]) -> Path:
    columns = list(dict.fromkeys(["Handle", "Title", "Variant Price", *(c for row in rows for c in row)]))
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, columns, restval="")
        table.writeheader()
        table.writerows(rows)
    return path


def test_every_field_of_a_variant() -> None:
    records, reading = load(OLDER)
    assert products(records)["FT-MO-S"] == Product(
        id="FT-MO-S",
        title="Fjell T-Shirt",
        description="Soft & light.\n• organic cotton\n• made in Narvik",
        brand="Nordlys",
        category=("Apparel & Accessories", "Clothing", "Shirts & Tops"),
        labels=("T-Shirt", "summer", "organic"),
        attributes={
            "Color": "Moss",
            "Size": "S",
            "gender": "unisex",
            "age group": "adult",
            "Fabric": ("cotton", "linen"),
            "Care": ("wash cold", "no dryer"),
            "weight": Quantity(number=150.0, unit="g"),
        },
        price=Decimal("29.90"),
        image=CDN + "tee-moss.jpg",
        gtin="2000000000015",
        availability="in_stock",
        collections=("fjell-tee",),
    )
    report = reading.report()
    assert report.ok
    assert "read as a Shopify product export (feed = 'shopify'; 'none' turns that off)" in report.notes


def test_variants_of_a_handle_share_its_fields_and_form_a_collection() -> None:
    found = products(load(OLDER)[0])
    tees = [p for p in found.values() if p.collections == ("fjell-tee",)]
    assert [p.id for p in tees] == ["FT-MO-S", "FT-MO-M", "fjell-tee:Clay:S"]
    assert {(p.title, p.brand, p.category, p.labels) for p in tees} == {
        (tees[0].title, tees[0].brand, tees[0].category, tees[0].labels)
    }
    assert [(p.attributes["Color"], p.attributes["Size"], p.price) for p in tees] == [
        ("Moss", "S", Decimal("29.90")),
        ("Moss", "M", Decimal("29.90")),
        ("Clay", "S", Decimal("31.90")),
    ]
    assert [p.availability for p in tees] == ["in_stock", "out_of_stock", "backorder"]
    # its own picture, else the one in first position, wherever its row stands
    assert [p.image for p in tees] == [CDN + "tee-moss.jpg", CDN + "tee-moss.jpg", CDN + "tee-front.jpg"]


def test_a_single_default_variant_is_a_plain_product() -> None:
    mug = products(load(OLDER)[0])["MUG-1"]
    assert (mug.title, mug.collections, mug.category) == ("Oslo mug, 300 ml", (), ("Mugs",))
    assert mug.description == "Stoneware < porcelain"
    assert mug.attributes == {"Depth": Quantity(number=8.5, unit="cm")}
    assert mug.availability == "in_stock"  # its stock is not counted, so 0 pieces do not stop its sale


def test_what_is_not_in_the_shop_is_not_loaded_but_told() -> None:
    records, reading = load(OLDER)
    assert not {"WC-L", "WC-XL", "SC-0", "HAT-0"} & products(records).keys()
    (note,) = [note for note in reading.report().notes if "not in the shop" in note]
    assert note.endswith("left out: 1 archived, 1 draft, 1 unpublished")
    newer = load(NEWER)[1].report()
    assert any("left out: 1 unlisted" in note for note in newer.notes)


def test_an_sku_names_one_variant_only() -> None:
    records, reading = load(OLDER)
    found = products(records)
    assert (found["MUG-1"].title, found["gift-card:25"].title) == ("Oslo mug, 300 ml", "Gift card")
    assert found["gift-card:25"].attributes == {"Denominations": 25.0, "gift card": True}
    assert found["gift-card:25"].category == ("Gift Cards",)  # 'Uncategorized' is no category
    assert any("an SKU that another variant has, too: 1;" in note for note in reading.report().notes)
    assert reading.report().duplicates == 0


def test_twice_the_same_sku_in_one_handle_serves_neither(tmp_path: Path) -> None:
    rows = [
        {"Handle": "cup", "Title": "Cup", "Option1 Name": "Size", "Option1 Value": "S", "Variant SKU": "C"},
        {"Handle": "cup", "Option1 Value": "L", "Variant SKU": "C"},
    ]
    assert list(products(load(write(tmp_path / "c.csv", rows))[0])) == ["cup:S", "cup:L"]


def test_the_newer_header_says_the_same() -> None:
    records, reading = load(NEWER)
    found = products(records)
    assert list(found) == ["HC-NAT", "HC-BLK", "repair-kit"]
    assert found["HC-BLK"] == Product(
        id="HC-BLK",
        title="Hytte chair",
        description="Oak, oiled",
        brand="Skog",
        category=("Furniture", "Chairs"),
        labels=("Chair", "oak"),
        # the option of the variant, not the metafield with the colours of all
        attributes={"Color": "Black", "weight": Quantity(number=6400.0, unit="g")},
        price=Decimal("259.00"),
        image=CDN + "chair-black.jpg",
        availability="backorder",
        collections=("hytte-chair",),
    )
    assert (found["HC-NAT"].image, found["HC-NAT"].gtin) == (CDN + "chair.jpg", "2000000000022")
    assert found["repair-kit"].title == "Repair kit"  # without a handle, as a new product may be
    assert reading.report().ok


def test_rows_of_a_handle_that_come_again_are_reported(tmp_path: Path) -> None:
    rows = [
        {"Handle": "cup", "Title": "Cup", "Option1 Name": "Size", "Option1 Value": "S", "Variant SKU": "C-S"},
        {"Handle": "pot", "Title": "Pot", "Variant SKU": "P"},
        {"Handle": "cup", "Option1 Value": "L", "Variant SKU": "C-L"},
        {"Handle": "cup", "Image Src": "https://cdn.example.com/cup.jpg"},
        {"Handle": "pan", "Title": "Pan", "Variant SKU": "N"},
    ]
    records, reading = load(write(tmp_path / "c.csv", rows))
    assert list(products(records)) == ["C-S", "P", "N"]
    report = reading.report()
    assert [(r.line, r.rule.partition(",")[0]) for r in report.rejections] == [
        (4, "the rows of one handle must follow each other"),
        (5, "the rows of one handle must follow each other"),
    ]
    assert "cup,,,,L,C-L" in report.rejections[0].value


def test_a_whole_product_that_comes_again_replaces_the_first(tmp_path: Path) -> None:
    cup = {"Handle": "cup", "Title": "Cup", "Variant SKU": "C"}
    rows = [cup, {"Handle": "pot", "Title": "Pot", "Variant SKU": "P"}, cup | {"Title": "Better cup"}]
    records, reading = load(write(tmp_path / "c.csv", rows))
    assert [p.title for p in products(records).values()] == ["Better cup", "Pot"]
    assert [r.rule for r in reading.report().replaced] == ["replaced by line 4, which has the same id"]


@pytest.mark.parametrize(
    ("rows", "ids", "rules"),
    [
        ([{"Variant SKU": "X", "Variant Price": "1"}], [], ["a row must have a handle or a title"]),
        ([{"Title": "Tea, green (1)"}, {"Title": "Tea"}], ["tea-green-1", "tea"], []),
        (
            [
                {"Handle": "a", "Title": "A", "Variant SKU": "A", "Variant Price": "free"},
                {"Handle": "b", "Title": "B", "Variant SKU": "B", "Variant Price": "2"},
            ],
            ["B"],
            ["a price must be a number"],
        ),
        ([{"Handle": "a", "Title": "A"}, {"Image Src": "https://cdn.example.com/a.jpg"}], ["a"], []),
        ([{"Handle": "a", "Title": "A", "Image Src": "", "Variant Inventory Qty": "many"}], ["a"], []),
    ],
)
def test_damaged_rows(rows: list[dict[str, str]], ids: list[str], rules: list[str], tmp_path: Path) -> None:
    records, reading = load(write(tmp_path / "c.csv", rows), feed="shopify")
    assert list(products(records)) == ids
    assert [r.rule for r in reading.report().rejections] == rules


def test_a_row_with_too_few_cells_does_not_end_its_handle(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_text(
        "Handle,Title,Option1 Name,Option1 Value,Variant Price\ncup,Cup,Size,S,1\ncup,M\ncup,,,L,3\n"
    )
    records, reading = load(path)
    assert [(p.id, p.title) for p in products(records).values()] == [("cup:S", "Cup"), ("cup:L", "Cup")]
    assert [r.line for r in reading.report().rejections] == [3]


def test_one_handle_is_held_in_bounded_memory(tmp_path: Path) -> None:
    first = {"Handle": "cup", "Title": "Cup", "Option1 Name": "Number", "Option1 Value": "0"}
    rows = [first] + [{"Handle": "cup", "Option1 Value": str(n)} for n in range(1, MAX_ROWS + 2)]
    records, reading = load(write(tmp_path / "c.csv", rows))
    assert len(records) == MAX_ROWS
    assert reading.report().by_rule == ((("", f"a handle may have {MAX_ROWS:,} rows"), 2),)


def test_a_currency_comes_from_a_mapping() -> None:
    mapping = Mapping.from_text('[constants]\ncurrency = "NOK"\n[options]\nfeed = "shopify"\n')
    records = list(read(OLDER, kind=None, mapping=mapping))
    assert {p.currency for p in products(records).values()} == {"NOK"}


def test_a_patch_changes_what_the_file_has_columns_for(tmp_path: Path) -> None:
    row = {"Handle": "mug", "Title": "Mug", "Variant SKU": "M", "Variant Price": "3.50"}
    (patch,) = read(write(tmp_path / "c.csv", [row]), kind=None, patch=True)
    assert isinstance(patch, ProductPatch)
    assert patch.fields == {"title", "price", "collections"}
    assert patch.product.price == Decimal("3.50")
    care = {"Care (product.metafields.custom.care)": ""}
    (patch,) = read(write(tmp_path / "c.csv", [row | care]), kind=None, patch=True)
    assert isinstance(patch, ProductPatch)
    assert "attr.Care" in patch.fields


def test_gzipped_it_is_the_same(tmp_path: Path) -> None:
    packed = tmp_path / "products_export_1.csv.gz"
    with OLDER.open("rb") as plain, gzip.open(packed, "wb") as file:
        shutil.copyfileobj(plain, file)
    assert load(packed)[0] == load(OLDER)[0]


def test_a_table_without_handles_and_titles_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_text("sku,price\n1,2\n")
    with pytest.raises(DataError, match="neither a column 'Handle'"):
        load(path, feed="shopify")
