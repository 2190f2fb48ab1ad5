"""A hundred queries of shoppers on a raw catalog, and the types that they mean.

They were written before the reader saw them. `any_of`: words that the name of the right type, or of one of
the wider types above it, has to contain; `none_of`: words that the type itself must not have, as the bag
for a laptop is no laptop.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from kg.graph import SUBCATEGORY_OF, SUBTYPE_OF, EdgeType, Graph, Node
from recommend.understand.reading import Reading
from recommend.understand.tokens import tokens

FILE = Path(__file__).with_name("icecat_type_queries.json")
_WIDER = {"type": SUBTYPE_OF, "category": SUBCATEGORY_OF}


@dataclass(frozen=True, kw_only=True)
class TypeQuery:
    """A query and the type that it is about."""

    query: str
    kind: str
    any_of: list[str]
    none_of: list[str]

    def means(self, own: str, wider: list[str]) -> bool:
        """Whether a type of this name, with these wider ones, is right."""
        if any(_contains(own, words) for words in self.none_of):
            return False
        return any(_contains(name, words) for name in (own, *wider) for words in self.any_of)


def type_queries() -> list[TypeQuery]:
    return [TypeQuery(**row) for row in json.loads(FILE.read_text(encoding="utf-8"))]


def linked(reading: Reading | None, graph: Graph) -> tuple[str, list[str]] | None:
    """The name of the type that a query is read as, and of those above it; None if it has no type."""
    entities = () if reading is None else reading.of_role("type")
    wanted = [entity for entity in entities if entity.nodes]
    if not wanted:
        return None
    node = max(wanted, key=lambda entity: entity.nodes[0][1]).nodes[0][0]  # one query is about one type
    return graph.label(node), [graph.label(other) for other in _above(graph, node)]


def _above(graph: Graph, node: Node) -> list[Node]:
    relation = graph.relations.get(EdgeType(node.kind, _WIDER.get(node.kind, ""), node.kind))
    found = [node]
    for one in found:  # grows while it is walked
        if relation is not None:
            parents = (Node(node.kind, int(tail)) for tail in relation.tails[relation.row(one.number)])
            found.extend(parent for parent in parents if parent not in found)
    return found[1:]


def _contains(name: str, words: str) -> bool:
    return set(tokens(words)) <= set(tokens(name))
