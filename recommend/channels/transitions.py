"""What users met next: directed steps through histories that have an order.

First-order Markov counts with a decaying look-ahead: a product met k steps later counts decay^(k - 1). Steps
within one moment (one order) have no direction and are left to co-purchase.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recommend.behaviour import Behaviour
from recommend.channels.base import FitContext, Links, item_channel, scale_of
from recommend.channels.traces import BehaviourTrace
from recommend.rank.memory import Memory
from recommend.sparse import empty, keep_best, only_rows, rows_of

REACH = 10
DECAY = 0.8


@item_channel("transitions")
def fit(context: FitContext) -> Iterator[Links]:
    if not context.behaviour.has_times:
        return
    trace = BehaviourTrace(relation=f"{context.behaviour.verb}_next", ordered=True)
    kept = context.carried(trace, "transitions", lambda earlier: earlier.same_behaviour)
    if kept is not None:
        yield kept
        return
    counts = only_rows(transition_counts(context.behaviour), context.rows)
    matrix = keep_best(counts, context.settings.links)
    if matrix.nnz:
        yield Links(
            name="transitions",
            matrix=matrix,
            trace=trace,
            memory=Memory(decay=0.5),
            scale=scale_of(matrix),
            defaults={"history": 0.5, "complement": 0.5},
        )


def transition_counts(behaviour: Behaviour, *, exponent: float = 0.25, reach: int = REACH) -> sp.csr_array:
    """float32 [n, n]: decayed counts of "i, then j" at most `reach` steps later, divided by out_i^exponent.

    (Dividing by in_j, too, loses more at the head than it gains at the tail: what comes next is often what
    comes often.)
    """
    shape = (behaviour.weight.shape[1], behaviour.weight.shape[1])
    users = rows_of(behaviour.weight)
    known = np.isfinite(behaviour.moment)
    users, moments = users[known], behaviour.moment[known]
    products, weights = behaviour.weight.indices[known], behaviour.weight.data[known]
    order = np.lexsort((products, moments, users))
    users, moments, products, weights = users[order], moments[order], products[order], weights[order]
    total: Any = empty(*shape)
    for step in range(1, reach + 1):
        pair = (users[step:] == users[:-step]) & (moments[step:] > moments[:-step])
        counts = (weights[step:] * weights[:-step] * DECAY ** (step - 1))[pair].astype(np.float32)
        total = total + sp.csr_array((counts, (products[:-step][pair], products[step:][pair])), shape=shape)
    total.sum_duplicates()
    out: npt.NDArray[np.float32] = np.asarray(total.sum(axis=1)).ravel()
    total.data = total.data / np.repeat(np.power(np.maximum(out, 1.0), exponent), np.diff(total.indptr))
    found: sp.csr_array = total
    return found
