"""The nodes of a graph in one row of numbers, and what a reader asks of them."""

from __future__ import annotations

from kg.graph import SUBCATEGORY_OF, SUBTYPE_OF, EdgeType, Graph, Node
from kg.records import NODE_KINDS
from recommend.understand.language import Grammar
from recommend.understand.names import KINDS_OF_THING
from recommend.understand.words import normal, split


class Nodes:
    """Numbers of nodes, all kinds in one row in the order of NODE_KINDS."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._above: dict[int, frozenset[int]] = {}
        self._starts = [(graph.offsets[kind], kind) for kind in reversed(NODE_KINDS)]
        self.thing_spans = tuple(
            (graph.offsets[kind], graph.offsets[kind] + len(graph.nodes[kind])) for kind in KINDS_OF_THING
        )

    def node(self, number: int) -> Node:
        for start, kind in self._starts:
            if number >= start:
                return Node(kind, number - start)
        raise IndexError(number)

    def number(self, node: Node) -> int:
        return self._graph.offsets[node.kind] + node.number

    def is_thing(self, number: int) -> bool:
        """Whether a node says what a product is: a type or a category."""
        return any(start <= number < stop for start, stop in self.thing_spans)

    def is_below(self, narrow: int, wide: int) -> bool:
        """Whether a type or category is another, or somewhere below it."""
        return wide in self.above(narrow)

    def above(self, number: int) -> frozenset[int]:
        """A type or category and all above it."""
        found = self._above.get(number)
        if found is None:
            reached, waiting = {number}, [number]
            for one in waiting:  # grows while it is walked
                node = self.node(one)
                name = SUBTYPE_OF if node.kind == "type" else SUBCATEGORY_OF
                tree = self._graph.relations.get(EdgeType(node.kind, name, node.kind))
                above = () if tree is None else tree.tails[tree.row(node.number)].tolist()
                fresh = {self._graph.offsets[node.kind] + parent for parent in above} - reached
                reached |= fresh
                waiting += sorted(fresh)
            found = self._above[number] = frozenset(reached)
        return found

    def attribute_words(self, number: int) -> frozenset[str]:
        """The words of an attribute's name; none for other nodes."""
        node = self.node(number)
        if node.kind != "attribute":
            return frozenset()
        return frozenset(word.token for word in split(normal(self._attribute(node))))

    def says_kind(self, grammar: Grammar, number: int) -> bool:
        """Whether a node is an attribute that says what a product is, by its name."""
        node = self.node(number)
        return node.kind == "attribute" and grammar.has("kind", split(normal(self._attribute(node))))

    def _attribute(self, node: Node) -> str:
        return self._graph.node_id(node).partition("=")[0]
