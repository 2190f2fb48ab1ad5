"""A graph that is amended is the graph that would be read anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.amending import amended
from kg.errors import DataError
from kg.graph import Graph
from kg.records import Fact, Product, Record
from kg.snapshot import ATTRIBUTE_FLOOR, assemble
from tests import strategies
from tests.kg.store.contract import assert_same_graph, last_of_each, snapshot_of
from tests.tiny import FACTS, INTERACTIONS, PRODUCTS, tiny_graph

# facts of the very types that the catalog makes, between nodes that the catalog may name too
catalog_facts = st.one_of(
    st.builds(
        Fact,
        head=strategies.few_ids,
        relation=st.sampled_from(["made_by", "next_to"]),
        tail=st.sampled_from(["B", "C", "😀"]),
        tail_kind=st.just("brand"),
        weight=st.sampled_from([0.5, 2.0]),
        source=strategies.texts,
    ),
    st.builds(
        Fact,
        head=strategies.few_ids,
        relation=st.sampled_from(["has_attribute", "likes"]),
        tail=st.sampled_from(["colour=black", "a=yes", "=b"]),
        tail_kind=st.just("attribute"),
    ),
    st.builds(
        Fact,
        head=st.sampled_from(["A", "A > B", "C"]),
        relation=st.sampled_from(["subcategory_of", "next_to"]),
        tail=st.sampled_from(["A", "B", "D"]),
        head_kind=st.just("category"),
        tail_kind=st.just("category"),
    ),
)
shared = st.sampled_from(["A", "B", "C", "D", "", "😀", "yes", "kg"])
few_names = st.lists(shared, max_size=3).map(tuple)
alike_products = st.builds(
    Product,
    id=strategies.few_ids,
    title=shared,
    brand=shared,
    category=few_names,
    labels=few_names,
    collections=few_names,
    attributes=st.dictionaries(
        st.sampled_from(["colour", "a", "", "size"]),
        st.one_of(strategies.values, shared, few_names),
        max_size=3,
    ),
)
products = st.one_of(alike_products, strategies.products(strategies.few_ids))
others = st.lists(
    st.one_of(
        strategies.interactions(strategies.few_ids, strategies.few_users),
        strategies.stated,
        strategies.facts(),
        catalog_facts,
    ),
    max_size=8,
)
edits = st.builds(
    lambda gone, written: dict.fromkeys(gone) | {p.id: p for p in written},
    st.sets(strategies.few_ids, max_size=3),
    st.lists(st.one_of(products, strategies.products()), max_size=4),
)


def after(records: Iterable[Record], edits: Mapping[str, Product | None]) -> list[Record]:
    kept = [r for r in records if not (isinstance(r, Product) and r.id in edits)]
    return [*kept, *(product for product in edits.values() if product is not None)]


def facts_of(records: Iterable[Record]) -> list[Fact]:
    return [r for r in records if isinstance(r, Fact)]


@given(catalog=st.lists(products, max_size=6), others=others, edits=edits)
@settings(max_examples=150, deadline=None)
def test_it_is_the_graph_that_would_be_read_anew(
    catalog: list[Product], others: list[Record], edits: dict[str, Product | None]
) -> None:
    before = list(last_of_each([*catalog, *others]).values())
    graph = snapshot_of(before)
    unchanged = {name: array.copy() for name, array in graph.arrays().items()}
    found = amended(graph, edits, facts_of(before))
    expected = snapshot_of(after(before, edits))
    assert_same_graph(found, expected)
    assert list(found.relations) == list(expected.relations)
    for edge_type, relation in found.relations.items():
        assert (relation.head_count, relation.tail_count) == (
            len(found.nodes[edge_type.head]),
            len(found.nodes[edge_type.tail]),
        )
    for name, array in graph.arrays().items():
        np.testing.assert_array_equal(array, unchanged[name])


@given(st.lists(edits, max_size=4))
@settings(max_examples=25, deadline=None)
def test_amending_again_and_again(several: list[dict[str, Product | None]]) -> None:
    graph = Graph.from_arrays(tiny_graph().arrays())
    records: list[Record] = [*PRODUCTS, *FACTS, *INTERACTIONS]
    for edits in several:
        graph, records = amended(graph, edits, FACTS), after(records, edits)
    assert_same_graph(graph, snapshot_of(records))


def test_a_value_becomes_common_and_rare_again() -> None:
    products = [
        Product(id=f"p{n:02}", attributes={"colour": "grey", "size": f"{n // 2}"})
        for n in range(ATTRIBUTE_FLOOR + 1)
    ]
    rare, common = assemble(products[1:], [], []), assemble(products, [], [])
    assert "colour=grey" in rare.nodes["attribute"]
    assert "colour=grey" not in common.nodes["attribute"]
    assert_same_graph(amended(rare, {"p00": products[0]}), common)
    assert_same_graph(amended(common, {"p00": None}), rare)


def test_what_nothing_mentions_any_more_is_gone_and_the_rest_is_shared() -> None:
    graph = tiny_graph()
    extra = Product(id="extra", brand="Solo", category=("Attic", "Boxes"), collections=("attic",))
    more = amended(graph, {"extra": extra}, FACTS)
    assert "Attic" in more.nodes["category"]
    assert_same_graph(amended(more, {"extra": None, "nobody": None}, FACTS), graph)
    gone = amended(graph, {"lamp-black": None}, FACTS)
    stub = gone.nodes["product"].number("lamp-black")  # people bought it, so it stays as a stub
    assert stub is not None
    assert not gone.products.listed[stub]
    assert gone.nodes["user"] is graph.nodes["user"]
    price = replace(PRODUCTS[0], price=Decimal(1))
    cheaper = amended(graph, {price.id: price}, FACTS)
    assert cheaper.relation("purchased") is graph.relation("purchased")
    assert cheaper.nodes["product"] is graph.nodes["product"]


def test_a_product_goes_by_its_own_id() -> None:
    with pytest.raises(DataError, match="'b' is given as 'a'"):
        amended(tiny_graph(), {"a": Product(id="b")})
