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
_FIRST = 100


@dataclass(frozen=True, kw_only=True, eq=False)
class Part:
    """One signal and its weight. One that does not lead orders what others found, and brings nothing of its
    own. The taste of a user is such a signal, and has channels of its own: `inner` scores a history, and
    `factor` brings these scores into the signal."""

    name: str
    weight: float
    signal: Signal
    leads: bool = True
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
        return cls(
            name=TASTE,
            weight=weight,
            signal=signal,
            leads=False,
            inner=additive,
            history=history,
            factor=factor,
        )

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
    """(int64 [<= k] product numbers, float32 scores), best first, ties by number.

    Only products of which some part that leads says something, if there is such a part.
    """
    lists = _merged(parts)
    most = max(_FIRST, 2 * k)
    while True:
        named = [part.signal.best(most, allowed) for part in lists]
        products = np.unique(np.concatenate(named)) if named else np.empty(0, dtype=np.int64)
        scores = summed(parts, products)
        order = np.lexsort((products, -scores))[:k]
        complete = [len(found) < most for found in named]
        if all(complete):
            break
        bound = sum(
            0.0 if done else float(part.values(found[-1:])[0])
            for part, found, done in zip(lists, named, complete, strict=True)
        )
        if len(order) == k and float(scores[order[-1]]) > bound:
            break
        most *= 4
    chosen = order[scores[order] > 0]
    return products[chosen], scores[chosen]


def _merged(parts: Sequence[Part]) -> list[Part]:
    """The parts whose best products are asked for: those known for every product are added up before, so that
    the bound is that of their sum and not the sum of their bounds."""
    total: npt.NDArray[np.float32] | None = None
    others: list[Part] = []
    for part in parts:
        if isinstance(part.signal, DenseSignal):
            values = np.float32(part.weight) * part.signal.all
            total = values if total is None else np.add(total, values, out=total)
        else:
            others.append(part)
    if total is None:
        return others
    return [Part(name="", weight=1.0, signal=DenseSignal(total)), *others]


def summed(parts: Sequence[Part], products: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    """float32 [m]: the scores of some products; 0 for those of which no part that leads says anything."""
    leading, others = np.zeros(len(products), dtype=np.float32), np.zeros(len(products), dtype=np.float32)
    for part in parts:
        if part.leads:
            leading += part.values(products)
        else:
            others += part.values(products)
    if not any(part.leads for part in parts):
        return others
    return np.where(leading > 0, leading + others, np.float32(0))
