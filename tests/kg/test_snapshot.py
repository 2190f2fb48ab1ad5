"""From records to a graph: known answers on the tiny shop, and properties of any catalog."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.arrays import load_arrays, save_arrays
from kg.graph import EdgeType, Graph
from kg.records import Fact, Interaction, Product, Record
from kg.snapshot import ATTRIBUTE_FLOOR, assemble, attribute_node
from tests import strategies
from tests.kg.store.contract import assert_same_graph, last_of_each
from tests.tiny import FACTS, INTERACTIONS, PRODUCTS, RECORDS, STUBS, neighbours, tiny_graph


def graph_of(records: Iterable[Record]) -> Graph:
    kept = list(records)
    return assemble(
        [r for r in kept if isinstance(r, Product)],
        [r for r in kept if isinstance(r, Fact)],
        [r for r in kept if isinstance(r, Interaction)],
    )


def test_nodes_are_numbered_by_their_ids() -> None:
    graph = tiny_graph()
    assert list(graph.nodes["product"]) == sorted([*(p.id for p in PRODUCTS), *STUBS])
    assert list(graph.nodes["brand"]) == ["Holt", "Lumo", "Nori"]
    assert list(graph.nodes["user"]) == ["ann", "bob", "cid", "dee"]
    assert list(graph.nodes["query"]) == ["brass lamp", "desk lamp"]
    assert list(graph.nodes["collection"]) == ["study"]
    assert list(graph.nodes["category"]) == [
        "Bulbs",
        "Garden",
        "Garden > Tools",
        "Home",
        "Home > Lighting",
        "Home > Lighting > Floor lamps",
        "Home > Lighting > Table lamps",
        "Home > Tables",
        "Home > Tables > Desks",
        "Home > Tables > Side tables",
        "Sale",
    ]


def test_only_short_texts_and_true_booleans_become_attribute_nodes() -> None:
    assert list(tiny_graph().nodes["attribute"]) == [
        "colour=black",
        "colour=brass",
        "colour=white",
        "dimmable=yes",
        "material=oak",
        "material=paper",
        "material=steel",
    ]
    novel = Product(id="p", attributes={"note": "x" * 81, "short": "x" * 80, "number": 3.0})
    assert list(assemble([novel], [], []).nodes["attribute"]) == ["short=" + "x" * 80]


def test_catalog_edges() -> None:
    graph = tiny_graph()
    assert neighbours(graph, "made_by", "lamp-black") == [("Lumo", 1.0)]
    assert neighbours(graph, "made_by", "mystery") == []
    assert neighbours(graph, "in_category", "lamp-black") == [("Home > Lighting > Table lamps", 1.0)]
    assert neighbours(graph, "in_category", "bulb-warm") == [("Bulbs", 1.0), ("Sale", 1.0)]
    assert neighbours(graph, "has_attribute", "lamp-black") == [
        ("colour=black", 1.0),
        ("colour=brass", 1.0),
        ("dimmable=yes", 1.0),
    ]
    assert neighbours(graph, "has_attribute", "lamp-brass") == [("colour=brass", 1.0)]
    assert neighbours(graph, "in_collection", "desk-oak") == [("study", 1.0)]


def test_only_paths_make_the_category_tree() -> None:
    graph = tiny_graph()
    assert neighbours(graph, "subcategory_of", "Home > Lighting > Table lamps") == [("Home > Lighting", 1.0)]
    assert neighbours(graph, "subcategory_of", "Home > Lighting") == [("Home", 1.0)]
    for root in ("Home", "Sale", "Bulbs"):
        assert neighbours(graph, "subcategory_of", root) == []


def test_several_sources_of_a_fact_are_one_edge_with_the_largest_weight() -> None:
    graph = tiny_graph()
    assert neighbours(graph, "compatible_with", "bulb-warm") == [("lamp-black", 2.0), ("lamp-brass", 1.0)]


def test_a_fact_that_says_what_the_catalog_says_adds_nothing() -> None:
    made_by = Fact(head="a", relation="made_by", tail="Lumo", tail_kind="brand", source="rumour")
    assert neighbours(assemble([Product(id="a", brand="Lumo")], [made_by], []), "made_by", "a") == [
        ("Lumo", 1.0)
    ]


def test_a_history_reads_in_the_order_of_time() -> None:
    graph = tiny_graph()
    purchased = graph.relation("purchased")
    assert purchased is not None
    assert purchased.time is not None
    assert purchased.order is not None
    assert [product for product, _ in neighbours(graph, "purchased", "ann")] == [
        "desk-oak",
        "lamp-black",
        "bulb-warm",
        "side-oak",
    ]
    ann = purchased.row(0)
    assert purchased.time[ann].tolist() == [100, 100, 200, 300]
    orders = purchased.order[ann].tolist()
    assert orders[0] == orders[1]
    assert len(set(orders)) == 3
    assert purchased.order[purchased.row(2)].tolist() == [-1, -1, -1]  # cid's were never in a basket
    assert neighbours(graph, "rated", "dee") == [("lamp-paper", 4.0)]


def test_a_query_found_what_was_clicked_as_often_as_it_was() -> None:
    graph = tiny_graph()
    assert neighbours(graph, "found", "brass lamp") == [("lamp-brass", 2.0)]
    assert neighbours(graph, "found", "desk lamp") == [("lamp-black", 1.0)]


def test_a_choice_far_down_the_list_counts_more() -> None:
    ranks = {"lamp-black": (1, 1, 1), "lamp-brass": (3,), "floor-arc": (1_000,), "desk-oak": (None, 2)}
    log = [
        Interaction(user="ann", product=product, kind="click", time=float(n), query="lamp", rank=rank)
        for product, several in ranks.items()
        for n, rank in enumerate(several)
    ]
    assert neighbours(assemble(PRODUCTS, [], log), "found", "lamp") == [
        ("desk-oak", 3.0),
        ("floor-arc", 10.0),
        ("lamp-black", 3.0),
        ("lamp-brass", 3.0),
    ]


def test_the_same_product_twice_at_two_times_is_two_edges() -> None:
    again = [Interaction(user="u", product="p", time=t) for t in (2.0, 1.0, 1.0)]
    relation = assemble([], [], {(i.time): i for i in again}.values()).relation("purchased")
    assert relation is not None
    assert relation.time is not None
    assert relation.time.tolist() == [1.0, 2.0]
    assert relation.matrix.toarray().tolist() == [[2.0]]


def test_stubs_are_in_the_graph_but_not_listed() -> None:
    graph = tiny_graph()
    listed = dict(zip(graph.nodes["product"], graph.products.listed.tolist(), strict=True))
    assert [product for product, there in listed.items() if not there] == list(STUBS)
    assert neighbours(graph, "compatible_with", "dimmer") == [("lamp-black", 1.0)]
    assert graph.products.product(graph.nodes["product"].numbers(["rug"])[0]) == Product(id="rug")


def test_a_value_that_too_many_products_have_links_none_of_them() -> None:
    """…unless the shop is so small that it may still tell products apart."""

    def shop(common: int, others: int) -> list[str]:
        products = [
            Product(id=f"p{n}", attributes={"colour": "grey" if n < common else f"c{n}"})
            for n in range(common + others)
        ]
        found = assemble(products, [], []).nodes["attribute"]
        assert len(found) == others + ("colour=grey" in found)
        return list(found)

    assert "colour=grey" in shop(ATTRIBUTE_FLOOR, 0)
    assert "colour=grey" not in shop(ATTRIBUTE_FLOOR + 1, 9)
    assert "colour=grey" in shop(60, 240)  # exactly a fifth
    assert "colour=grey" not in shop(61, 239)


def test_the_cap_takes_the_right_edges() -> None:
    products = [Product(id=f"p{n:02}", attributes={"a": "all", "b": f"b{n // 2}"}) for n in range(60)]
    graph = assemble(products, [], [])
    for n in range(60):
        assert neighbours(graph, "has_attribute", f"p{n:02}") == [(f"b=b{n // 2}", 1.0)]
        assert graph.products.product(n) == products[n]  # what is no edge is still a field


def test_an_empty_shop_is_a_graph() -> None:
    graph = assemble([], [], [])
    assert (graph.node_count, graph.edge_count, graph.product_count) == (0, 0, 0)
    assert graph.triples()[0].shape == (0, 3)


@given(records=strategies.records, seed=st.integers(0, 1000))
def test_the_order_of_records_does_not_matter(records: list[Record], seed: int) -> None:
    kept = list(last_of_each(records).values())
    shuffled = random.Random(seed).sample(kept, len(kept))
    assert_same_graph(graph_of(kept), graph_of(shuffled))


@given(seed=st.integers(0, 1000))
@settings(max_examples=10)
def test_the_order_of_the_tiny_shop_does_not_matter(seed: int) -> None:
    shuffled = random.Random(seed).sample(RECORDS, len(RECORDS))
    assert_same_graph(tiny_graph(), graph_of(shuffled))


@given(products=st.lists(strategies.products(), max_size=5, unique_by=lambda p: p.id))
def test_every_edge_of_the_catalog_is_one_that_a_product_states(products: list[Product]) -> None:
    graph = assemble(products, [], [])
    for product in products:
        nodes = (attribute_node(n, v) for n in product.attributes for v in product.values(n))
        expected: dict[str, set[str]] = {
            "made_by": {product.brand} - {""},
            "in_category": {*product.labels} | {" > ".join(path) for path in [product.category] if path},
            "has_attribute": {node for node in nodes if node is not None},
            "in_collection": {*product.collections},
        }
        for name, ids in expected.items():
            assert [node for node, _ in neighbours(graph, name, product.id)] == sorted(ids)
    paths = {p.category[:depth] for p in products for depth in range(2, len(p.category) + 1)}
    assert named_tree(graph) == {(" > ".join(path), " > ".join(path[:-1])) for path in paths}


def named_tree(graph: Graph) -> set[tuple[str, str]]:
    tree, names = graph.relation("subcategory_of"), graph.nodes["category"]
    if tree is None:
        return set()
    return {(names[h], names[t]) for h, t in zip(tree.heads.tolist(), tree.tails.tolist(), strict=True)}


@given(records=strategies.records)
def test_every_relation_is_sound(records: list[Record]) -> None:
    graph = graph_of(last_of_each(records).values())
    assert sum(len(r) for r in graph.relations.values()) == graph.edge_count
    for edge_type, relation in graph.relations.items():
        assert relation.type == edge_type
        assert len(relation) > 0
        assert relation.head_count == len(graph.nodes[edge_type.head])
        assert relation.tail_count == len(graph.nodes[edge_type.tail])
        assert relation.indptr[0] == 0
        assert relation.indptr[-1] == len(relation) == len(relation.weight)
        assert (np.diff(relation.indptr) >= 0).all()
        assert ((relation.tails >= 0) & (relation.tails < relation.tail_count)).all()
        assert relation.matrix.shape == (relation.head_count, relation.tail_count)
        assert (relation.backward.toarray() == relation.matrix.toarray().T).all()


@given(records=strategies.records)
@settings(max_examples=30)
def test_arrays_come_back_from_a_file(
    tmp_path_factory: pytest.TempPathFactory, records: list[Record]
) -> None:
    graph = graph_of(last_of_each(records).values())
    folder = tmp_path_factory.mktemp("arrays")
    save_arrays(folder / "one.safetensors", graph.arrays())
    opened = Graph.from_arrays(load_arrays(folder / "one.safetensors"))
    assert_same_graph(graph, opened)
    assert list(opened.relations) == list(graph.relations)
    save_arrays(folder / "two.safetensors", opened.arrays())
    assert (folder / "one.safetensors").read_bytes() == (folder / "two.safetensors").read_bytes()


def test_a_reopened_graph_answers_the_same(tmp_path: Path) -> None:
    graph = tiny_graph()
    save_arrays(tmp_path / "graph.safetensors", graph.arrays())
    opened = Graph.from_arrays(load_arrays(tmp_path / "graph.safetensors"))
    assert [opened.products.product(n) for n in range(14)] == [graph.products.product(n) for n in range(14)]
    assert neighbours(opened, "purchased", "ann") == neighbours(graph, "purchased", "ann")
    assert opened.relation("purchased", "user", "product") is not None


def test_the_sources_of_a_fact_change_the_weight_only_upwards() -> None:
    weaker = replace(FACTS[1], source="doubt", weight=0.1)
    assert_same_graph(tiny_graph(), assemble(PRODUCTS, [weaker, *FACTS], INTERACTIONS))


def test_stated_purchases_stand_at_no_known_time() -> None:
    stated = Fact(head="ann", relation="purchased", tail="rake", head_kind="user")
    relation = assemble(PRODUCTS, [stated], INTERACTIONS).relations[EdgeType("user", "purchased", "product")]
    assert relation.time is not None
    row = relation.row(0)
    assert np.isnan(relation.time[row][0])
    assert relation.time[row][1:].tolist() == [100, 100, 200, 300]
