"""Nearest neighbours in each vector space: text, pictures, PyKEEN, GNN, fused.

A link is the fourth power of the cosine: in spaces where everything is somewhat alike, plain cosines let
fifty lukewarm neighbours outvote a close one.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import scipy.sparse as sp

from recommend.channels.base import FitContext, Links, Task, item_channel, scale_of
from recommend.channels.traces import SimilarityTrace
from recommend.sparse import keep_best

POWER = 4

_DEFAULTS: dict[str, dict[Task, float]] = {
    "text": {"history": 0.2, "product": 0.6},
    "image": {"history": 0.1, "product": 0.3},
    "fused": {"history": 0.2, "product": 0.4},
}


@item_channel("neighbours")
def fit(context: FitContext) -> Iterator[Links]:
    for space, vectors in sorted(context.vectors.items()):
        index = context.indexes[space]
        if len(index.products) < 2:
            continue
        scores, found = index.search(vectors.unit()[index.products], context.settings.neighbours + 1)
        rows, columns = np.repeat(index.products, found.shape[1]), found.ravel()
        good = (columns >= 0) & (columns != rows) & (scores.ravel() > 0)
        shape = (len(vectors), len(vectors))
        closeness = np.minimum(scores.ravel()[good], 1.0) ** POWER
        matrix = sp.csr_array((closeness, (rows[good], columns[good])), shape=shape)
        matrix = keep_best(matrix, context.settings.neighbours)
        if matrix.nnz:
            yield Links(
                name=f"{space}_neighbours",
                matrix=matrix,
                trace=SimilarityTrace(relation=f"{space}_neighbour", power=POWER),
                scale=scale_of(matrix),
                defaults=_DEFAULTS.get(space, {"history": 0.1, "product": 0.1}),
            )
