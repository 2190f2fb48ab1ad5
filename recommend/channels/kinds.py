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
from recommend.channels.base import FitContext
from recommend.channels.queries import GraphChannel, query_channel
from recommend.channels.signals import Signal
from recommend.channels.tally import Tally
from recommend.channels.traces import TracedPath
from recommend.linked import Linked, Products
from recommend.naming import to_member, to_serving
from recommend.query import PreparedQuery
from recommend.understand.reading import Entity, Reading

UNFIT = 0.5
"""What is of the right kind keeps this share of its value if it is not known to fit what it must go with."""
SURE = 0.5
"""A product of which it is as likely as not that it is of a kind is taken to be: what is left to tell is how
well it answers, not how well its kind is known."""


class KindsChannel(GraphChannel):
    """A product's value is how likely the query means its kind, times how sure that kind is, times the share
    of the query's words that were understood: what the others say may be another thing.

    Where the words leave the kind open, it is the chance that the query's meaning is one of the product's
    kinds, if that is more.
    """

    name = "kinds"
    default = 0.6
    leads = True

    def __init__(self, graph: Graph) -> None:
        super().__init__(graph)
        self._linked = Linked.of(graph)

    def signal(self, query: PreparedQuery) -> Signal | None:
        reading = query.reading
        kinds = named_kinds(reading)
        if not kinds and not reading.guesses:
            return None
        total = Tally(self._graph.product_count)
        for node, chance in reading.guesses:  # what is of two of these kinds answers both
            found = self._linked.members(node)
            total.add(found, _sure(found.confidence) * np.float32(chance))
        for entity in kinds:
            for node, weight in _plausible(entity):
                found = self._linked.members(node)
                values = _sure(found.confidence) * np.float32(weight * entity.fit * reading.understood)
                total.raise_to(found, values)
        targets = reading.of_role("target")
        if targets:
            fitting = self._fitting(targets)[total.where]
            total.values[total.where] *= np.float32(UNFIT) + np.float32(1 - UNFIT) * fitting
        return total.signal()

    def _fitting(self, targets: Sequence[Entity]) -> npt.NDArray[np.float32]:
        """float32 [n]: how well each product goes with what the query names."""
        fits = Tally(self._graph.product_count)
        for entity in targets:
            for node, weight in _plausible(entity):
                found = self._linked.serving(node)
                fits.raise_to(found, found.confidence * np.float32(weight))
        return fits.values

    def paths(self, graph: Graph, query: PreparedQuery, product: int) -> list[TracedPath]:
        to_kind = self._to_kind(query.reading, product)
        goes = _best(query.reading.of_role("target"), product, self._linked.serving)
        if not to_kind or goes is None:
            return to_kind
        said, target, fit = goes
        whole = UNFIT + (1 - UNFIT) * fit
        return [
            *(TracedPath(edges=one.edges, share=one.share * UNFIT / whole) for one in to_kind),
            TracedPath(
                edges=to_serving(self._linked, said, target, product), share=(1 - UNFIT) * fit / whole
            ),
        ]

    def _to_kind(self, reading: Reading, product: int) -> list[TracedPath]:
        """By the kind that words name, or by those that the meaning is near to, whichever gives more."""
        said = max((entity.fit for entity in named_kinds(reading)), default=0.0) * reading.understood
        meant = _best(named_kinds(reading), product, self._linked.members)
        near = [
            (node, chance, chance * min(1.0, self._linked.members(node).confidence_of(product) / SURE))
            for node, chance in reading.guesses
        ]
        guessed = sum(value for _, _, value in near)
        if meant is not None and said * min(1.0, meant[2] / SURE) >= guessed:
            return [TracedPath(edges=to_member(self._linked, *meant[:2], product), share=1.0)]
        return [
            TracedPath(
                edges=to_member(self._linked, reading.text, node, product, chance=chance),
                share=value / guessed,
            )
            for node, chance, value in near
            if value > 0
        ]


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


def named_kinds(reading: Reading) -> list[Entity]:
    """The kinds that words name, without what only the meaning is near to."""
    return [entity for entity in reading.of_role("type") if entity.source != "intent"]


def _best(
    entities: Sequence[Entity], product: int, products_of: Callable[[Node], Products]
) -> tuple[str, Node, float] | None:
    """(the words, what they name, how sure the product is linked to it): the surest."""
    found: tuple[str, Node, float] | None = None
    for entity in entities:
        for node, weight in _plausible(entity):
            value = weight * products_of(node).confidence_of(product)
            if value > (0.0 if found is None else found[2]):
                found = entity.words, node, value
    return found
