"""Why a product is in a list: paths through the graph whose contributions add up to its score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from kg.errors import SettingsError
from kg.records import Product
from recommend.explain.phrases import Phrasebook, packaged_phrases
from recommend.understand.reading import Reading

if TYPE_CHECKING:
    import networkx as nx

CONFIDENCE = "confidence"
"""What the unit of an edge that `kg.derive` found begins with."""

Asked: TypeAlias = Literal["user", "history", "product", "search"]
"""What a question starts from."""

Voice: TypeAlias = Literal["shopper", "analyst"]
"""Who is spoken to: somebody who shops, or somebody who wants to know channels, shares and support."""


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
    def pattern(self) -> tuple[tuple[str, bool, bool], ...]:
        """The kinds of its edges (relation, forward, stored or derived from stored facts), by which paths
        count as different."""
        return tuple(
            (edge.relation, edge.forward, edge.stored or edge.support_unit.startswith(CONFIDENCE))
            for edge in self.edges
        )


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """The score of one product for one query, taken apart.

    `paths` are the strongest different ones; `path_count` says how many there are in all, `explained` what
    all of them together add to the score. `rests` is what else adds to it, by name: signals without paths,
    popularity above all, and the 'adjustment' by a learned ranking; `explained` and the rests add up to
    `score`. `told` says what the shop's rules did; `reading` is what the words of a search were taken to
    mean; `asked` is what the question started from, `viewed` the products that it says were only looked
    at.
    """

    product: Product
    score: float
    signals: Mapping[str, float]
    paths: tuple[ExplainedPath, ...]
    path_count: int
    explained: float
    rests: Mapping[str, float] = field(default_factory=dict)
    adjustment: float = 0.0
    told: tuple[str, ...] = ()
    reading: Reading | None = None
    asked: Asked = "history"
    viewed: frozenset[str] = frozenset()
    phrases: Phrasebook = field(default_factory=packaged_phrases, repr=False, compare=False)

    @property
    def share(self) -> float:
        """The share of the score that all paths together carry; 0 where the score is 0."""
        return self.explained / self.score if self.score else 0.0

    @property
    def shown_share(self) -> float:
        """The share of the score that the shown paths carry."""
        return sum(path.contribution for path in self.paths) / self.score if self.score else 0.0

    def sentences(self, *, language: str = "en", voice: Voice = "shopper") -> tuple[str, ...]:
        """Why, in sentences: for a shopper, without figures; for an analyst, a line for each path with its
        share. Raises SettingsError for a language that nobody wrote templates for."""
        self.phrases.check(language)
        if voice == "shopper":
            from recommend.explain.shopper import shopper_sentences

            return shopper_sentences(self, self.phrases, language)
        if voice == "analyst":
            from recommend.explain.words import analyst_lines

            return tuple(line.strip() for line in analyst_lines(self, self.phrases, language))
        raise SettingsError(f"voice={voice!r} must be 'shopper' or 'analyst'")

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
            "share": self.share,
            "shown_share": self.shown_share,
            "rests": dict(self.rests),
            "path_count": self.path_count,
            "adjustment": self.adjustment,
            "rules": list(self.told),
            "reading": None if self.reading is None else self.reading.plain(),
            "paths": [asdict(path) for path in self.paths],
            "text": self.text,
            "sentences": {
                language: list(self.sentences(language=language)) for language in self.phrases.languages
            },
        }

    def cypher(self) -> str:
        """Statements for Neo4j Browser, one for each path."""
        from recommend.explain.cypher import statements

        return statements(self)

    def svg(self, *, language: str = "en") -> str:
        """The shown paths as a picture: an SVG document that needs nothing else."""
        from recommend.explain.svg import drawn

        return drawn(self, self.phrases, self.phrases.check(language))

    def _repr_html_(self) -> str:
        """The picture and its sentences, for notebooks."""
        said = "".join(f"<li>{escape(sentence)}</li>" for sentence in self.sentences())
        return f"<div>{self.svg()}<ul>{said}</ul></div>"

    def _repr_svg_(self) -> str:
        return self.svg()

    def networkx(self) -> nx.MultiDiGraph:
        """The shown paths as a networkx graph: nodes 'kind:id', edges along their arrows."""
        from recommend.explain.drawing import as_networkx

        return as_networkx(self)

    def graphml(self) -> str:
        """The shown paths as one GraphML document."""
        from recommend.explain.drawing import graphml

        return graphml(self)
