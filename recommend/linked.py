"""The products behind a node of the graph: those linked to it and to all that lies below it.

"Lamps" stands for the products of every category and type of lamps; a derived edge counts with its
confidence.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from threading import Lock

import numpy as np
import numpy.typing as npt

from kg.graph import ATTENDING, MEMBERSHIP, SERVING, TREES, EdgeType, Graph, Node
from kg.records import NodeKind
from kg.sharing import OnePerGraph

_REMEMBERED = 2_000


@dataclass(frozen=True, kw_only=True, eq=False)
class Products:
    """numbers int64 [m], ascending; confidence float32 [m] in (0, 1]: how sure the link of each is."""

    numbers: npt.NDArray[np.int64]
    confidence: npt.NDArray[np.float32]

    @classmethod
    def of(cls, numbers: npt.NDArray[np.integer], confidence: npt.NDArray[np.float32]) -> Products:
        """Each product once, with its greatest confidence."""
        if (numbers[1:] > numbers[:-1]).all():  # as those of one node are
            return cls(numbers=numbers.astype(np.int64), confidence=np.minimum(confidence, np.float32(1)))
        order = np.lexsort((-confidence, numbers))
        ordered, confidence = numbers[order].astype(np.int64), confidence[order]
        first = np.ones(len(ordered), dtype=np.bool_)
        first[1:] = ordered[1:] != ordered[:-1]
        return cls(numbers=ordered[first], confidence=np.minimum(confidence[first], np.float32(1)))

    def confidence_of(self, product: int) -> float:
        """0 for a product that is not among them."""
        at = int(np.searchsorted(self.numbers, product))
        there = at < len(self.numbers) and self.numbers[at] == product
        return float(self.confidence[at]) if there else 0.0


_NOBODY = Products(numbers=np.empty(0, dtype=np.int64), confidence=np.empty(0, dtype=np.float32))


@dataclass(frozen=True, kw_only=True, eq=False)
class Way:
    """How some products go with a node: they, or all of `head` (a type or category), are linked to `end` (the
    node or one below it) by `relation`."""

    relation: str
    end: Node
    head: Node | None
    products: Products


class Linked:
    """Looks up products by node. What was asked lately is remembered; safe to use from many threads."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._remembered: OrderedDict[tuple[str, Node], Products] = OrderedDict()
        self._lock = Lock()

    @staticmethod
    def of(graph: Graph) -> Linked:
        """That of a graph, the same for all who ask."""
        return _of_graph(graph)

    def members(self, node: Node) -> Products:
        """What the node says the product is: the products of a brand, a series, a category with all below
        it …"""
        return self._once("members", node, self._members)

    def serving(self, node: Node) -> Products:
        """What goes with the node: products stated or derived to fit it, to be an accessory of it or a
        service for it, themselves or by their type."""
        return self._once("serving", node, lambda node: self._by(node, SERVING))

    def attending(self, node: Node) -> Products:
        """The accessories of the node and the services for it: what is not the thing itself."""
        return self._once("attending", node, lambda node: self._by(node, ATTENDING))

    def below(self, node: Node) -> list[int]:
        """Numbers of the node and of everything below it, of the same kind."""
        if node.kind not in TREES:
            return [node.number]
        found = [node.number]
        seen = set(found)
        for number in found:  # grows while it is walked
            fresh = [child for child in self._children(node.kind, number) if child not in seen]
            seen.update(fresh)
            found.extend(fresh)
        return found

    def way_down(self, node: Node, product: int) -> list[Node]:
        """The nodes between a node and the product's own one, by the shortest way."""
        direct = self._graph.relations[EdgeType("product", MEMBERSHIP[node.kind], node.kind)].matrix
        own = direct.indices[direct.indptr[product] : direct.indptr[product + 1]]
        return self._way(node, set(own.tolist()))

    def way_to(self, node: Node, below: Node) -> list[Node]:
        """The nodes from a node (left out) down to one below it."""
        return self._way(node, {below.number})

    def _way(self, node: Node, ends: set[int]) -> list[Node]:
        ways: list[list[int]] = [[node.number]]
        seen = {node.number}
        for way in ways:  # grows while it is walked
            if way[-1] in ends:
                return [Node(node.kind, number) for number in way[1:]]
            for child in self._children(node.kind, way[-1]):
                if child not in seen:
                    seen.add(child)
                    ways.append([*way, child])
        return []

    def _members(self, node: Node) -> Products:
        return self._linked(MEMBERSHIP[node.kind], node.kind, self.below(node))

    def ways(self, node: Node, among: Collection[str] = SERVING) -> Iterator[Way]:
        """All ways in which products go with the node, by some relations."""
        for number in self.below(node):
            end = Node(node.kind, number)
            for name in among:
                found = self._linked(name, node.kind, [number])
                if len(found.numbers):
                    yield Way(relation=name, end=end, head=None, products=found)
                for kind in TREES:
                    relation = self._graph.relations.get(EdgeType(kind, name, node.kind))
                    for head in [] if relation is None else _heads(relation.backward, [number]):
                        members = self.members(Node(kind, head))
                        yield Way(relation=name, end=end, head=Node(kind, head), products=members)

    def _by(self, node: Node, relations: Collection[str]) -> Products:
        return _together([way.products for way in self.ways(node, relations)])

    def _linked(self, relation_name: str, kind: NodeKind, numbers: Iterable[int]) -> Products:
        relation = self._graph.relations.get(EdgeType("product", relation_name, kind))
        if relation is None:
            return _NOBODY
        back = relation.backward
        spans = ((int(back.indptr[number]), int(back.indptr[number + 1])) for number in numbers)
        cells = [slice(start, stop) for start, stop in spans if start < stop]
        if not cells:
            return _NOBODY
        return Products.of(
            np.concatenate([back.indices[cell] for cell in cells]),
            np.concatenate([back.data[cell] for cell in cells]),
        )

    def _children(self, kind: NodeKind, number: int) -> list[int]:
        tree = self._graph.relations.get(EdgeType(kind, TREES[kind], kind)) if kind in TREES else None
        return [] if tree is None else _heads(tree.backward, [number])

    def _once(self, question: str, node: Node, answer: Callable[[Node], Products]) -> Products:
        key = question, node
        with self._lock:
            known = self._remembered.get(key)
            if known is not None:
                self._remembered.move_to_end(key)
                return known
        found = answer(node)
        with self._lock:
            self._remembered[key] = found
            if len(self._remembered) > _REMEMBERED:
                self._remembered.popitem(last=False)
        return found


_of_graph = OnePerGraph(Linked)


def _heads(backward: object, numbers: Iterable[int]) -> list[int]:
    indptr, indices = backward.indptr, backward.indices  # type: ignore[attr-defined]
    return [int(head) for number in numbers for head in indices[indptr[number] : indptr[number + 1]]]


def _together(parts: list[Products]) -> Products:
    if not parts:
        return _NOBODY
    return Products.of(
        np.concatenate([part.numbers for part in parts]), np.concatenate([part.confidence for part in parts])
    )
