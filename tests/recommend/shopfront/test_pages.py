"""Pages: orders, facets and filters on top of a ranking."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.errors import SettingsError
from kg.records import Product
from kg.snapshot import assemble
from tests.recommend.shopfront.shelves import SIX, front, page, ranking, rounded


def test_a_plain_search_passes_through() -> None:
    found = page(SIX, k=3)
    assert found.products.tolist() == [0, 1, 2]
    assert found.scores.tolist() == rounded([0.9, 0.8, 0.7])
    assert (found.signals, found.pinned, found.facets, found.total) == ({}, {}, (), None)


# orders


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("relevance", [0, 1, 2, 3]),
        ("price", [3, 2, 1, 0]),  # and not p4, which is cheaper and not relevant
        ("price_desc", [0, 1, 2, 3]),
        ("popularity", [3, 2, 1, 0]),
        ("title", [3, 2, 1, 0]),
    ],
)
def test_orders_of_the_relevant(order: str, expected: list[int]) -> None:
    found = page(SIX, sort=order, facets=True)
    assert found.products.tolist() == expected
    assert found.total == 4
    assert found.scores.tolist() == rounded([SIX[p] for p in expected])  # scores stay what they are


def test_products_without_a_price_come_last_in_both_directions() -> None:
    assert page([1.0] * 4, sort="price").products.tolist() == [2, 1, 0, 3]
    assert page([1.0] * 4, sort="price_desc").products.tolist() == [0, 1, 2, 3]


def dated(*values: object, name: str = "release date", rules: str = "") -> list[int]:
    graph = assemble(
        [Product(id=f"{i}", attributes={} if v is None else {name: v}) for i, v in enumerate(values)],  # type: ignore[dict-item]
        [],
        [],
    )
    found = front(graph, rules).page(ranking([1.0] * len(values)), k=10, sort="newest")
    return [int(product) for product in found.products]


def test_newest_first_where_dates_are_known() -> None:
    assert dated("2024-05-01", "2026-01-31", None, "2025", "2024-05", "soon") == [1, 3, 0, 4, 2, 5]
    assert dated(2019.0, 2021.0, 3.0, name="Year") == [1, 0, 2]
    assert dated("2024", "2026", name="im Sortiment", rules='[sort]\nnewest = "im sortiment"') == [1, 0]


def test_newest_without_dates_says_what_to_do() -> None:
    with pytest.raises(SettingsError, match=r"load dates.*'date added'.*\[sort\] newest"):
        dated("soon", None)
    with pytest.raises(SettingsError, match="no product has the attribute 'launch'"):
        dated("2024", rules='[sort]\nnewest = "launch"')


# facets and filters


def test_facets_count_the_result_and_not_the_page() -> None:
    found = page(SIX, k=1, facets=["brand"])
    assert [(v.label, v.count) for v in found.facets[0].values] == [("A", 2), ("B", 2)]
    assert found.total == 4
    narrowed = page(SIX, k=1, facets=["brand"], where=["brand=B"])
    assert narrowed.total == 2
    assert narrowed.products.tolist() == [1]
    assert [(v.count, v.selected) for v in narrowed.facets[0].values] == [(2, False), (2, True)]


@given(scores=st.lists(st.floats(0, 1, width=32), min_size=1, max_size=30), seed=st.integers(0, 9))
def test_choosing_a_value_lists_as_many_products_as_it_says(scores: list[float], seed: int) -> None:
    first = page(scores, facets=["brand", "price"], k=100)
    assert first.total == len(first.products)
    for facet in first.facets:
        for value in facet.values:
            chosen = page(scores, facets=["brand"], k=100, where=[str(one) for one in value.where])
            assert len(chosen.products) == value.count == chosen.total
