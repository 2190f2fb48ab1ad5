"""The cells of some rows of a matrix, a hundred rows at a time."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kg.ragged import spans

Values = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.int64]


def best_of_rows(values: Values, lengths: npt.NDArray[np.integer]) -> Values:
    """The largest value of each of some rows that follow one another; 0 for empty ones."""
    found = np.zeros(len(lengths), dtype=np.float32)
    filled = lengths > 0
    if filled.any():
        starts = np.cumsum(lengths) - lengths
        found[filled] = np.maximum.reduceat(values, starts[filled])
    return found


def weighed(matrix: sp.csr_array, meant: Values, products: Numbers) -> Values:
    """float32 [m]: for each product the best of its edges, times how much its end is meant."""
    starts = matrix.indptr[products].astype(np.int64)
    lengths = matrix.indptr[products + 1] - starts
    cells = spans(starts, lengths)
    return best_of_rows(np.minimum(matrix.data[cells], 1.0) * meant[matrix.indices[cells]], lengths)


def edges_to(
    indptr: Numbers, tails: npt.NDArray[np.int32], weight: Values, tail: int, products: Numbers
) -> Values:
    """float32 [m]: the weight of each product's edge to one node, at most 1."""
    starts = indptr[products]
    lengths = indptr[products + 1] - starts
    cells = spans(starts, lengths)
    return best_of_rows(
        np.where(tails[cells] == tail, np.minimum(weight[cells], 1.0), 0).astype(np.float32), lengths
    )
