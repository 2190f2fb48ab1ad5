"""Products that are linked to the same node: a brand, a category, an attribute value, a common neighbour.

Shrunken cosine of the two products' rows over the nodes of one relation, each node weighted by its rarity
(inverse document frequency), so that "both are black" says less than "both take E14 bulbs".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kg.graph import HAS_ATTRIBUTE, IN_CATEGORY, IN_COLLECTION, MADE_BY, EdgeType
from kg.records import NodeKind
from recommend.channels.base import FitContext, Links, Task, item_channel, scale_of
from recommend.channels.traces import SharedTrace
from recommend.earlier import Earlier
from recommend.similar_rows import similar_rows
from recommend.sparse import rows_of

WORK = 50_000_000
"""Multiplications that one relation may cost: the commonest nodes, which say least and cost most, go
first."""

SHRINKAGE = 30.0
"""Added to the square of a row's length, like one more node that nobody shares: a plain cosine forgets how
much is shared, and would call two products of one large brand as near as two of a small one."""

_NO_TERMS = np.empty(0, dtype=np.float32)

_DEFAULTS: dict[str, dict[Task, float]] = {
    MADE_BY: {"history": 0.2, "product": 0.1, "complement": 0.3},
    IN_CATEGORY: {"history": 0.2, "product": 0.4},
    HAS_ATTRIBUTE: {"history": 0.1, "product": 0.3, "complement": 0.05},
    IN_COLLECTION: {"history": 0.3, "product": 0.2, "complement": 0.5},
}


@item_channel("shared_nodes")
def fit(context: FitContext) -> Iterator[Links]:
    priority = context.behaviour.popularity
    names = Counter(t.name for t in context.graph.relations if "product" in (t.head, t.tail))
    for edge_type, relation in sorted(context.graph.relations.items()):
        for forward in (True, False):
            near, far = (edge_type.head, edge_type.tail) if forward else (edge_type.tail, edge_type.head)
            if near != "product" or far in ("user", "query"):
                continue
            shared = far == "product"
            name = edge_type.name
            if shared:
                name += "_shared" if forward else "_sharing"
            elif names[name] > 1:  # 'compatible_with' may link products to products and to categories
                name += f"_{far}"
            kept = context.carried(
                SharedTrace(edge_type=edge_type, forward=forward, terms=_NO_TERMS),
                name,
                partial(_same, edge_type=edge_type, far=far),
            )
            if kept is not None:
                yield kept
                continue
            features, terms = rarity_features(relation.matrix if forward else relation.backward)
            matrix = similar_rows(features, context.settings.links, priority=priority, rows=context.rows)
            if matrix.nnz:
                yield Links(
                    name=name,
                    matrix=matrix,
                    trace=SharedTrace(edge_type=edge_type, forward=forward, terms=terms),
                    scale=scale_of(matrix),
                    defaults=_DEFAULTS.get(edge_type.name, {"history": 0.2, "product": 0.2}),
                )


def _same(earlier: Earlier, edge_type: EdgeType, far: NodeKind) -> bool:
    # the terms are numbered like the shared nodes, and popularity settles what is equal
    return earlier.same(edge_type) and earlier.same_nodes(far) and earlier.same_behaviour


def rarity_features(
    matrix: sp.csr_array, *, work: int = WORK
) -> tuple[sp.csr_array, npt.NDArray[np.float32]]:
    """(float32 [products, nodes] rows of length 1, float32 [nodes]: the square of each node's weight)."""
    count = np.bincount(matrix.indices, minlength=matrix.shape[1]).astype(np.int64)
    linked = max(1, int(np.count_nonzero(np.diff(matrix.indptr))))
    rarity = np.log1p(linked / np.maximum(count, 1))
    by_rarity = np.lexsort((np.arange(len(count)), count))
    affordable = np.zeros(len(count), dtype=np.bool_)
    affordable[by_rarity] = np.cumsum(count[by_rarity] ** 2) <= work
    weight = np.where(affordable & (count > 1), rarity, 0.0)
    # the length of a row counts every node it has, also those nobody shares: they make it different
    full = sp.csr_array(
        (np.square(rarity)[matrix.indices], matrix.indices, matrix.indptr), shape=matrix.shape
    )
    length = np.sqrt(np.asarray(full.sum(axis=1)).ravel() + SHRINKAGE)
    rows = rows_of(matrix)
    data = (weight[matrix.indices] / np.maximum(length[rows], 1e-12)).astype(np.float32)
    # a copy: dropping entries rewrites the index arrays, which belong to the graph
    features = sp.csr_array((data, matrix.indices, matrix.indptr), shape=matrix.shape, copy=True)
    features.eliminate_zeros()
    return features, np.square(weight).astype(np.float32)
