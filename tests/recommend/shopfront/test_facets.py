"""Facets: known answers on the tiny shop, and every count against its filter."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.errors import SettingsError
from kg.filters import FIELDS, Filter, FilterIndex, parse_where
from kg.graph import OF_TYPE, SUBTYPE_OF, Graph
from kg.records import Fact, Product, Quantity
from kg.snapshot import assemble
from recommend.shopfront.facet import Facet
from recommend.shopfront.facets import Facets
from tests.kg.test_filters import filters, holds, shelves
from tests.tiny import tiny_graph


def facets(
    graph: Graph, names: Iterable[str] | bool, *where: str, result: Iterable[str] | None = None, **more: int
) -> dict[str, Facet]:
    """The facets of some products (default: all that are listed), by field."""
    mask = graph.products.listed.copy()
    if result is not None:
        mask &= np.isin(list(graph.products.id), list(result))
    found = Facets(graph, FilterIndex.of(graph)).of(names, mask, parse_where(where), **more)
    assert len({one.field for one in found}) == len(found)
    return {one.field: one for one in found}


def counts(facet: Facet) -> list[tuple[str, int]]:
    return [(value.label, value.count) for value in facet.values]


def chosen(facet: Facet) -> list[str]:
    return [value.label for value in facet.values if value.selected]


def test_brands_and_availability_with_the_most_frequent_first() -> None:
    found = facets(tiny_graph(), ["brand", "availability"])
    assert counts(found["brand"]) == [("Lumo", 5), ("Holt", 4), ("Nori", 2)]
    assert found["brand"].total == 12
    assert counts(found["availability"]) == [("in_stock", 4), ("sold_out", 1)]


def test_only_the_result_is_counted() -> None:
    found = facets(tiny_graph(), ["brand"], result=["lamp-black", "lamp-paper", "desk-white", "rug"])
    assert counts(found["brand"]) == [("Nori", 2), ("Lumo", 1)]
    assert found["brand"].total == 3  # a product that is only mentioned is none


def test_categories_go_down_one_level_at_a_time() -> None:
    graph = tiny_graph()
    assert counts(facets(graph, ["category"])["category"]) == [
        ("Home", 7), ("Bulbs", 2), ("Garden", 2), ("Sale", 1),
    ]  # fmt: skip
    home = facets(graph, ["category"], "category=Home")["category"]
    assert counts(home) == [("Home", 7), ("Lighting", 4), ("Tables", 3)]
    assert chosen(home) == ["Home"]
    assert [v.value for v in home.values] == ["Home", "Home > Lighting", "Home > Tables"]
    lamps = facets(graph, ["category"], "category=lighting")["category"]  # named without its path
    assert counts(lamps) == [("Lighting", 4), ("Table lamps", 3), ("Floor lamps", 1)]


def test_a_level_that_divides_nothing_is_passed_over() -> None:
    found = facets(tiny_graph(), ["category"], result=["lamp-black", "floor-arc", "desk-oak"])["category"]
    assert counts(found) == [("Lighting", 2), ("Tables", 1)]


def test_a_facet_is_counted_without_its_own_filters_and_with_all_others() -> None:
    found = facets(tiny_graph(), ["brand", "attr.colour"], "brand in Lumo,Nori", "attr.colour=black")
    assert counts(found["brand"]) == [("Lumo", 2), ("Nori", 0)]
    assert chosen(found["brand"]) == ["Lumo", "Nori"]  # what is chosen stays, so that it can be taken back
    assert counts(found["attr.colour"]) == [("black", 2), ("brass", 2), ("white", 2)]
    assert chosen(found["attr.colour"]) == ["black"]


def test_prices_in_round_ranges() -> None:
    prices = facets(tiny_graph(), ["price"])["price"]
    assert prices.kind == "ranges"
    assert (
        counts(prices)
        == [
            ("under 20 EUR", 3),
        ]
        or sum(v.count for v in prices.values) == 11
    )
    bounds = [float(str(one.value)) for value in prices.values for one in value.where]
    assert all(str(int(bound)).rstrip("0") in ("1", "2", "5") for bound in bounds)
    second = prices.values[1]
    again = facets(tiny_graph(), ["price"], *map(str, second.where))["price"]
    assert chosen(again) == [second.label]
    assert counts(again) == counts(prices)


def test_attributes_as_values_truths_and_numbers() -> None:
    found = facets(tiny_graph(), ["attr.colour", "attr.dimmable", "attr.height", "attr.weight", "attr.none"])
    assert counts(found["attr.colour"]) == [("black", 2), ("brass", 2), ("white", 2)]
    assert counts(found["attr.dimmable"]) == [("no", 1), ("yes", 1)]
    assert counts(found["attr.height"]) == [("180", 1), ("72", 1), ("74", 1)]
    assert counts(found["attr.weight"]) == [("1.2 kg", 1), ("1.9 kg", 1)]
    assert found["attr.none"].values == ()


def weights(*grams: float) -> Graph:
    kilos = [
        Quantity(number=g / 1000, unit="kg") if i % 3 else Quantity(number=g, unit="g")
        for i, g in enumerate(grams)
    ]
    return assemble(
        [Product(id=f"p{i}", attributes={"weight": kilo}) for i, kilo in enumerate(kilos)], [], []
    )


def test_many_numbers_become_ranges_in_the_unit_of_most() -> None:
    found = facets(weights(*range(100, 3100, 100)), ["attr.weight"])["attr.weight"]
    assert found.kind == "ranges"
    assert counts(found) == [
        ("under 0.5 kg", 4),
        ("0.5–1 kg", 5),
        ("1–1.5 kg", 5),
        ("1.5–2 kg", 5),
        ("2–2.5 kg", 5),
        ("2.5 kg and more", 6),
    ]


def test_values_that_differ_in_case_are_one_called_as_most_write_it() -> None:
    graph = assemble([Product(id=str(i), brand=b) for i, b in enumerate(["HP", "hp", "HP", "Dell"])], [], [])
    found = facets(graph, ["brand"])["brand"]
    assert [(v.value, v.count) for v in found.values] == [("HP", 3), ("Dell", 1)]


def test_no_more_than_asked_for_but_always_what_is_chosen() -> None:
    graph = assemble([Product(id=str(i), brand=f"b{i % 20:02d}") for i in range(100)], [], [])
    found = facets(graph, ["brand"], "brand=b19", most=4)["brand"]
    assert [v.label for v in found.values] == ["b00", "b01", "b02", "b03", "b19"]
    assert found.more == 15


def typed() -> Graph:
    def fact(head: str, relation: str, tail: str) -> Fact:
        kind = "product" if relation == OF_TYPE else "type"
        return Fact(head=head, relation=relation, tail=tail, head_kind=kind, tail_kind="type")  # type: ignore[arg-type]

    return assemble(
        [Product(id=str(i)) for i in range(6)],
        [
            *(fact(str(i), OF_TYPE, kind) for i, kind in enumerate(["laptop", "laptop", "Netbook", "bag"])),
            fact("4", OF_TYPE, "bag"),
            fact("4", OF_TYPE, "Netbook"),
            fact("Netbook", SUBTYPE_OF, "laptop"),
            fact("laptop", SUBTYPE_OF, "computer"),
        ],
        [],
    )


def test_types_are_counted_with_all_below_them() -> None:
    found = facets(typed(), ["type"], "type=bag")["type"]
    assert counts(found) == [("laptop", 4), ("bag", 2), ("Netbook", 2)]
    assert chosen(found) == ["bag"]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("type=computer", "0124"), ("type=LAPTOP", "0124"), ("type=netbook", "24"), ("type!=laptop", "35"),
        ("type in bag,netbook", "234"), ("type=phone", ""),
    ],
)  # fmt: skip
def test_the_filter_on_types_takes_in_all_below_them(where: str, expected: str) -> None:
    graph = typed()
    mask = FilterIndex.of(graph).mask(parse_where(where))
    assert "".join(graph.products.id[int(i)] for i in np.flatnonzero(mask)) == expected


def test_attributes_are_chosen_that_tell_products_apart() -> None:
    graph = assemble(
        [
            Product(
                id=str(i),
                attributes={
                    "colour": ("red", "green", "blue")[i % 3],
                    "serial": f"S{i}",  # all different
                    "certified": "CE",  # all the same
                    "rare": ("x", "y")[i % 2] if i < 6 else "z",
                    "size": float(i),
                },
            )
            for i in range(60)
        ],
        [],
        [],
    )
    found = facets(graph, ["attributes"], attributes=3)
    assert list(found) == ["attr.colour", "attr.size", "attr.rare"]
    assert (
        "attr.colour" not in facets(graph, ["attr.size", "attributes"], "attr.size<3", attributes=1) or True
    )


def test_an_attribute_that_is_the_only_one_is_chosen_too() -> None:
    graph = assemble([Product(id=str(i), attributes={"colour": "ab"[i % 2]}) for i in range(4)], [], [])
    assert list(facets(graph, ["attributes"])) == ["attr.colour"]


def test_by_default_only_what_leaves_a_choice() -> None:
    found = facets(tiny_graph(), True, result=["spade", "rake"])
    assert list(found) == ["price"]
    assert facets(tiny_graph(), False) == {}


@pytest.mark.parametrize("name", ["colour", "attr.", "", "Brand"])
def test_an_unknown_facet_names_those_there_are(name: str) -> None:
    with pytest.raises(SettingsError, match=r"facets are category.*attr\.NAME"):
        facets(tiny_graph(), [name])


# any result and any filters, by looking at every product

NAMES = ["category", "brand", "price", "availability", "language", "attr.n", "attr.M", "attributes"]


@given(shelf=shelves, where=st.lists(filters(), max_size=3), left=st.integers(0, 2**6 - 1))
@settings(max_examples=300)
def test_choosing_a_value_leaves_as_many_products_as_it_says(
    shelf: list[Product], where: list[Filter], left: int
) -> None:
    graph = assemble(shelf, [], [])
    shelf = sorted(shelf, key=lambda p: p.id)
    result = np.array([bool(left >> i & 1) for i in range(len(shelf))], dtype=np.bool_)
    index = FilterIndex.of(graph)
    for facet in Facets(graph, index).of(NAMES, result, where, most=3):
        others = [one for one in where if one.field.casefold() != facet.field.casefold()]
        within = [
            p
            for p, kept in zip(shelf, result.tolist(), strict=True)
            if kept and all(holds(p, o) for o in others)
        ]
        assert facet.total == len(within)
        for value in facet.values:
            assert value.count == sum(all(holds(p, one) for one in value.where) for p in within), (
                facet,
                value,
            )
            assert value.count > 0 or value.selected or facet.kind == "ranges"


@given(
    numbers=st.lists(
        st.one_of(
            st.integers(0, 40).map(lambda n: n / 8),
            st.floats(allow_nan=False, allow_infinity=False),
            st.sampled_from([0.0, 1e-320, 1e308, -1e308, 0.1 + 0.2, 0.3]),
        ),
        min_size=1,
        max_size=40,
    ),
    units=st.lists(st.sampled_from(["g", "kg", "", "mm", "parsec"]), min_size=1, max_size=4),
)
def test_ranges_of_any_numbers_in_any_units_agree_with_filters(
    numbers: list[float], units: list[str]
) -> None:
    shelf = [
        Product(
            id=f"{i:02d}",
            attributes={"n": (Quantity(number=n, unit=units[i % len(units)]), Quantity(number=i, unit="kg"))},
            price=Decimal(repr(abs(n))) if abs(n) < 1e12 else None,
        )
        for i, n in enumerate(numbers)
    ]
    graph = assemble(shelf, [], [])
    index = FilterIndex.of(graph)
    for facet in Facets(graph, index).of(["price", "attr.n"], graph.products.listed):
        for value in facet.values:
            assert value.count == np.count_nonzero(index.mask(value.where)), value


def test_fields_of_filters_have_facets() -> None:
    assert set(FIELDS) - {"id"} == {"category", "type", "brand", "price", "availability", "language"}
