"""The weights of the query channels, learned on queries with graded relevance: few numbers, close to the
defaults.

Coordinate ascent on nDCG@10 (Metzler & Croft, "Linear feature-based models", 2007) with a price for leaving
the defaults: generated queries resemble what shoppers type, but are not it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from recommend.training.pools import Pools

PRICE = 0.01
"""Doubling or halving a weight has to gain this much nDCG."""
_STEPS = (0.5, 0.7, 0.85, 1.2, 1.5, 2.0)
_FARTHEST = 4.0
"""No weight becomes more than so many times larger or smaller than its default."""
_ROUNDS = 4
_LEAST_GAIN = 1e-5


def learned_weights(pools: Pools, defaults: Mapping[str, float], *, price: float = PRICE) -> dict[str, float]:
    """Weights by channel, all above 0 where the default is, 0 elsewhere; together as large as the defaults.

    A channel that says nothing about any of the queries keeps its default.
    """
    start = np.array([defaults.get(name, 0.0) for name in pools.channels], dtype=np.float64)
    able = [c for c in np.flatnonzero(start > 0).tolist() if pools.values[:, :, c].any()]
    if len(pools) == 0 or len(able) < 2:
        return dict(defaults)
    weights = start.copy()
    value = _value(pools, weights, start, price)
    for _ in range(_ROUNDS):
        before = value
        for c in sorted(able, key=lambda one: (-weights[one], one)):
            for step in _STEPS:
                option = weights.copy()
                option[c] *= step
                if not 1 / _FARTHEST <= option[c] / start[c] <= _FARTHEST:
                    continue
                found = _value(pools, option, start, price)
                if found > value + _LEAST_GAIN:
                    value, weights = found, option
        if value <= before + _LEAST_GAIN:
            break
    weights *= start.sum() / weights.sum()  # scores keep one size; the order of products does not change
    return {**defaults, **{name: float(w) for name, w in zip(pools.channels, weights, strict=True) if w > 0}}


def _value(
    pools: Pools, weights: npt.NDArray[np.float64], start: npt.NDArray[np.float64], price: float
) -> float:
    moved = weights[start > 0] / start[start > 0]
    moved = np.log2(moved / np.exp(np.log(moved).mean()))  # all weights doubled is no change
    return pools.value(pools.scored(weights)) - price * float(np.abs(moved).sum())
