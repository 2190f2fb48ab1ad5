"""What kind of product the query asks for: a type or category, and what it must go with.

A lamp answers "lamp"; a lampshade does not, however often its title says the word. Of "cover for a lamp"
it is the other way round, and a cover that is known to fit lamps comes first.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from kg.graph import TREES, Graph, Node
from recommend.channels.base import DenseSignal, FitContext, GraphChannel, Signal, query_channel
from recommend.channels.traces import TracedPath
from recommend.linked import Linked, Products
from recommend.naming import to_member, to_serving
from recommend.query import PreparedQuery
from recommend.understand.reading import Entity, Role

UNFIT = 0.5
"""What is of the right kind keeps this share of its value if it is not known to fit what it must go with."""
SURE = 0.5
"""A product of which it is as likely as not that it is of a kind is taken to be: what is left to tell is how
well it answers, not how well its kind is known."""


class KindsChannel(GraphChannel):
    """A product's value is how likely the query means its kind, times how sure that kind is, times the share
    of the query's words that were understood: what the others say may be another thing."""

    name = "kinds"
    default = 0.6
    leads = True

    def __init__(self, graph: Graph) -> None:
        super().__init__(graph)
        self._linked = Linked.of(graph)

    def signal(self, query: PreparedQuery) -> Signal | None:
        kinds = query.reading.of_role("type")
        if not kinds:
            return None
        total = np.zeros(self._graph.product_count, dtype=np.float32)
        for entity in kinds:
            for node, weight in _plausible(entity):
                found = self._linked.members(node)
                values = _sure(found.confidence) * np.float32(weight * entity.fit * query.reading.understood)
                total[found.numbers] = np.maximum(total[found.numbers], values)
        targets = query.reading.of_role("target")
        if targets:
            total *= np.float32(UNFIT) + np.float32(1 - UNFIT) * self._fitting(targets)
        return DenseSignal(total) if total.any() else None

    def _fitting(self, targets: Sequence[Entity]) -> npt.NDArray[np.float32]:
        """float32 [n]: how well each product goes with what the query names."""
        fits = np.zeros(self._graph.product_count, dtype=np.float32)
        for entity in targets:
            for node, weight in _plausible(entity):
                found = self._linked.serving(node)
                values = found.confidence * np.float32(weight)
                fits[found.numbers] = np.maximum(fits[found.numbers], values)
        return fits

    def paths(self, graph: Graph, query: PreparedQuery, product: int) -> list[TracedPath]:
        meant = self._best(query, "type", product, lambda node: self._linked.members(node))
        if meant is None:
            return []
        words, node, _ = meant
        to_kind = to_member(self._linked, words, node, product)
        targets = query.reading.of_role("target")
        goes = self._best(query, "target", product, lambda node: self._linked.serving(node))
        if not targets or goes is None:
            return [TracedPath(edges=to_kind, share=1.0)]
        said, target, fit = goes
        whole = UNFIT + (1 - UNFIT) * fit
        return [
            TracedPath(edges=to_kind, share=UNFIT / whole),
            TracedPath(
                edges=to_serving(self._linked, said, target, product), share=(1 - UNFIT) * fit / whole
            ),
        ]

    def _best(
        self, query: PreparedQuery, role: Role, product: int, products_of: Callable[[Node], Products]
    ) -> tuple[str, Node, float] | None:
        """(the words, what they name, how sure the product is linked to it): the surest of one role."""
        found: tuple[str, Node, float] | None = None
        for entity in query.reading.of_role(role):
            for node, weight in _plausible(entity):
                value = weight * products_of(node).confidence_of(product)
                if value > (0.0 if found is None else found[2]):
                    found = entity.words, node, value
        return found


@query_channel("kinds", KindsChannel.load)
def fit(context: FitContext) -> Iterator[KindsChannel]:
    if any(len(context.graph.nodes[kind]) for kind in TREES):
        yield KindsChannel(context.graph)


def _sure(confidence: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """1 for what is of a kind rather than not, in proportion below."""
    found: npt.NDArray[np.float32] = np.minimum(confidence / np.float32(SURE), np.float32(1))
    return found


def _plausible(entity: Entity) -> list[tuple[Node, float]]:
    """What an entity may be, with 1 for the likeliest. Alternatives are often other names of much the same
    thing, so one that is a quarter as likely keeps half of its worth."""
    most = max((weight for _, weight in entity.nodes), default=1.0)
    return [(node, math.sqrt(weight / most)) for node, weight in entity.nodes]
