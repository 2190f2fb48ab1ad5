"""Where an edge comes from: out of the store, or derived (`kg.derive`), with a confidence and a source."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from kg.derive import Derived
from kg.derive.edges import OWN, SOURCES
from kg.graph import DERIVED_RELATIONS, EdgeType, Graph, Node


class Origin(NamedTuple):
    """How sure a derived edge is (0 to 1), and how it was found: 'title', 'attribute' …"""

    confidence: float
    source: str


class Provenance:
    """Tells the edges of `graph` that are in the store (`stated`) from those that were derived from it."""

    def __init__(self, graph: Graph, stated: Graph, derived: Derived) -> None:
        self._graph = graph
        self._stated = stated
        self._derived = derived

    def in_store(self, node: Node) -> bool:
        """True if the store has the node."""
        if node.kind not in OWN:
            return True
        return self._stated.nodes[node.kind].number(self._graph.node_id(node)) is not None

    def origin(self, head: Node, relation: str, tail: Node) -> Origin | None:
        """How an edge was derived; None if it is stated."""
        if relation not in DERIVED_RELATIONS:
            return None
        edge_type = EdgeType(head.kind, relation, tail.kind)
        if self._is_stated(edge_type, head, tail):
            return None
        edges = self._derived.edges.get(edge_type)
        ends = self._number(head), self._number(tail)
        if edges is None or ends[0] is None or ends[1] is None:
            return None
        start, stop = np.searchsorted(edges.heads, [ends[0], ends[0] + 1])
        at = int(start) + int(np.searchsorted(edges.tails[start:stop], ends[1]))
        if at >= stop or edges.tails[at] != ends[1]:
            return None
        return Origin(float(edges.weight[at]), SOURCES[int(edges.source[at])])

    def _is_stated(self, edge_type: EdgeType, head: Node, tail: Node) -> bool:
        relation = self._stated.relations.get(edge_type)
        if relation is None:
            return False
        start, end = (self._stated.nodes[n.kind].number(self._graph.node_id(n)) for n in (head, tail))
        return start is not None and end is not None and end in relation.tails[relation.row(start)]

    def _number(self, node: Node) -> int | None:
        known = self._derived.nodes if node.kind in OWN else self._derived.ids
        vocabulary = known.get(node.kind)
        if vocabulary is None:
            return node.number
        return vocabulary.number(self._graph.node_id(node))
