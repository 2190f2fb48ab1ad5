"""A Cypher script that makes the graph in an empty Neo4j database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from kg.cypher import quote, relation_type
from kg.graph import Graph, Node
from kg.records import NODE_KINDS
from kg.store.server_schema import LABELS

_BATCH = 500


def write_cypher(graph: Graph, path: Path) -> None:
    """Write statements for `cypher-shell`: constraints, nodes, then edges, all by MERGE."""
    with path.open("w", encoding="utf-8") as file:
        for statement in _statements(graph):
            file.write(statement + ";\n")


def _statements(graph: Graph) -> Iterator[str]:
    for kind in NODE_KINDS:
        if len(graph.nodes[kind]):
            yield f"CREATE CONSTRAINT IF NOT EXISTS FOR (n:{LABELS[kind]}) REQUIRE n.id IS UNIQUE"
    for kind in NODE_KINDS:
        rows = [
            f"{{id: {quote(node_id)}, label: {quote(graph.label(Node(kind, number)))}}}"
            for number, node_id in enumerate(graph.nodes[kind])
        ]
        for batch in _batches(rows):
            yield f"UNWIND [{batch}] AS row MERGE (n:{LABELS[kind]} {{id: row.id}}) SET n.label = row.label"
    for edge_type, relation in graph.relations.items():
        heads, tails = graph.nodes[edge_type.head], graph.nodes[edge_type.tail]
        rows = []
        for position in range(len(relation)):
            parts = [
                f"from: {quote(heads[int(relation.heads[position])])}",
                f"to: {quote(tails[int(relation.tails[position])])}",
                f"weight: {float(relation.weight[position])!r}",
                f"number: {position}",
            ]
            rows.append("{" + ", ".join(parts) + "}")
        for batch in _batches(rows):
            yield (
                f"UNWIND [{batch}] AS row MATCH (a:{LABELS[edge_type.head]} {{id: row.from}}), "
                f"(b:{LABELS[edge_type.tail]} {{id: row.to}}) "
                f"MERGE (a)-[r:{relation_type(edge_type.name)} {{number: row.number}}]->(b) "
                "SET r.weight = row.weight"
            )


def _batches(rows: list[str]) -> Iterator[str]:
    for start in range(0, len(rows), _BATCH):
        yield ", ".join(rows[start : start + _BATCH])
