"""Products come back from the columns of a graph as they went in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.graph import Graph
from kg.product_table import ProductTable
from kg.records import AttributeValue, Product, Quantity
from kg.snapshot import assemble
from kg.texts import Texts
from tests import strategies
from tests.tiny import PRODUCTS

# what readers let in: names of categories and collections are not empty and hold no control characters
names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8)


def sound(product: Product, category: list[str], labels: list[str], collections: list[str]) -> Product:
    plain = {field.name: getattr(product, field.name) for field in fields(Product)}
    plain.update(category=tuple(category), labels=tuple(labels), collections=tuple(collections))
    return Product(**plain)


some_names = st.lists(names, max_size=3)
sound_products = st.builds(sound, strategies.products(), some_names, some_names, some_names)


def values(product: Product) -> Mapping[str, list[tuple[str, AttributeValue]]]:
    """Every attribute as its values with their types: True is not 1.0."""
    found = {name: [(type(v).__name__, v) for v in product.values(name)] for name in product.attributes}
    return {name: some for name, some in found.items() if some}


@given(products=st.lists(sound_products, max_size=4, unique_by=lambda p: p.id))
def test_any_product_comes_back(products: list[Product]) -> None:
    graph = assemble(products, [], [])
    back = Graph.from_arrays(graph.arrays()).products
    assert len(back) == len(products)
    for row, before in enumerate(sorted(products, key=lambda p: p.id)):
        after = back.product(row)
        for field in fields(Product):
            if field.name not in ("attributes", "price"):
                assert getattr(after, field.name) == getattr(before, field.name), field.name
        assert values(after) == values(before)
        assert (after.price is None) == (before.price is None)
        if before.price is not None and after.price is not None:
            assert float(after.price) == float(before.price)
            if len(before.price.as_tuple().digits) <= 15:  # what a float64 can hold
                assert after.price == before.price


def test_the_tiny_shop_comes_back_whole() -> None:
    table = assemble(PRODUCTS, [], []).products
    assert [table.product(row) for row in range(len(table))] == sorted(PRODUCTS, key=lambda p: p.id)


@pytest.mark.parametrize(
    ("price", "shown"),
    [
        ("19.9", "19.90"),
        ("1299.9", "1299.90"),
        ("10", "10.00"),
        ("0", "0.00"),
        ("0.001", "0.001"),
        ("0.1234567", "0.1234567"),
        ("0.00001", "0.00001"),
        ("12345678.99", "12345678.99"),
        ("1e20", "100000000000000000000.00"),
        ("123456789012345e15", "123456789012345000000000000000.00"),
    ],
)
def test_prices_are_written_as_prices_are(price: str, shown: str) -> None:
    table = ProductTable.of(Texts.of(["p"]), [Product(id="p", price=Decimal(price))])
    with localcontext() as context:
        context.prec = 3  # the caller's own arithmetic is no business of ours
        found = table.product(0).price
    assert str(found) == shown
    assert found == Decimal(price)


def test_a_row_without_a_record_is_not_listed() -> None:
    table = ProductTable.of(Texts.of(["a", "b"]), [None, Product(id="b", title="B")])
    assert table.listed.tolist() == [False, True]
    assert table.product(0) == Product(id="a")


@pytest.mark.parametrize(
    "names", [(), ("",), ("", ""), ("a", ""), ("\x1f",), ("\x1e", "e"), ("a\x1eu", "\x1e\x1f")]
)
def test_strange_names_come_back_too(names: tuple[str, ...]) -> None:
    product = Product(id="p", category=names, labels=names, collections=names)
    assert ProductTable.of(Texts.of(["p"]), [product]).product(0) == product


def test_values_keep_their_type_and_order() -> None:
    mixed = ("b", 1.0, True, Quantity(number=1.0, unit="kg"), "a", False)
    product = Product(id="p", attributes={"z": mixed, "a": 2.5})
    after = ProductTable.of(Texts.of(["p"]), [product]).product(0)
    assert [(type(v), v) for v in after.values("z")] == [(type(v), v) for v in mixed]
    assert after.values("a") == (2.5,)
    assert after.values("none") == ()
