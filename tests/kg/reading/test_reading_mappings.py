"""Mapping files: what they can say, and how they fail."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from kg.errors import DataError, MappingError
from kg.reading import Mapping, read
from kg.records import Fact, Interaction, Product, Quantity
from kg.resources import data_folder

FULL = """
kind = "products"
[columns]
artnr = "id"
"Farbe" = "attr.colour"
"weight_g" = { attribute = "weight", type = "number", unit = "g" }
"attr_t_*" = "attribute:text"
"attr_n_*" = "attribute:number"
"attr_b_*" = "attribute:boolean"
attr_n_secret = "ignore"
"img_*" = "ignore"
preis = "price"
gruppe = "category"
tags = "labels"
[constants]
currency = "eur"
[options]
category_separator = "/"
list_separator = ";"
price_scale = 0.01
decimal = ","
"""


def test_a_mapping_says_the_rest() -> None:
    row = {
        "ARTNR": 12,
        "title": "Lampe",
        "Farbe": "schwarz",
        "weight_g": "1.200,5",
        "attr_t_size": 7.0,
        "attr_n_screen__size_": "5,5",
        "attr_b_dimmable": "yes",
        "attr_n_secret": 1,
        "img_low": "x.jpg",
        "preis": "129.900",
        "gruppe": "Haus / Licht",
        "tags": "neu; beliebt",
        "rest": "",
    }
    reading = read([row], mapping=Mapping.from_text(FULL))
    assert list(reading) == [
        Product(
            id="12",
            title="Lampe",
            price=Decimal("1299.00"),
            currency="EUR",
            category=("Haus", "Licht"),
            labels=("neu", "beliebt"),
            attributes={
                "colour": "schwarz",
                "weight": Quantity(number=1200.5, unit="g"),
                "size": "7",
                "screen size": 5.5,
                "dimmable": True,
            },
        )
    ]
    assert reading.report().notes == ("columns not used: rest; name them in a mapping",)


def test_patterns_and_names_have_an_order() -> None:
    text = '[columns]\n"a_*" = "ignore"\n"a_b_*" = "attribute"\na_b_c = "brand"\n"*" = "attribute"'
    row = {
        "id": "1",
        "a_x": "no",
        "a_b_y": "yes",
        "a_b_c": "Nordlicht",
        "title": "Lamp",
        "other_thing": "kept",
    }
    assert list(read([row], mapping=Mapping.from_text(text))) == [
        Product(id="1", brand="Nordlicht", title="Lamp", attributes={"y": "yes", "other thing": "kept"})
    ]


def test_attributes_with_one_name_get_all_values() -> None:
    text = '[columns]\n"t_*" = "attribute:text"\n"n_*" = "attribute:number"'
    (product,) = read([{"id": "1", "t_size": "L", "n_size": 5}], mapping=Mapping.from_text(text))
    assert isinstance(product, Product)
    assert product.values("size") == ("L", 5.0)


def test_values_that_do_not_fit_their_type_are_rejected() -> None:
    text = '[columns]\n"n_*" = "attribute:number"\n"b_*" = "attribute:boolean"'
    reading = read([{"id": "1", "n_a": "x", "b_c": "maybe"}], mapping=Mapping.from_text(text))
    assert list(reading) == []
    assert [(r.field, r.rule) for r in reading.report().rejections] == [
        ("attr.a", "must be a number"),
        ("attr.c", "must be true or false (yes/no, 1/0)"),
    ]


def test_interactions_and_facts() -> None:
    log = Mapping.from_text('kind = "interactions"\n[constants]\nkind = "view"\n[options]\nposition = "rows"')
    rows = [{"user_id": "u", "asin": "p"}, {"user_id": "u", "asin": "q"}]
    assert list(read(rows, kind=None, mapping=log)) == [
        Interaction(user="u", product="p", kind="view", position=1),
        Interaction(user="u", product="q", kind="view", position=2),
    ]
    ranked = [{"user": "u", "product": "p", "step": 2, "rank": "3"}, {"user": "u", "product": "q", "排名": 1}]
    assert list(read([*ranked, {"user": "u", "product": "r", "rank": " "}], kind="interactions")) == [
        Interaction(user="u", product="p", position=2, rank=3),
        Interaction(user="u", product="q", rank=1),
        Interaction(user="u", product="r"),
    ]
    fits = Mapping.from_text(
        'kind = "facts"\n[columns]\na = "head"\nb = "tail"\n[constants]\nrelation = "fits"'
    )
    assert list(read([{"a": 1, "b": 2}], kind=None, mapping=fits)) == [
        Fact(head="1", relation="fits", tail="2")
    ]


def test_ratings_without_a_mapping() -> None:
    (met,) = read([{"user": "u", "item": "p", "rating": 4, "timestamp": 1704153600}], kind="interactions")
    assert met == Interaction(user="u", product="p", kind="rating", value=4.0, time=1704153600.0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[columns\n", "is not TOML"),
        ('kind = "product"', "kind = 'product' is wrong"),
        ("[option]\n", "'option' is unknown; did you mean 'options'"),
        ("[options]\nprice_scal = 2", "did you mean 'price_scale'"),
        ("[options]\nprice_scale = 0", "options.price_scale"),
        ('[options]\ndecimal = "x"', "options.decimal"),
        ('[columns]\na = "titel"', "did you mean 'title'"),
        ('[columns]\na = "user"', "products have no field 'user'"),
        ('[columns]\na = "id"\nb = "id"', "the column 'a' holds 'id' already"),
        ('[columns]\na = "attribute:colour"', "'colour' is no type"),
        ('[columns]\na = "title:text"', "only an attribute has a type"),
        ('[columns]\n"a_*" = "title"', "a pattern may hold"),
        ('[columns]\n"*_*" = "attribute"', "a pattern has one *"),
        ('[columns]\na = "attr."', "must have a name"),
        ("[columns]\na = 3", "must be the name of a field"),
        ('[columns]\na = { attribute = "x", unit = "g" }', "only a number has a unit"),
        ('[columns]\na = { name = "x" }', "write { attribute ="),
        ('[columns]\nA = "id"\na = "title"', "the same column"),
        ('[constants]\nid = "1"', "the same id"),
        ('[constants]\ncurrency = "EURO"', "a currency must have three letters"),
        ('[columns]\na = "brand"\n[constants]\nbrand = "x"', "from constants; drop one"),
        ('[constants]\ncolour = "x"', "constants.colour"),
    ],
)
def test_a_mapping_that_makes_no_sense(text: str, words: str) -> None:
    with pytest.raises(MappingError) as caught:
        Mapping.from_text(text, "shop.toml")
    assert str(caught.value).startswith("shop.toml")
    assert words in str(caught.value)


def test_a_mapping_that_does_not_fit(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("id,title\n1,Lamp\n")
    with pytest.raises(MappingError, match=r"does not have the column 'sku' that is to hold 'id'"):
        list(read(tmp_path / "c.csv", mapping=Mapping.from_text('[columns]\nsku = "id"')))
    with pytest.raises(MappingError, match="is for facts, but products are to be loaded"):
        read(tmp_path / "c.csv", mapping=Mapping.from_text('kind = "facts"'))
    with pytest.raises(MappingError, match="not for records"):
        read([Product(id="1")], mapping=Mapping.from_text(""))
    absent = read(tmp_path / "c.csv", mapping=Mapping.from_text('[columns]\nmarke = "brand"'))
    assert len(list(absent)) == 1
    assert absent.report().notes == ("columns of the mapping that did not occur: marke",)


def test_mapping_files(tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_bytes(b'\xef\xbb\xbfkind = "facts"')
    assert Mapping.from_toml(tmp_path / "m.toml").kind == "facts"
    (tmp_path / "m.toml").write_bytes(b'kind = "\xe9"')
    with pytest.raises(MappingError, match="not UTF-8"):
        Mapping.from_toml(tmp_path / "m.toml")
    with pytest.raises(MappingError, match="cannot be read"):
        Mapping.from_toml(tmp_path / "absent.toml")
    with pytest.raises(MappingError, match=r"no mapping '\.\./x'.*icecat"):
        Mapping.builtin("../x")


def test_every_mapping_that_comes_along_is_sound() -> None:
    names = {path.stem for path in (data_folder() / "mappings").glob("*.toml")}
    beauty = {"products", "also_viewed", "bought_together", "also_bought", "purchases"}
    assert names >= {"icecat"} | {f"beauty_{name}" for name in beauty}
    assert all(Mapping.builtin(name).kind for name in names)


def test_the_layout_in_the_docstring_is_valid() -> None:
    from kg.reading import mapping

    assert mapping.__doc__
    lines = [line for line in mapping.__doc__.splitlines() if line.startswith("    ")]
    text = "\n".join(lines)
    assert Mapping.from_text(text).options.delimiter == ";"


def test_no_data_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("kg.resources._HERE", tmp_path / "kg")
    with pytest.raises(DataError, match="install the package again"):
        data_folder()
    (tmp_path / "kg" / "_data" / "mappings").mkdir(parents=True)
    assert data_folder() == tmp_path / "kg" / "_data"
