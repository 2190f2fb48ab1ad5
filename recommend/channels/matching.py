"""Attributes in which things that go together agree: the socket of a lamp and its bulb, a filter's size.

Nobody has to say which attributes these are: what is bought together agrees in them more often than the kinds
of product that meet there would by chance (four standard deviations, since every attribute is tried). A link
is worth as much as the two kinds go together (`kinds_together`), times how much more often than by chance
such pairs agree in each value that the two share.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kg.graph import HAS_ATTRIBUTE, EdgeType
from recommend.channels.base import FitContext, Links, item_channel, scale_of
from recommend.channels.kinds_together import MOST, kinds_of, together_of
from recommend.channels.traces import MatchingTrace
from recommend.complements.kinds import Numbers, bought_together
from recommend.sparse import csr, keep_best, only_rows

LEAST_PAIRS = 20
"""So many pairs must have an attribute on both sides."""
MOST_PAIRS = 200_000
_SURE = 4.0

Values = npt.NDArray[np.float64]


@item_channel("matching")
def fit(context: FitContext) -> Iterator[Links]:
    graph = context.graph
    edge_type = EdgeType("product", HAS_ATTRIBUTE, "attribute")
    relation = graph.relations.get(edge_type)
    if relation is None:
        return
    kind = context.once(kinds_of).one
    together = context.once(together_of)
    if together is None:
        return
    has = csr(
        np.ones(relation.matrix.nnz, dtype=np.float32),
        relation.matrix.indices,
        relation.matrix.indptr,
        relation.matrix.shape,
    )
    names = [node.partition("=")[0] for node in graph.nodes["attribute"]]
    name = np.unique(np.array(names, dtype=np.str_), return_inverse=True)[1].astype(np.int64)
    heads, tails = _pairs(*bought_together(graph), kind, context.seed)
    terms = advantages(has, name, heads, tails, kind[heads] * (kind.max(initial=0) + 1) + kind[tails])[name]
    if not terms.any():
        return
    most = min(MOST, context.settings.links)
    popularity = context.behaviour.popularity
    listed = np.where(graph.products.listed, kind, -1)
    matrix = _linked(has, terms, kind, listed, together.gain, popularity, most)
    matrix = only_rows(keep_best(matrix, most, priority=popularity), context.rows)
    if matrix.nnz:
        yield Links(
            name="matching",
            matrix=matrix,
            trace=MatchingTrace(edge_type=edge_type, forward=True, terms=terms.astype(np.float32)),
            scale=scale_of(matrix),
            defaults={"complement": 0.3},
        )


def advantages(has: sp.csr_array, name: Numbers, heads: Numbers, tails: Numbers, group: Numbers) -> Values:
    """float64 [names]: how much more often pairs of products agree in an attribute than by chance, 0 where
    that is not sure.

    `has` [products, values] holds ones, `name` int64 [values] says of which attribute each value is, `group`
    int64 [pairs] which pairs are compared: chance is that the one side keeps its products and the other
    theirs, and only who meets whom is drawn.
    """
    count = int(name.max(initial=-1)) + 1
    if not len(heads):
        return np.zeros(count)
    group = np.unique(group, return_inverse=True)[1].astype(np.int64)
    left, right = _cells(has, heads), _cells(has, tails)
    both = np.intersect1d(left[0] * count + name[left[1]], right[0] * count + name[right[1]])
    in_pair, of_name = both // count, both % count
    pairs = np.bincount(of_name, minlength=count).astype(np.float64)
    agreed = np.intersect1d(left[0] * has.shape[1] + left[1], right[0] * has.shape[1] + right[1])
    agreed = np.unique(agreed // has.shape[1] * count + name[agreed % has.shape[1]])
    agree = np.bincount(agreed % count, minlength=count)
    # by chance: within a group, the share of either side that has a value, multiplied and added up
    cell, size = np.unique(group[in_pair] * count + of_name, return_counts=True)
    of_values = [_by_group(side, both, name, group, count, has.shape[1]) for side in (left, right)]
    value, here, there = np.intersect1d(of_values[0][0], of_values[1][0], return_indices=True)
    met = of_values[0][1][here] * of_values[1][1][there]
    at = np.searchsorted(cell, value // has.shape[1] * count + name[value % has.shape[1]])
    chance = np.minimum(np.bincount(at, weights=met / size[at], minlength=len(cell)), size)
    expected = np.bincount(cell % count, weights=chance, minlength=count)
    spread = np.bincount(cell % count, weights=chance * (1 - chance / size), minlength=count)
    sure = (pairs >= LEAST_PAIRS) & (agree - expected >= _SURE * np.sqrt(spread + 1))
    found: Values = np.where(sure, (agree - expected) / np.maximum(pairs, 1), 0.0)
    return found


def _cells(has: sp.csr_array, products: Numbers) -> tuple[Numbers, Numbers]:
    """(pair, value) of every value that one side of the pairs has."""
    rows = has[products].tocsr()
    return np.repeat(np.arange(len(products)), np.diff(rows.indptr)), rows.indices.astype(np.int64)


def _by_group(
    side: tuple[Numbers, Numbers], both: Numbers, name: Numbers, group: Numbers, count: int, values: int
) -> tuple[Numbers, Numbers]:
    """(group * values + value, in how many pairs of the group this side has it), of attributes that both
    sides have."""
    pair, value = side
    kept = np.isin(pair * count + name[value], both)
    return np.unique(group[pair[kept]] * values + value[kept], return_counts=True)


def _pairs(heads: Numbers, tails: Numbers, kind: Numbers, seed: int) -> tuple[Numbers, Numbers]:
    """Each pair of different kinds once, the kind with the lower number first; a sample of very many."""
    kept = (kind[heads] >= 0) & (kind[heads] < kind[tails])
    heads, tails = heads[kept], tails[kept]
    if len(heads) > MOST_PAIRS:
        some = np.sort(np.random.default_rng(seed).choice(len(heads), MOST_PAIRS, replace=False))
        heads, tails = heads[some], tails[some]
    return heads, tails


def _linked(
    has: sp.csr_array,
    terms: Values,
    kind: Numbers,
    listed: Numbers,
    gain: npt.NDArray[np.float32],
    popularity: npt.NDArray[np.float32],
    most: int,
) -> sp.csr_array:
    """float32 [products, products]: all that share a telling value, of kinds that go together. Of each kind
    with a value the most popular products stand for all; `listed` are the kinds of what may be an answer."""
    values = has.shape[1]
    telling = sp.csr_array((terms > 0).astype(np.float32)[:, None])
    rows, columns = has.multiply(telling.T).tocsr().nonzero()
    rows, columns = rows.astype(np.int64), columns.astype(np.int64)
    known = kind[rows] >= 0
    rows, columns = rows[known], columns[known]
    # a cell is a kind and a value that some product of it has
    cell, at = np.unique(kind[rows] * values + columns, return_inverse=True)
    mine = sp.csr_array((np.ones(len(rows), dtype=np.float32), (rows, at)), shape=(len(kind), len(cell)))
    shown = listed[rows] >= 0
    theirs = sp.csr_array(
        (np.ones(int(shown.sum()), dtype=np.float32), (at[shown], rows[shown])),
        shape=(len(cell), len(kind)),
    )
    theirs = keep_best(theirs, most, priority=popularity)
    of_kind, of_value = cell // values, cell % values
    # cells of one value, whose kinds go together
    same = sp.csr_array((np.ones(len(cell), dtype=np.float32), (np.arange(len(cell)), of_value)))
    pairs = (same @ same.T).tocoo()
    worth = gain[of_kind[pairs.row], of_kind[pairs.col]] * terms[of_value[pairs.row]]
    good = worth > 0
    meets = sp.csr_array(
        (worth[good].astype(np.float32), (pairs.row[good], pairs.col[good])), shape=(len(cell), len(cell))
    )
    best = keep_best((meets @ theirs).tocsr(), most, priority=popularity)
    found: sp.csr_array = (mine @ best).tocsr()
    found.sort_indices()
    return found
