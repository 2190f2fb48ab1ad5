"""Google Merchant Center: every field of RSS, Atom, TSV and XML without namespaces."""

from __future__ import annotations

import gzip
from decimal import Decimal
from pathlib import Path

import pytest

from kg.reading import Mapping, read
from kg.records import Product, ProductPatch, Quantity
from tests.kg.reading.feeds.samples import FIXTURES, load, products

RSS = FIXTURES / "google_rss.xml"
SHOP = "https://fjordhus.example/"


def item(*elements: str, space: str = ' xmlns:g="http://base.google.com/ns/1.0"') -> str:
    body = "".join(elements)
    return f"<rss{space}><channel><title>x</title><item><g:id>1</g:id>{body}</item></channel></rss>"


def one(tmp_path: Path, text: str) -> Product:
    path = tmp_path / "feed.xml"
    path.write_text(text, encoding="utf-8")
    (product,) = read(path)
    assert isinstance(product, Product)
    return product


def test_every_field_of_an_item() -> None:
    records, reading = load(RSS)
    assert products(records)["FH-100-OAK"] == Product(
        id="FH-100-OAK",
        title="Halden pendant lamp & shade, oak",
        description="A pendant lamp of solid oak.\n• E27 socket\n• 5 < 6 kg",
        brand="Fjordhus",
        category=("Home", "Lighting", "Pendant lamps"),
        labels=("Living room", "Ceiling"),
        attributes={
            "color": ("Oak", "Black"),
            "material": ("oak", "steel"),
            "pattern": "plain",
            "size": "40",
            "size type": "regular",
            "gender": "unisex",
            "age group": "adult",
            "condition": "new",
            "mpn": "HAL-OAK",
            "google product category": "594",
            "highlight": ("Turned from one piece of oak", "Height can be set without tools"),
            "energy efficiency class": "E",
            "regular price": Quantity(number=129.0, unit="EUR"),
            "weight": Quantity(number=1.5, unit="kg"),
            "length": Quantity(number=40.0, unit="cm"),
            "width": Quantity(number=40.0, unit="cm"),
            "height": Quantity(number=22.5, unit="cm"),
            "shipping weight": Quantity(number=2.0, unit="kg"),
            "collection name": "Northern light",
            "Socket": "E27",
            "Max power": Quantity(number=60.0, unit="W"),
            "Sockets": 2.0,
        },
        price=Decimal("99.00"),
        currency="EUR",
        image=SHOP + "img/halden-oak.jpg",
        url=SHOP + "halden?colour=oak&ref=feed",
        gtin="2001234567893",
        availability="in_stock",
        collections=("FH-100",),
    )
    report = reading.report()
    assert report.ok
    assert report.notes == (
        "read as a Google Merchant Center feed (feed = 'google_merchant'; 'none' turns that off)",
        f"{RSS}: 1 products have the sale price that holds now",
        "1 products list several values of image: the first is kept",
    )


def test_variants_google_categories_and_measures() -> None:
    found = products(load(RSS)[0])
    ash, oil = found["FH-100-ASH"], found["FH-200"]
    assert ash.collections == ("FH-100",)
    assert (ash.price, "regular price" in ash.attributes) == (Decimal("129.00"), False)  # the sale is over
    assert ash.category == ("Home & Garden", "Lighting", "Lighting Fixtures")
    assert oil.category == ("Home & Garden", "Lamp Oil")  # without the number before it
    assert oil.attributes == {"content": Quantity(number=500.0, unit="ml"), "multipack": 6.0, "bundle": True}
    assert (oil.availability, oil.collections) == ("preorder", ())


def test_atom_with_another_prefix() -> None:
    records, reading = load(FIXTURES / "google_atom.xml")
    assert products(records)["FH-400"] == Product(
        id="FH-400",
        title="Sula wool blanket",
        description="Warm & soft.",
        category=("Home", "Textiles", "Blankets"),
        price=Decimal("89.90"),
        currency="EUR",
        image=SHOP + "img/sula.jpg",
        url=SHOP + "sula",  # not the link of the entry itself
        gtin="2001234567916",
        availability="in_stock",
    )
    assert products(records)["FH-401"].availability == "backorder"
    assert reading.report().ok


def test_xml_without_namespaces_in_the_encoding_it_declares() -> None:
    records, reading = load(FIXTURES / "google_plain.xml")
    assert products(records)["FH-500"] == Product(
        id="FH-500",
        title="Brenn candle holder, brass",
        description="Four holders for 22 mm candles.",
        brand="Brænn",
        category=("Home", "Candles"),
        attributes={"Candles": 4.0, "Height": Quantity(number=22.0, unit="mm")},
        price=Decimal("45.00"),
        currency="EUR",
        image=SHOP + "img/brenn.jpg",
        url=SHOP + "brenn",
        availability="in_stock",
    )
    assert any("read as iso8859-1, as its first line says" in note for note in reading.report().notes)


def test_tsv() -> None:
    records, reading = load(FIXTURES / "google.tsv")
    found = products(records)
    assert found["FH-600-M"] == Product(
        id="FH-600-M",
        title="Rona jumper & scarf",
        description="Knitted in Norway.",
        brand="Rona",
        category=("Clothing", "Jumpers, cardigans"),
        attributes={
            "color": ("Navy", "White"),
            "size": "M",
            "material": "wool",
            "condition": "new",
            "mpn": "RON-M",
            "google product category": "212",
            "highlight": ("Knitted by hand, in Narvik", "Warm"),
            "weight": Quantity(number=0.6, unit="kg"),
            "regular price": Quantity(number=99.0, unit="EUR"),
            "Washing": "by hand, cold",
            "Fit": "regular",
        },
        price=Decimal("79.00"),
        currency="EUR",
        image=SHOP + "img/rona.jpg",
        url=SHOP + "rona?size=m&copy=1",
        gtin="2001234567923",
        availability="in_stock",
        collections=("FH-600",),
    )
    assert (found["FH-600-L"].category, found["FH-600-L"].labels) == (("Clothing", "Jumpers"), ("Sale",))
    assert not any("not used" in note for note in reading.report().notes)


@pytest.mark.parametrize("name", ["google_rss.xml", "google_atom.xml", "google_plain.xml", "google.tsv"])
def test_gzipped_and_named_it_is_the_same(tmp_path: Path, name: str) -> None:
    packed = tmp_path / f"{name}.gz"
    packed.write_bytes(gzip.compress((FIXTURES / name).read_bytes()))
    assert load(packed)[0] == load(FIXTURES / name)[0]
    assert load(packed, feed="google_merchant")[0] == load(packed)[0]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "gbk"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "feed.xml"
    name = encoding.removesuffix("-sig")
    text = f'<?xml version="1.0" encoding="{name}"?>' + item("<g:title>北欧 台灯</g:title>")
    path.write_bytes(text.encode(encoding))
    (product,) = read(path)
    assert isinstance(product, Product)
    assert product.title == "北欧 台灯"


@pytest.mark.parametrize(
    ("price", "sale", "period", "expected"),
    [
        ("20 EUR", "15 EUR", None, ("15", 20.0)),
        ("20 EUR", "15 EUR", "2001-01-01T00:00Z/2999-01-01T00:00Z", ("15", 20.0)),
        ("20 EUR", "15 EUR", "2001-01-01/2001-02-01", ("20", None)),
        ("20 EUR", "15 EUR", "2998-01-01/2999-02-01", ("20", None)),
        ("20 EUR", "15 EUR", "soon", ("20", None)),
        ("20 EUR", "0 EUR", None, ("20", None)),
        ("20 EUR", "20 EUR", None, ("20", None)),
        ("20,50 EUR", "15,50 EUR", None, ("15.50", 20.5)),
        (None, "15 EUR", None, ("15", None)),
    ],
)
def test_the_price_is_what_is_paid_now(
    tmp_path: Path, price: str | None, sale: str, period: str | None, expected: tuple[str, float | None]
) -> None:
    given = {"price": price, "sale_price": sale, "sale_price_effective_date": period}
    text = item(*(f"<g:{name}>{value}</g:{name}>" for name, value in given.items() if value))
    product = one(tmp_path, text)
    amount, regular = expected
    assert (product.price, product.currency) == (Decimal(amount), "EUR")
    known = Quantity(number=regular, unit="EUR") if regular else None
    assert product.attributes.get("regular price") == known


def test_namespaces_count_by_their_address(tmp_path: Path) -> None:
    google = ' xmlns:g="http://example.com/other" xmlns:shop="http://base.google.com/ns/1.0/"'
    text = item(
        "<shop:id>2</shop:id><g:title>not Google's</g:title><shop:title>Google's</shop:title>", space=google
    )
    product = one(tmp_path, text)
    assert (product.id, product.title) == ("2", "Google's")
    default = '<rss xmlns="http://base.google.com/ns/1.0"><channel><item><id>3</id><title>t</title></item></channel></rss>'
    assert one(tmp_path, default).id == "3"
    assert one(tmp_path, item("<g:title>bound to nothing</g:title>", space="")).title == "bound to nothing"


def test_what_cannot_be_read_is_rejected_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "feed.xml"
    path.write_text(item("<g:price>dear</g:price>").replace("<item>", "\n\n<item>"))
    reading = read(path)
    assert list(reading) == []
    (rejection,) = reading.report().rejections
    assert (rejection.line, rejection.field, rejection.record_id) == (3, "price", "1")


def test_awkward_lists_of_values(tmp_path: Path) -> None:
    product = one(
        tmp_path,
        item(
            "<g:additional_image_link>\n a.jpg,\n b.jpg \n</g:additional_image_link>",
            f"<g:product_detail>{'x' * 200_000}</g:product_detail>",
            "<g:product_highlight>Good, better, best</g:product_highlight>",
            '<g:product_highlight>"Never", "again"</g:product_highlight>',
        ),
    )
    assert product.image == str(tmp_path / "a.jpg")
    assert product.attributes == {"highlight": ("Good, better, best", "Never", "again")}


def test_a_mapping_of_the_shops_own_has_the_last_word() -> None:
    mapping = Mapping.from_text(
        'kind = "products"\n[columns]\nid = "id"\ncustom_label_0 = "labels"\n"*" = "ignore"\n'
        '[options]\nfeed = "google_merchant"'
    )
    first = next(iter(read(RSS, mapping=mapping)))
    assert isinstance(first, Product)
    assert (first.id, first.labels) == ("FH-100-OAK", ("high margin",))


def test_a_patch_takes_the_regular_price_away_again(tmp_path: Path) -> None:
    path = tmp_path / "feed.xml"
    path.write_text(item("<g:price>20 EUR</g:price>"))
    (patch,) = read(path, feed="google_merchant", patch=True)
    assert isinstance(patch, ProductPatch)
    assert patch.fields == {"price", "currency", "attr.regular price"}


def test_other_tables_are_not_claimed(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_text("id,title,link,price\n1,Lamp,https://x.example,5\n")
    reading = read(path)
    assert len(list(reading)) == 1
    assert not any("Google" in note for note in reading.report().notes)
