"""How strongly products belong together that somebody met both of, learned from all histories at once.

`co_purchase` looks at the two products of a pair alone. Here a pair counts for more the more its two products
are met together with the same others, by two steps over the links that are evened out by how often either
side was met: a linear graph filter, which takes neither training nor singular vectors (Park, Shin & Shin,
"Turbo-CF: matrix decomposition-free graph filtering for fast recommendation", 2024; Shen et al., "How
powerful is graph convolution for recommendation?", 2021). The other way is EASE among the products that most
users met (Steck, "Embarrassingly shallow autoencoders for sparse data", 2019): of the others it says little,
and it takes the cube of their number.

Only pairs are linked that somebody met both of: on hidden purchases the others harmed, and so every link has
users behind it.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recommend.channels.base import FitContext, Links, Steps, Way, item_channel, scale_of
from recommend.channels.traces import LearnedTrace
from recommend.linear import ease
from recommend.rank.memory import ALL, Memory
from recommend.sparse import (
    csr,
    empty,
    keep_best,
    only_rows,
    products_of_rows,
    rows_of,
    stacked,
    values_at,
    without_diagonal,
)

NAME = "learned"
WAYS: Steps = (({"penalty": 10.0},),)
"""EASE with this penalty, in place of the two steps."""
MOST_PRODUCTS = 20_000
MOST_PAIRS = 50_000_000
"""More pairs of products in histories would take too long."""
MOST_DENSE = 4_000
"""EASE is for so many of the products: it takes the square of that in numbers, and the cube in steps."""
LEAST_USERS = 100
"""So many must have met two products: fewer could not show that it gains."""
THROUGH = 100
"""Each step goes to so many of the best neighbours."""
MOST = 100
_COMPANY = 300
_USER_EXPONENT = 0.5
"""How much less a user counts who met much."""

Numbers = npt.NDArray[np.int64]


@item_channel(NAME, ways=WAYS, optional=True)
def fit(context: FitContext) -> Iterator[Links]:
    weight = context.behaviour.weight
    if not context.settings.learned or not affordable(weight):
        return
    trace = LearnedTrace(relation=f"{context.behaviour.verb}_alike")
    kept = context.carried(trace, NAME, lambda earlier: earlier.same_behaviour)
    if kept is not None:
        yield kept
        return
    values = context.ways.get(NAME, {})
    most = min(MOST, context.settings.links)
    if "penalty" not in values:
        matrix = filtered(weight, context.rows, most=most)
    elif context.rows is None:
        matrix = regressed(weight, values["penalty"], most=most)
    else:
        return  # no row of it can be had without all others
    if matrix.nnz:
        yield Links(
            name=NAME,
            matrix=matrix,
            trace=trace,
            memory=Memory(decay=0.9) if context.behaviour.has_times else ALL,
            scale=scale_of(matrix),
            defaults={"history": 0.0},
            way=Way(channel=NAME, values=values),
        )


def affordable(weight: sp.csr_array) -> bool:
    """Whether there is enough to learn from, and not too much."""
    lengths = np.diff(weight.indptr).astype(np.float64)
    return (
        weight.shape[1] <= MOST_PRODUCTS
        and int((lengths >= 2).sum()) >= LEAST_USERS
        and float(np.square(lengths).sum()) <= MOST_PAIRS
    )


def filtered(weight: sp.csr_array, rows: Numbers | None = None, /, *, most: int = MOST) -> sp.csr_array:
    """float32 [products, products]: the sum over the products k between of near(i, k) · near(k, j), times
    sqrt(popularity_j / popularity_i), for all pairs (i, j) that somebody met; the `most` best of each row.
    With `rows`, only of these.

    near(i, j) is the sum over users of length^-½ for each pair they met, over sqrt(popularity_i ·
    popularity_j), for the `THROUGH` best j of each i.
    """
    root = np.sqrt(np.asarray(weight.sum(axis=0), dtype=np.float64).ravel())
    inverse = np.divide(1.0, root, out=np.zeros_like(root), where=root > 0)
    even = _evened(weight, inverse)
    met = _near(even, rows)
    first = keep_best(met, THROUGH)
    # the second step starts where the first ends
    then = (
        first if rows is None else keep_best(_near(even, np.unique(first.indices).astype(np.int64)), THROUGH)
    )
    blocks = []
    for start, block in products_of_rows(first, then):
        pairs = met[start : start + block.shape[0]].tocsr()
        heads = rows_of(pairs)
        said = values_at(block, heads, pairs.indices) * root[pairs.indices] * inverse[heads + start]
        found = csr(said.astype(np.float32), pairs.indices, pairs.indptr, pairs.shape)
        blocks.append(keep_best(found, most))
    return stacked(blocks, weight.shape[1])


def regressed(weight: sp.csr_array, penalty: float, *, most: int = MOST) -> sp.csr_array:
    """float32 [products, products]: EASE among the `MOST_DENSE` products that are met most, by users of whom
    each counts length^-½, for all pairs that somebody met; the `most` best of each row."""
    n = weight.shape[1]
    popularity = np.asarray(weight.sum(axis=0), dtype=np.float64).ravel()
    known = np.sort(np.argsort(-popularity, kind="stable")[:MOST_DENSE])
    known = known[popularity[known] > 0]
    if not len(known):
        return empty(n, n)
    some = _by_length(weight)[:, known].tocsr()
    pairs = without_diagonal((some.T @ some).tocsr())
    pairs.eliminate_zeros()
    pairs.sort_indices()
    heads = rows_of(pairs)
    data = ease(some, penalty)[heads, pairs.indices]
    cells = (data, (known[heads], known[pairs.indices]))
    return keep_best(sp.csr_array(cells, shape=(n, n)), most)


def _evened(weight: sp.csr_array, inverse: npt.NDArray[np.float64]) -> sp.csr_array:
    """float32 [users, products]: the matrix with both sides' counts divided out, such that its square is
    near(i, j)."""
    by_length = _by_length(weight)
    data = by_length.data * inverse[weight.indices]
    return csr(data.astype(np.float32), weight.indices, weight.indptr, weight.shape)


def _by_length(weight: sp.csr_array) -> sp.csr_array:
    """float32 [users, products]: the matrix such that in its square each user counts length^-½."""
    length = np.maximum(np.asarray(weight.sum(axis=1), dtype=np.float64).ravel(), 1.0)
    data = weight.data * np.power(length, -_USER_EXPONENT / 2)[rows_of(weight)]
    return csr(data.astype(np.float32), weight.indices, weight.indptr, weight.shape)


def _near(even: sp.csr_array, rows: Numbers | None) -> sp.csr_array:
    """float32 [products, products]: near(i, j) of the pairs that were met; the best of each row."""
    turned = only_rows(even.T.tocsr(), rows)
    return stacked(
        [
            keep_best(without_diagonal(block, first), _COMPANY)
            for first, block in products_of_rows(turned, even)
        ],
        even.shape[1],
    )
