"""What each check finds in a small catalog, and what it must leave alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from PIL import Image

from kg.doctor import Finding, Records, examine
from kg.records import AttributeValue, Fact, Interaction, Product, Quantity
from tests.tiny import FACTS, INTERACTIONS, PRODUCTS


def found(
    check: str,
    products: Iterable[Product],
    facts: Iterable[Fact] = (),
    interactions: Iterable[Interaction] = (),
    pictures: Path | None = None,
) -> dict[str, Finding]:
    """The findings of one check, by kind."""
    source = Records(tuple(products), tuple(facts), tuple(interactions))
    return {f.kind: f for f in examine(source, checks=[check], pictures=pictures).findings}


def ids(finding: Finding) -> set[str]:
    return set(finding.ids())


def subjects(finding: Finding) -> list[str]:
    return [item.subject for item in finding.items]


def product(name: str, **fields: object) -> Product:
    return replace(Product(id=name, title=f"Plain thing number {name}"), **fields)  # type: ignore[arg-type]


def having(counts: Mapping[str, int], name: str = "colour") -> list[Product]:
    """So many products with each value of one attribute."""
    return [
        product(f"{value}-{i}", attributes={name: value})
        for value, count in counts.items()
        for i in range(count)
    ]


# titles


def test_empty_and_placeholder_titles() -> None:
    products = [
        product("a", title=""),
        product("b", title=" n/a "),
        product("c", title="Lamp"),
        product("7", title="7"),
    ]
    assert ids(found("titles", products)["empty"]) == {"a", "b", "7"}


def test_a_catalog_without_titles_is_told_once_as_a_note() -> None:
    finding = found("titles", [Product(id=str(i)) for i in range(5)])["empty"]
    assert (finding.severity, finding.count) == ("note", 5)


@pytest.mark.parametrize(
    "title",
    [
        "BEST LAMP EVER BUY NOW",
        "BEAUTIFUL OAK DESK LAMP",
        "Oak desk lamp!!!",
        "★ Oak desk lamp ★",
        "LUMO OAK DESK LAMP",
    ],
)
def test_shouting(title: str) -> None:
    calm = [product(f"c{i}", title="Lumo oak desk lamp, beautiful") for i in range(3)]
    assert ids(found("titles", [*calm, product("loud", title=title, brand="Lumo")])["shouting"]) == {"loud"}


@pytest.mark.parametrize(
    "title",
    [
        "ASUS ROG LED",
        "USB HDMI LED",
        "IKEA lamp",
        "HP LASERJET Q3710A tray",
        "清禾 ABS塑料瑜伽垫",
        "Hey! A lamp",
    ],
)
def test_names_and_abbreviations_do_not_shout(title: str) -> None:
    others = [product(f"c{i}", title="ASUS USB HDMI LED ABS cable") for i in range(3)]
    assert "shouting" not in found("titles", [*others, product("x", title=title, brand="ASUS")])


# gaps


def test_products_without_brand_or_category() -> None:
    findings = found("gaps", PRODUCTS)
    assert ids(findings["no_brand"]) == {"mystery"}
    assert ids(findings["no_category"]) == {"mystery"}  # labels are categories too


# pictures


def test_pictures(tmp_path: Path) -> None:
    Image.new("RGB", (64, 64), "red").save(tmp_path / "good.jpg")
    whole = (tmp_path / "good.jpg").read_bytes()
    (tmp_path / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty.png").touch()
    (tmp_path / "page.png").write_text("<html></html>")
    (tmp_path / "folder").mkdir()
    names = [
        "good.jpg",
        "cut.jpg",
        "empty.png",
        "page.png",
        "folder",
        "gone.jpg",
        "https://shop.example/a.jpg",
    ]
    products = [product(name, image=name) for name in names] + [product("none")]
    findings = found("pictures", products, pictures=tmp_path)
    assert ids(findings["missing"]) == {"gone.jpg"}
    assert ids(findings["broken"]) == {"cut.jpg", "empty.png", "page.png", "folder"}
    assert ids(findings["none"]) == {"none"}
    notes = examine(Records(products), checks=["pictures"], pictures=tmp_path).notes
    assert notes == ("pictures at remote addresses, which are not fetched: 1",)


# prices


def priced(
    prices: Iterable[float], brand: str = "", category: tuple[str, ...] = ("Home", "Lamps")
) -> list[Product]:
    return [
        product(
            f"{brand}{i}-{'.'.join(category)}",
            price=Decimal(str(price)),
            brand=brand,
            category=category,
            currency="EUR",
        )
        for i, price in enumerate(prices)
    ]


def test_a_price_off_by_ten_is_found_and_a_dear_brand_is_not() -> None:
    usual = priced([20, 22, 25, 19, 21, 24, 23, 26, 18, 22], "Plain")
    dear = priced([160, 170, 150, 180, 165, 175], "Luxus")
    wrong = product("wrong", price=Decimal(230), brand="Plain", category=("Home", "Lamps"), currency="EUR")
    findings = found("prices", [*usual, *dear, wrong])
    assert ids(findings["outliers"]) == {"wrong"}
    assert "times" in findings["outliers"].examples[0].value


def test_small_categories_and_other_currencies_are_not_compared() -> None:
    assert found("prices", priced([10, 12, 11, 400])) == {}
    euros = priced([20, 22, 25, 19] * 3)
    yen = [replace(p, id=p.id + "y", currency="JPY", price=(p.price or Decimal(0)) * 160) for p in euros]
    assert found("prices", [*euros, *yen]) == {}


def test_a_price_of_nothing_is_an_error() -> None:
    finding = found("prices", [*priced([5, 6]), product("free", price=Decimal(0))])["zero"]
    assert (ids(finding), finding.severity) == ({"free"}, "error")


def test_without_categories_the_words_of_the_title_say_what_is_usual() -> None:
    cables = [Product(id=f"c{i}", title=f"USB cable {i} m", price=Decimal(8 + i % 5)) for i in range(40)]
    laptops = [
        Product(id=f"l{i}", title=f"Laptop {i} black", price=Decimal(700 + 20 * (i % 7))) for i in range(40)
    ]
    wrong = Product(id="wrong", title="USB cable 3 m", price=Decimal(900))
    assert ids(found("prices", [*cables, *laptops, wrong])["outliers"]) == {"wrong"}


# duplicates

LAMP = Product(
    id="lamp",
    title="Lumo Arc desk lamp, brass",
    brand="Lumo",
    category=("Home", "Lamps"),
    attributes={"colour": "brass", "power": 8.0, "dimmable": True},
    price=Decimal(40),
)


@pytest.mark.parametrize(
    "title",
    [
        "LUMO ARC DESK LAMP BRASS",
        "Lumo desk lamp Arc brass",
        "Lumo Arc desk lmap, brass",
        "NEW: Lumo Arc desk lamp - brass",
        "Lumo Arc desk lamp brass (copy)",
        "Lumo Arc desc lapm, brass",
    ],
)
def test_nearly_the_same_title(title: str) -> None:
    assert ids(found("duplicates", [LAMP, replace(LAMP, id="other", title=title)])["same_product"]) == {
        "lamp",
        "other",
    }


@pytest.mark.parametrize(
    "fields",
    [
        {
            "title": "Lumo Arc desk lamp, steel",
            "attributes": {"colour": "steel", "power": 8.0, "dimmable": True},
        },
        {"title": "Lumo Arc 2 desk lamp, brass"},
        {"brand": "Nori"},
        {"title": "Lumo Arc floor lamp, brass", "category": ("Home", "Floor lamps")},
        {"collections": ("arc",)},
    ],
)
def test_what_differs_is_another_product(fields: dict[str, object]) -> None:
    first = replace(LAMP, collections=("arc",)) if "collections" in fields else LAMP
    other = replace(LAMP, id="other", **fields)  # type: ignore[arg-type]
    assert "same_product" not in found("duplicates", [first, other])


def test_usb_2_is_not_usb_3_and_8_gb_is_not_16() -> None:
    titles = ["Stick USB 2.0 8 GB", "Stick USB 3.0 8 GB", "Stick USB 3.0 16 GB"]
    assert found("duplicates", [Product(id=t, title=t, brand="B") for t in titles]) == {}


def test_the_same_gtin_in_two_forms_and_fillers_that_are_none() -> None:
    gtins = {
        "a": "2398235000017",
        "b": "02398235000017",
        "c": "0000000000000",
        "d": "0000000000000",
        "e": "n/a",
        "f": "n/a",
    }
    products = [product(name, title=f"Thing {name * 3}", gtin=gtin) for name, gtin in gtins.items()]
    finding = found("duplicates", products)["same_gtin"]
    assert [item.ids for item in finding.items] == [("a", "b")]
    assert finding.severity == "error"


def test_one_title_for_several_things_is_only_a_note() -> None:
    brass, steel = LAMP, replace(LAMP, id="steel", attributes={**LAMP.attributes, "colour": "steel"})
    findings = found("duplicates", [brass, steel])
    assert {kind: f.severity for kind, f in findings.items()} == {"same_title": "note"}


# attribute names


@pytest.mark.parametrize(
    "other",
    ["color", "Colour", "colours", "Farbe", "couleur", "颜色", "coulor", "product-colour", "clr", "kleur"],
)
def test_names_of_colour(other: str) -> None:
    products = having({"black": 8, "white": 6, "red": 5, "navy": 4})
    renamed = [
        product(f"r{i}", attributes={other: value}) for i, value in enumerate(("black", "white", "red"))
    ]
    assert subjects(found("attribute-names", [*products, *renamed])["variants"]) == [other]


@pytest.mark.parametrize(
    ("one", "other", "value", "another"),
    [
        ("usb 2.0 ports", "usb 3.0 ports", 2.0, 4.0),  # a digit
        ("usb port", "usb ports", True, 4.0),  # a yes or no is no count
        ("width", "height", 10.0, 12.0),
        ("bandwidth", "band width", 250.0, 12.0),
        ("input", "output", "jack", "rca"),
        ("size", "sizes", "120 x 180 cm", "39"),  # nothing in common
    ],
)
def test_names_that_are_two(one: str, other: str, value: AttributeValue, another: AttributeValue) -> None:
    names = {one: value, other: another}
    products = [product(f"{name}{i}", attributes={name: v}) for name, v in names.items() for i in range(9)]
    assert found("attribute-names", products) == {}


def test_names_on_the_same_products_with_other_values_are_two_attributes() -> None:
    both = [product(f"b{i}", attributes={"colour": "black", "colours": "white"}) for i in range(6)]
    assert found("attribute-names", both) == {}


# attribute values


@pytest.mark.parametrize("other", ["Blk", "BLACK", "schwarz", "noir", "黑色", "blakc", "Black."])
def test_values_of_black(other: str) -> None:
    products = having({"black": 30, "white": 20, other: 1})
    assert subjects(found("attribute-values", products)["variants"]) == [f"colour={other}"]


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [
        ("size", "L", "XL"),
        ("interface", "USB 2.0", "USB 3.0"),
        ("memory", "8 GB", "16 GB"),
        ("colour", "charcoal", "grey"),
        ("rate", "10 Mb", "10 MB"),
        ("grade", "A", "A+"),
        ("medium", "DVD-R", "DVD+R"),
        ("range", "-20 - 60", "20 - 60"),
        ("gender", "male", "female"),
        ("link", "wired", "wireless"),
    ],
)
def test_values_that_are_two(name: str, one: str, other: str) -> None:
    assert found("attribute-values", having({one: 30, other: 2}, name)) == {}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("15 cm", "15cm"),
        ("2 inch", '2"'),
        ("5 litres", "5 l"),
        ("Black,Silver", "Silver, black"),
        ("non-stick", "Nonstick"),
    ],
)
def test_spellings_of_one_value(one: str, other: str) -> None:
    assert subjects(found("attribute-values", having({one: 9, other: 2}, "what"))["variants"]) == [
        f"what={other}"
    ]


def test_units_and_numbers_typed_as_text() -> None:
    values: list[AttributeValue] = [Quantity(number=i, unit="cm") for i in range(1, 12)]
    values += [Quantity(number=5, unit="centimetres"), "41 cm"]
    products = [product(f"p{i}", attributes={"height": value}) for i, value in enumerate(values)]
    assert set(subjects(found("attribute-values", products)["variants"])) == {
        "height=unit centimetres",
        "height=41 cm",
    }


def test_values_under_two_names_of_one_attribute_are_compared() -> None:
    products = [*having({"black": 9}), product("x", attributes={"Farbe": "Schwarz"})]
    assert subjects(found("attribute-values", products)["variants"]) == ["colour=Schwarz"]


# categories, relations


def test_orphans_and_single_products() -> None:
    facts = [
        Fact(
            head="Home > Attic",
            relation="subcategory_of",
            tail="Home",
            head_kind="category",
            tail_kind="category",
        ),
        Fact(
            head="Home > Tables",
            relation="goes_with",
            tail="Nowhere",
            head_kind="category",
            tail_kind="category",
        ),
    ]
    findings = found("categories", PRODUCTS, facts)
    assert subjects(findings["orphan"]) == ["Home > Attic", "Nowhere"]
    assert set(subjects(findings["one_product"])) == {
        "Home > Lighting > Floor lamps",
        "Home > Tables > Side tables",
        "Sale",
    }


def test_a_category_misspelt_says_what_was_meant() -> None:
    lamps = [product(f"l{i}", category=("Home", "Table lamps")) for i in range(3)]
    finding = found("categories", [*lamps, product("x", category=("Home", "Tabel lamps"))])["one_product"]
    assert "meant as 'Table lamps'?" in finding.examples[0].value


def test_a_category_in_other_capitals_says_what_was_meant() -> None:
    lamps = [product(f"l{i}", category=("Home", "Lamps")) for i in range(3)]
    finding = found("categories", [*lamps, product("x", category=("home", "lamps"))])["one_product"]
    assert "meant as 'Home > Lamps'?" in finding.examples[0].value


def test_dangling_facts_and_interactions_are_counted() -> None:
    findings = found("dangling", PRODUCTS, FACTS, INTERACTIONS)
    assert [item.ids for item in findings["facts"].items] == [("dimmer",)]
    assert [item.ids for item in findings["interactions"].items] == [("rug",)]
    assert f"1 of {len(FACTS)}" in findings["facts"].title
    assert f"1 of {len(INTERACTIONS)}" in findings["interactions"].title


# languages

GERMAN = "Der Tisch ist aus Eiche und passt in jedes Zimmer. Die Platte wird von Hand geölt."
ENGLISH = "The table is made of oak and fits in every room. The top is oiled by hand."


def test_a_text_in_another_language_than_declared() -> None:
    products = [
        product("right", description=GERMAN, language="de"),
        product("wrong", description=GERMAN, language="en"),
        product("title", title="橡木餐桌 现代简约", description=ENGLISH, language="en-GB"),
        product("fine", description=ENGLISH, language="English"),
    ]
    assert ids(found("languages", products)["not_as_declared"]) == {"wrong", "title"}


def test_a_text_in_another_language_than_most() -> None:
    products = [product(f"e{i}", description=ENGLISH) for i in range(5)] + [
        product("odd", description=GERMAN)
    ]
    assert ids(found("languages", products)["not_as_usual"]) == {"odd"}
