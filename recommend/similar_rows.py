"""Each row's nearest rows by inner product, in a sparse matrix where many rows are the same.

All products of one brand have the same brand: what is near to them is found once, and only a product itself
is left out of its own list.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recommend.sparse import at_rows, csr, keep_best, places, products_of_rows, stacked


def similar_rows(
    features: sp.csr_array,
    most: int,
    *,
    priority: npt.NDArray[np.float32] | None = None,
    rows: npt.NDArray[np.int64] | None = None,
) -> sp.csr_array:
    """For each row of `features` the `most` other rows with the largest inner product, above 0.

    Among equals those with the higher priority come first, then the lower numbers. `priority` float32 [n].
    With `rows` (int64, ascending) only of these; the others stay empty.
    """
    n = features.shape[0]
    wanted = np.arange(n) if rows is None else rows
    first, group = _distinct(features, wanted)
    turned = features.T.tocsr()
    # one more than wanted, because the row itself may be among them
    blocks = [
        keep_best(block, most + 1, priority=priority)
        for _, block in products_of_rows(features[first], turned)
    ]
    found = _without_self(stacked(blocks, n), wanted, group, most, places(n, priority))
    return at_rows(found, wanted, n)


def _distinct(
    features: sp.csr_array, wanted: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """(int64 [m]: a row of each kind, int64 [wanted]: the kind of each row that is wanted)."""
    known: dict[tuple[bytes, bytes], int] = {}
    first: list[int] = []
    group = np.empty(len(wanted), dtype=np.int64)
    starts, stops = features.indptr[wanted].tolist(), features.indptr[wanted + 1].tolist()
    for place, (row, start, stop) in enumerate(zip(wanted.tolist(), starts, stops, strict=True)):
        content = features.indices[start:stop].tobytes(), features.data[start:stop].tobytes()
        group[place] = number = known.setdefault(content, len(first))
        if number == len(first):
            first.append(row)
    return np.array(first, dtype=np.int64), group


def _without_self(
    nearest: sp.csr_array,
    rows: npt.NDArray[np.int64],
    group: npt.NDArray[np.int64],
    most: int,
    place: npt.NDArray[np.int32],
) -> sp.csr_array:
    """The list of each row's kind without the row itself, or without the last, where it is not in it."""
    matrix = nearest[group]
    counts = np.diff(matrix.indptr)
    numbers = rows.astype(matrix.indices.dtype)
    own = np.flatnonzero(np.repeat(numbers, counts) == matrix.indices)
    full = counts > most
    full[np.searchsorted(matrix.indptr, own, side="right") - 1] = False
    keep = np.ones(matrix.nnz, dtype=np.bool_)
    keep[own] = False
    if full.any():
        kinds = np.unique(group[full])
        last = np.zeros(nearest.shape[0], dtype=np.int64)
        last[kinds] = _last_places(nearest[kinds], most + 1, place)
        keep[matrix.indptr[:-1][full] + last[group[full]]] = False
    at = np.flatnonzero(keep)
    return csr(matrix.data[at], matrix.indices[at], np.searchsorted(at, matrix.indptr), matrix.shape)


def _last_places(matrix: sp.csr_array, width: int, place: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
    """int64 [m]: where in each row the worst entry lies. All rows have `width` entries."""
    data = matrix.data.reshape(-1, width)
    smallest = data == data.min(axis=1, keepdims=True)
    found: npt.NDArray[np.int64] = np.where(smallest, place[matrix.indices].reshape(-1, width), -1).argmax(
        axis=1
    )
    return found
