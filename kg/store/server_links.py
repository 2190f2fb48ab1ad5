"""Nodes and edges made by one statement for a whole batch.

A node is looked up once for a batch and not once for each of its edges: the statement merges the nodes at
the far ends, keeps them in a list, and the edges name their places in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from neo4j import ManagedTransaction

from kg.records import CATEGORY_SEPARATOR, NodeKind
from kg.store.server_read import run
from kg.store.server_schema import LABELS

NODE_PROPERTIES: Mapping[NodeKind, tuple[str, ...]] = {
    "product": ("listed",),
    "brand": (),
    "category": ("name",),
    "attribute": ("name", "value", "unit"),
    "user": (),
    "query": (),
    "collection": (),
    "type": (),
    "series": (),
}
"""What a node gets when it is made, beside its id."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkType:
    """A type of edges between two kinds of nodes, and the properties that it keeps."""

    head: NodeKind
    name: str
    tail: NodeKind
    properties: tuple[str, ...]


def merge_nodes(tx: ManagedTransaction, kind: NodeKind, nodes: Mapping[str, Sequence[Any]]) -> None:
    """Make the nodes that are not there yet, given as id → NODE_PROPERTIES of a new one."""
    run(
        tx,
        f"UNWIND $rows AS row {_merge(kind)}",
        rows=[[node_id, *properties] for node_id, properties in nodes.items()],
    )


def link(
    tx: ManagedTransaction,
    type: LinkType,
    edges: Mapping[str, Iterable[tuple[str, Sequence[Any]]]],
    *,
    heads: Mapping[str, Sequence[Any]],
    tails: Mapping[str, Sequence[Any]],
) -> None:
    """Make new edges and those of their ends that are not there yet.

    `edges` has for each head its (tail, properties of the edge); `heads` and `tails` have the
    NODE_PROPERTIES of new nodes by id.
    """
    places = {node_id: place for place, node_id in enumerate(tails)}
    run(
        tx,
        _link(type),
        nodes=[[node_id, *properties] for node_id, properties in tails.items()],
        rows=[
            [[node_id, *heads[node_id]], [[places[tail], *properties] for tail, properties in leaving]]
            for node_id, leaving in edges.items()
        ],
    )


def node_of(kind: NodeKind, node_id: str) -> tuple[Any, ...]:
    """The NODE_PROPERTIES of a node that only its id tells us about."""
    if kind == "product":
        return (False,)
    if kind == "category":
        return (node_id.rsplit(CATEGORY_SEPARATOR, 1)[-1],)
    if kind == "attribute":
        name, equals, value = node_id.partition("=")
        return (name, value, None) if equals else (None, None, None)
    return ()


@cache
def _merge(kind: NodeKind, node: str = "n", row: str = "row") -> str:
    settings = ", ".join(f"{node}.{name} = {row}[{i}]" for i, name in enumerate(NODE_PROPERTIES[kind], 1))
    made = f" ON CREATE SET {settings}" if settings else ""
    return f"MERGE ({node}:{LABELS[kind]} {{id: {row}[0]}}){made}"


@cache
def _link(type: LinkType) -> str:
    properties = ", ".join(f"{name}: edge[{i}]" for i, name in enumerate(type.properties, 1))
    # the order in which a list is collected is only promised after ORDER BY
    return (
        f"UNWIND range(0, size($nodes) - 1) AS place WITH place, $nodes[place] AS row {_merge(type.tail)} "
        "WITH n, place ORDER BY place WITH collect(n) AS tails "
        f"UNWIND $rows AS row WITH tails, row[0] AS head, row[1] AS edges {_merge(type.head, 'h', 'head')} "
        "WITH tails, h, edges UNWIND edges AS edge WITH h, edge, tails[edge[0]] AS t "
        f"CREATE (h)-[:`{type.name}` {{{properties}}}]->(t)"
    )
