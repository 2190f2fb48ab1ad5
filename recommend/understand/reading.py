"""What a query was understood to say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from kg.filters import Filter, FilterIndex
from kg.graph import Graph, Node
from recommend.understand.names import Source, called

Role: TypeAlias = Literal["type", "brand", "series", "attribute", "target"]
BY_MEANING = "by meaning"
_SHOWN = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Entity:
    """Some words of a query in a row and the nodes that they may name, with weights that add up to 1.

    `words` are as written. start, stop: positions in `Reading.words`. role: "type" (a type or category: what
    kind of product is wanted), "brand", "series", "attribute" (a property or a part), or "target" (what the
    product must go with: after "for", "fits" …). source: how the words led to the likeliest node. `fit` in
    (0, 1]: how well the words fit its name. What is excluded may have no nodes: then only its words are
    known.
    """

    words: str
    start: int
    stop: int
    role: Role
    nodes: tuple[tuple[Node, float], ...]
    source: Source
    fit: float = 1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """An amount that several attributes may be about: it holds where all filters of one alternative hold."""

    words: str
    alternatives: tuple[tuple[Filter, ...], ...]

    def mask(self, index: FilterIndex) -> npt.NDArray[np.bool_]:
        """bool [products]: where the wish comes true."""
        found = index.mask(self.alternatives[0])
        for filters in self.alternatives[1:]:
            found |= index.mask(filters)
        return found

    def __str__(self) -> str:
        return " or ".join(" and ".join(map(str, filters)) for filters in self.alternatives)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A query's parts. `words`: its words, of Chinese, Japanese and Korean the characters; entities in order.

    `filters` are amounts of which it is clear what they are about ("under 50"), `wishes` those that may be
    about several attributes. `unknown`: words that nothing in the shop has; `corrected`: the query with its
    spelling mended, "" if nothing was. `understood`: the share of the words that belong to one of these parts
    or join them ("for", "without"). `small`: words, folded, that only join others or say nothing by
    themselves. `guesses`: kinds that the meaning of the whole text is near to, with probabilities, where
    words leave the kind open; beside a kind that they name, alternatives to it. `instead`: words as written,
    each with the words that are searched for in their place.
    """

    text: str
    words: tuple[str, ...] = ()
    entities: tuple[Entity, ...] = ()
    excluded: tuple[Entity, ...] = ()
    filters: tuple[Filter, ...] = ()
    wishes: tuple[Wish, ...] = ()
    unknown: tuple[str, ...] = ()
    corrected: str = ""
    understood: float = 1.0
    small: tuple[str, ...] = ()
    guesses: tuple[tuple[Node, float], ...] = ()
    instead: tuple[tuple[str, str], ...] = ()
    graph: Graph | None = field(default=None, repr=False, compare=False)

    def of_role(self, role: Role) -> tuple[Entity, ...]:
        """The entities of one role."""
        return tuple(entity for entity in self.entities if entity.role == role)

    def __bool__(self) -> bool:
        """Whether anything was understood."""
        return bool(self.entities or self.excluded or self.filters or self.wishes)

    def plain(self) -> dict[str, Any]:
        """What JSON can hold."""
        return {
            "text": self.text,
            "entities": [self._entity(entity) for entity in self.entities],
            "excluded": [self._entity(entity) for entity in self.excluded],
            "filters": [str(one) for one in self.filters],
            "wishes": [
                {
                    "words": wish.words,
                    "any_of": [[str(one) for one in filters] for filters in wish.alternatives],
                }
                for wish in self.wishes
            ],
            "unknown": list(self.unknown),
            "corrected": self.corrected,
            "guesses": [
                {"kind": node.kind, "name": self.name(node), "id": self._id(node), "chance": round(chance, 4)}
                for node, chance in self.guesses
            ],
        }

    def _entity(self, entity: Entity) -> dict[str, Any]:
        return {
            "words": entity.words,
            "start": entity.start,
            "stop": entity.stop,
            "role": entity.role,
            "source": entity.source,
            "nodes": [
                {"kind": node.kind, "name": self.name(node), "id": self._id(node), "weight": round(weight, 4)}
                for node, weight in entity.nodes
            ],
        }

    def name(self, node: Node) -> str:
        """What a node is called; its number where the graph is not at hand."""
        if self.graph is None:
            return f"{node.kind} {node.number}"
        return self.graph.label(node) if node.kind == "attribute" else called(self.graph, node)

    def _id(self, node: Node) -> str:
        return self.name(node) if self.graph is None else self.graph.node_id(node)

    def lines(self) -> Iterator[tuple[str, str, str]]:
        """(role, words, what they mean), as people read it."""
        for role, entities in (("", self.entities), ("without", self.excluded)):
            for entity in entities:
                names = [f"{self.name(node)} ({node.kind}) {weight:.0%}" for node, weight in entity.nodes[:3]]
                more = len(entity.nodes) - 3
                if more > 0:
                    names.append(f"{more} more")
                meaning = ", ".join(names) or "only the words"
                if entity.nodes and entity.source != "name":
                    meaning += f"  [{BY_MEANING if entity.source == 'intent' else entity.source}]"
                yield role or entity.role, entity.words, meaning
        if self.guesses:
            names = [
                f"{self.name(node)} ({node.kind}) {chance:.0%}" for node, chance in self.guesses[:_SHOWN]
            ]
            yield "maybe", "", f"{', '.join(names)}  [{BY_MEANING}]"
        for one in self.filters:
            yield "filter", "", str(one)
        for wish in self.wishes:
            yield "wish", wish.words, str(wish)
        if self.unknown:
            yield "unknown", " ".join(self.unknown), "no product has this word"
        if self.corrected:
            yield "corrected", "", self.corrected

    def __str__(self) -> str:
        return "\n".join(
            f"{role:<10} {words:<24} {meaning}".rstrip() for role, words, meaning in self.lines()
        )
