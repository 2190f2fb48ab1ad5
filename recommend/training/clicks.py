"""Queries that were really typed, and what was clicked and bought after them.

A product high in a list is clicked because it is seen. Where a log says at which rank a product was shown,
its clicks are corrected for that (`kg.snapshot.choice_weight`); elsewhere they are counted as they are, and a
ranker that learns from them learns some of the old ranking.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np
import numpy.typing as npt

from kg.graph import FOUND, Graph
from recommend.training.generated import GeneratedQueries, Made, together
from recommend.training.wanted import Wanted

CLICKS = "clicks"
"""The template of queries that were typed."""
_HELD = 0.3
_GOOD, _FAIR, _AGAIN = 0.5, 0.2, 2


@dataclass(frozen=True, kw_only=True, eq=False)
class ClickLog:
    """What was clicked, query by query: products int32, ascending; weight float32 (how often, corrected for
    the ranks); times int32 (how often). The clicks of query q lie at indptr[q]:indptr[q + 1]."""

    query: tuple[str, ...]
    indptr: npt.NDArray[np.int64]
    products: npt.NDArray[np.int32]
    weight: npt.NDArray[np.float32]
    times: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.query)

    @classmethod
    def of_graph(cls, graph: Graph) -> ClickLog:
        """The clicks that a graph remembers on listed products."""
        edges = graph.relation(FOUND, "query", "product")
        if edges is None:
            return cls(
                query=(),
                indptr=np.zeros(1, dtype=np.int64),
                products=np.empty(0, dtype=np.int32),
                weight=np.empty(0, dtype=np.float32),
                times=np.empty(0, dtype=np.int32),
            )
        texts = list(graph.nodes["query"])
        kept = edges.keep(graph.products.listed[edges.tails])
        asked = np.flatnonzero(np.diff(kept.indptr))
        return cls(
            query=tuple(texts[q] for q in asked.tolist()),
            indptr=np.concatenate([[0], np.cumsum(np.diff(kept.indptr)[asked])]).astype(np.int64),
            products=kept.tails,
            weight=kept.weight,
            times=np.rint(kept.weight).astype(np.int32) if kept.times is None else kept.times,
        )

    def row(self, query: int) -> slice:
        return slice(int(self.indptr[query]), int(self.indptr[query + 1]))


def held_out(query: str) -> bool:
    """Whether a typed query only ever measures and never teaches: three in ten, always the same ones."""
    return crc32(" ".join(query.casefold().split()).encode("utf-8", "replace")) % 1000 < _HELD * 1000


def typed_queries(log: ClickLog, *, least: int = 3) -> GeneratedQueries:
    """The queries of a log with at least so many clicks, graded by them.

    3: clicks of at least half the weight of the query's best product, and more than one; 2: of at least a
    fifth of it, or more than one; 1: clicked at all. What was not clicked has 0. The weight says what is
    better, at whatever rank it stood; how often says what is sure.
    """
    rows = []
    for query, text in enumerate(log.query):
        cells = log.row(query)
        weight, times = log.weight[cells], log.times[cells]
        if times.sum() < least:
            continue
        share = weight / weight.max()
        again = times >= _AGAIN
        grades = np.select([again & (share >= _GOOD), again | (share >= _FAIR)], [3, 2], 1)
        rows.append(
            Made(
                text=text,
                template=CLICKS,
                group=f"query {' '.join(text.casefold().split())}",
                wanted=Wanted(),
                products=log.products[cells],
                grades=grades.astype(np.int8),
                hard=np.empty(0, dtype=np.int32),
            )
        )
    return together(rows)


@dataclass(frozen=True, kw_only=True, eq=False)
class ClickMetrics:
    """float64 [q] each, one value a query: precision, recall and F1 of the first k; AUC of the whole list,
    the chance that a clicked product stands above one that was not clicked."""

    precision: npt.NDArray[np.float64]
    recall: npt.NDArray[np.float64]
    f1: npt.NDArray[np.float64]
    auc: npt.NDArray[np.float64]


def click_metrics(
    lists: Sequence[npt.NDArray[np.integer]], log: ClickLog, *, listed: int, k: int = 10
) -> ClickMetrics:
    """How well lists of product numbers, one per query of the log, find what was clicked.

    `listed` is how many products the shop has: those that a list does not name count as tied behind its end.
    Give long lists (1,000 products), or the AUC says little. Precision divides by k.
    """
    values = np.zeros((len(log), 4))
    for query, found in enumerate(lists):
        clicked = log.products[log.row(query)]
        hits = np.isin(found, clicked)
        count, wanted = int(hits[:k].sum()), len(clicked)
        precision, recall = count / k, count / wanted
        values[query] = precision, recall, 2 * count / (k + wanted), _auc(hits, wanted, listed)
    return ClickMetrics(precision=values[:, 0], recall=values[:, 1], f1=values[:, 2], auc=values[:, 3])


def _auc(hits: npt.NDArray[np.bool_], wanted: int, listed: int) -> float:
    others = listed - wanted
    if wanted == 0 or others <= 0:
        return 0.5
    wrong_above = np.cumsum(~hits)[hits]  # for each hit: how many others stand above it
    behind = others - int((~hits).sum())
    beaten = float((others - wrong_above).sum()) + (wanted - int(hits.sum())) * behind / 2
    return beaten / (wanted * others)
