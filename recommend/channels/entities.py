"""The query's words as names in the graph: a brand, a series, an attribute value, and the products linked to
them.

What kind of product is meant is the matter of another channel (`recommend.channels.kinds`).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from kg.graph import Graph, Node
from recommend.channels.base import FitContext
from recommend.channels.queries import GraphChannel, query_channel
from recommend.channels.signals import Signal
from recommend.channels.tally import Tally
from recommend.channels.traces import TracedPath
from recommend.linked import Linked, Products
from recommend.naming import to_member
from recommend.query import PreparedQuery
from recommend.understand.reading import Entity

_CREDIT = {"brand": 1.0, "series": 1.0, "attribute": 0.7}


class EntityChannel(GraphChannel):
    """A product's value is the share of the query's words that name something it is linked to; words that
    name a kind of product are not counted."""

    name = "entities"
    default = 0.3
    leads = True

    def __init__(self, graph: Graph) -> None:
        super().__init__(graph)
        self._linked = Linked.of(graph)

    def signal(self, query: PreparedQuery) -> Signal | None:
        entities = _asked(query)
        if not entities:
            return None
        total = Tally(self._graph.product_count)
        words = _words_left(query)
        for entity in entities:
            share = np.float32((entity.stop - entity.start) / words)
            if len(entity.nodes) == 1:
                found, credit = self._credit(*entity.nodes[0])
                total.add(found, found.confidence * (credit * share))
                continue
            best = Tally(self._graph.product_count)
            for node, weight in entity.nodes:
                found, credit = self._credit(node, weight)
                best.raise_to(found, found.confidence * credit)
            total.add_all(best, share)
        where = total.where
        total.values[where] = np.minimum(total.values[where], 1.0)
        return total.signal()

    def _credit(self, node: Node, weight: float) -> tuple[Products, np.float32]:
        return self._linked.members(node), np.float32(_CREDIT[node.kind] * weight)

    def paths(self, graph: Graph, query: PreparedQuery, product: int) -> list[TracedPath]:
        found: list[tuple[str, Node, float]] = []
        for entity in _asked(query):
            value, node = 0.0, None
            for alternative, weight in entity.nodes:
                products, credit = self._credit(alternative, weight)
                linked = float(credit) * products.confidence_of(product)
                if linked > value:
                    value, node = linked, alternative
            if node is not None:
                found.append((entity.words, node, value * (entity.stop - entity.start)))
        total = sum(value for _, _, value in found)
        return [
            TracedPath(edges=to_member(self._linked, words, node, product), share=value / total)
            for words, node, value in found
        ]


@query_channel("entities", EntityChannel.load)
def fit(context: FitContext) -> Iterator[EntityChannel]:
    if any(len(context.graph.nodes[kind]) for kind in ("brand", "series", "attribute")):
        yield EntityChannel(context.graph)


def _asked(query: PreparedQuery) -> list[Entity]:
    return [
        entity
        for entity in query.reading.entities
        if entity.role in _CREDIT and all(node.kind in _CREDIT for node, _ in entity.nodes)
    ]


def _words_left(query: PreparedQuery) -> int:
    """How many words of the query are not about the kind of product."""
    reading = query.reading
    kinds = (*reading.of_role("type"), *reading.of_role("target"))
    return max(1, len(reading.words) - sum(entity.stop - entity.start for entity in kinds))
