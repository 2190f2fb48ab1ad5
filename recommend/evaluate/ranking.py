"""Ranking many users together: the whole catalog for each, some users at a time, ties broken fairly.

Products with one score have no order of their own. Ordered by id they would favour whoever has low ids, and
a scorer that knows nothing could look better or worse than chance. So each user gets an order of their own
for what is tied, random but always the same for a seed, a user and a product: neither the memory that may be
used nor the other users change it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recommend.measure.units import Units
from recommend.rank.additive import Additive
from recommend.rank.memory import ALL, Memory
from recommend.stages import Progress

MEMORY = 4_000_000_000
"""Bytes that a ranking or a dense baseline may take, if nothing else is said."""
Ties: TypeAlias = Literal["random", "id"]

_MOST_ROWS = 256
_CELL = 64
"""Bytes that one user's score of one product may take on its way."""
_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
_ODD = 0x9E3779B97F4A7C15
_WORD = (1 << 64) - 1


@dataclass(frozen=True, kw_only=True, eq=False)
class Dense:
    """Item-to-item scores of all pairs, float32 [n, n], row-major: also scores below 0 make an order."""

    matrix: npt.NDArray[np.float32]
    memory: Memory = ALL


_Candidates: TypeAlias = tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]


def rank(
    model: Additive | Dense,
    units: Units,
    *,
    k: int,
    listed: npt.NDArray[np.bool_],
    ties: Ties = "random",
    seed: int = 0,
    memory: int = MEMORY,
    progress: Progress | None = None,
    stage: str = "rank",
) -> npt.NDArray[np.int64]:
    """int64 [u, k]: the best listed products of each unit, what they own left out; -1: empty place.

    With ties 'id' these are the lists of `Recommender.recommend`. Scores are worked out for as many users at
    a time as `memory` bytes allow; the lists are the same however many that are.
    """
    columns = np.flatnonzero(listed)
    owned = units.owned[:, columns].tocsr()
    scored = _dense(model, units, columns) if isinstance(model, Dense) else _sums(model, units, columns, k)
    lists = np.full((len(units), k), -1, dtype=np.int64)
    step = int(np.clip(memory // (_CELL * max(len(columns), 1)), 1, _MOST_ROWS))
    for first in range(0, len(units), step):
        if progress is not None:
            progress(stage, first, len(units))
        rows = slice(first, min(first + step, len(units)))
        candidates = scored(rows)
        for row in range(rows.start, rows.stop):
            known = owned.indices[owned.indptr[row] : owned.indptr[row + 1]]
            products, scores = candidates(row - first, known)
            order = (lambda found, row=row: tie_keys(seed, row, found)) if ties == "random" else _by_number
            found = _first(products, scores, k, order)
            lists[row, : len(found)] = columns[found]
    if progress is not None:
        progress(stage, len(units), len(units))
    return lists


def tie_keys(seed: int, unit: int, products: npt.NDArray[np.int64]) -> npt.NDArray[np.uint64]:
    """uint64 [m]: among products with one score, those with lower keys come first (splitmix64)."""
    start = ((seed + 1) * _ODD + (unit + 1) * (_ODD >> 3 | 1)) & _WORD
    key = (products.astype(np.uint64) + np.uint64(1)) * np.uint64(_ODD) ^ np.uint64(start)
    key = (key ^ (key >> np.uint64(30))) * _MIX[0]
    key = (key ^ (key >> np.uint64(27))) * _MIX[1]
    return key ^ (key >> np.uint64(31))


def _by_number(products: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return products


def _first(
    products: npt.NDArray[np.int64],
    scores: npt.NDArray[np.float32],
    k: int,
    order: Callable[[npt.NDArray[np.int64]], npt.NDArray[np.integer]],
) -> npt.NDArray[np.int64]:
    """int64 [<= k]: the products with the largest scores, -inf never among them."""
    if len(scores) > k:
        last = -np.partition(-scores, k - 1)[k - 1]
        chosen = np.flatnonzero((scores >= last) & (scores > -np.inf))
    else:
        chosen = np.flatnonzero(scores > -np.inf)
    products, scores = products[chosen], scores[chosen]
    return products[np.lexsort((order(products), -scores))[:k]]


def _dense(
    model: Dense, units: Units, columns: npt.NDArray[np.int64]
) -> Callable[[slice], Callable[[int, npt.NDArray[np.int32]], _Candidates]]:
    histories = units.histories(model.memory).astype(np.float32)
    every = np.arange(len(columns))

    def scored(rows: slice) -> Callable[[int, npt.NDArray[np.int32]], _Candidates]:
        # row by row in the order of the history: the sums do not depend on how many rows there are
        block = (histories[rows] @ model.matrix)[:, columns]

        def candidates(row: int, known: npt.NDArray[np.int32]) -> _Candidates:
            scores = block[row]
            scores[known] = -np.inf
            return every, scores

        return candidates

    return scored


def _sums(
    model: Additive, units: Units, columns: npt.NDArray[np.int64], k: int
) -> Callable[[slice], Callable[[int, npt.NDArray[np.int32]], _Candidates]]:
    """Candidates of an additive model: what is linked, and of the rest those with the best priors."""
    merged = {memory: matrix.astype(np.float64)[:, columns] for memory, matrix in model.merged.items()}
    prior = model.prior[columns].astype(np.float64)
    by_prior = np.argsort(-prior, kind="stable")
    by_prior = by_prior[prior[by_prior] > 0]
    falling = -prior[by_prior]

    def scored(rows: slice) -> Callable[[int, npt.NDArray[np.int32]], _Candidates]:
        linked = sp.csr_array((rows.stop - rows.start, len(columns)))
        for memory, matrix in merged.items():
            linked = linked + units.histories(memory)[rows] @ matrix
        linked = linked.tocsr()

        def candidates(row: int, known: npt.NDArray[np.int32]) -> _Candidates:
            cells = slice(linked.indptr[row], linked.indptr[row + 1])
            products, values = linked.indices[cells], linked.data[cells]
            fresh = ~np.isin(products, known)
            found = products[fresh].astype(np.int64)
            scores = values[fresh] + prior[found]
            if len(by_prior):
                room = np.concatenate([products, known])
                # the k best of the rest, and all that are tied with the last of them
                last = min(k + len(room), len(by_prior)) - 1
                others = by_prior[: np.searchsorted(falling, falling[last], side="right")]
                others = others[~np.isin(others, room)]
                found = np.concatenate([found, others])
                scores = np.concatenate([scores, prior[others]])
            single = scores.astype(np.float32)
            single[single <= 0] = -np.inf
            return found, single

        return candidates

    return scored
