"""Nearest neighbours in each vector space: text, pictures, PyKEEN, GNN, fused.

A link is the fourth power of the cosine: in spaces where everything is somewhat alike, plain cosines let
fifty lukewarm neighbours outvote a close one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kg.vectors import Vectors
from recommend.channels.base import FitContext, Links, Task, item_channel, scale_of
from recommend.channels.traces import SimilarityTrace
from recommend.earlier import Earlier
from recommend.index.vector_index import SpaceIndex
from recommend.settings import Settings
from recommend.sparse import keep_best

POWER = 4
_RELATION = "_neighbour"
_REACH = {"gnn": 4}
"""So many times more neighbours are kept. These vectors know who wants a product that nobody has met yet, and
such products are few: among fifty neighbours there is often none."""
_MOST_RENEWED = 0.2
"""Where more vectors than this share changed, all are searched anew."""
_CELLS = 20_000_000

Rows: TypeAlias = npt.NDArray[np.int64]

_DEFAULTS: dict[str, dict[Task, float]] = {
    "text": {"history": 0.2, "product": 0.6},
    "image": {"history": 0.1, "product": 0.3},
    "fused": {"history": 0.2, "product": 0.4},
}


@item_channel("neighbours")
def neighbours(context: FitContext) -> Iterator[Links]:
    """The neighbours of every product in each space of a context."""
    for space, vectors in sorted(context.vectors.items()):
        index = context.indexes[space]
        if len(index.products) < 2:
            continue
        trace = SimilarityTrace(relation=f"{space}{_RELATION}", power=POWER)
        most = _most(space, context.settings)
        before = None if context.earlier is None else context.earlier.found(trace)
        if context.earlier is not None and before is not None and space in context.earlier.fresh:
            matrix = _renewed(context.earlier, before.matrix, space, vectors, index, most)
        else:
            matrix = _searched(vectors, index, np.arange(len(index.products)), most)
        if matrix.nnz:
            yield Links(
                name=f"{space}_neighbours",
                matrix=matrix,
                trace=trace,
                scale=scale_of(matrix),
                defaults=_DEFAULTS.get(space, {"history": 0.1, "product": 0.1}),
            )


def _most(space: str, settings: Settings) -> int:
    """How many neighbours per product a space keeps."""
    return max(settings.neighbours, min(_REACH.get(space, 1) * settings.neighbours, settings.links))


def channels_of_spaces(links: Iterable[Links]) -> dict[str, tuple[str, ...]]:
    """The names of the links that are made of vectors, by the space that they are made of."""
    return {
        one.trace.relation.removesuffix(_RELATION): (one.name,)
        for one in links
        if isinstance(one.trace, SimilarityTrace) and one.trace.relation.endswith(_RELATION)
    }


def _searched(vectors: Vectors, index: SpaceIndex, rows: Rows, most: int) -> sp.csr_array:
    """The neighbours of some rows of an index, as a matrix of all products."""
    products = index.products[rows]
    scores, found = index.search(index.index.rows(rows), most + 1)
    heads, tails = np.repeat(products, found.shape[1]), found.ravel()
    return _matrix(heads, tails, scores.ravel(), len(vectors), most)


def _matrix(
    heads: Rows, tails: Rows, cosines: npt.NDArray[np.float32], products: int, most: int
) -> sp.csr_array:
    good = (tails >= 0) & (tails != heads) & (cosines > 0)
    closeness = np.minimum(cosines[good], 1.0) ** POWER
    return keep_best(sp.csr_array((closeness, (heads[good], tails[good])), shape=(products, products)), most)


def _renewed(
    earlier: Earlier, before: sp.csr_array, space: str, vectors: Vectors, index: SpaceIndex, most: int
) -> sp.csr_array:
    """What `_searched` would give for all products, with little work where few vectors changed.

    A product's list is complete down to its last entry. So without what changed, and with what now lies at
    least as near as that entry, it is as good as searched anew, unless too few are left.
    """
    fresh = earlier.fresh[space]
    carried = earlier.carried(before)
    if len(fresh) == 0 and carried.nnz == before.nnz:
        return carried
    n = len(vectors)
    if len(fresh) > n * _MOST_RENEWED:
        return _searched(vectors, index, np.arange(len(index.products)), most)
    is_fresh = np.zeros(n, dtype=np.bool_)
    is_fresh[fresh] = True
    origin = earlier.origin
    full, last = _last_entries(before, most)
    full, last = np.where(origin >= 0, full[origin], False), np.where(origin >= 0, last[origin], 0)
    heads = np.repeat(np.arange(n), np.diff(carried.indptr))
    stays = ~is_fresh[heads] & ~is_fresh[carried.indices]
    cells: list[tuple[npt.NDArray[np.float32], Rows, Rows]] = [
        (carried.data[stays], heads[stays], carried.indices[stays].astype(np.int64)),
        *_entering(vectors, index, fresh, last, is_fresh),
    ]
    data, heads, tails = (np.concatenate(column) for column in zip(*cells, strict=True))
    merged = sp.csr_array((data, (heads, tails)), shape=(n, n))
    short = full & ~is_fresh & (np.diff(merged.indptr) < most)
    again = np.flatnonzero((short | is_fresh)[index.products])
    complete = sp.diags_array((~short).astype(np.float32)) @ merged
    return keep_best(complete + _searched(vectors, index, again, most), most)


def _entering(
    vectors: Vectors,
    index: SpaceIndex,
    fresh: Rows,
    last: npt.NDArray[np.float32],
    is_fresh: npt.NDArray[np.bool_],
) -> Iterator[tuple[npt.NDArray[np.float32], Rows, Rows]]:
    """(closeness, rows, columns) of the fresh products in lists of the others that they are near enough
    for, a block of rows at a time."""
    fresh = fresh[vectors.present[fresh]]
    turned = vectors.unit()[fresh].T
    others = np.flatnonzero(~is_fresh[index.products])
    size = max(1, _CELLS // max(1, len(fresh)))
    for start in range(0, len(others), size):
        rows = others[start : start + size]
        products = index.products[rows]
        closeness = np.clip(index.index.rows(rows) @ turned, 0, 1) ** POWER
        at, column = np.nonzero((closeness > 0) & (closeness >= last[products][:, None]))
        yield closeness[at, column], products[at], fresh[column]


def _last_entries(matrix: sp.csr_array, most: int) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.float32]]:
    """(bool [n]: the row is full, float32 [n]: its smallest entry, 0 where it is not full)."""
    counts = np.diff(matrix.indptr)
    full = counts >= most
    last = np.zeros(len(counts), dtype=np.float32)
    if full.any():
        smallest = np.minimum.reduceat(np.append(matrix.data, np.inf), matrix.indptr[:-1])
        last[full] = smallest[full]
    return full, last
