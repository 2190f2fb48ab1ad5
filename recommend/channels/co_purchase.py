"""Products that the same users met: item-based nearest neighbours on the behaviour matrix.

Cosine-like similarity after Deshpande & Karypis, "Item-based top-N recommendation algorithms" (2004), with a
softer norm (exponent below 1/2) and shrinkage, so that two co-purchases of rare products do not beat twenty
of common ones; users with long histories count less for each pair. How soft, how shrunk and how much less is
best depends on how much is known of each product, so a build tries a few of each.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recommend.channels.base import FitContext, Links, Steps, Way, item_channel, scale_of
from recommend.channels.traces import BehaviourTrace
from recommend.rank.memory import ALL, Memory
from recommend.sparse import keep_best, only_rows, products_of_rows, stacked, without_diagonal

NAME = "co_purchase"
WAYS: Steps = (
    ({"exponent": 0.1}, {"exponent": 0.3}, {"exponent": 0.4}),
    ({"shrinkage": 1.0}, {"shrinkage": 20.0}),
    ({"user_exponent": 0.25}, {"user_exponent": 0.75}),
)
"""What may differ from the usual way, in the order in which it is tried."""


@item_channel(NAME, ways=WAYS)
def fit(context: FitContext) -> Iterator[Links]:
    weight = context.behaviour.weight
    if weight.nnz == 0:
        return
    trace = BehaviourTrace(relation=f"{context.behaviour.verb}_together")
    kept = context.carried(trace, NAME, lambda earlier: earlier.same_behaviour)
    if kept is not None:
        yield kept
        return
    values = context.ways.get(NAME, {})
    matrix = item_knn(weight, context.rows, most=context.settings.links, **values)
    yield Links(
        name=NAME,
        matrix=matrix,
        trace=trace,
        memory=Memory(decay=0.9) if context.behaviour.has_times else ALL,
        scale=scale_of(matrix),
        defaults={"history": 1.0, "product": 0.2, "complement": 1.0},
        way=Way(channel=NAME, values=values),
    )


def item_knn(
    weight: sp.csr_array,
    rows: npt.NDArray[np.int64] | None = None,
    /,
    *,
    exponent: float = 0.2,
    shrinkage: float = 5.0,
    user_exponent: float = 0.5,
    most: int = 300,
) -> sp.csr_array:
    """float32 [products, products]: sum over users of 1 / length^user_exponent for each pair they met,
    divided by (popularity_i · popularity_j)^exponent + shrinkage; the `most` best of each row. With
    `rows`, only of these."""
    popularity = np.asarray(weight.sum(axis=0), dtype=np.float64).ravel()
    length = np.asarray(weight.sum(axis=1), dtype=np.float64).ravel()
    users = np.power(np.maximum(length, 1.0), -user_exponent).astype(np.float32)
    turned = only_rows(weight.T.tocsr(), rows)
    weighted = sp.csr_array(
        (weight.data * np.repeat(users, np.diff(weight.indptr)), weight.indices, weight.indptr),
        shape=weight.shape,
    )
    blocks = []
    for first, block in products_of_rows(turned, weighted):
        heads = np.repeat(np.arange(block.shape[0]), np.diff(block.indptr)) + first
        norm = np.power(popularity[heads] * popularity[block.indices], exponent) + shrinkage
        block.data = (block.data / norm).astype(np.float32)
        blocks.append(keep_best(without_diagonal(block, first), most))
    return stacked(blocks, weight.shape[1])
