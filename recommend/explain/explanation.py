"""Why a product is in a list: paths through the graph whose contributions add up to its score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from kg.records import Product
from recommend.understand.reading import Reading

CONFIDENCE = "confidence"
"""What the unit of an edge that `kg.derive` found begins with."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ExplainedNode:
    """A node of the graph, or a word of the query (kind 'word'); `label` is what to show. Words are not
    `stored`, nor are types and series that were derived."""

    kind: str
    id: str
    label: str
    stored: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class ExplainedEdge:
    """An edge as it is walked; `forward` is False against the arrow.

    `stored` edges are in the store. A derived one carries its support and the support's unit: users, a
    similarity, or the confidence with which `kg.derive` found it and where ('confidence (title)').
    """

    start: ExplainedNode
    relation: str
    end: ExplainedNode
    forward: bool
    stored: bool
    support: float | None
    support_unit: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ExplainedPath:
    """One path and what it adds to the score. `channel` is the channel that it belongs to."""

    channel: str
    contribution: float
    edges: tuple[ExplainedEdge, ...]

    @property
    def pattern(self) -> tuple[tuple[str, bool], ...]:
        """The kinds of its edges, by which paths count as different."""
        return tuple((edge.relation, edge.forward) for edge in self.edges)


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """The score of one product for one query, taken apart.

    `paths` are the strongest different ones; `path_count` says how many there are in all, `explained` what
    all of them together add to the score. The rest of the score are `signals` without paths, popularity
    above all, and the `adjustment` by a learned ranking. `told` says what the shop's rules did; `reading` is
    what the words of a search were taken to mean.
    """

    product: Product
    score: float
    signals: Mapping[str, float]
    paths: tuple[ExplainedPath, ...]
    path_count: int
    explained: float
    adjustment: float = 0.0
    told: tuple[str, ...] = ()
    reading: Reading | None = None

    @property
    def text(self) -> str:
        from recommend.explain.words import sentences

        return sentences(self)

    def __str__(self) -> str:
        return self.text

    def plain(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "product": {"id": self.product.id, "title": self.product.title},
            "score": self.score,
            "signals": dict(self.signals),
            "explained": self.explained,
            "path_count": self.path_count,
            "adjustment": self.adjustment,
            "rules": list(self.told),
            "reading": None if self.reading is None else self.reading.plain(),
            "paths": [asdict(path) for path in self.paths],
            "text": self.text,
        }

    def cypher(self) -> str:
        """Statements for Neo4j Browser, one for each path."""
        from recommend.explain.cypher import statements

        return statements(self)

    def graphml(self) -> str:
        """The shown paths as one GraphML document."""
        from recommend.explain.drawing import graphml

        return graphml(self)
