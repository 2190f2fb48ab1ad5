"""The additive score of products for a history: one sparse matrix per channel, plus priors.

score(j) = sum over channels c and known products i of weight_c · scale_c · memory_c(i) · links_c[i, j] +
priors(j)

A history reaches few rows, so they are added up when it is asked for: nothing is made beforehand that an
update would have to make again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recommend.behaviour import History
from recommend.channels.base import PRODUCT_TASKS, Links, Prior, Task
from recommend.rank.memory import Memory, remembered


@dataclass(frozen=True, kw_only=True, eq=False)
class Additive:
    """Weighted links and priors for one task. `weights` are those of `links` and `priors`, by name."""

    prior: npt.NDArray[np.float32]
    links: Sequence[Links]
    priors: Sequence[Prior]
    weights: Mapping[str, float]

    @classmethod
    def of(
        cls, links: Sequence[Links], priors: Sequence[Prior], weights: Mapping[str, float], *, products: int
    ) -> Additive:
        """The channels whose weight is above 0; there are `products` products."""
        prior = np.zeros(products, dtype=np.float32)
        for given in priors:
            prior += np.float32(weights.get(given.name, 0.0)) * given.values
        return cls(
            prior=prior,
            links=tuple(one for one in links if weights.get(one.name, 0.0) > 0),
            priors=tuple(one for one in priors if weights.get(one.name, 0.0) > 0),
            weights=dict(weights),
        )

    @cached_property
    def merged(self) -> Mapping[Memory, sp.csr_array]:
        """float64 [n, n]: the links of all channels that remember in the same way, added up. Made when first
        asked for: it serves where many histories are scored at once."""
        found: dict[Memory, sp.csr_array] = {}
        for one in self.links:
            part = one.matrix.astype(np.float64) * (self.weights[one.name] * one.scale)
            found[one.memory] = found[one.memory] + part if one.memory in found else part
        return found

    def scores(self, history: History) -> npt.NDArray[np.float32]:
        """float32 [n]: the score of every product."""
        total = self.prior.astype(np.float64)
        columns: list[npt.NDArray[np.int32]] = []
        values: list[npt.NDArray[np.float32]] = []
        factors: list[float] = []
        ends = history.products + 1
        for one in self.links:
            counts = remembered(history, one.memory).astype(np.float64)
            counts *= self.weights[one.name] * one.scale
            starts, stops = one.matrix.indptr[history.products], one.matrix.indptr[ends]
            for start, stop in zip(starts.tolist(), stops.tolist(), strict=True):
                columns.append(one.matrix.indices[start:stop])
                values.append(one.matrix.data[start:stop])
            factors += counts.tolist()
        if columns:
            weights = np.concatenate(values) * np.repeat(factors, [len(part) for part in columns])
            total += np.bincount(np.concatenate(columns), weights=weights, minlength=len(total))
        return total.astype(np.float32)

    def scores_by_merged(self, history: History) -> npt.NDArray[np.float32]:
        """The same scores but for rounding in float64: quicker, once the links are merged."""
        total = self.prior.astype(np.float64)
        for memory, matrix in self.merged.items():
            columns, values = _rows(matrix, history.products, remembered(history, memory))
            if len(columns):
                total += np.bincount(columns, weights=values, minlength=len(total))
        return total.astype(np.float32)

    def signals(
        self, history: History, products: npt.NDArray[np.int64]
    ) -> dict[str, npt.NDArray[np.float32]]:
        """What each channel and prior adds to the scores of some products: name → float32 [m]."""
        place = np.full(len(self.prior), -1, dtype=np.int64)
        place[products] = np.arange(len(products))
        found: dict[str, npt.NDArray[np.float32]] = {}
        for one in self.links:
            factor = np.float32(self.weights[one.name] * one.scale)
            columns, values = _rows(one.matrix, history.products, remembered(history, one.memory) * factor)
            at = place[columns]
            hit = at >= 0
            if hit.any():
                sums = np.bincount(at[hit], weights=values[hit], minlength=len(products))
                found[one.name] = sums.astype(np.float32)
        for given in self.priors:
            found[given.name] = np.float32(self.weights[given.name]) * given.values[products]
        return found


def by_task(
    links: Sequence[Links],
    priors: Sequence[Prior],
    weights: Mapping[Task, Mapping[str, float]],
    *,
    products: int,
) -> dict[Task, Additive]:
    """The scores of the tasks that start from products."""
    return {task: Additive.of(links, priors, weights[task], products=products) for task in PRODUCT_TASKS}


def _rows(
    matrix: sp.csr_array, rows: npt.NDArray[np.int64], factors: npt.NDArray[np.float32]
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float64]]:
    """(columns, values times the row's factor) of some rows, one after the other."""
    starts, stops = matrix.indptr[rows].tolist(), matrix.indptr[rows + 1].tolist()
    if not starts:
        return matrix.indices[:0], np.empty(0, dtype=np.float64)
    # whole rows are copied quicker than cells are gathered
    cells = [slice(start, stop) for start, stop in zip(starts, stops, strict=True)]
    columns = np.concatenate([matrix.indices[cell] for cell in cells])
    values = np.concatenate([matrix.data[cell] for cell in cells], dtype=np.float64)
    if not (factors == 1).all():
        values *= np.repeat(factors.astype(np.float64), [cell.stop - cell.start for cell in cells])
    return columns, values
