"""Lists of products beside the ratings that people gave: plain and condensed nDCG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kg.graph import Graph
from recommend.evaluate.ratings import Judgments
from recommend.evaluate.report import Row
from recommend.measure.metrics import coverage, graded_ndcg

DEPTH = 200
"""How long a list is before unjudged products are dropped from it."""


@dataclass(frozen=True, kw_only=True)
class Judged:
    """For each query the ratings of judged products by number, all its ratings, and how many are relevant.
    `unknown` judged products are not in the shop."""

    known: Sequence[Mapping[int, float]]
    ideal: Sequence[npt.NDArray[np.float64]]
    wanted: npt.NDArray[np.int64]
    unknown: int
    listed: int

    @classmethod
    def of(cls, judgments: Judgments, queries: Sequence[str], graph: Graph) -> Judged:
        known: list[dict[int, float]] = []
        unknown: set[str] = set()
        for query in queries:
            rated = judgments.ratings[query]
            numbers = graph.nodes["product"].numbers(rated).tolist()
            known.append({n: r for n, r in zip(numbers, rated.values(), strict=True) if n >= 0})
            unknown.update(
                i for i, n in zip(rated, numbers, strict=True) if n < 0 or not graph.products.listed[n]
            )
        ideal = [np.array(list(judgments.ratings[query].values())) for query in queries]
        return cls(
            known=known,
            ideal=ideal,
            wanted=np.array([int((ratings > 0).sum()) for ratings in ideal], dtype=np.int64),
            unknown=len(unknown),
            listed=int(graph.products.listed.sum()),
        )

    def row(self, name: str, lists: Sequence[npt.NDArray[np.int64]], *, k: int, seed: int, about: str) -> Row:
        """The figures of one model's lists: product numbers of each query, best first, `DEPTH` of them."""
        names = (f"condensed_ndcg@{k}", f"ndcg@{k}", f"recall@{k}", f"hr@{k}", f"mrr@{k}")
        values = np.zeros((len(lists), len(names)))
        top = np.full((len(lists), k), -1, dtype=np.int64)
        for row, (found, known, ideal, wanted) in enumerate(
            zip(lists, self.known, self.ideal, self.wanted.tolist(), strict=True)
        ):
            top[row, : len(found[:k])] = found[:k]
            plain = np.array([known.get(int(product), 0.0) for product in found[:k]])
            condensed = np.array([known[int(product)] for product in found[:DEPTH] if int(product) in known])
            hits = plain > 0
            first = int(np.argmax(hits)) + 1 if hits.any() else 0
            values[row] = (
                graded_ndcg(condensed, ideal, k),
                graded_ndcg(plain, ideal, k),
                hits.sum() / wanted if wanted else 0.0,
                float(hits.any()),
                1.0 / first if first else 0.0,
            )
        units = {metric: values[:, column] for column, metric in enumerate(names)}
        return Row.of(
            name, units, seed=seed, about=about, whole={f"coverage@{k}": coverage(top, self.listed)}
        )
