"""How well a model of the graph predicts edges that it was not shown.

The protocol, the same for every graph encoder and for the baseline:

    held out   a random share of the edges of the wanted relations, at most `most` of them. Every other
               edge between the same two nodes, in any relation and direction, leaves the training graph too:
               "a also_viewed b" must not be answered by reading "b also_viewed a".
    ranked     the tail of each held-out edge among all nodes of the tail's kind.
    filtered   other true tails of the same head and relation do not compete (Bordes et al. 2013).
    ties       count half: the rank is the mean of the best and the worst place ("realistic rank").
    baseline   tails by their number of training edges in that relation ("degree").

On a graph whose tails were shuffled within each relation nothing but degree is left to learn, so a model
must not beat the baseline there: `shuffle_tails` makes that graph.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from encoders.base import Matrix
from kg.errors import SettingsError
from kg.graph import EdgeType, Graph, Relation

Numbers = npt.NDArray[np.int64]

_CELLS = 8_000_000
"""Scores that are held in memory at a time (32 MB)."""


class LinkScorer(Protocol):
    """Anything that can say how likely each node is as the tail of an edge."""

    def tail_scores(self, edge_type: EdgeType, heads: Numbers) -> Matrix:
        """float32 [len(heads), nodes of the tail's kind]; numbers are within their kind."""
        ...


@dataclass(frozen=True, kw_only=True, eq=False)
class HeldOut:
    """Edges kept from training: int64 [k, 2] of head and tail per type, and the graph without them."""

    train: Graph
    edges: Mapping[EdgeType, Numbers]

    def __len__(self) -> int:
        return sum(len(pairs) for pairs in self.edges.values())


@dataclass(frozen=True, kw_only=True)
class LinkMetrics:
    """Means over `count` held-out edges; `degree_mrr` is the baseline on the same edges."""

    mrr: float
    hits_at_1: float
    hits_at_3: float
    hits_at_10: float
    degree_mrr: float
    count: int

    @property
    def advantage(self) -> float:
        """How many times the baseline's MRR; 0 when nothing was ranked."""
        return self.mrr / self.degree_mrr if self.degree_mrr > 0 else 0.0


def hold_out(
    graph: Graph,
    *,
    relations: Collection[str] | None = None,
    share: float = 0.05,
    most: int = 2000,
    seed: int = 0,
) -> HeldOut:
    """Take some edges out of a graph. `relations` None means all; a node pair counts once per relation."""
    if not 0 <= share < 1 or most < 0:
        raise SettingsError(f"share={share} must be in [0, 1) and most={most} at least 0")
    types = [t for t in sorted(graph.relations) if relations is None or t.name in relations]
    matrices = [graph.relations[t].matrix.tocoo() for t in types]
    sizes = np.array([m.nnz for m in matrices], dtype=np.int64)
    count = min(most, int(share * sizes.sum()))
    chosen = np.sort(np.random.default_rng(seed).choice(int(sizes.sum()), size=count, replace=False))
    ends = np.cumsum(sizes)
    held: dict[EdgeType, Numbers] = {}
    for edge_type, matrix, end, size in zip(types, matrices, ends, sizes, strict=True):
        rows = chosen[(chosen >= end - size) & (chosen < end)] - (end - size)
        if len(rows):
            held[edge_type] = np.stack([matrix.row[rows], matrix.col[rows]], axis=1).astype(np.int64)
    offsets, total = graph.offsets, graph.node_count
    secret = [
        _pair_keys(pairs[:, 0] + offsets[t.head], pairs[:, 1] + offsets[t.tail], total)
        for t, pairs in held.items()
    ]
    keys = np.unique(np.concatenate(secret)) if secret else np.empty(0, dtype=np.int64)
    masks = {
        t: np.isin(_pair_keys(r.heads + offsets[t.head], r.tails + offsets[t.tail], total), keys)
        for t, r in graph.relations.items()
    }
    return HeldOut(train=graph.without(edges=masks), edges=held)


def shuffle_tails(graph: Graph, *, seed: int = 0) -> Graph:
    """The graph with the tails of each relation permuted: every degree stays, all meaning goes."""
    rng = np.random.default_rng(seed)
    relations = sorted(graph.relations.items())
    return replace(graph, relations={t: _permuted(r, rng.permutation(len(r))) for t, r in relations})


def link_metrics(scorer: LinkScorer, held: HeldOut) -> LinkMetrics:
    """Rank every held-out tail; memory stays bounded whatever the number of nodes."""
    ranks: list[npt.NDArray[np.float64]] = []
    degree_ranks: list[npt.NDArray[np.float64]] = []
    baseline = DegreeScorer(held.train)
    for edge_type, pairs in sorted(held.edges.items()):
        known = _known(held, edge_type)
        tails = len(held.train.nodes[edge_type.tail])
        step = max(1, _CELLS // max(1, tails))
        for start in range(0, len(pairs), step):
            part = pairs[start : start + step]
            ranks.append(_ranks(scorer.tail_scores(edge_type, part[:, 0]), part, known))
            degree_ranks.append(_ranks(baseline.tail_scores(edge_type, part[:, 0]), part, known))
    if not ranks:
        return LinkMetrics(mrr=0.0, hits_at_1=0.0, hits_at_3=0.0, hits_at_10=0.0, degree_mrr=0.0, count=0)
    rank, degree = np.concatenate(ranks), np.concatenate(degree_ranks)
    return LinkMetrics(
        mrr=float((1 / rank).mean()),
        hits_at_1=float((rank <= 1).mean()),
        hits_at_3=float((rank <= 3).mean()),
        hits_at_10=float((rank <= 10).mean()),
        degree_mrr=float((1 / degree).mean()),
        count=len(rank),
    )


class DegreeScorer:
    """The baseline: a tail is as likely as it has edges of that relation, whatever the head."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def tail_scores(self, edge_type: EdgeType, heads: Numbers) -> Matrix:
        relation = self._graph.relations.get(edge_type)
        size = len(self._graph.nodes[edge_type.tail])
        degree = np.zeros(size) if relation is None else np.bincount(relation.matrix.indices, minlength=size)
        return np.broadcast_to(degree.astype(np.float32), (len(heads), size)).copy()


def _ranks(scores: Matrix, pairs: Numbers, known: _Known) -> npt.NDArray[np.float64]:
    """float64 [k]: filtered ranks from 1, ties in the middle."""
    rows = np.arange(len(pairs))
    scores = np.where(np.isnan(scores), -np.inf, scores)
    own = scores[rows, pairs[:, 1]].copy()
    for i, (head, tail) in enumerate(pairs):
        others = known.tails(int(head))
        scores[i, others[others != tail]] = -np.inf
    better = (scores > own[:, None]).sum(axis=1)
    equal = (scores == own[:, None]).sum(axis=1) - 1
    return np.asarray(1.0 + better + np.maximum(equal, 0) / 2.0)


class _Known:
    """All true tails of a head, shown or held out."""

    def __init__(self, train: Relation | None, held: Numbers) -> None:
        self._train = None if train is None else train.matrix
        self._held: dict[int, list[int]] = {}
        for head, tail in held.tolist():
            self._held.setdefault(head, []).append(tail)

    def tails(self, head: int) -> Numbers:
        shown = np.empty(0, dtype=np.int64)
        if self._train is not None:
            row = slice(self._train.indptr[head], self._train.indptr[head + 1])
            shown = self._train.indices[row].astype(np.int64)
        return np.concatenate([shown, np.array(self._held.get(head, ()), dtype=np.int64)])


def _known(held: HeldOut, edge_type: EdgeType) -> _Known:
    return _Known(held.train.relations.get(edge_type), held.edges[edge_type])


def _pair_keys(heads: npt.NDArray[np.integer], tails: npt.NDArray[np.integer], total: int) -> Numbers:
    """int64 [m]: one number per unordered pair of nodes."""
    low, high = np.minimum(heads, tails).astype(np.int64), np.maximum(heads, tails).astype(np.int64)
    keys: Numbers = low * total + high
    return keys


def _permuted(relation: Relation, order: npt.NDArray[np.int64]) -> Relation:
    tails = relation.tails[order]
    rank = np.lexsort((tails, relation.heads))  # heads are sorted already: rows keep their places
    return Relation(
        type=relation.type,
        indptr=relation.indptr,
        tails=tails[rank],
        weight=relation.weight,
        tail_count=relation.tail_count,
        time=relation.time,
        order=relation.order,
    )
