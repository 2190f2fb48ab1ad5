"""Kinds of products that are bought together: lamps with bulbs, whoever makes them.

What one lamp's buyers took with it is little evidence; what all lamps' buyers took is much, and it holds for
a lamp that came today. The value of a link is how much more likely a basket with the one kind holds the
other than any basket does, where that is no chance (two standard deviations).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kg.graph import PURCHASED, EdgeType, Graph
from recommend.channels.base import FitContext, Links, item_channel, scale_of
from recommend.channels.kind_traces import ORDERS, KindsTrace
from recommend.complements.kinds import Kinds, bought_together, orders
from recommend.sparse import csr, empty, keep_best, only_rows

LEAST_BASKETS = 30
"""So many must hold several kinds."""
MOST = 100
"""So many products of all the kinds that go with one are kept, the most popular of each first."""
_LONGEST = 50
_SURE = 2.0
_CELLS = 4_000
"""With more kinds than this, a table of all pairs of them would not fit."""

Numbers = npt.NDArray[np.int64]


@item_channel("kinds_together")
def fit(context: FitContext) -> Iterator[Links]:
    graph = context.graph
    kinds = context.once(kinds_of)
    one = kinds.one
    count = int(one.max(initial=-1)) + 1
    found = context.once(together_of)
    if found is None:
        return
    gain, met, unit = found
    heads, tails = np.nonzero(gain)
    if not len(heads):
        return
    listed = np.flatnonzero((one >= 0) & graph.products.listed)
    members = sp.csr_array(
        (np.ones(len(listed), dtype=np.float32), (one[listed], listed)), shape=(count, len(one))
    )
    by_kind = sp.csr_array((gain[heads, tails], (heads, tails)), shape=(count, count)) @ members
    best = keep_best(by_kind, min(MOST, context.settings.links), priority=context.behaviour.popularity)
    known = np.flatnonzero(one >= 0)
    belongs = sp.csr_array(
        (np.ones(len(known), dtype=np.float32), (known, one[known])), shape=(len(one), count)
    )
    matrix = only_rows((belongs @ best).tocsr(), context.rows)
    matrix.sort_indices()
    if matrix.nnz:
        yield Links(
            name="kinds_together",
            matrix=matrix,
            trace=KindsTrace(
                relation="ordered_together" if unit == ORDERS else "bought_together",
                unit=unit,
                type=kinds.type,
                category=kinds.category,
                heads=heads.astype(np.int64),
                tails=tails.astype(np.int64),
                support=met[heads, tails].astype(np.float32),
            ),
            scale=scale_of(matrix),
            defaults={"complement": 0.3},
        )


def kinds_of(context: FitContext) -> Kinds:
    """The kind of each product; for `FitContext.once`."""
    return Kinds.of(context.graph)


def together_of(context: FitContext) -> Together | None:
    """How these kinds go together; for `FitContext.once`."""
    return going_together(context.graph, context.once(kinds_of).one)


class Together(NamedTuple):
    """`gain` and `met` as `gains` gives them, and the `unit` of what a basket is."""

    gain: npt.NDArray[np.float32]
    met: npt.NDArray[np.float64]
    unit: str


def going_together(graph: Graph, kind: Numbers) -> Together | None:
    """How kinds go together, `kind` int64 [products] being that of each (-1: unknown); None where too few
    baskets hold several."""
    count = int(kind.max(initial=-1)) + 1
    found = None if count > _CELLS else _baskets(graph, kind, count)
    if found is None:
        return None
    baskets, unit = found
    return Together(*gains(baskets), unit)


def gains(baskets: sp.csr_array) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float64]]:
    """(float32 [k, k]: how much likelier the second kind is in a basket with the first than in any, 0 where
    that may be chance or is less; float64 [k, k]: how many baskets hold both). A kind never goes with itself.
    `baskets` [b, k] holds ones."""
    met = (baskets.T @ baskets).toarray().astype(np.float64)
    times = met.diagonal().copy()
    total = max(1, baskets.shape[0])
    expected = np.outer(times, times) / total
    sure = (met - expected) / np.sqrt(expected + 1) >= _SURE
    np.fill_diagonal(sure, False)
    gain = met / np.maximum(times, 1)[:, None] - times[None, :] / total
    return np.where(sure & (gain > 0), gain, 0).astype(np.float32), met


def _baskets(graph: Graph, kind: Numbers, count: int) -> tuple[sp.csr_array, str] | None:
    """(baskets × kinds, what a basket is): orders if the log has them, else pairs of products that are said
    to go together, else all that a user bought. None if too few hold several kinds."""
    order, _, product = orders(graph, least=1)
    found = _table(order, kind[product], count)
    if _telling(found) >= LEAST_BASKETS:
        return found, ORDERS
    heads, tails = bought_together(graph)
    pair = np.arange(len(heads))
    found = _table(np.concatenate([pair, pair]), kind[np.concatenate([heads, tails])], count)
    if _telling(found) >= LEAST_BASKETS:
        return found, "pairs"
    bought = graph.relations.get(EdgeType("user", PURCHASED, "product"))
    if bought is None:
        return None
    found = _table(bought.heads.astype(np.int64), kind[bought.tails], count)
    return (found, "users") if _telling(found) >= LEAST_BASKETS else None


def _table(basket: Numbers, kind: Numbers, count: int) -> sp.csr_array:
    """Ones for the kinds of each basket that has no more than fifty."""
    known = kind >= 0
    if not known.any():
        return empty(0, count)
    cells = np.unique(np.stack([basket[known], kind[known]], axis=1), axis=0)
    number, size = np.unique(cells[:, 0], return_inverse=True, return_counts=True)[1:]
    kept = size[number] <= _LONGEST
    row = np.unique(number[kept], return_inverse=True)[1]
    starts = np.searchsorted(row, np.arange(int(row.max(initial=-1)) + 2))
    ones = np.ones(len(row), dtype=np.float32)
    return csr(ones, cells[kept, 1], starts, (len(starts) - 1, count))


def _telling(baskets: sp.csr_array) -> int:
    """How many baskets hold several kinds."""
    return int((np.diff(baskets.indptr) > 1).sum())
