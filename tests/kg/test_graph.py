"""What a graph answers about itself, and what is left when some of it was never known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.errors import UnknownProductError
from kg.graph import EdgeType, Graph, Node
from kg.records import NODE_KINDS, Interaction, Record
from kg.snapshot import assemble
from tests import strategies
from tests.kg.store.contract import assert_same_graph, last_of_each, snapshot_of
from tests.tiny import FACTS, PRODUCTS, neighbours, tiny_graph

PURCHASED = EdgeType("user", "purchased", "product")


def test_product_numbers() -> None:
    graph = tiny_graph()
    assert graph.nodes["product"][graph.number("desk-oak")] == "desk-oak"
    with pytest.raises(UnknownProductError, match="no product has the id 'desk'"):
        graph.number("desk")
    with pytest.raises(UnknownProductError, match="only mentioned"):
        graph.number("rug")


@pytest.mark.parametrize(
    ("node", "label"),
    [
        (("product", "lamp-black"), "Black desk lamp"),
        (("product", "mystery"), "mystery"),
        (("category", "Home > Lighting > Table lamps"), "Table lamps"),
        (("attribute", "colour=black"), "colour: black"),
        (("brand", "Lumo"), "Lumo"),
    ],
)
def test_labels_are_for_people(node: tuple[str, str], label: str) -> None:
    graph = tiny_graph()
    kind, node_id = node
    number = graph.nodes[kind].number(node_id)  # type: ignore[index]
    assert number is not None
    assert graph.label(Node(kind, number)) == label  # type: ignore[arg-type]


def test_one_numbering_for_all_nodes() -> None:
    graph = tiny_graph()
    places = [graph.offsets[kind] + n for kind in NODE_KINDS for n in range(len(graph.nodes[kind]))]
    assert places == list(range(graph.node_count))


def test_a_graph_saved_before_there_were_types_opens() -> None:
    graph = tiny_graph()
    arrays = {n: a for n, a in graph.arrays().items() if not n.startswith(("nodes.type.", "nodes.series."))}
    opened = Graph.from_arrays(arrays)
    assert len(opened.nodes["type"]) == len(opened.nodes["series"]) == 0
    assert_same_graph(opened, graph)


def named_triples(graph: Graph) -> list[tuple[str, str, str]]:
    triples, types = graph.triples()
    names = [f"{kind}:{node_id}" for kind in NODE_KINDS for node_id in graph.nodes[kind]]
    return sorted((names[h], types[r].name, names[t]) for h, r, t in triples.tolist())


def test_triples() -> None:
    triples = named_triples(tiny_graph())
    assert ("product:lamp-black", "made_by", "brand:Lumo") in triples
    assert ("category:Home > Lighting", "subcategory_of", "category:Home") in triples
    assert ("user:bob", "clicked", "product:lamp-brass") in triples
    assert len(triples) == len(set(triples)) == tiny_graph().edge_count
    some, types = tiny_graph().triples(lambda t: t.name in ("made_by", "found"))
    assert [t.name for t in types] == ["made_by", "found"]
    assert np.bincount(some[:, 1]).tolist() == [11, 2]


def test_edges_that_come_again_are_one_triple() -> None:
    twice = [Interaction(user="u", product="p", time=t) for t in (1.0, 2.0)]
    graph = assemble([], [], twice)
    assert graph.edge_count == 2
    assert named_triples(graph) == [("user:u", "purchased", "product:p")]


def test_without_relations() -> None:
    graph = tiny_graph()
    less = graph.without(relations=["made_by", "found"])
    assert {t.name for t in graph.relations} - {t.name for t in less.relations} == {"made_by", "found"}
    assert list(less.nodes["brand"]) == list(graph.nodes["brand"])
    assert less.relation("made_by") is None
    assert neighbours(less, "purchased", "ann") == neighbours(graph, "purchased", "ann")


def test_without_some_edges() -> None:
    graph = tiny_graph()
    purchased = graph.relations[PURCHASED]
    assert purchased.time is not None
    less = graph.without(edges={PURCHASED: purchased.time >= 200})
    assert [p for p, _ in neighbours(less, "purchased", "ann")] == ["desk-oak", "lamp-black"]
    assert [p for p, _ in neighbours(less, "purchased", "bob")] == ["lamp-black"]
    assert [p for p, _ in neighbours(less, "purchased", "cid")] == ["spade", "rake", "rug"]
    kept = less.relations[PURCHASED]
    assert kept.time is not None
    assert kept.time.tolist() == [100, 100, 150, 50, 60, 70]
    assert len(purchased) == 9  # the graph itself is never changed


def test_without_products_and_users() -> None:
    graph = tiny_graph()
    less = graph.without(products=["lamp-black", "no such product"], users=["bob"])
    assert list(less.nodes["product"]) == list(graph.nodes["product"])
    assert [p for p, _ in neighbours(less, "purchased", "ann")] == ["desk-oak", "bulb-warm", "side-oak"]
    assert neighbours(less, "purchased", "bob") == []
    assert neighbours(less, "made_by", "lamp-black") == []
    assert neighbours(less, "compatible_with", "bulb-warm") == [("lamp-brass", 1.0)]
    with pytest.raises(UnknownProductError):
        less.number("lamp-black")
    assert less.number("desk-oak") == graph.number("desk-oak")
    assert int(less.products.listed.sum()) == 11


def test_without_nothing_is_the_same() -> None:
    assert_same_graph(tiny_graph(), tiny_graph().without())
    assert_same_graph(tiny_graph(), tiny_graph().without(products=["unknown"], relations=["unknown"]))


@given(records=strategies.records, products=st.sets(strategies.few_ids), users=st.sets(strategies.few_users))
def test_without_leaves_the_triples_that_touch_nothing_of_it(
    records: list[Record], products: set[str], users: set[str]
) -> None:
    graph = snapshot_of(last_of_each(records).values())
    gone = {f"product:{p}" for p in products} | {f"user:{u}" for u in users}
    expected = [t for t in named_triples(graph) if t[0] not in gone and t[2] not in gone]
    assert named_triples(graph.without(products=products, users=users)) == expected


@given(records=strategies.records, data=st.data())
def test_without_edges_leaves_exactly_the_others(records: list[Record], data: st.DataObject) -> None:
    graph = snapshot_of(last_of_each(records).values())
    for edge_type, relation in graph.relations.items():
        mask = np.array(data.draw(st.lists(st.booleans(), min_size=len(relation), max_size=len(relation))))
        less = graph.without(edges={edge_type: mask}).relations[edge_type]
        assert less.heads.tolist() == relation.heads[~mask].tolist()
        assert less.tails.tolist() == relation.tails[~mask].tolist()
        assert less.weight.tolist() == relation.weight[~mask].tolist()
        assert less.head_count == relation.head_count


def test_a_graph_without_a_log_is_that_of_the_catalog() -> None:
    """Numbers of nodes that only the log knows stay; the edges are those of a shop that has no log."""
    log = ("purchased", "clicked", "rated", "found")
    assert named_triples(tiny_graph().without(relations=log)) == named_triples(assemble(PRODUCTS, FACTS, []))
