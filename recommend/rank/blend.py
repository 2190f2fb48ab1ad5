"""Several signals about one query, added up: the k products with the largest sum, provably.

Where every signal is roughly known for all products at once, few of them can be among the best: only their
exact scores are worked out. Else each channel names its best products; a product that no channel named cannot
score more than the sum of what each channel gave its last one. If that bound may still reach the list, every
channel is asked for more (Fagin, Lotem & Naor, "Optimal aggregation algorithms for middleware", 2003: the
threshold algorithm).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommend.behaviour import History
from recommend.channels.signals import DenseSignal, Rough, Signal
from recommend.rank.additive import Additive
from recommend.rank.top import kth_best, top

TASTE = "taste"
_FIRST = 100
_MOST = 20_000
"""Of no more products the exact scores are worked out at once."""
_ROUNDING = 1e-4
"""More than sums of some float32 are off."""


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
    if allowed is not None and (able := _able(parts, k, allowed)) is not None:
        scores = summed(parts, able)
        best = top(scores, k)
        best = best[scores[best] > 0]
        return able[best], scores[best]
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


def _able(parts: Sequence[Part], k: int, allowed: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64] | None:
    """int64, ascending: allowed products among which the k best are, by what is roughly known of all. None
    where too little is known, or too many would be left."""
    ahead = [part for part in parts if part.leads] or list(parts)
    found = roughly(ahead, len(allowed))
    if found is None or not 0 < k <= len(allowed):
        return None
    total, error = found
    if not allowed.all():
        total[~allowed] = -np.inf
    if len(ahead) < len(parts):
        behind = roughly([part for part in parts if not part.leads], len(allowed))
        if behind is None:
            return None
        perhaps, surely = total > -error, total > error
        error += behind[1]
        total += behind[0]
        last = kth_best(np.where(surely, total, np.float32(-np.inf)), k)
        total[~perhaps] = -np.inf
    else:
        last = kth_best(total, k)
    if last <= error:
        return None
    able = np.flatnonzero(total >= last - np.float32(2 * error))
    return able if len(able) <= _MOST else None


def roughly(parts: Sequence[Part], count: int) -> tuple[npt.NDArray[np.float32], float] | None:
    """(float32 [count]: about what some parts add to the score of every product, how far off at most)."""
    total, error = np.zeros(count, dtype=np.float32), _ROUNDING
    for part in parts:
        if isinstance(part.signal, DenseSignal):
            part.signal.add_to(total, part.weight)
            continue
        rough = part.signal.roughly(count) if isinstance(part.signal, Rough) else None
        if rough is None:
            return None
        total += np.multiply(rough[0], np.float32(part.weight), out=rough[0])
        error += part.weight * rough[1]
    return total, error


def _merged(parts: Sequence[Part]) -> list[Part]:
    """The parts whose best products are asked for: those known for every product are added up before, so that
    the bound is that of their sum and not the sum of their bounds."""
    known = [(part.signal, part.weight) for part in parts if isinstance(part.signal, DenseSignal)]
    others = [part for part in parts if not isinstance(part.signal, DenseSignal)]
    if not known:
        return others
    return [Part(name="", weight=1.0, signal=DenseSignal.summed(known)), *others]


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
