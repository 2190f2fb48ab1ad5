"""The few sparse-matrix operations that channels share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp


def csr(data: Any, indices: Any, indptr: Any, shape: tuple[int, int]) -> sp.csr_array:
    """A matrix from its three arrays, which it shares (the library's own types know no such call)."""
    made: sp.csr_array = sp.csr_array((data, indices, indptr), shape=shape)
    return made


def empty(rows: int, columns: int) -> sp.csr_array:
    """float32 [rows, columns] without entries."""
    made: Any = sp.csr_array((rows, columns), dtype=np.float32)
    found: sp.csr_array = made
    return found


def weighted_sum(parts: Iterable[tuple[sp.csr_array, float]], rows: int, columns: int) -> sp.csr_array:
    """float32 [rows, columns], entries sorted: the sum of matrices, each times its weight."""
    total: Any = empty(rows, columns)
    for matrix, weight in parts:
        total = total + matrix * np.float32(weight)
    total = total.tocsr().astype(np.float32)
    total.sort_indices()
    found: sp.csr_array = total
    return found


def keep_best(
    matrix: sp.csr_array, most: int, *, priority: npt.NDArray[np.float32] | None = None
) -> sp.csr_array:
    """The `most` largest entries of each row; among equals those whose column has the higher priority,
    then the lower number. Entries that are not positive are dropped.
    """
    matrix = matrix.tocsr()
    columns, data, indptr = matrix.indices, matrix.data, matrix.indptr
    keep = data > 0
    crowded = np.flatnonzero(np.diff(indptr) > most)
    if len(crowded):
        place = np.arange(matrix.shape[1])
        if priority is not None:
            place[np.lexsort((place, -priority))] = np.arange(matrix.shape[1])
        for row in crowded.tolist():
            cells = slice(indptr[row], indptr[row + 1])
            keep[cells] &= _best_of_row(data[cells], place[columns[cells]], most)
    counts = np.add.reduceat(np.append(keep, False), indptr[:-1]) * (np.diff(indptr) > 0)
    kept_indptr = np.zeros(matrix.shape[0] + 1, dtype=np.int64)
    np.cumsum(counts, out=kept_indptr[1:])
    kept = sp.csr_array(
        (data[keep].astype(np.float32), columns[keep].astype(np.int32), kept_indptr), shape=matrix.shape
    )
    kept.sort_indices()
    return kept


def _best_of_row(
    data: npt.NDArray[np.float32], place: npt.NDArray[np.int64], most: int
) -> npt.NDArray[np.bool_]:
    """bool [m]: the `most` largest; among those equal to the last of them, the ones placed first."""
    last = np.partition(data, len(data) - most)[len(data) - most]
    keep: npt.NDArray[np.bool_] = data > last
    equal = np.flatnonzero(data == last)
    room = most - int(keep.sum())
    if room < len(equal):
        equal = equal[np.argpartition(place[equal], room - 1)[:room]] if room else equal[:0]
    keep[equal] = True
    return keep


def mean_of_best(matrix: sp.csr_array, most: int, *, cells: int = 20_000_000) -> float:
    """The mean, over all rows, of their `most` largest entries. There must be some."""
    counts = np.diff(matrix.indptr)
    rows = np.flatnonzero(counts)
    total, taken = 0.0, 0
    width = int(counts.max())
    for start in range(0, len(rows), max(1, cells // width)):
        part = rows[start : start + max(1, cells // width)]
        inside = np.arange(width) < counts[part][:, None]
        table = np.zeros(inside.shape, dtype=np.float32)
        table[inside] = matrix.data[matrix.indptr[part[0]] : matrix.indptr[part[-1] + 1]]
        if width > most:
            table = np.partition(table, width - most, axis=1)[:, width - most :]
        total += float(table.sum(dtype=np.float64))
        taken += int(np.minimum(counts[part], most).sum())
    return total / taken


def products_of_rows(
    left: sp.csr_array, right: sp.csr_array, *, memory: int = 20_000_000
) -> Iterator[tuple[int, sp.csr_array]]:
    """left @ right, some rows at a time: (first row, block) with at most about `memory` entries a block."""
    costs = np.asarray(np.diff(right.indptr), dtype=np.int64)
    work = np.zeros(left.shape[0] + 1, dtype=np.int64)
    np.cumsum(
        np.add.reduceat(np.append(costs[left.indices], 0), left.indptr[:-1]) * (np.diff(left.indptr) > 0),
        out=work[1:],
    )
    start = 0
    while start < left.shape[0]:
        stop = int(np.searchsorted(work, work[start] + memory, side="right")) - 1
        stop = min(max(stop, start + 1), left.shape[0])
        yield start, (left[start:stop] @ right).tocsr()
        start = stop


def without_diagonal(matrix: sp.csr_array, first_row: int = 0) -> sp.csr_array:
    """The matrix with entry (i, first_row + i) set to zero: no product is its own neighbour."""
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr)) + first_row
    matrix.data[rows == matrix.indices] = 0
    return matrix


def similar_rows(
    features: sp.csr_array, most: int, *, priority: npt.NDArray[np.float32] | None = None
) -> sp.csr_array:
    """For each row of `features` the `most` other rows with the largest inner product."""
    turned = features.T.tocsr()
    blocks = [
        keep_best(without_diagonal(block, first), most, priority=priority)
        for first, block in products_of_rows(features, turned)
    ]
    return stacked(blocks, features.shape[1])


def stacked(blocks: list[sp.csr_array], columns: int) -> sp.csr_array:
    """Blocks of rows one below the other; none give a matrix without rows."""
    made: Any = sp.vstack(blocks, format="csr") if blocks else sp.csr_array((0, columns), dtype=np.float32)
    found: sp.csr_array = made
    return found


def differing_rows(one: sp.csr_array, other: sp.csr_array) -> npt.NDArray[np.bool_]:
    """bool [n]: the rows in which two matrices of one shape, their entries sorted, are not the same."""
    counts = np.diff(one.indptr)
    differs: npt.NDArray[np.bool_] = counts != np.diff(other.indptr)
    alike = np.repeat(~differs, counts)
    cells = np.repeat(~differs, np.diff(other.indptr))
    wrong = (one.indices[alike] != other.indices[cells]) | (one.data[alike] != other.data[cells])
    differs[np.repeat(np.arange(len(counts)), counts)[alike][wrong]] = True
    return differs


def with_rows(matrix: sp.csr_array, rows: npt.NDArray[np.int64], new: sp.csr_array) -> sp.csr_array:
    """The matrix with some rows (ascending) replaced by those of `new`."""
    counts = np.diff(matrix.indptr)
    replaced = np.zeros(len(counts), dtype=np.bool_)
    replaced[rows] = True
    kept = np.repeat(~replaced, counts)
    counts[rows] = np.diff(new.indptr)
    indptr = np.zeros(len(counts) + 1, dtype=np.int64)
    np.cumsum(counts, out=indptr[1:])
    fresh = np.repeat(replaced, counts)
    data = np.empty(int(indptr[-1]), dtype=np.float32)
    indices = np.empty(int(indptr[-1]), dtype=np.int32)
    data[fresh], indices[fresh] = new.data, new.indices
    data[~fresh], indices[~fresh] = matrix.data[kept], matrix.indices[kept]
    return csr(data, indices, indptr, (len(counts), matrix.shape[1]))
