"""What is linked to the products that were met together with one. Only to products that nobody met yet.

A product that came today was bought with nothing; but what it is said to go with, or to be looked at beside,
was. Products with many links are reached from everywhere, so a link counts less the more their neighbours
were met.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kg.graph import EdgeType
from recommend.channels.base import FitContext, Links, item_channel
from recommend.channels.co_purchase import item_knn
from recommend.channels.onward_traces import OnwardTrace
from recommend.earlier import Earlier
from recommend.sparse import at_rows, empty, keep_best, products_of_rows, stacked

_SHRINKAGE = 5.0
_OF_TARGET = 0.5

Numbers = npt.NDArray[np.int64]


@item_channel("onward", newcomers=True)
def fit(context: FitContext) -> Iterator[Links]:
    graph, behaviour = context.graph, context.behaviour
    n = graph.product_count
    new = behaviour.unmet & graph.products.listed
    types = [one for one in sorted(graph.relations) if one.head == "product" == one.tail]
    if behaviour.weight.nnz == 0 or not new.any():
        return
    popularity = behaviour.popularity.astype(np.float64)
    for edge_type in types:
        for forward in (True, False):
            name = f"onward_{edge_type.name}" + ("" if forward else "_back")
            trace = OnwardTrace(
                relation=f"{behaviour.verb}_together", edge_type=edge_type, forward=forward, near=empty(0, 0)
            )
            kept = context.carried(trace, name, partial(_same, edge_type=edge_type))
            if kept is not None:
                yield kept
                continue
            relation = graph.relations[edge_type]
            ways = (relation.matrix if forward else relation.backward).tocoo()
            at = np.flatnonzero(new[ways.col] & ~behaviour.unmet[ways.row])
            if not len(at):
                continue
            between, target = ways.row[at].astype(np.int64), ways.col[at].astype(np.int64)
            mass = np.bincount(target, weights=popularity[between], minlength=n)
            near = item_knn(behaviour.weight, np.unique(between), most=context.settings.links)
            turned = near.T.tocsr()
            if context.rows is not None:
                turned = at_rows(turned[context.rows], context.rows, n)
            worth = (np.power(mass[target] + _SHRINKAGE, -_OF_TARGET)).astype(np.float32)
            onward = _matrix(between, target, worth, n)
            blocks = [keep_best(one, context.settings.links) for _, one in products_of_rows(turned, onward)]
            matrix = stacked(blocks, n)
            if matrix.nnz:
                yield Links(name=name, matrix=matrix, trace=replace(trace, near=near))


def _same(earlier: Earlier, edge_type: EdgeType) -> bool:
    return earlier.same_newcomers and earlier.same(edge_type)


def _matrix(rows: Numbers, columns: Numbers, data: npt.NDArray[np.float32], n: int) -> sp.csr_array:
    found = sp.csr_array((data, (rows, columns)), shape=(n, n))
    found.sort_indices()
    return found
