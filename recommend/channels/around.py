"""What the things are like that a product is linked to: brands, categories, attributes. Only to products that
nobody met yet.

Who likes a lamp that is viewed with lamps of some brand may care for a new one of this brand, though nothing
is linked to it yet. All relations between products count alike, along the arrow and against it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kg.graph import EdgeType
from recommend.channels.around_traces import AroundTrace, between
from recommend.channels.base import FitContext, Links, item_channel
from recommend.channels.tastes import affordable, belongings, reached, size_of
from recommend.earlier import Earlier
from recommend.sparse import csr, empty, only_rows

_SHRINKAGE = 1.0
_OF_PRODUCT, _OF_NODE = 0.3, 0.4
"""The exponents of the norms: of how many edges a product and a node have to what is between."""

Numbers = npt.NDArray[np.int64]


@item_channel("around", newcomers=True)
def fit(context: FitContext) -> Iterator[Links]:
    graph, behaviour = context.graph, context.behaviour
    new = np.flatnonzero(behaviour.unmet & graph.products.listed)
    if behaviour.weight.nnz == 0 or not len(new):
        return
    near = context.once(_near)
    if not near.nnz:
        return
    for name, edge_type, has in belongings(graph):
        trace = AroundTrace(edge_type=edge_type, reach=empty(0, 0))
        kept = context.carried(trace, f"around_{name}", partial(_same, edge_type=edge_type))
        if kept is not None:
            yield kept
            continue
        reach = _compared(near, has, new, context.rows)
        matrix = reached(reach, has, new, context.settings.links)
        if matrix.nnz:
            yield Links(name=f"around_{name}", matrix=matrix, trace=replace(trace, reach=reach))


def _same(earlier: Earlier, edge_type: EdgeType) -> bool:
    linking = (one for one in earlier.graph.relations if one.head == "product" == one.tail)
    return (
        earlier.same_newcomers
        and all(map(earlier.same, (edge_type, *linking)))
        and earlier.same_nodes(edge_type.tail)
    )


def _near(context: FitContext) -> sp.csr_array:
    """float64 [products, products]: how many edges there are between each (row) and others that somebody met
    (column), whatever they say."""
    graph, n = context.graph, context.graph.product_count
    found = sp.csr_array((n, n), dtype=np.float64)
    for _, _, matrix in between(graph):
        found = found + sp.csr_array((np.ones(matrix.nnz), matrix.indices, matrix.indptr), shape=matrix.shape)
    cells = found.tocoo()
    at = np.flatnonzero(~context.behaviour.unmet[cells.col] & (cells.row != cells.col))
    return sp.csr_array((cells.data[at], (cells.row[at], cells.col[at])), shape=(n, n))


def _compared(near: sp.csr_array, has: sp.csr_array, new: Numbers, rows: Numbers | None) -> sp.csr_array:
    """float32 [products, nodes]: how much of what lies near a product has a node; see `tastes.compared`."""
    degree = np.asarray(near.sum(axis=1)).ravel()
    size = size_of(has)
    has = affordable(near, has, new)
    mass = near.sum(axis=0) @ has
    found = (only_rows(near, rows) @ has).tocsr()
    heads = np.repeat(np.arange(found.shape[0]), np.diff(found.indptr))
    norm = degree[heads] ** _OF_PRODUCT * mass[found.indices] ** _OF_NODE + _SHRINKAGE
    found.data = found.data / (norm * size[found.indices])
    found.sort_indices()
    return csr(found.data.astype(np.float32), found.indices, found.indptr, found.shape)
