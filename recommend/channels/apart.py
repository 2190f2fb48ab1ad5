"""What goes with the thing that is asked for, and so is not it: a laptop sleeve for "laptop".

The only channel that takes away: its values lie between -1 and 0, and its paths say what the product is for.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from kg.graph import ATTENDING, TREES, Graph, Node
from recommend.channels.base import FitContext
from recommend.channels.queries import GraphChannel, query_channel
from recommend.channels.signals import Signal
from recommend.channels.tally import Tally
from recommend.channels.traces import TracedPath
from recommend.linked import Linked
from recommend.naming import to_serving
from recommend.query import PreparedQuery


class ApartChannel(GraphChannel):
    """A product's value is minus how sure it only serves what is meant, and is not of that kind itself."""

    name = "apart"
    default = 0.3
    leads = True

    def __init__(self, graph: Graph) -> None:
        super().__init__(graph)
        self._linked = Linked.of(graph)

    def signal(self, query: PreparedQuery) -> Signal | None:
        reading = query.reading
        if reading.of_role("target"):
            return None  # what is asked for goes with something itself
        total = Tally(self._graph.product_count)
        kinds = [
            (node, weight * entity.fit) for entity in reading.of_role("type") for node, weight in entity.nodes
        ]
        for node, weight in kinds:
            found = self._linked.attending(node)
            total.raise_to(found, found.confidence * np.float32(weight))
        if not len(total.where):
            return None
        for node, _ in kinds:
            total.values[self._linked.members(node).numbers] = 0
        total.values[total.where] *= np.float32(-1)
        return total.signal()

    def paths(self, graph: Graph, query: PreparedQuery, product: int) -> list[TracedPath]:
        found: tuple[str, Node, float] | None = None
        for entity in query.reading.of_role("type"):
            for node, weight in entity.nodes:
                value = weight * entity.fit * self._linked.attending(node).confidence_of(product)
                if value > (0.0 if found is None else found[2]):
                    found = entity.words, node, value
        if found is None:
            return []
        words, node, _ = found
        return [TracedPath(edges=to_serving(self._linked, words, node, product, among=ATTENDING), share=1.0)]


@query_channel("apart", ApartChannel.load)
def fit(context: FitContext) -> Iterator[ApartChannel]:
    if any(one.name in ATTENDING and one.tail in TREES for one in context.graph.relations):
        yield ApartChannel(context.graph)
