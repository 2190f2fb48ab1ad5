"""The additive score of products for a history: one sparse matrix per way of remembering, plus priors.

score(j) = sum over channels c and known products i of weight_c · scale_c · memory_c(i) · links_c[i, j] +
priors(j)

The channels are merged when a model is fitted; a score is taken apart again into its channels only for the
hits shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recommend.behaviour import History
from recommend.channels.base import Links, Memory, Prior
from recommend.sparse import differing_rows, weighted_sum, with_rows

Part: TypeAlias = tuple[sp.csr_array, float]
"""A matrix and its factor."""

_DECAY: Mapping[Memory, float] = {"all": 1.0, "recent": 0.9, "next": 0.5}
"""How much less a product counts for every moment that lies between it and the latest."""


def remembered(history: History, memory: Memory) -> npt.NDArray[np.float32]:
    """float32 [m]: how much each product of a history counts."""
    decay = _DECAY[memory]
    return history.weight if decay == 1.0 else (history.weight * decay**history.age).astype(np.float32)


@dataclass(frozen=True, kw_only=True, eq=False)
class Additive:
    """Weighted links and priors for one task. `weights` are those of `links` and `priors`, by name."""

    merged: Mapping[Memory, sp.csr_array]
    prior: npt.NDArray[np.float32]
    links: Sequence[Links]
    priors: Sequence[Prior]
    weights: Mapping[str, float]

    @classmethod
    def of(
        cls,
        links: Sequence[Links],
        priors: Sequence[Prior],
        weights: Mapping[str, float],
        *,
        products: int,
        earlier: Additive | None = None,
    ) -> Additive:
        """Merge the channels whose weight is above 0; there are `products` products.

        What `earlier` merged of the very same rows is taken over.
        """
        by_memory: dict[Memory, list[Part]] = {}
        for one in links:
            if weights.get(one.name, 0.0) > 0:
                by_memory.setdefault(one.memory, []).append((one.matrix, weights[one.name] * one.scale))
        merged = {
            memory: _merge(parts, products, None if earlier is None else earlier.parts(memory))
            for memory, parts in by_memory.items()
        }
        return cls.with_merged(merged, links, priors, weights, products=products)

    @classmethod
    def with_merged(
        cls,
        merged: Mapping[Memory, sp.csr_array],
        links: Sequence[Links],
        priors: Sequence[Prior],
        weights: Mapping[str, float],
        *,
        products: int,
    ) -> Additive:
        """The same, with the matrices merged before."""
        prior = np.zeros(products, dtype=np.float32)
        for given in priors:
            prior += np.float32(weights.get(given.name, 0.0)) * given.values
        return cls(
            merged=merged,
            prior=prior,
            links=tuple(one for one in links if weights.get(one.name, 0.0) > 0),
            priors=tuple(one for one in priors if weights.get(one.name, 0.0) > 0),
            weights=dict(weights),
        )

    def parts(self, memory: Memory) -> tuple[sp.csr_array, Sequence[Part]] | None:
        """The merged matrix, and what it was merged from."""
        if memory not in self.merged:
            return None
        found = [
            (one.matrix, self.weights[one.name] * one.scale) for one in self.links if one.memory == memory
        ]
        return self.merged[memory], found

    def scores(self, history: History) -> npt.NDArray[np.float32]:
        """float32 [n]: the score of every product."""
        n = len(self.prior)
        total = self.prior.astype(np.float64)
        for memory, matrix in self.merged.items():
            columns, values = _rows(matrix, history.products, remembered(history, memory))
            if len(columns):
                total += np.bincount(columns, weights=values, minlength=n)
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


def _merge(
    parts: Sequence[Part], products: int, earlier: tuple[sp.csr_array, Sequence[Part]] | None
) -> sp.csr_array:
    """The weighted sum of some matrices; of an earlier one only the rows that differ are added up anew."""
    if earlier is None or len(earlier[1]) != len(parts) or earlier[0].shape[0] != products:
        return weighted_sum(parts, products, products)
    merged, before = earlier
    differs = np.zeros(products, dtype=np.bool_)
    for (old, old_factor), (new, factor) in zip(before, parts, strict=True):
        if old_factor != factor:
            return weighted_sum(parts, products, products)
        if old is not new:
            differs |= differing_rows(old, new)
    if not differs.any():
        return merged
    rows = np.flatnonzero(differs)
    summed = weighted_sum(((matrix[rows], factor) for matrix, factor in parts), len(rows), products)
    return with_rows(merged, rows, summed)


def _rows(
    matrix: sp.csr_array, rows: npt.NDArray[np.int64], factors: npt.NDArray[np.float32]
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float64]]:
    """(columns, values times the row's factor) of some rows, one after the other."""
    starts, stops = matrix.indptr[rows], matrix.indptr[rows + 1]
    if len(rows) == 1:
        cells = slice(int(starts[0]), int(stops[0]))
        return matrix.indices[cells], matrix.data[cells].astype(np.float64) * float(factors[0])
    lengths = stops - starts
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    cells_at = np.arange(total) + np.repeat(starts - (ends - lengths), lengths)
    return matrix.indices[cells_at], matrix.data[cells_at] * np.repeat(factors.astype(np.float64), lengths)
