"""Paths from words of a query to a product, by way of what they name."""

from __future__ import annotations

from collections.abc import Collection

from kg.graph import MEMBERSHIP, SERVING, TREES, Node
from recommend.channels.traces import Edge, Word
from recommend.linked import Linked
from recommend.understand.reading import BY_MEANING

NEAR = "near_in_meaning"
"""From words to a kind that they may mean, though they do not name it; its support is the chance."""


def to_member(
    linked: Linked, words: str, node: Node, product: int, *, chance: float | None = None
) -> tuple[Edge, ...]:
    """“lamp” names the type lamp; desk lamp is below it; the product is of this type. With a `chance`, the
    words do not name the type: their meaning is near to it."""
    edges = [_named(words, node) if chance is None else _near(words, node, chance)]
    edges += _down(linked, node, product)
    return tuple(edges)


def to_serving(
    linked: Linked, words: str, node: Node, product: int, *, among: Collection[str] = SERVING
) -> tuple[Edge, ...]:
    """“iPhone” names the series iPhone; the product, or its type, goes with it, by one of the relations
    `among`. Empty if it does not."""
    ways = [way for way in linked.ways(node, among) if way.products.confidence_of(product) > 0]
    if not ways:
        return ()
    way = max(ways, key=lambda one: one.products.confidence_of(product))  # the first of equals
    edges = [_named(words, node)]
    if way.end != node:
        edges += _between(node, linked.way_to(node, way.end))
    last = way.head or Node("product", product)
    edges.append(Edge(start=edges[-1].end, relation=way.relation, end=last, forward=False))
    if way.head is not None:
        edges += _down(linked, way.head, product)
    return tuple(edges)


def _named(words: str, node: Node) -> Edge:
    return Edge(start=Word(words), relation="names", end=node, stored=False)


def _near(words: str, node: Node, chance: float) -> Edge:
    return Edge(
        start=Word(words), relation=NEAR, end=node, stored=False, support=chance, support_unit=BY_MEANING
    )


def _down(linked: Linked, node: Node, product: int) -> list[Edge]:
    """From a node through those below it to the product."""
    edges = _between(node, linked.way_down(node, product)) if node.kind in TREES else []
    last = edges[-1].end if edges else node
    end = Node("product", product)
    return [*edges, Edge(start=last, relation=MEMBERSHIP[node.kind], end=end, forward=False)]


def _between(node: Node, below: list[Node]) -> list[Edge]:
    edges: list[Edge] = []
    for child in below:
        edges.append(Edge(start=node, relation=TREES[node.kind], end=child, forward=False))
        node = child
    return edges
