"""The k best of many scores, ties broken by number (which is the order of ids)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recommend.behaviour import History

_STEP, _SPARE = 16, 8
"""Every so manieth score is in the sample that tells where the best begin; its rank is so much lower, to be
sure."""


def top(scores: npt.NDArray[np.float32], k: int) -> npt.NDArray[np.int64]:
    """int64 [<= k]: positions of the k largest scores, best first; -inf is never among them."""
    k = min(k, len(scores))
    if k <= 0:
        return np.empty(0, dtype=np.int64)
    if k < len(scores):
        kth = kth_best(scores, k)
        if kth == -np.inf:
            chosen = np.flatnonzero(scores > -np.inf)
        else:
            chosen = np.flatnonzero(scores > kth)
            equal = np.flatnonzero(scores == kth)[: k - len(chosen)]
            chosen = np.concatenate([chosen, equal])
    else:
        chosen = np.flatnonzero(scores > -np.inf)
    order = np.lexsort((chosen, -scores[chosen]))
    return chosen[order]


def possible(
    scores: npt.NDArray[np.float32], history: History, allowed: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float32]:
    """The same scores, -inf for what is no answer: not allowed, owned already, or nothing speaks for it."""
    scores[~allowed] = -np.inf
    scores[history.products[history.owned]] = -np.inf
    scores[scores <= 0] = -np.inf
    return scores


def kth_best(scores: npt.NDArray[np.float32], k: int) -> np.float32:
    """The k-th largest of some scores (1 <= k <= their number), none of which is NaN."""
    if len(scores) > _STEP * k:
        # a sample tells what a little more than k of them reach; mostly only these need to be ordered
        sample = scores[::_STEP]
        reached = scores[scores >= _ordered(sample, min(len(sample), 2 * k // _STEP + _SPARE))]
        if k <= len(reached) < len(scores) // 2:
            scores = reached
    return _ordered(scores, k)


def _ordered(scores: npt.NDArray[np.float32], k: int) -> np.float32:
    # negated: where most scores are equal (0, say), selecting from the other end takes 20 times as long
    found: np.float32 = -np.partition(-scores, k - 1)[k - 1]
    return found
