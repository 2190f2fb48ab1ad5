"""The k best of many scores, ties broken by number (which is the order of ids)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def top(scores: npt.NDArray[np.float32], k: int) -> npt.NDArray[np.int64]:
    """int64 [<= k]: positions of the k largest scores, best first; -inf is never among them."""
    k = min(k, len(scores))
    if k <= 0:
        return np.empty(0, dtype=np.int64)
    if k < len(scores):
        # negated: where most scores are equal (0, say), selecting from the other end takes 20 times as long
        kth = -np.partition(-scores, k - 1)[k - 1]
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
