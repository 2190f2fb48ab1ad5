"""What the gate learns from and is judged by: examples, their split, and the rank of the right product."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from fusion.base import TEXT, Mask, Matrix, Rows, directed, normalise
from fusion.gate import Inputs
from kg.errors import SettingsError

_MOST_HELD = 1000
"""More held-out examples would cost time and hardly sharpen the mean."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Examples:
    """pairs int64 [p, 2], rows of products; queries float32 [q, d_text], unit, and their rows int64 [q]."""

    pairs: Rows
    queries: Matrix
    query_rows: Rows

    @classmethod
    def checked(
        cls, inputs: Inputs, pairs: Rows | None, queries: Matrix | None, query_rows: Rows | None
    ) -> Self:
        """Only what can be learnt from: distinct pairs of two products that both have vectors.

        Raises SettingsError for wrong shapes or rows outside the products.
        """
        there = np.logical_or.reduce([present for _, present in inputs.values()])
        width = inputs[TEXT][0].shape[1] if TEXT in inputs else 0
        pairs = np.zeros((0, 2), dtype=np.int64) if pairs is None else np.asarray(pairs, dtype=np.int64)
        if (queries is None) != (query_rows is None):
            raise SettingsError("queries and query_rows belong together; give both or neither")
        if queries is None or query_rows is None:
            queries, query_rows = np.zeros((0, width), dtype=np.float32), np.zeros(0, dtype=np.int64)
        query_rows = np.asarray(query_rows, dtype=np.int64)
        if pairs.ndim != 2 or pairs.shape[1] != 2:
            raise SettingsError(f"pairs must be [p, 2], not {pairs.shape}")
        if queries.ndim != 2 or queries.shape[1] != width or query_rows.shape != (len(queries),):
            raise SettingsError(
                f"queries must be [q, {width}] like the text part, with query_rows [q], "
                f"not {queries.shape} and {query_rows.shape}"
            )
        for name, rows in (("pairs", pairs), ("query_rows", query_rows)):
            if rows.size and (rows.min() < 0 or rows.max() >= len(there)):
                raise SettingsError(
                    f"{name} must name rows from 0 to {len(there) - 1}, not {rows.min()} to {rows.max()}"
                )
        # both directions of a pair are one example, or the held-out ones would be known from training
        pairs = np.unique(np.sort(pairs, axis=1), axis=0)
        pairs = pairs[(pairs[:, 0] != pairs[:, 1]) & there[pairs].all(axis=1)]
        asked = normalise(queries)
        usable = there[query_rows] & directed(asked)
        return cls(pairs=pairs, queries=asked[usable], query_rows=query_rows[usable])

    def split(self, share: float, *, seed: int) -> tuple[Self, Self]:
        """What is trained on, and what is held out."""
        rng = np.random.default_rng(seed)
        pairs, held_pairs = _cut(rng, len(self.pairs), share)
        queries, held_queries = _cut(rng, len(self.queries), share)
        return self._take(pairs, queries), self._take(held_pairs, held_queries)

    def _take(self, pairs: Rows, queries: Rows) -> Self:
        return type(self)(
            pairs=self.pairs[pairs], queries=self.queries[queries], query_rows=self.query_rows[queries]
        )


def mean_reciprocal_rank(items: Matrix, held: Examples, asked: Matrix) -> tuple[float | None, float | None]:
    """MRR among all products that have a vector: of pairs, and of queries. items and asked: unit rows.

    A product never competes for itself; equal scores count as half a place each.
    """
    there = directed(items)
    of_pairs = _mrr(items[held.pairs[:, 0]], items, held.pairs[:, 1], there, without=held.pairs[:, 0])
    of_queries = _mrr(asked, items, held.query_rows, there, without=None)
    return of_pairs, of_queries


def _mrr(asked: Matrix, items: Matrix, right: Rows, there: Mask, *, without: Rows | None) -> float | None:
    if not len(right):
        return None
    total = 0.0
    for start in range(0, len(right), 256):
        part = slice(start, start + 256)
        answers = right[part]
        scores = asked[part] @ items.T
        scores[:, ~there] = -np.inf
        places = np.arange(len(answers))
        if without is not None:
            scores[places, without[part]] = -np.inf
        own = scores[places, answers][:, None]
        ranks = 0.5 + (scores > own).sum(axis=1) + 0.5 * (scores == own).sum(axis=1)
        total += float(np.where(np.isfinite(own[:, 0]), 1 / ranks, 0.0).sum())
    return total / len(right)


def _cut(rng: np.random.Generator, count: int, share: float) -> tuple[Rows, Rows]:
    order = rng.permutation(count)
    held = min(round(count * share), _MOST_HELD)
    return order[held:], order[:held]
