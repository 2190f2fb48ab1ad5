"""Paths in numbers get the names of their nodes, and their first step: what the user did."""

from __future__ import annotations

from functools import cached_property

from kg.graph import USER_RELATIONS, EdgeType, Graph, Node
from recommend.behaviour import History
from recommend.channels.traces import Edge, Word
from recommend.explain.explanation import CONFIDENCE, ExplainedEdge, ExplainedNode, ExplainedPath
from recommend.explain.provenance import Provenance
from recommend.fitting import Fitted

_SERIOUS = ("purchase", "rating", "cart", "click", "view")
"""Kinds of interaction, the most serious first."""


class Teller:
    """Tells paths of one question; each node and each first step is read once."""

    def __init__(self, fitted: Fitted, user: int | None, history: History | None) -> None:
        self._fitted = fitted
        self._user = user
        self._history = history
        self._nodes: dict[Node | Word, ExplainedNode] = {}
        self._first: dict[int, tuple[ExplainedEdge, ...]] = {}

    @cached_property
    def _known(self) -> Provenance:
        return Provenance(self._fitted.graph, self._fitted.stated, self._fitted.derived)

    def path(self, channel: str, contribution: float, edges: tuple[Edge, ...], source: int) -> ExplainedPath:
        """A path with its names; `source` is the place in the history where it begins (-1: in a search)."""
        return ExplainedPath(
            channel=channel,
            contribution=contribution,
            edges=(*self._met(source), *(self._edge(edge) for edge in edges)),
        )

    def _met(self, source: int) -> tuple[ExplainedEdge, ...]:
        """The user's own edge to a product of the history; none to one that only the question named."""
        if self._user is None or self._history is None or source < 0:
            return ()
        product = int(self._history.products[source])
        if product not in self._first:
            found = most_serious(self._fitted.graph, self._user, product)
            self._first[product] = tuple(self._edge(edge) for edge in found)
        return self._first[product]

    def _edge(self, edge: Edge) -> ExplainedEdge:
        stored, support, unit = edge.stored, edge.support, edge.support_unit
        if stored and not isinstance(edge.start, Word):
            ends = (edge.start, edge.end) if edge.forward else (edge.end, edge.start)
            origin = self._known.origin(ends[0], edge.relation, ends[1])
            if origin is not None:
                stored, support, unit = False, origin.confidence, f"{CONFIDENCE} ({origin.source})"
        return ExplainedEdge(
            start=self._node(edge.start),
            relation=edge.relation,
            end=self._node(edge.end),
            forward=edge.forward,
            stored=stored,
            support=support,
            support_unit=unit,
        )

    def _node(self, node: Node | Word) -> ExplainedNode:
        found = self._nodes.get(node)
        if found is None:
            found = self._nodes[node] = self._read(node)
        return found

    def _read(self, node: Node | Word) -> ExplainedNode:
        if isinstance(node, Word):
            return ExplainedNode(kind="word", id=node.text, label=node.text, stored=False)
        graph = self._fitted.graph
        return ExplainedNode(
            kind=node.kind,
            id=graph.node_id(node),
            label=graph.label(node),
            stored=self._known.in_store(node),
        )


def most_serious(graph: Graph, user: int, product: int) -> tuple[Edge, ...]:
    """The most serious interaction of a user with a product, if there is one."""
    for kind in _SERIOUS:
        relation = graph.relations.get(EdgeType("user", USER_RELATIONS[kind], "product"))
        if relation is not None and product in relation.tails[relation.row(user)]:
            end = Node("product", product)
            return (Edge(start=Node("user", user), relation=relation.type.name, end=end),)
    return ()
