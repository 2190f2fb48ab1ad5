"""Ranking metrics over the whole catalog, one value for each list.

Lists come as `hits` bool [u, k]: True where the product at that place is relevant. Empty places are
misses. `wanted` int64 [u] says how many products are relevant, found or not; a list that wants nothing has 0.
To add a metric, write a function and put it into `METRICS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recommend.sparse import rows_of

Values: TypeAlias = npt.NDArray[np.float64]
Metric: TypeAlias = Callable[[npt.NDArray[np.bool_], npt.NDArray[np.int64]], Values]


def find_hits(lists: npt.NDArray[np.int64], relevant: sp.csr_array) -> npt.NDArray[np.bool_]:
    """bool [u, k]: which places of lists int64 [u, k] (-1: empty) hold a product of relevant [u, n]."""
    count = relevant.shape[1]
    rows = rows_of(relevant)
    known = rows * np.int64(count) + relevant.indices
    keys = np.arange(len(lists))[:, None] * np.int64(count) + lists
    found: npt.NDArray[np.bool_] = np.isin(keys, known) & (lists >= 0)
    return found


def ndcg(hits: npt.NDArray[np.bool_], wanted: npt.NDArray[np.int64]) -> Values:
    """Binary gains; the ideal list has min(k, wanted) hits at its top."""
    discount = _discount(hits.shape[1])
    ideal = np.concatenate([[0.0], np.cumsum(discount)])[np.minimum(wanted, hits.shape[1])]
    return _ratio(np.asarray(hits @ discount, dtype=np.float64), np.asarray(ideal))


def recall(hits: npt.NDArray[np.bool_], wanted: npt.NDArray[np.int64]) -> Values:
    return _ratio(hits.sum(axis=1), wanted)


def hit_rate(hits: npt.NDArray[np.bool_], wanted: npt.NDArray[np.int64]) -> Values:
    return np.asarray(hits.any(axis=1), dtype=np.float64)


def precision(hits: npt.NDArray[np.bool_], wanted: npt.NDArray[np.int64]) -> Values:
    """Divided by k, however many places are filled."""
    return np.asarray(hits.sum(axis=1) / hits.shape[1], dtype=np.float64)


def reciprocal_rank(hits: npt.NDArray[np.bool_], wanted: npt.NDArray[np.int64]) -> Values:
    """1 / place of the first hit."""
    return np.asarray(hits.any(axis=1) / (1.0 + hits.argmax(axis=1)), dtype=np.float64)


def average_precision(hits: npt.NDArray[np.bool_], wanted: npt.NDArray[np.int64]) -> Values:
    """Precision at each hit, added up and divided by min(k, wanted)."""
    places = np.arange(1, hits.shape[1] + 1)
    total = (hits * np.cumsum(hits, axis=1) / places).sum(axis=1)
    return _ratio(total, np.minimum(wanted, hits.shape[1]))


METRICS: Mapping[str, Metric] = {
    "ndcg": ndcg,
    "recall": recall,
    "hr": hit_rate,
    "precision": precision,
    "mrr": reciprocal_rank,
    "map": average_precision,
}


def coverage(lists: npt.NDArray[np.int64], listed: int) -> float:
    """The share of the `listed` products of a catalog that is in at least one list."""
    return float(len(np.unique(lists[lists >= 0])) / listed) if listed else 0.0


def graded_ndcg(ratings: Values, ideal: Values, k: int) -> float:
    """nDCG@k with gain 2^rating - 1: `ratings` in the order of the list, `ideal` of everything judged."""
    best = np.sort(ideal)[::-1][:k]
    possible = float(_gain(best) @ _discount(len(best)))
    found = ratings[:k]
    return float(_gain(found) @ _discount(len(found))) / possible if possible > 0 else 0.0


def _gain(ratings: Values) -> Values:
    return np.asarray(np.exp2(ratings) - 1.0, dtype=np.float64)


def _discount(k: int) -> Values:
    return np.asarray(1.0 / np.log2(np.arange(2, k + 2)), dtype=np.float64)


def _ratio(above: npt.NDArray[np.number], below: npt.NDArray[np.number]) -> Values:
    result = np.zeros(len(above), dtype=np.float64)
    np.divide(above, below, out=result, where=below > 0)
    return result
