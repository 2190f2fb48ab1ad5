"""Taking a score apart: every channel's contribution as the paths behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from kg.graph import USER_RELATIONS, EdgeType, Graph, Node
from recommend.behaviour import History
from recommend.channels.base import Links
from recommend.channels.traces import Edge, Word
from recommend.explain.explanation import (
    CONFIDENCE,
    ExplainedEdge,
    ExplainedNode,
    ExplainedPath,
    Explanation,
)
from recommend.explain.provenance import Provenance
from recommend.fitting import Fitted
from recommend.query import PreparedQuery
from recommend.rank.additive import Additive, remembered
from recommend.rank.blend import TASTE

if TYPE_CHECKING:
    from recommend.searching import Judged


@dataclass(frozen=True, kw_only=True, eq=False)
class Evidence:
    """What a score was made of: a history, query channels, or both. `signals` and `adjustment` (of a learned
    ranking) add up to `score`; `told` are sentences on the shop's own rules.

    `factor` scales the history's channels (1, or the share that taste has in a search); `prefix` names them
    there.
    """

    score: float
    signals: Mapping[str, float]
    additive: Additive | None = None
    history: History | None = None
    user: int | None = None
    factor: float = 1.0
    prefix: str = ""
    query: PreparedQuery | None = None
    adjustment: float = 0.0
    told: tuple[str, ...] = ()

    @classmethod
    def of_history(cls, additive: Additive, history: History, user: int | None, product: int) -> Evidence:
        signals = {
            n: float(v[0]) for n, v in additive.signals(history, np.array([product])).items() if v[0] > 0
        }
        score = float(additive.scores(history)[product])
        return cls(score=score, signals=signals, additive=additive, history=history, user=user)

    @classmethod
    def of_search(cls, judged: Judged, additive: Additive, history: History | None, product: int) -> Evidence:
        signals: dict[str, float] = {}
        factor = 0.0
        # of a product that the query says nothing of, taste says nothing either
        silent = judged.score == 0 and not judged.adjustment
        for part in () if silent else judged.asked.parts:
            signals.update({n: float(v[0]) for n, v in part.shares(np.array([product])).items() if v[0]})
            if part.name == TASTE:
                factor = part.weight * part.factor
        return cls(
            score=judged.score,
            signals={**signals, **judged.rules},
            additive=additive,
            history=history,
            factor=factor,
            prefix=f"{TASTE}.",
            query=judged.asked.query,
            adjustment=judged.adjustment,
            told=judged.told,
        )


def explain(fitted: Fitted, evidence: Evidence, product: int, *, paths: int) -> Explanation:
    """All paths are found and added up; the strongest of each pattern are shown first."""
    found: list[_Found] = []
    if evidence.query is not None:
        found.extend(_query_paths(fitted, evidence, evidence.query, product))
    if evidence.additive is not None and evidence.history is not None and evidence.factor > 0:
        found.extend(_history_paths(fitted, evidence, evidence.additive, evidence.history, product))
    found.sort(key=_order)
    return Explanation(
        product=fitted.graph.products.product(product),
        score=evidence.score,
        signals=evidence.signals,
        paths=tuple(_told(fitted, evidence, one) for one in _different(found, paths)),
        path_count=len(found),
        explained=float(sum(one.contribution for one in found)),
        adjustment=evidence.adjustment,
        told=evidence.told,
        reading=None if evidence.query is None else evidence.query.reading,
    )


class _Found(NamedTuple):
    """A path in numbers; only those that are shown get their names. `source` is the product of the history it
    starts from."""

    contribution: float
    channel: str
    edges: tuple[Edge, ...]
    source: int | None


def _order(found: _Found) -> tuple[object, ...]:
    """Strongest first; equals in an order that is the same every time."""
    ends = tuple((edge.relation, edge.end) for edge in found.edges)
    return -found.contribution, found.channel, -1 if found.source is None else found.source, ends


def _different(paths: list[_Found], most: int) -> list[_Found]:
    """The strongest path of each pattern, then the strongest of the rest; in the order of strength."""
    firsts: dict[object, int] = {}
    for place, one in enumerate(paths):
        firsts.setdefault(tuple((edge.relation, edge.forward) for edge in one.edges), place)
    chosen = list(firsts.values())[:most]
    taken = set(chosen)
    rest = (place for place in range(len(paths)) if place not in taken)
    chosen += [place for place, _ in zip(rest, range(most - len(chosen)), strict=False)]
    return [paths[place] for place in sorted(chosen)]


def _query_paths(fitted: Fitted, evidence: Evidence, query: PreparedQuery, product: int) -> Iterator[_Found]:
    for _, channel in fitted.query_channels:
        value = evidence.signals.get(channel.name, 0.0)
        if value:
            for traced in channel.paths(fitted.graph, query, product):
                yield _Found(value * traced.share, channel.name, traced.edges, None)


def _history_paths(
    fitted: Fitted, evidence: Evidence, additive: Additive, history: History, product: int
) -> Iterator[_Found]:
    for links in additive.links:
        weight = additive.weights[links.name] * links.scale * evidence.factor
        counts = remembered(history, links.memory)
        for source, count in zip(history.products.tolist(), counts.tolist(), strict=True):
            value = _value(links, source, product)
            if value > 0:
                for traced in links.trace.paths(fitted.graph, fitted.behaviour, source, product, value):
                    contribution = weight * count * value * traced.share
                    yield _Found(contribution, evidence.prefix + links.name, traced.edges, source)


def _told(fitted: Fitted, evidence: Evidence, found: _Found) -> ExplainedPath:
    first: tuple[Edge, ...] = ()
    if evidence.user is not None and found.source is not None:
        first = _met(fitted.graph, evidence.user, found.source)
    known = Provenance(fitted.graph, fitted.stated, fitted.derived)
    return ExplainedPath(
        channel=found.channel,
        contribution=found.contribution,
        edges=tuple(_edge(fitted.graph, known, edge) for edge in (*first, *found.edges)),
    )


def _value(links: Links, source: int, target: int) -> float:
    matrix = links.matrix
    start, stop = matrix.indptr[source], matrix.indptr[source + 1]
    at = start + np.searchsorted(matrix.indices[start:stop], target)
    return float(matrix.data[at]) if at < stop and matrix.indices[at] == target else 0.0


def _met(graph: Graph, user: int, product: int) -> tuple[Edge, ...]:
    """The most serious interaction of a user with a product; none with one that only the question named."""
    order = ("purchase", "rating", "cart", "click", "view")
    for kind in order:
        relation = graph.relations.get(EdgeType("user", USER_RELATIONS[kind], "product"))
        if relation is not None and product in relation.tails[relation.row(user)]:
            return (
                Edge(start=Node("user", user), relation=relation.type.name, end=Node("product", product)),
            )
    return ()


def _edge(graph: Graph, known: Provenance, edge: Edge) -> ExplainedEdge:
    stored, support, unit = edge.stored, edge.support, edge.support_unit
    if stored and not isinstance(edge.start, Word):
        ends = (edge.start, edge.end) if edge.forward else (edge.end, edge.start)
        origin = known.origin(ends[0], edge.relation, ends[1])
        if origin is not None:
            stored, support, unit = False, origin.confidence, f"{CONFIDENCE} ({origin.source})"
    return ExplainedEdge(
        start=_node(graph, known, edge.start),
        relation=edge.relation,
        end=_node(graph, known, edge.end),
        forward=edge.forward,
        stored=stored,
        support=support,
        support_unit=unit,
    )


def _node(graph: Graph, known: Provenance, node: Node | Word) -> ExplainedNode:
    if isinstance(node, Word):
        return ExplainedNode(kind="word", id=node.text, label=node.text, stored=False)
    return ExplainedNode(
        kind=node.kind, id=graph.node_id(node), label=graph.label(node), stored=known.in_store(node)
    )
