"""What fits products that somebody owns: stated or derived to be compatible with them, an accessory of them
or a service for them, themselves or by their series, type or category."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from kg.graph import COMPATIBLE_WITH, MEMBERSHIP, TREES, EdgeType, Graph, Node
from kg.records import NodeKind
from recommend.linked import Linked

_BY: tuple[NodeKind, ...] = ("series", "type", "category")
"""What a product may be called in the description of what fits it. Not its brand: not all that is made for HP
fits every HP."""


class Fits:
    """Finds what fits some products. Safe to use from many threads."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._linked = Linked(graph)

    def mask(self, products: Iterable[int]) -> npt.NDArray[np.bool_]:
        """bool [n]: what fits at least one of these products."""
        found = np.zeros(self._graph.product_count, dtype=np.bool_)
        for product in products:
            for node in (Node("product", product), *self._names(product)):
                for way in self._linked.ways(node):
                    if way.end == node:  # what is for floor lamps is not for all that is for lighting
                        found[way.products.numbers] = True
            found[self._stated_the_other_way(product)] = True
        return found

    def _names(self, product: int) -> list[Node]:
        """The series, types and categories of a product, and those above them."""
        found: list[Node] = []
        for kind in _BY:
            direct = self._graph.relations.get(EdgeType("product", MEMBERSHIP[kind], kind))
            if direct is None:
                continue
            numbers = direct.tails[direct.row(product)].tolist()
            name = TREES.get(kind)
            tree = None if name is None else self._graph.relations.get(EdgeType(kind, name, kind))
            for number in numbers:  # grows while it is walked
                above = [] if tree is None else tree.tails[tree.row(number)].tolist()
                numbers.extend(one for one in above if one not in numbers)
            found.extend(Node(kind, number) for number in numbers)
        return found

    def _stated_the_other_way(self, product: int) -> npt.NDArray[np.int32]:
        """Who owns the bulb may look for the lamp: what the product itself is said to be compatible with."""
        relation = self._graph.relations.get(EdgeType("product", COMPATIBLE_WITH, "product"))
        nothing = np.empty(0, dtype=np.int32)
        return nothing if relation is None else relation.tails[relation.row(product)]
