"""The query's words as names in the graph: a brand, a category, an attribute value, and the products
linked to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from kg.graph import HAS_ATTRIBUTE, IN_CATEGORY, MADE_BY, SUBCATEGORY_OF, EdgeType, Graph, Node
from recommend.channels.base import DenseSignal, FitContext, LoadContext, Signal, query_channel
from recommend.channels.traces import Edge, TracedPath, Word
from recommend.query import PreparedQuery
from recommend.understand.entities import NAMED, Mention, Names

_RELATION = {"brand": MADE_BY, "category": IN_CATEGORY, "attribute": HAS_ATTRIBUTE}
_CREDIT = {"brand": 1.0, "category": 1.0, "attribute": 0.7}


class EntityChannel:
    """A product's value is the share of the query's words that name something it is linked to."""

    name = "entities"
    default = 0.2

    def __init__(self, graph: Graph, names: Names) -> None:
        self._graph = graph
        self.names = names

    def signal(self, query: PreparedQuery) -> Signal | None:
        mentions = self.names.mentions(query.tokens)
        if not mentions:
            return None
        total = np.zeros(self._graph.product_count, dtype=np.float32)
        for mention in mentions:
            credit = np.zeros_like(total)
            for node in mention.nodes:
                products = self._linked(node)
                credit[products] = np.maximum(credit[products], _CREDIT[node.kind])
            total += credit * np.float32(mention.words / len(query.tokens))
        return DenseSignal(total) if total.any() else None

    def paths(self, graph: Graph, query: PreparedQuery, product: int) -> list[TracedPath]:
        found: list[tuple[tuple[Edge, ...], float]] = []
        for mention in self.names.mentions(query.tokens):
            node = self._best_node(mention, product)
            if node is not None:
                edges = self._edges(query.word(mention.text), node, product)
                found.append((edges, _CREDIT[node.kind] * mention.words))
        total = sum(value for _, value in found)
        return [TracedPath(edges=edges, share=value / total) for edges, value in found]

    def _best_node(self, mention: Mention, product: int) -> Node | None:
        linked = [node for node in mention.nodes if product in self._linked(node)]
        return max(linked, key=lambda node: (_CREDIT[node.kind], -node.number), default=None)

    def _edges(self, said: str, node: Node, product: int) -> tuple[Edge, ...]:
        edges = [Edge(start=Word(said), relation="names", end=node, stored=False)]
        if node.kind == "category":
            for child in self._way_down(node, product):
                edges.append(Edge(start=edges[-1].end, relation=SUBCATEGORY_OF, end=child, forward=False))
        last = edges[-1].end
        edges.append(
            Edge(start=last, relation=_RELATION[node.kind], end=Node("product", product), forward=False)
        )
        return tuple(edges)

    def _way_down(self, node: Node, product: int) -> list[Node]:
        """The categories between a named one and the product's own."""
        direct = self._graph.relations[EdgeType("product", IN_CATEGORY, "category")].matrix
        own = set(direct.indices[direct.indptr[product] : direct.indptr[product + 1]].tolist())
        queue: list[list[Node]] = [[]]
        seen = {node.number}
        while queue:
            way = queue.pop(0)
            here = way[-1].number if way else node.number
            if here in own:
                return way
            for child in self._children(here):
                if child not in seen:
                    seen.add(child)
                    queue.append([*way, Node("category", child)])
        return []

    def _children(self, category: int) -> list[int]:
        tree = self._graph.relations.get(EdgeType("category", SUBCATEGORY_OF, "category"))
        if tree is None:
            return []
        children: list[int] = tree.backward.indices[
            tree.backward.indptr[category] : tree.backward.indptr[category + 1]
        ].tolist()
        return children

    def _linked(self, node: Node) -> npt.NDArray[np.int64]:
        """The products of a node, for a category with those of all its descendants."""
        relation = self._graph.relations.get(EdgeType("product", _RELATION[node.kind], node.kind))
        if relation is None:
            return np.empty(0, dtype=np.int64)
        nodes = [node.number]
        if node.kind == "category":
            seen = set(nodes)
            for category in nodes:  # grows while it is walked
                fresh = [c for c in self._children(category) if c not in seen]
                seen.update(fresh)
                nodes.extend(fresh)
        back = relation.backward
        return np.unique(
            np.concatenate([back.indices[back.indptr[n] : back.indptr[n + 1]] for n in nodes])
        ).astype(np.int64)

    def plain(self) -> dict[str, Any]:
        return {}

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        return self.names.arrays()

    @classmethod
    def load(
        cls, plain: Mapping[str, Any], arrays: dict[str, npt.NDArray[np.generic]], context: LoadContext
    ) -> EntityChannel:
        return cls(context.graph, Names.from_arrays(arrays))


@query_channel("entities", EntityChannel.load)
def fit(context: FitContext) -> Iterator[EntityChannel]:
    names = _names(context)
    if len(names):
        yield EntityChannel(context.graph, names)


def _names(context: FitContext) -> Names:
    """The names of the shop; those that the earlier model knew are not read again."""
    earlier = context.earlier
    known = None if earlier is None else earlier.query_channel(EntityChannel.name)
    if earlier is None or not isinstance(known, EntityChannel):
        return Names.of(context.graph)
    if all(earlier.same_nodes(kind) for kind in NAMED):
        return known.names
    return known.names.renewed(earlier.fitted.graph, context.graph)
