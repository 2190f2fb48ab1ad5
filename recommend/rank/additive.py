"""The additive score of products for a history: one sparse matrix per channel, plus priors.

score(j) = sum over channels c and known products i of weight_c · scale_c · memory_c(i) · links_c[i, j] +
priors(j)

Products that nobody met yet may have weights of their own: what was bought together says nothing of them. So
may those among them that no relation links to another product.

A history reaches few rows, so they are added up when it is asked for: nothing is made beforehand that an
update would have to make again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recommend.behaviour import History
from recommend.channels.base import PRODUCT_TASKS, Links, Prior, Task
from recommend.rank.memory import Memory, remembered
from recommend.sparse import only_columns


@dataclass(frozen=True, kw_only=True, eq=False)
class Newcomers:
    """Products that nobody met yet, bool [n], and the weights of links to them, by name."""

    products: npt.NDArray[np.bool_]
    weights: Mapping[str, float]

    def cells(self, matrix: sp.csr_array) -> sp.csr_array:
        """The links to them."""
        return only_columns(matrix, self.products)


@dataclass(frozen=True, kw_only=True, eq=False)
class Additive:
    """Weighted links and priors for one task. `weights` are those of `links` and `priors`, by name; those of
    `newcomers`, of whom no two have a product in common, hold instead for links to them."""

    prior: npt.NDArray[np.float32]
    links: Sequence[Links]
    priors: Sequence[Prior]
    weights: Mapping[str, float]
    newcomers: tuple[Newcomers, ...] = ()

    @classmethod
    def of(
        cls,
        links: Sequence[Links],
        priors: Sequence[Prior],
        weights: Mapping[str, float],
        *,
        products: int,
        newcomers: Sequence[Newcomers] = (),
    ) -> Additive:
        """The channels whose weight is above 0; there are `products` products."""
        there = tuple(one for one in newcomers if one.products.any())
        prior = np.zeros(products, dtype=np.float32)
        for given in priors:
            prior += np.float32(weights.get(given.name, 0.0)) * given.values
        return cls(
            prior=prior,
            links=tuple(
                one
                for one in links
                if any(some.get(one.name, 0.0) > 0 for some in (weights, *(new.weights for new in there)))
            ),
            priors=tuple(one for one in priors if weights.get(one.name, 0.0) > 0),
            weights=dict(weights),
            newcomers=there,
        )

    @cached_property
    def _new(self) -> npt.NDArray[np.bool_]:
        """bool [n]: the products that have weights of their own."""
        found = np.zeros(len(self.prior), dtype=np.bool_)
        for one in self.newcomers:
            found |= one.products
        return found

    @cached_property
    def _usual(self) -> tuple[Links, ...]:
        """The links without those that lead to newcomers alone."""
        return tuple(one for one in self.links if self.weights.get(one.name, 0.0) > 0)

    @cached_property
    def _to_newcomers(self) -> Mapping[Memory, sp.csr_array]:
        """float64 [n, n]: the links to newcomers, added up: they are few, and every matrix costs time."""
        return _added(
            (one.memory, new.cells(one.matrix), new.weights[one.name] * one.scale)
            for new in self.newcomers
            for one in self.links
            if new.weights.get(one.name)
        )

    @cached_property
    def merged(self) -> Mapping[Memory, sp.csr_array]:
        """float64 [n, n]: the links of all channels that remember in the same way, added up. Made when first
        asked for: it serves where many histories are scored at once."""
        found = _added((one.memory, one.matrix, self.weights[one.name] * one.scale) for one in self._usual)
        if not self.newcomers:
            return found
        for matrix in found.values():
            matrix.data[self._new[matrix.indices]] = 0.0
            matrix.eliminate_zeros()
        for memory, cells in self._to_newcomers.items():
            found[memory] = (found[memory] + cells).tocsr() if memory in found else cells
        return found

    def scores(self, history: History) -> npt.NDArray[np.float32]:
        """float32 [n]: the score of every product."""
        usual = ((one.memory, one.matrix, self.weights[one.name] * one.scale) for one in self._usual)
        total = self._summed(history, usual)
        if self.newcomers:
            theirs = self._summed(history, ((m, cells, 1.0) for m, cells in self._to_newcomers.items()))
            total = np.where(self._new, theirs, total)
        return (total + self.prior).astype(np.float32)

    def _summed(
        self, history: History, parts: Iterable[tuple[Memory, sp.csr_array, float]]
    ) -> npt.NDArray[np.float64]:
        """float64 [n]: what matrices add, each times its factor."""
        columns: list[npt.NDArray[np.int32]] = []
        values: list[npt.NDArray[np.floating[Any]]] = []
        factors: list[float] = []
        ends = history.products + 1
        for memory, matrix, factor in parts:
            counts = remembered(history, memory).astype(np.float64) * factor
            starts, stops = matrix.indptr[history.products], matrix.indptr[ends]
            for start, stop in zip(starts.tolist(), stops.tolist(), strict=True):
                columns.append(matrix.indices[start:stop])
                values.append(matrix.data[start:stop])
            factors += counts.tolist()
        if not columns:
            return np.zeros(len(self.prior))
        weights = np.concatenate(values) * np.repeat(factors, [len(part) for part in columns])
        summed = np.bincount(np.concatenate(columns), weights=weights, minlength=len(self.prior))
        return summed.astype(np.float64, copy=False)

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
        theirs = [(new.products[products], new.weights) for new in self.newcomers]
        theirs = [(new, weights) for new, weights in theirs if new.any()]
        for one in self.links if theirs else self._usual:
            worth: float | npt.NDArray[np.float64] = self.weights.get(one.name, 0.0)
            for new, weights in theirs:
                worth = np.where(new, weights.get(one.name, 0.0), worth)
            counts = remembered(history, one.memory) * np.float32(one.scale)
            columns, values = _rows(one.matrix, history.products, counts)
            at = place[columns]
            hit = at >= 0
            if hit.any():
                sums = np.bincount(at[hit], weights=values[hit], minlength=len(products)) * worth
                if sums.any():
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
    newcomers: Sequence[Newcomers] = (),
) -> dict[Task, Additive]:
    """The scores of the tasks that start from products; `newcomers` are a part of what a history asks for."""
    return {
        task: Additive.of(
            links,
            priors,
            weights[task],
            products=products,
            newcomers=newcomers if task == "history" else (),
        )
        for task in PRODUCT_TASKS
    }


def newcomers_of(
    weights: Mapping[Task, Mapping[str, float]],
    unmet: npt.NDArray[np.bool_],
    linked: npt.NDArray[np.bool_],
) -> tuple[Newcomers, ...]:
    """The products that nobody met yet (`unmet` bool [n]) with their weights, as far as any were learned.
    Those that are not `linked` bool [n] to another product by a relation may have others."""
    found: list[Newcomers] = []
    apart = unmet & ~linked if "stranger" in weights else np.zeros_like(unmet)
    if "newcomer" in weights:
        found.append(Newcomers(products=unmet & ~apart, weights=weights["newcomer"]))
    if "stranger" in weights:
        found.append(Newcomers(products=apart, weights=weights["stranger"]))
    return tuple(found)


def _added(parts: Iterable[tuple[Memory, sp.csr_array, float]]) -> dict[Memory, sp.csr_array]:
    """float64 [n, n]: matrices times their factors, added up by memory."""
    found: dict[Memory, Any] = {}
    for memory, matrix, factor in parts:
        part = matrix.astype(np.float64) * factor
        found[memory] = found[memory] + part if memory in found else part
    return {memory: total.tocsr() for memory, total in found.items()}


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
