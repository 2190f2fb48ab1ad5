"""Several signals about one query, added up: the k products with the largest sum, provably.

Each channel names its best products; a product that no channel named cannot score more than the sum of what
each channel gave its last one. If that bound may still reach the list, every channel is asked for more
(Fagin, Lotem & Naor, "Optimal aggregation algorithms for middleware", 2003: the threshold algorithm).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommend.behaviour import History
from recommend.channels.base import DenseSignal, Signal
from recommend.rank.additive import Additive

TASTE = "taste"
_FIRST = 200


@dataclass(frozen=True, kw_only=True, eq=False)
class Part:
    """One signal and its weight. The taste of a user is one signal that has channels of its own: `inner`
    scores a history, and `factor` brings these scores into the signal."""

    name: str
    weight: float
    signal: Signal
    inner: Additive | None = None
    history: History | None = None
    factor: float = 1.0

    @classmethod
    def taste(cls, additive: Additive, history: History, weight: float) -> Part:
        """What a history says about every product; the best product of the shop has 1."""
        scores = additive.scores(history)
        peak = float(scores.max(initial=0.0))
        factor = 1.0 / peak if peak > 0 else 0.0
        signal = DenseSignal(np.maximum(scores * np.float32(factor), 0))
        return cls(name=TASTE, weight=weight, signal=signal, inner=additive, history=history, factor=factor)

    def values(self, products: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """float32 [m]: what this part adds to the scores of some products."""
        return np.float32(self.weight) * self.signal.values(products)

    def shares(self, products: npt.NDArray[np.int64]) -> Mapping[str, npt.NDArray[np.float32]]:
        """The same by channel."""
        if self.inner is None or self.history is None:
            return {self.name: self.values(products)}
        factor = np.float32(self.weight * self.factor)
        return {
            f"{self.name}.{name}": values * factor
            for name, values in self.inner.signals(self.history, products).items()
        }


def blend(
    parts: Sequence[Part], k: int, allowed: npt.NDArray[np.bool_] | None
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """(int64 [<= k] product numbers, float32 scores), best first, ties by number; only scores above 0."""
    most = max(_FIRST, 2 * k)
    while True:
        named = [part.signal.best(most, allowed) for part in parts]
        products = np.unique(np.concatenate(named)) if named else np.empty(0, dtype=np.int64)
        scores = np.zeros(len(products), dtype=np.float32)
        for part in parts:
            scores += part.values(products)
        order = np.lexsort((products, -scores))[:k]
        complete = [len(found) < most for found in named]
        if all(complete):
            break
        bound = sum(
            0.0 if done else float(part.values(found[-1:])[0])
            for part, found, done in zip(parts, named, complete, strict=True)
        )
        if len(order) == k and float(scores[order[-1]]) > bound:
            break
        most *= 4
    chosen = order[scores[order] > 0]
    return products[chosen], scores[chosen]
