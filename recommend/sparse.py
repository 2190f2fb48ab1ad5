"""The few sparse-matrix operations that channels share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

_CELLS = 1_000_000
"""So many cells are written out at a time: what the processor's cache holds."""


def csr(data: Any, indices: Any, indptr: Any, shape: tuple[int, int]) -> sp.csr_array:
    """A matrix from its three arrays, which it shares; both kinds of index in 32 bits where they fit.

    (With 64 bits in one of them the library makes it 64 in both, which costs time wherever it is used. Its
    own types know no such call.)
    """
    narrow = np.int32 if max(len(indices), *shape) <= np.iinfo(np.int32).max else np.int64
    cells = (data, indices.astype(narrow, copy=False), indptr.astype(narrow, copy=False))
    made: sp.csr_array = sp.csr_array(cells, shape=shape)
    return made


def empty(rows: int, columns: int) -> sp.csr_array:
    """float32 [rows, columns] without entries."""
    made: Any = sp.csr_array((rows, columns), dtype=np.float32)
    found: sp.csr_array = made
    return found


def rows_of(matrix: sp.csr_array) -> npt.NDArray[np.int64]:
    """int64 [nnz]: the row of each entry; with `matrix.indices`, its cell."""
    return np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))


def weighted_sum(parts: Iterable[tuple[sp.csr_array, float]], rows: int, columns: int) -> sp.csr_array:
    """float32 [rows, columns], entries sorted: the sum of matrices, each times its weight."""
    total: Any = None
    for matrix, weight in parts:
        part = matrix * np.float32(weight)
        total = part if total is None else total + part
    total = empty(rows, columns) if total is None else total.tocsr().astype(np.float32, copy=False)
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
    counts = np.diff(indptr)
    keep = data > 0
    crowded = np.flatnonzero(counts > most)
    last = np.zeros(len(counts), dtype=data.dtype)
    if len(crowded):
        starts, stops = indptr[crowded].tolist(), indptr[crowded + 1].tolist()
        last[crowded] = [
            np.partition(data[start:stop], stop - start - most)[stop - start - most]
            for start, stop in zip(starts, stops, strict=True)
        ]
        keep &= data >= np.repeat(last, counts)
    at = np.flatnonzero(keep)
    kept_indptr = np.searchsorted(at, indptr)
    surplus = np.flatnonzero(np.diff(kept_indptr) > most)
    if len(surplus):  # several are as large as the last that fits
        place = places(matrix.shape[1], priority)
        for row in surplus.tolist():
            cells = at[kept_indptr[row] : kept_indptr[row + 1]]
            equal = cells[data[cells] == last[row]]
            room = most - (len(cells) - len(equal))
            ranks = place[columns[equal]]
            keep[equal[ranks > np.partition(ranks, room - 1)[room - 1]]] = False
        at = np.flatnonzero(keep)
        kept_indptr = np.searchsorted(at, indptr)
    kept = csr(data[at].astype(np.float32, copy=False), columns[at], kept_indptr, matrix.shape)
    kept.sort_indices()
    return kept


def places(columns: int, priority: npt.NDArray[np.float32] | None = None) -> npt.NDArray[np.int32]:
    """int32 [columns]: who comes first among equals, 0 before 1: higher priority, then lower number."""
    place = np.arange(columns, dtype=np.int32)
    if priority is not None:
        place[np.argsort(-priority, kind="stable")] = np.arange(columns, dtype=np.int32)
    return place


def mean_of_best(matrix: sp.csr_array, most: int, *, cells: int = 2_000_000) -> float:
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
    left: sp.csr_array, right: sp.csr_array, *, memory: int = 2_000_000
) -> Iterator[tuple[int, sp.csr_array]]:
    """left @ right, some rows at a time: (first row, block) with at most about `memory` entries a block.

    (Blocks that the processor's cache holds take a third of the time of blocks that fill the memory.)
    """
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


def only_columns(matrix: sp.csr_array, kept: npt.NDArray[np.bool_]) -> sp.csr_array:
    """The matrix with entries in some columns only: kept bool [n]."""
    at = np.flatnonzero(kept[matrix.indices])
    return csr(matrix.data[at], matrix.indices[at], np.searchsorted(at, matrix.indptr), matrix.shape)


def only_rows(matrix: sp.csr_array, rows: npt.NDArray[np.int64] | None) -> sp.csr_array:
    """The matrix with entries in some rows only (int64, ascending; None: all of them); its shape stays."""
    if rows is None:
        return matrix
    return at_rows(matrix[rows], rows, matrix.shape[0])


def at_rows(matrix: sp.csr_array, rows: npt.NDArray[np.int64], count: int) -> sp.csr_array:
    """A matrix of `count` rows: those of `matrix` at `rows` (int64, ascending), the others empty."""
    lengths = np.zeros(count + 1, dtype=np.int64)
    lengths[rows + 1] = np.diff(matrix.indptr)
    return csr(matrix.data, matrix.indices, np.cumsum(lengths), (count, matrix.shape[1]))


def without_diagonal(matrix: sp.csr_array, first_row: int = 0) -> sp.csr_array:
    """The matrix with entry (i, first_row + i) set to zero: no product is its own neighbour."""
    numbers = np.arange(first_row, first_row + matrix.shape[0], dtype=matrix.indices.dtype)
    matrix.data[np.repeat(numbers, np.diff(matrix.indptr)) == matrix.indices] = 0
    return matrix


def clear(matrix: sp.csr_array, cells: sp.csr_array, *, memory: int = _CELLS) -> None:
    """Set what a matrix has in the cells of another to zero; about `memory` cells are written out at a
    time."""
    step = max(1, memory // max(1, matrix.shape[1]))
    marked = np.zeros(min(step, matrix.shape[0]) * int(matrix.shape[1]), dtype=np.bool_)
    for rows in _some_rows(matrix, step):
        mine, theirs = _inside(matrix, rows), _inside(cells, rows)
        unwanted = _places(cells, rows, theirs)
        marked[unwanted] = True
        matrix.data[mine] *= ~marked[_places(matrix, rows, mine)]
        marked[unwanted] = False


def stacked(blocks: list[sp.csr_array], columns: int) -> sp.csr_array:
    """Blocks of rows one below the other; none give a matrix without rows."""
    made: Any = sp.vstack(blocks, format="csr") if blocks else sp.csr_array((0, columns), dtype=np.float32)
    found: sp.csr_array = made
    return found


def values_at(
    matrix: sp.csr_array,
    rows: npt.NDArray[np.integer],
    columns: npt.NDArray[np.integer],
    *,
    memory: int = _CELLS,
) -> npt.NDArray[Any]:
    """The entries at some places, [m], rows ascending; 0 where the matrix has none.

    (Rows are written out, about `memory` cells at a time: what a product of matrices gives has no order, and
    to sort it takes longer.)
    """
    found = np.zeros(len(rows), dtype=matrix.dtype)
    step = max(1, memory // max(1, matrix.shape[1]))
    written = np.zeros(min(step, matrix.shape[0]) * int(matrix.shape[1]), dtype=matrix.dtype)
    for some in _some_rows(matrix, step):
        wanted = slice(*np.searchsorted(rows, [some.start, some.stop]))
        if wanted.start == wanted.stop:
            continue
        mine = _inside(matrix, some)
        places = _places(matrix, some, mine)
        written[places] = matrix.data[mine]
        first = np.int64(some.start)
        found[wanted] = written[(rows[wanted] - first) * np.int64(matrix.shape[1]) + columns[wanted]]
        written[places] = 0
    return found


def _some_rows(matrix: sp.csr_array, step: int) -> Iterator[range]:
    rows = matrix.shape[0]
    return (range(start, min(start + step, rows)) for start in range(0, rows, step))


def _inside(matrix: sp.csr_array, rows: range) -> slice:
    """Where the entries of some rows lie."""
    return slice(int(matrix.indptr[rows.start]), int(matrix.indptr[rows.stop]))


def _places(matrix: sp.csr_array, rows: range, inside: slice) -> npt.NDArray[np.int64]:
    """int64 [m]: the cell of each entry of some rows, if these are written one after another."""
    lengths = np.diff(matrix.indptr[rows.start : rows.stop + 1])
    starts = np.arange(len(rows), dtype=np.int64) * int(matrix.shape[1])
    return np.repeat(starts, lengths) + matrix.indices[inside]
