"""Queries that were really typed, and what was clicked and bought after them.

A product high in a list is clicked because it is seen. Where the rank at which it was shown is known, each
click counts one over the chance that this rank is looked at, 1 / rank^eta (Joachims, Swaminathan & Schnabel,
"Unbiased learning-to-rank with biased feedback", 2017). The records of a shop do not hold that rank: their
`position` is the order of a user's steps. So the clicks of a graph are counted as they are, and a ranker that
learns from them learns some of the old ranking; logs that have ranks can be given as `Click`s.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np
import numpy.typing as npt

from kg.errors import SettingsError
from kg.graph import FOUND, Graph
from recommend.training.generated import GeneratedQueries, Made, together
from recommend.training.wanted import Wanted

CLICKS = "clicks"
"""The template of queries that were typed."""
_MOST_WEIGHT = 10.0
"""A click far down the list counts at most so much: one slip must not outweigh ten clicks."""
_HELD = 0.3
_GOOD, _FAIR, _AGAIN = 0.5, 0.2, 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Click:
    """A product that was clicked, carted or bought after a query; `rank` is where it stood in the list (1:
    first), None if nobody wrote it down."""

    query: str
    product: str
    rank: int | None = None
    count: float = 1.0


@dataclass(frozen=True, kw_only=True, eq=False)
class ClickLog:
    """What was clicked, query by query: products int32, ascending; counts float32 (how often), corrected
    float32 (the same, corrected for the ranks). The clicks of query q lie at indptr[q]:indptr[q + 1]."""

    query: tuple[str, ...]
    indptr: npt.NDArray[np.int64]
    products: npt.NDArray[np.int32]
    counts: npt.NDArray[np.float32]
    corrected: npt.NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.query)

    @classmethod
    def of_graph(cls, graph: Graph) -> ClickLog:
        """The clicks that a graph remembers; it knows no ranks."""
        edges = graph.relation(FOUND, "query", "product")
        if edges is None:
            return cls.of((), graph)
        listed = graph.products.listed[edges.tails]
        texts = list(graph.nodes["query"])
        kept = edges.keep(listed)
        asked = np.flatnonzero(np.diff(kept.indptr))
        return cls(
            query=tuple(texts[q] for q in asked.tolist()),
            indptr=np.concatenate([[0], np.cumsum(np.diff(kept.indptr)[asked])]).astype(np.int64),
            products=kept.tails,
            counts=kept.weight,
            corrected=kept.weight,
        )

    @classmethod
    def of(cls, clicks: Iterable[Click], graph: Graph, *, eta: float = 1.0) -> ClickLog:
        """The clicks of a log. Products that are not listed are passed over; SettingsError for a rank below 1
        or an eta below 0."""
        if eta < 0:
            raise SettingsError(f"eta={eta} must not be below 0; 0 means that ranks do not matter")
        found: dict[str, dict[int, tuple[float, float]]] = {}
        numbers, listed = graph.nodes["product"], graph.products.listed
        for click in clicks:
            if click.rank is not None and click.rank < 1:
                raise SettingsError(
                    f"rank={click.rank} of {click.query!r} must be at least 1: 1 is the first"
                )
            product = numbers.number(click.product)
            if product is None or not listed[product]:
                continue
            weight = 1.0 if click.rank is None else min(float(click.rank) ** eta, _MOST_WEIGHT)
            count, corrected = found.setdefault(click.query, {}).get(product, (0.0, 0.0))
            found[click.query][product] = (count + click.count, corrected + click.count * weight)
        rows = [(query, sorted(cells.items())) for query, cells in sorted(found.items())]
        cells = [(product, *values) for _, row in rows for product, values in row]
        columns = np.array(cells, dtype=np.float64).reshape(-1, 3)
        return cls(
            query=tuple(query for query, _ in rows),
            indptr=np.concatenate([[0], np.cumsum([len(row) for _, row in rows])]).astype(np.int64),
            products=columns[:, 0].astype(np.int32),
            counts=columns[:, 1].astype(np.float32),
            corrected=columns[:, 2].astype(np.float32),
        )

    def row(self, query: int) -> slice:
        return slice(int(self.indptr[query]), int(self.indptr[query + 1]))

    def held(self, *, held: bool) -> ClickLog:
        """Only the queries that are held out, or only the others."""
        kept = [q for q, text in enumerate(self.query) if held_out(text) == held]
        rows = [self.row(q) for q in kept]
        cells = np.concatenate([np.arange(r.start, r.stop) for r in rows]) if rows else np.empty(0, np.int64)
        return ClickLog(
            query=tuple(self.query[q] for q in kept),
            indptr=np.concatenate([[0], np.cumsum([r.stop - r.start for r in rows])]).astype(np.int64),
            products=self.products[cells],
            counts=self.counts[cells],
            corrected=self.corrected[cells],
        )


def held_out(query: str) -> bool:
    """Whether a typed query only ever measures and never teaches: three in ten, always the same ones."""
    return crc32(" ".join(query.casefold().split()).encode("utf-8", "replace")) % 1000 < _HELD * 1000


def typed_queries(log: ClickLog, *, least: float = 3.0) -> GeneratedQueries:
    """The queries of a log with at least so many clicks, graded by them.

    3: at least half as often clicked (corrected) as the query's best product, and more than once; 2: at least
    a fifth as often, or more than once; 1: clicked at all. What was not clicked has 0.
    """
    rows = []
    for query, text in enumerate(log.query):
        cells = log.row(query)
        counts, corrected = log.counts[cells], log.corrected[cells]
        if counts.sum() < least:
            continue
        share = corrected / corrected.max()
        again = counts >= _AGAIN
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
