"""The graph in other tools' forms holds every node and edge, whatever stands in their names."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import networkx as nx
import pytest
from hypothesis import given, settings

from kg.cypher import node_pattern, quote
from kg.exports import to_networkx, write_cypher, write_graphml
from kg.graph import Graph
from kg.records import NODE_KINDS, Fact, Product, Record
from kg.snapshot import assemble
from tests import strategies
from tests.kg.store.contract import last_of_each, snapshot_of
from tests.tiny import tiny_graph

Edge = tuple[str, str, str]


def edges_of(graph: Graph) -> Counter[Edge]:
    """(head 'kind:id', relation, tail) of every edge."""
    found: Counter[Edge] = Counter()
    for edge_type, relation in graph.relations.items():
        heads, tails = graph.nodes[edge_type.head], graph.nodes[edge_type.tail]
        for head, tail in zip(relation.heads.tolist(), relation.tails.tolist(), strict=True):
            found[f"{edge_type.head}:{heads[head]}", edge_type.name, f"{edge_type.tail}:{tails[tail]}"] += 1
    return found


def nodes_of(graph: Graph) -> list[tuple[str, str]]:
    return sorted((kind, node_id) for kind in NODE_KINDS for node_id in graph.nodes[kind])


def test_networkx_knows_the_tiny_shop() -> None:
    made = to_networkx(tiny_graph())
    assert made.nodes["product", "lamp-black"] == {
        "kind": "product",
        "label": "Black desk lamp",
        "listed": True,
    }
    assert made.nodes["product", "rug"]["listed"] is False
    assert made.nodes["category", "Home > Lighting"]["label"] == "Lighting"
    (edge,) = made.get_edge_data(("product", "bulb-warm"), ("product", "lamp-black")).values()
    assert edge == {"relation": "compatible_with", "weight": 2.0}
    (bought,) = made.get_edge_data(("user", "ann"), ("product", "side-oak")).values()
    assert bought == {"relation": "purchased", "weight": 1.0, "time": 300.0}
    together = nx.shortest_path(made.to_undirected(), ("user", "ann"), ("product", "lamp-brass"))
    assert len(together) == 3


@given(records=strategies.records)
@settings(max_examples=40)
def test_networkx_holds_everything(records: list[Record]) -> None:
    graph = snapshot_of(last_of_each(records).values())
    made = to_networkx(graph)
    assert sorted(made.nodes) == nodes_of(graph)
    found = Counter(
        (":".join(head), data["relation"], ":".join(tail)) for head, tail, data in made.edges(data=True)
    )
    assert found == edges_of(graph)


def test_graphml_comes_back(tmp_path: Path) -> None:
    graph = tiny_graph()
    write_graphml(graph, tmp_path / "shop.graphml")
    back = nx.read_graphml(tmp_path / "shop.graphml")
    assert sorted(back.nodes) == sorted(f"{kind}:{node_id}" for kind, node_id in nodes_of(graph))
    assert Counter((h, d["relation"], t) for h, t, d in back.edges(data=True)) == edges_of(graph)
    assert back.nodes["product:lamp-paper"]["label"] == "纸灯"
    assert back.nodes["product:rug"]["listed"] is False


def test_graphml_survives_what_xml_cannot_hold(tmp_path: Path) -> None:
    odd = Product(id="a\x00b<&>\"'", title="\x1b[31m & \ufffe", brand="]]>")
    write_graphml(assemble([odd], [], []), tmp_path / "shop.graphml")
    back = nx.read_graphml(tmp_path / "shop.graphml")
    assert back.nodes["product:a\ufffdb<&>\"'"]["label"] == "\ufffd[31m & \ufffd"
    assert "brand:]]>" in back


# Cypher


@pytest.mark.parametrize("text", ["", "plain", 'a"b', "a\\", 'a\\"b', "'`;", "灯 😀", "a\nb\x00", "\\u0041"])
def test_a_quoted_text_is_one_literal_in_plain_ascii(text: str) -> None:
    quoted = quote(text)
    assert re.fullmatch(r'"(?:[ !#-\[\]-~]|\\["\\/bfnrt]|\\u[0-9a-f]{4})*"', quoted)
    assert json.loads(quoted) == text


def test_a_node_pattern() -> None:
    assert node_pattern("product", 'a"}) DELETE n //') == r'(:Product {id: "a\"}) DELETE n //"})'


def statements(path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8")
    assert text.endswith(";\n")
    return text.removesuffix(";\n").split(";\n")


def test_the_script_makes_every_node_and_edge_once(tmp_path: Path) -> None:
    graph = tiny_graph()
    write_cypher(graph, tmp_path / "shop.cypher")
    script = statements(tmp_path / "shop.cypher")
    kinds = [kind for kind in NODE_KINDS if len(graph.nodes[kind])]
    assert sum(one.startswith("CREATE CONSTRAINT IF NOT EXISTS") for one in script) == len(kinds)
    made = [one for one in script if "MERGE (n:" in one]
    rows = [row for one in made for row in re.findall(r"\{id: (\"(?:[^\"\\]|\\.)*\"), label: ", one)]
    assert Counter(json.loads(row) for row in rows) == Counter(node_id for _, node_id in nodes_of(graph))
    edges = [one for one in script if "MATCH (a:" in one]
    assert sum(one.count("{from: ") for one in edges) == graph.edge_count
    (compatible,) = [one for one in edges if "COMPATIBLE_WITH" in one]
    assert '{from: "bulb-warm", to: "lamp-black", weight: 2.0, number: 0}' in compatible
    assert "MATCH (a:Product {id: row.from}), (b:Product {id: row.to})" in compatible


def test_the_script_is_cut_into_pieces_that_a_server_can_take(tmp_path: Path) -> None:
    shelf = [Product(id=f"p{n}", brand="B") for n in range(1_201)]
    write_cypher(assemble(shelf, [], []), tmp_path / "shop.cypher")
    script = statements(tmp_path / "shop.cypher")
    assert max(one.count("{id: ") for one in script) <= 501
    assert sum(one.count("{from: ") for one in script) == 1_201


def test_no_name_breaks_out_of_the_script(tmp_path: Path) -> None:
    evil = '"}] AS row MATCH (n) DETACH DELETE n;\n//'
    graph = assemble(
        [Product(id=evil, title=evil, brand=evil)], [Fact(head=evil, relation="r", tail="x")], []
    )
    write_cypher(graph, tmp_path / "shop.cypher")
    for one in statements(tmp_path / "shop.cypher"):
        bare = re.sub(r'"(?:[^"\\]|\\.)*"', '""', one)  # literals taken out
        assert "DELETE" not in bare
