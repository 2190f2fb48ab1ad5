"""What those who met a product go for: brands, categories, attributes. Only to products that nobody met yet.

Who met a product and others of a brand will care for a new one of this brand, though nobody bought the two
together. A product and a brand are compared as two products are (`co_purchase`), with a harder norm for the
brand: large brands are met by chance, and what is bought of a brand is shared among its products.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kg.graph import EdgeType, Graph
from recommend.channels.base import FitContext, Links, item_channel
from recommend.channels.taste_traces import TasteTrace
from recommend.earlier import Earlier
from recommend.sparse import at_rows, csr, empty, keep_best, products_of_rows, stacked, without_diagonal

WORK = 100_000_000
"""Multiplications that one relation may cost: the nodes that cost most, and say least, go first."""
_SHRINKAGE = 5.0
_OF_PRODUCT, _OF_NODE, _OF_USER, _OF_SIZE = 0.2, 0.6, 0.5, 0.5
"""The exponents of the norms: of how often a product and a node were met, of how much a user met, and of how
many products a node has."""
_NONE = 1e-9
"""What is left of a product's own part when it is taken off again is no more than this."""

Numbers = npt.NDArray[np.int64]


@item_channel("tastes", newcomers=True)
def fit(context: FitContext) -> Iterator[Links]:
    graph, behaviour = context.graph, context.behaviour
    new = np.flatnonzero(behaviour.unmet & graph.products.listed)
    if behaviour.weight.nnz == 0 or not len(new):
        return
    for name, edge_type, has in belongings(graph):
        trace = TasteTrace(relation=f"{behaviour.verb}_together", edge_type=edge_type, reach=empty(0, 0))
        kept = context.carried(trace, f"taste_{name}", partial(_same, edge_type=edge_type))
        if kept is not None:
            yield kept
            continue
        reach = compared(behaviour.weight, has, new, context.rows)
        matrix = reached(reach, has, new, context.settings.links)
        if matrix.nnz:
            yield Links(name=f"taste_{name}", matrix=matrix, trace=replace(trace, reach=reach))


def _same(earlier: Earlier, edge_type: EdgeType) -> bool:
    return earlier.same_newcomers and earlier.same(edge_type) and earlier.same_nodes(edge_type.tail)


def belongings(graph: Graph) -> Iterator[tuple[str, EdgeType, sp.csr_array]]:
    """(a name, the type of edge, [products, nodes] of ones) for each relation that says what a product is:
    its brand, categories, attributes …"""
    names = Counter(one.name for one in graph.relations if one.head == "product")
    for edge_type, relation in sorted(graph.relations.items()):
        if edge_type.head != "product" or edge_type.tail in ("product", "user", "query"):
            continue
        several = names[edge_type.name] > 1  # 'compatible_with' a brand, and a category
        has = relation.matrix.copy()
        has.data = np.ones_like(has.data)
        yield edge_type.name + (f"_{edge_type.tail}" if several else ""), edge_type, has


def reached(reach: sp.csr_array, has: sp.csr_array, new: Numbers, most: int) -> sp.csr_array:
    """float32 [products, products]: the `most` links of each product to `new` ones (int64), by the nodes that
    it reaches, float32 [products, nodes], and that they have."""
    n = has.shape[0]
    theirs = has[new].tocsr()
    counts = np.maximum(np.diff(theirs.indptr), 1).astype(np.float32)
    theirs.data = np.repeat(1 / np.sqrt(counts), np.diff(theirs.indptr)).astype(np.float32)
    turned = at_rows(theirs, new, n).T.tocsr()
    blocks = products_of_rows(reach, turned)
    return stacked([keep_best(without_diagonal(one, first), most) for first, one in blocks], n)


def size_of(has: sp.csr_array) -> npt.NDArray[np.float64]:
    """float64 [nodes]: by how much more nodes must be reached, the more products they have: among these a new
    one is one of many."""
    found: npt.NDArray[np.float64] = (
        np.maximum(np.bincount(has.indices, minlength=has.shape[1]), 1).astype(np.float64) ** _OF_SIZE
    )
    return found


def compared(
    weight: sp.csr_array, has: sp.csr_array, new: Numbers, rows: Numbers | None = None
) -> sp.csr_array:
    """float32 [products, nodes]: how much those who met a product went for a node, that is for other
    products of it. Only nodes of the `new` products (int64), only these `rows` (None: all).

    `weight` [users, products]; `has` [products, nodes] holds ones.
    """
    length = np.asarray(weight.sum(axis=1), dtype=np.float64).ravel()
    popularity = np.asarray(weight.sum(axis=0), dtype=np.float64).ravel()
    size = size_of(has)
    has = affordable(weight, has, new)
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
    norm *= size[found.indices]
    found.data = np.where(found.data > _NONE, found.data / norm, 0.0).astype(np.float32)
    found.eliminate_zeros()
    found.sort_indices()
    return csr(found.data, found.indices, found.indptr, found.shape)


def affordable(weight: sp.csr_array, has: sp.csr_array, new: Numbers) -> sp.csr_array:
    """float64 [products, nodes]: what products have of what new ones have, without the nodes that would cost
    too much; `weight` [any, products] says what is reached together."""
    times = np.bincount(has[new].indices, minlength=has.shape[1])
    met = np.flatnonzero(np.bincount(weight.indices, minlength=weight.shape[1]))
    # who met something of a node, and with it as many other products as they met
    lengths = np.diff(weight.indptr).astype(np.float64)
    beside = np.asarray(weight.T @ lengths).ravel() @ has
    cost = times * np.minimum(np.asarray(beside).ravel(), len(met))
    order = np.lexsort((np.arange(len(cost)), cost))
    wanted = np.zeros(len(cost), dtype=np.bool_)
    wanted[order] = np.cumsum(cost[order]) <= WORK
    wanted &= times > 0
    found = (has @ sp.diags_array(wanted.astype(np.float64))).tocsr()
    found.eliminate_zeros()
    return found
