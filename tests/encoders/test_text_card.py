"""The product card: short, without repetition, the same every time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from encoders.card import product_card
from kg.records import Product, Quantity


def test_a_full_product_gives_name_brand_kind_sentence() -> None:
    product = Product(
        id="1",
        title="Halo 3 table lamp",
        brand="Nordlys",
        category=("Home", "Lighting", "Table lamps"),
        description="A soft light for late readers. Ships in two boxes. Made in Ghent.",
        attributes={"weight": Quantity(number=2.0, unit="kg"), "colour": "sage green"},
    )
    assert product_card(product) == "Nordlys Halo 3 table lamp. Table lamps. A soft light for late readers"


def test_traits_join_while_the_card_is_short_and_only_those_that_define_the_product() -> None:
    product = Product(
        id="1",
        title="Halo 3",
        attributes={"operating_temperature": "0 - 35", "colour": "sage green", "material": ("oak", "brass")},
    )
    assert product_card(product) == "Halo 3. sage green. oak. brass"
    assert product_card(product, attributes=1) == "Halo 3. sage green"


def test_nothing_is_said_twice() -> None:
    product = Product(
        id="1", title="HP LaserJet toner black", brand="hp", description="LaserJet Toner, black"
    )
    assert product_card(product) == "HP LaserJet toner black"


def test_labels_stand_in_for_a_category_path() -> None:
    assert (
        product_card(Product(id="1", brand="Avalon", labels=("Beauty", "Hair Care")))
        == "Avalon. Beauty. Hair Care"
    )


def test_chinese_descriptions_end_at_their_own_full_stop() -> None:
    product = Product(id="1", title="茶壶", description="手工制作的陶瓷茶壶，容量一升。适合送礼。")
    assert product_card(product) == "茶壶. 手工制作的陶瓷茶壶，容量一升。"


def test_a_product_that_says_nothing_has_an_empty_card() -> None:
    assert product_card(Product(id="1")) == ""


@given(title=st.text(max_size=2000), description=st.text(max_size=5000), brand=st.text(max_size=300))
def test_cards_are_short_and_deterministic(title: str, description: str, brand: str) -> None:
    product = Product(id="1", title=title, description=description, brand=brand)
    card = product_card(product)
    assert card == product_card(product)
    assert len(card) <= 300 + 200 + 100 + 10
