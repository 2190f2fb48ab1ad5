"""Scores as they would be without some of the evidence.

Edges are taken out of the graph, the channels that are made of them are made again (for the products of the
history only: nothing else is asked), and the products are scored again with everything that was learned
frozen: weights, sizes, memories and priors.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kg.graph import EdgeType, Graph, Node, Relation
from kg.records import NodeKind
from recommend.behaviour import Behaviour, History
from recommend.channels.base import FitContext, Links, fit_links, ways_of
from recommend.channels.traces import BehaviourTrace, Edge, SharedTrace, StoredTrace, Trace, Word
from recommend.earlier import Earlier
from recommend.explain.explanation import CONFIDENCE, ExplainedEdge, ExplainedPath
from recommend.rank.additive import Additive
from recommend.recommender import Recommender
from recommend.sparse import csr, empty

Numbers = npt.NDArray[np.int64]
_Key = tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Removal:
    """What is taken away: `edges` of the graph (type, head, tail), what users did (`met`: user, product), and
    `links` (channel, product, product) that no edge stands behind."""

    edges: frozenset[tuple[EdgeType, int, int]] = frozenset()
    met: frozenset[tuple[int, int]] = frozenset()
    links: frozenset[tuple[str, int, int]] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.edges or self.met or self.links)


class Deleting:
    """Scores histories with a fitted model after removals.

    `rebuilt` are the channels that can be made again; a link of any other (of vectors, or learned as a whole)
    is taken away as it is.
    """

    def __init__(self, model: Recommender) -> None:
        self._fitted = model.fitted
        self._settings = model.settings
        self._seed = model.seed
        self.additive = model.fitted.additive()["history"]
        self._earlier = _Unmoved(self._fitted, self._fitted.graph, folder=Path())
        self.rebuilt = self._rebuilt()

    def scores(self, history: History, removal: Removal) -> npt.NDArray[np.float32]:
        """float32 [products]: the scores for a history, which itself stays as it is."""
        return self.without(history, removal).scores(history)

    def without(self, history: History, removal: Removal) -> Additive:
        """The additive model after a removal; right for the rows of the history."""
        again = self._again(np.unique(history.products), removal)
        types = {edge_type for edge_type, _, _ in removal.edges}
        links = []
        for one in self.additive.links:
            if one.name in self.rebuilt and _made_of(one.trace, types, bool(removal.met)):
                found = again.get(self._key(one.trace))
                one = replace(one, matrix=empty(*one.matrix.shape) if found is None else found.matrix)
            gone = [(source, target) for name, source, target in removal.links if name == one.name]
            links.append(replace(one, matrix=_without_cells(one.matrix, gone)) if gone else one)
        return replace(self.additive, links=tuple(links))

    def removal(self, channel: str, edges: Iterable[Edge], user: int | None) -> Removal:
        """What stands behind a path of a channel, in the numbers of the graph.

        A stored edge goes itself. For what users did with two products, those who did it lose the first of
        them; `user`, who asks, keeps everything. Where the channel cannot be made again the link goes as a
        whole.
        """
        trace = self.links(channel).trace
        gone: set[tuple[EdgeType, int, int]] = set()
        met: set[tuple[int, int]] = set()
        links: set[tuple[str, int, int]] = set()
        walked = [edge for edge in edges if isinstance(edge.start, Node) and edge.start.kind != "user"]
        if channel not in self.rebuilt:
            first, last = walked[0].start, walked[-1].end
            assert isinstance(first, Node)
            return Removal(links=frozenset({(channel, first.number, last.number)}))
        for edge in walked:
            assert isinstance(edge.start, Node)
            if edge.stored:
                head, tail = (edge.start, edge.end) if edge.forward else (edge.end, edge.start)
                gone.add((EdgeType(head.kind, edge.relation, tail.kind), head.number, tail.number))
            elif isinstance(trace, BehaviourTrace):
                both = self._both(edge.start.number, edge.end.number, ordered=trace.ordered).tolist()
                met |= {(one, edge.start.number) for one in both if one != user}
            else:
                links.add((channel, edge.start.number, edge.end.number))
        return Removal(edges=frozenset(gone), met=frozenset(met), links=frozenset(links))

    def links(self, channel: str) -> Links:
        """The links of a channel that counts; KeyError if there is no such."""
        for one in self.additive.links:
            if one.name == channel:
                return one
        raise KeyError(channel)

    def users_behind(self, channel: str, first: int, then: int) -> Numbers | None:
        """int64 [m]: who did what a link of the channel counts; None if it counts no users."""
        trace = self.links(channel).trace
        if not isinstance(trace, BehaviourTrace):
            return None
        return self._both(first, then, ordered=trace.ordered).astype(np.int64)

    def _both(self, first: int, then: int, *, ordered: bool) -> npt.NDArray[np.int32]:
        behaviour = self._fitted.behaviour
        both, at_first, at_then = np.intersect1d(
            behaviour.users_of(first), behaviour.users_of(then), return_indices=True
        )
        if ordered:
            both = both[behaviour.moments_of(first)[at_first] < behaviour.moments_of(then)[at_then]]
        return both

    def _again(self, rows: Numbers, removal: Removal) -> dict[_Key, Links]:
        """The channels that are made of what goes, without it."""
        if not removal.edges and not removal.met:
            return {}
        graph = self._fitted.graph
        gone: dict[EdgeType, list[tuple[int, int]]] = {}
        for edge_type, head, tail in removal.edges:
            gone.setdefault(edge_type, []).append((head, tail))
        relations = {t: _without_edges(graph.relations[t], pairs) for t, pairs in gone.items()}
        behaviour = self._fitted.behaviour
        if removal.met:
            behaviour = _without_met(behaviour, sorted(removal.met))
        return self._fit(replace(graph, relations=relations), behaviour, rows, again=bool(removal.met))

    def _fit(self, graph: Graph, behaviour: Behaviour, rows: Numbers, *, again: bool) -> dict[_Key, Links]:
        """Some rows of the channels made of a graph, and if `again` of those made of behaviour."""
        context = FitContext(
            graph=graph,
            behaviour=behaviour,
            settings=self._settings,
            seed=self._seed,
            rows=rows,
            ways=ways_of(self._fitted.links),
            earlier=None if again else self._earlier,
        )
        return {_key(links.trace, behaviour.verb): links for links in fit_links(context)}

    def _key(self, trace: Trace) -> _Key:
        return _key(trace, self._fitted.behaviour.verb)

    def _rebuilt(self) -> frozenset[str]:
        """The channels of which a few rows, made again out of the same graph, are those they have."""
        graph, n = self._fitted.graph, self._fitted.graph.product_count
        rows = np.unique(np.linspace(0, n - 1, min(n, 50)).astype(np.int64))
        found = self._fit(graph, self._fitted.behaviour, rows, again=True)
        return frozenset(
            one.name
            for one in self.additive.links
            if isinstance(one.trace, StoredTrace | SharedTrace | BehaviourTrace)
            and self._key(one.trace) in found
            and _same(found[self._key(one.trace)].matrix[rows], one.matrix[rows])
        )


class _Unmoved(Earlier):
    """The model itself as an earlier one: all that users did is the same, no edge is."""

    @property
    def same_behaviour(self) -> bool:
        return True

    def _compare(self, edge_type: EdgeType) -> bool:
        return False


def edges_of(graph: Graph, path: ExplainedPath) -> tuple[Edge, ...] | None:
    """The edges of an explained path in the numbers of a graph; None if it does not have one of the nodes."""
    found = [_edge(graph, edge) for edge in path.edges]
    known = tuple(edge for edge in found if edge is not None)
    return known if len(known) == len(found) else None


def _edge(graph: Graph, edge: ExplainedEdge) -> Edge | None:
    ends: list[Node | Word] = []
    for node in (edge.start, edge.end):
        if node.kind == "word":
            ends.append(Word(node.id))
            continue
        kind: NodeKind = node.kind  # type: ignore[assignment]
        number = graph.nodes[kind].number(node.id)
        if number is None:
            return None
        ends.append(Node(kind, number))
    start, end = ends
    assert isinstance(end, Node)
    return Edge(
        start=start,
        relation=edge.relation,
        end=end,
        forward=edge.forward,
        stored=edge.stored or edge.support_unit.startswith(CONFIDENCE),
        support=edge.support,
        support_unit=edge.support_unit,
    )


def _key(trace: Trace, verb: str) -> _Key:
    """What a channel is made of. ('bought' may become 'met' when something is taken away.)"""
    plain = trace.plain()
    relation = str(plain.get("relation", "")).removeprefix(verb)
    return tuple(sorted((name, str(value)) for name, value in {**plain, "relation": relation}.items()))


def _made_of(trace: Trace, types: set[EdgeType], met: bool) -> bool:
    if isinstance(trace, StoredTrace | SharedTrace):
        return trace.edge_type in types
    return met and isinstance(trace, BehaviourTrace)


def _same(one: sp.csr_array, other: sp.csr_array) -> bool:
    return (
        np.array_equal(one.indptr, other.indptr)
        and np.array_equal(one.indices, other.indices)
        and np.array_equal(one.data, other.data)
    )


def _without_edges(relation: Relation, pairs: Sequence[tuple[int, int]]) -> Relation:
    keep = np.ones(len(relation), dtype=np.bool_)
    for head, tail in pairs:
        row = relation.row(head)
        keep[row] &= relation.tails[row] != tail
    return relation.keep(keep)


def _without_met(behaviour: Behaviour, pairs: Sequence[tuple[int, int]]) -> Behaviour:
    keep = np.ones(behaviour.weight.nnz, dtype=np.bool_)
    for user, product in pairs:
        row = behaviour.row(user)
        keep[row] &= behaviour.weight.indices[row] != product
    return behaviour.only(keep)


def _without_cells(matrix: sp.csr_array, cells: Iterable[tuple[int, int]]) -> sp.csr_array:
    data = matrix.data.copy()
    for row, column in cells:
        inside = slice(int(matrix.indptr[row]), int(matrix.indptr[row + 1]))
        data[inside][matrix.indices[inside] == column] = 0
    return csr(data, matrix.indices, matrix.indptr, matrix.shape)
