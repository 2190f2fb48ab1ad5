"""How a link between two products is read aloud: the real edges that stand behind it.

Every trace splits one link into paths whose shares add up to 1, because the link is itself a sum: over shared
brands, over shared neighbours, or of a single edge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kg.graph import EdgeType, Graph, Node
from kg.records import NodeKind
from recommend.behaviour import Behaviour


class Word(NamedTuple):
    """A part of a query: words, or a picture."""

    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Edge:
    """One edge of an explanation, walked from `start` to `end`; `forward` is False against the arrow.

    A stored edge is in the graph. A derived one names the channel that made it and its support: a number of
    users for behaviour, a similarity for vectors.
    """

    start: Node | Word
    relation: str
    end: Node
    forward: bool = True
    stored: bool = True
    support: float | None = None
    support_unit: str = ""

    @classmethod
    def said(cls, word: Word, relation: str, product: int, *, support: float, unit: str) -> Edge:
        """A derived edge from what the query says to a product."""
        return cls(
            start=word,
            relation=relation,
            end=Node("product", product),
            stored=False,
            support=support,
            support_unit=unit,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class TracedPath:
    """Edges from a known product (or a word of the query) to another product, and their share of the link."""

    edges: tuple[Edge, ...]
    share: float


class Trace(Protocol):
    of_log: ClassVar[bool]
    """Whether the links are made of what users did: they say nothing of a product that nobody met."""

    @property
    def of_relations(self) -> bool:
        """Whether the last step is an edge between products: nothing leads so to a product without such."""
        ...

    def paths(
        self, graph: Graph, behaviour: Behaviour, source: int, target: int, value: float
    ) -> list[TracedPath]:
        """The paths behind the link source → target whose matrix entry is `value`."""
        ...

    def plain(self) -> dict[str, Any]:
        """JSON values from which `load_trace` makes the trace again."""
        ...

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]: ...


@dataclass(frozen=True, kw_only=True)
class StoredTrace:
    """An edge that is in the graph: A also_viewed B."""

    of_log: ClassVar[bool] = False
    of_relations: ClassVar[bool] = True

    edge_type: EdgeType
    forward: bool

    def paths(
        self, graph: Graph, behaviour: Behaviour, source: int, target: int, value: float
    ) -> list[TracedPath]:
        edge = Edge(
            start=Node("product", source),
            relation=self.edge_type.name,
            end=Node("product", target),
            forward=self.forward,
        )
        return [TracedPath(edges=(edge,), share=1.0)]

    def plain(self) -> dict[str, Any]:
        return {"trace": "stored", "edge_type": list(self.edge_type), "forward": self.forward}

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        return {}


@dataclass(frozen=True, kw_only=True, eq=False)
class SharedTrace:
    """Nodes that both products are linked to: the same brand, two shared attributes …

    `terms` float32 [nodes]: what each shared node adds to a link before normalisation (0: too common).
    """

    of_log: ClassVar[bool] = False

    edge_type: EdgeType
    forward: bool
    terms: npt.NDArray[np.float32]

    def paths(
        self, graph: Graph, behaviour: Behaviour, source: int, target: int, value: float
    ) -> list[TracedPath]:
        matrix = self.rows(graph)
        here, there = (matrix.indices[matrix.indptr[p] : matrix.indptr[p + 1]] for p in (source, target))
        shared = np.intersect1d(here, there)
        terms = self.terms[shared].astype(np.float64)
        total = float(terms.sum())
        if total <= 0:
            return []
        return [
            TracedPath(edges=self.through(source, int(node), target), share=float(term / total))
            for node, term in zip(shared, terms, strict=True)
            if term > 0
        ]

    def through(self, source: int, node: int, target: int) -> tuple[Edge, Edge]:
        """The two edges by way of one shared node."""
        name, shared = self.edge_type.name, Node(self.kind, node)
        return (
            Edge(start=Node("product", source), relation=name, end=shared, forward=self.forward),
            Edge(start=shared, relation=name, end=Node("product", target), forward=not self.forward),
        )

    def rows(self, graph: Graph) -> sp.csr_array:
        """[products, nodes]: which nodes each product is linked to."""
        relation = graph.relations[self.edge_type]
        return relation.matrix if self.forward else relation.backward

    @property
    def kind(self) -> NodeKind:
        """The kind of the shared nodes."""
        return self.edge_type.tail if self.forward else self.edge_type.head

    @property
    def of_relations(self) -> bool:
        return self.kind == "product"

    def plain(self) -> dict[str, Any]:
        return {"trace": "shared", "edge_type": list(self.edge_type), "forward": self.forward}

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        return {"terms": self.terms}


@dataclass(frozen=True, kw_only=True, eq=False)
class MatchingTrace(SharedTrace):
    """Values of attributes in which products agree that go together."""

    of_log: ClassVar[bool] = True

    def plain(self) -> dict[str, Any]:
        return {**super().plain(), "trace": "matching"}


@dataclass(frozen=True, kw_only=True)
class BehaviourTrace:
    """Users who met both products (in this order, if `ordered`); counted, never named."""

    of_log: ClassVar[bool] = True
    of_relations: ClassVar[bool] = False

    relation: str
    ordered: bool = False

    def paths(
        self, graph: Graph, behaviour: Behaviour, source: int, target: int, value: float
    ) -> list[TracedPath]:
        users = behaviour.users_of
        both, at_source, at_target = np.intersect1d(users(source), users(target), return_indices=True)
        if self.ordered:
            before = behaviour.moments_of(source)[at_source] < behaviour.moments_of(target)[at_target]
            both = both[before]
        edge = Edge(
            start=Node("product", source),
            relation=self.relation,
            end=Node("product", target),
            stored=False,
            support=float(len(both)),
            support_unit="users",
        )
        return [TracedPath(edges=(edge,), share=1.0)]

    def plain(self) -> dict[str, Any]:
        return {"trace": "behaviour", "relation": self.relation, "ordered": self.ordered}

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        return {}


@dataclass(frozen=True, kw_only=True)
class LearnedTrace(BehaviourTrace):
    """The same, where how much a pair counts was learned from what else is met together with the two."""

    def plain(self) -> dict[str, Any]:
        return {"trace": "learned", "relation": self.relation}


@dataclass(frozen=True, kw_only=True)
class SimilarityTrace:
    """Vectors that lie close together; the link's value is a power of their cosine."""

    of_log: ClassVar[bool] = False
    of_relations: ClassVar[bool] = False

    relation: str
    power: int = 1

    def paths(
        self, graph: Graph, behaviour: Behaviour, source: int, target: int, value: float
    ) -> list[TracedPath]:
        edge = Edge(
            start=Node("product", source),
            relation=self.relation,
            end=Node("product", target),
            stored=False,
            support=value ** (1 / self.power),
            support_unit="similarity",
        )
        return [TracedPath(edges=(edge,), share=1.0)]

    def plain(self) -> dict[str, Any]:
        return {"trace": "similarity", "relation": self.relation, "power": self.power}

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        return {}


def load_trace(plain: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[np.generic]]) -> Trace:
    """The trace that `plain` and `arrays` describe."""
    match plain["trace"]:
        case "stored":
            return StoredTrace(edge_type=EdgeType(*plain["edge_type"]), forward=plain["forward"])
        case "shared" | "matching":
            made = SharedTrace if plain["trace"] == "shared" else MatchingTrace
            return made(
                edge_type=EdgeType(*plain["edge_type"]),
                forward=plain["forward"],
                terms=arrays["terms"].astype(np.float32, copy=False),
            )
        case "behaviour":
            return BehaviourTrace(relation=plain["relation"], ordered=plain["ordered"])
        case "learned":
            return LearnedTrace(relation=plain["relation"])
        case "kinds":
            from recommend.channels.kind_traces import KindsTrace

            return KindsTrace.load(plain, arrays)
        case "taste":
            from recommend.channels.taste_traces import TasteTrace

            return TasteTrace.load(plain, arrays)
        case "around":
            from recommend.channels.around_traces import AroundTrace

            return AroundTrace.load(plain, arrays)
        case "onward":
            from recommend.channels.onward_traces import OnwardTrace

            return OnwardTrace.load(plain, arrays)
        case _:
            return SimilarityTrace(relation=plain["relation"], power=plain["power"])
