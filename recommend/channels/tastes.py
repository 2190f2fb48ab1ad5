"""What those who met a product go for: brands, categories, attributes. Only to products that nobody met yet.

Who met a product and others of a brand will care for a new one of this brand, though nobody bought the two
together. A product and a brand are compared as two products are (`co_purchase`), with a harder norm for the
brand: large brands are met by chance.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kg.graph import EdgeType
from recommend.channels.base import FitContext, Links, item_channel
from recommend.channels.taste_traces import TasteTrace
from recommend.earlier import Earlier
from recommend.sparse import at_rows, csr, empty, keep_best, products_of_rows, stacked

WORK = 100_000_000
"""Multiplications that one relation may cost: the nodes that cost most, and say least, go first."""
_SHRINKAGE = 5.0
_OF_PRODUCT, _OF_NODE, _OF_USER = 0.2, 0.6, 0.5
"""The exponents of the norms: of how often a product and a node were met, and of how much a user met."""
_NONE = 1e-9
"""What is left of a product's own part when it is taken off again is no more than this."""

Numbers = npt.NDArray[np.int64]


@item_channel("tastes", newcomers=True)
def fit(context: FitContext) -> Iterator[Links]:
    graph, behaviour = context.graph, context.behaviour
    new = np.flatnonzero(behaviour.unmet & graph.products.listed)
    if behaviour.weight.nnz == 0 or not len(new):
        return
    names = Counter(one.name for one in graph.relations if one.head == "product")
    for edge_type, relation in sorted(graph.relations.items()):
        if edge_type.head != "product" or edge_type.tail in ("product", "user", "query"):
            continue
        several = names[edge_type.name] > 1  # 'compatible_with' a brand, and a category
        name = f"taste_{edge_type.name}" + (f"_{edge_type.tail}" if several else "")
        trace = TasteTrace(relation=f"{behaviour.verb}_together", edge_type=edge_type, reach=empty(0, 0))
        kept = context.carried(trace, name, partial(_same, edge_type=edge_type))
        if kept is not None:
            yield kept
            continue
        has = relation.matrix.copy()
        has.data = np.ones_like(has.data)
        reach = compared(behaviour.weight, has, new, context.rows)
        theirs = has[new].tocsr()
        counts = np.maximum(np.diff(theirs.indptr), 1).astype(np.float32)
        theirs.data = np.repeat(1 / np.sqrt(counts), np.diff(theirs.indptr)).astype(np.float32)
        turned = at_rows(theirs, new, graph.product_count).T.tocsr()
        blocks = [keep_best(one, context.settings.links) for _, one in products_of_rows(reach, turned)]
        matrix = stacked(blocks, graph.product_count)
        if matrix.nnz:
            yield Links(name=name, matrix=matrix, trace=replace(trace, reach=reach))


def _same(earlier: Earlier, edge_type: EdgeType) -> bool:
    return earlier.same_newcomers and earlier.same(edge_type) and earlier.same_nodes(edge_type.tail)


def compared(
    weight: sp.csr_array, has: sp.csr_array, new: Numbers, rows: Numbers | None = None
) -> sp.csr_array:
    """float32 [products, nodes]: how much those who met a product went for a node, that is for other
    products of it. Only nodes of the `new` products (int64), only these `rows` (None: all).

    `weight` [users, products]; `has` [products, nodes] holds ones.
    """
    length = np.asarray(weight.sum(axis=1), dtype=np.float64).ravel()
    popularity = np.asarray(weight.sum(axis=0), dtype=np.float64).ravel()
    wanted = _affordable(weight, has, new)
    has = (has @ sp.diags_array(wanted.astype(np.float64))).tocsr()
    has.eliminate_zeros()
    taste = (weight.astype(np.float64) @ has).tocsr()
    share = weight.astype(np.float64).copy()
    share.data *= np.repeat(np.power(np.maximum(length, 1.0), -_OF_USER), np.diff(weight.indptr))
    itself = np.asarray(share.multiply(weight).sum(axis=0)).ravel()
    turned = share.T.tocsr()
    if rows is not None:
        turned = at_rows(turned[rows], rows, turned.shape[0])
        itself = np.where(np.isin(np.arange(len(itself)), rows), itself, 0.0)
    found = (turned @ taste - sp.diags_array(itself) @ has).tocsr()
    mass = np.asarray(taste.sum(axis=0)).ravel()
    heads = np.repeat(np.arange(found.shape[0]), np.diff(found.indptr))
    norm = popularity[heads] ** _OF_PRODUCT * mass[found.indices] ** _OF_NODE + _SHRINKAGE
    found.data = np.where(found.data > _NONE, found.data / norm, 0.0).astype(np.float32)
    found.eliminate_zeros()
    found.sort_indices()
    return csr(found.data, found.indices, found.indptr, found.shape)


def _affordable(weight: sp.csr_array, has: sp.csr_array, new: Numbers) -> npt.NDArray[np.bool_]:
    """bool [nodes]: what new products have, without the nodes that would cost too much."""
    times = np.bincount(has[new].indices, minlength=has.shape[1])
    met = np.flatnonzero(np.bincount(weight.indices, minlength=weight.shape[1]))
    # who met something of a node, and with it as many other products as they met
    lengths = np.diff(weight.indptr).astype(np.float64)
    beside = np.asarray(weight.T @ lengths).ravel() @ has
    cost = times * np.minimum(np.asarray(beside).ravel(), len(met))
    order = np.lexsort((np.arange(len(cost)), cost))
    affordable = np.zeros(len(cost), dtype=np.bool_)
    affordable[order] = np.cumsum(cost[order]) <= WORK
    found: npt.NDArray[np.bool_] = affordable & (times > 0)
    return found
