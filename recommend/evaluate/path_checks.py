"""Whether an explanation says what is so: every node and stored edge is in the store, every derived edge has
the support it claims."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from kg.graph import EdgeType, Graph, Node
from recommend.channels.traces import Edge
from recommend.evaluate.deletion import Deleting, edges_of
from recommend.explain.explanation import CONFIDENCE, ExplainedEdge, ExplainedPath
from recommend.fitting import Fitted


class PathChecks:
    """Checks paths against what the store has (`stated`), what was derived from it, and what users did."""

    def __init__(self, fitted: Fitted, deleting: Deleting) -> None:
        self._fitted = fitted
        self._deleting = deleting

    def holds(self, path: ExplainedPath, *, user: int, product: int) -> bool:
        """True if the path leads from the user to the product over edges that all are what they say."""
        edges = edges_of(self._fitted.graph, path)
        if not edges or edges[0].start != Node("user", user) or edges[-1].end != Node("product", product):
            return False
        joined = all(one.end == other.start for one, other in pairwise(edges))
        told = zip(path.edges, edges, strict=True)
        return joined and all(self._edge(one, edge, path.channel) for one, edge in told)

    def _edge(self, told: ExplainedEdge, edge: Edge, channel: str) -> bool:
        ends = (told.start, told.end) if told.forward else (told.end, told.start)
        if told.stored:
            kinds = EdgeType(ends[0].kind, told.relation, ends[1].kind)  # type: ignore[arg-type]
            return _has(self._fitted.stated, kinds, ends[0].id, ends[1].id)
        if told.support_unit.startswith(CONFIDENCE):
            kinds = EdgeType(ends[0].kind, told.relation, ends[1].kind)  # type: ignore[arg-type]
            return _has(self._fitted.graph, kinds, ends[0].id, ends[1].id)
        assert isinstance(edge.start, Node)
        first, then = edge.start.number, edge.end.number
        links = self._deleting.links(channel)
        row = slice(int(links.matrix.indptr[first]), int(links.matrix.indptr[first + 1]))
        if then not in links.matrix.indices[row]:
            return False
        users = self._deleting.users_behind(channel, first, then)
        return users is None or edge.support == len(users)


def _has(graph: Graph, edge_type: EdgeType, head: str, tail: str) -> bool:
    relation = graph.relations.get(edge_type)
    first, last = graph.nodes[edge_type.head].number(head), graph.nodes[edge_type.tail].number(tail)
    if relation is None or first is None or last is None:
        return False
    return bool(np.isin(last, relation.tails[relation.row(first)]))
