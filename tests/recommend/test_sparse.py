"""The sparse operations against the same with dense matrices."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from recommend.rank.top import top
from recommend.sparse import (
    clear,
    csr,
    empty,
    keep_best,
    products_of_rows,
    stacked,
    values_at,
    weighted_sum,
    without_diagonal,
)

seeds = st.integers(0, 2**32 - 1)
memories = st.sampled_from([1, 20, 1_000_000])


def _matrix(rng: np.random.Generator, rows: int, columns: int, *, density: float = 0.4) -> sp.csr_array:
    """Few distinct values, so that there are ties, zeros stored and values below zero."""
    dense = rng.integers(-1, 4, size=(rows, columns)).astype(np.float32)
    mask = rng.random((rows, columns)) < density
    r, c = np.nonzero(mask)
    made: Any = sp.csr_array((dense[r, c], (r, c)), shape=(rows, columns))
    found: sp.csr_array = made
    return found


def _best(
    row: npt.NDArray[np.float32], most: int, priority: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    order = sorted(np.flatnonzero(row > 0).tolist(), key=lambda j: (-row[j], -priority[j], j))
    kept = np.zeros_like(row)
    kept[order[:most]] = row[order[:most]]
    return kept


@given(seeds, st.integers(1, 8), st.integers(1, 12), st.integers(1, 14), st.booleans())
def test_keep_best(seed: int, rows: int, columns: int, most: int, ranked: bool) -> None:
    rng = np.random.default_rng(seed)
    matrix = _matrix(rng, rows, columns)
    priority = (
        rng.integers(0, 3, size=columns).astype(np.float32) if ranked else np.zeros(columns, np.float32)
    )
    kept = keep_best(matrix, most, priority=priority if ranked else None)
    expected = [_best(row, most, priority) for row in matrix.toarray()]
    np.testing.assert_array_equal(kept.toarray(), expected)
    assert (kept.data > 0).all()
    assert kept.has_sorted_indices


@given(seeds, st.integers(0, 9), st.integers(1, 9), st.integers(1, 9), st.sampled_from([1, 5, 1_000_000]))
def test_products_of_rows(seed: int, rows: int, middle: int, columns: int, memory: int) -> None:
    rng = np.random.default_rng(seed)
    left, right = _matrix(rng, rows, middle), _matrix(rng, middle, columns)
    blocks = list(products_of_rows(left, right, memory=memory))
    assert [first for first, _ in blocks] == np.cumsum([0, *(b.shape[0] for _, b in blocks)])[:-1].tolist()
    whole = stacked([block for _, block in blocks], columns)
    np.testing.assert_allclose(whole.toarray(), left.toarray() @ right.toarray())


@given(seeds, st.integers(1, 6), st.integers(0, 4))
def test_weighted_sum(seed: int, size: int, parts: int) -> None:
    rng = np.random.default_rng(seed)
    given_ = [(_matrix(rng, size, size), float(rng.random())) for _ in range(parts)]
    total = weighted_sum(given_, size, size)
    expected = sum((m.toarray() * np.float32(w) for m, w in given_), np.zeros((size, size), np.float32))
    np.testing.assert_allclose(total.toarray(), expected, rtol=1e-5, atol=1e-6)
    assert total.dtype == np.float32


@given(seeds, st.integers(1, 8), st.integers(1, 12), st.sampled_from([0.0, 0.2, 0.9]), memories)
def test_clear(seed: int, rows: int, columns: int, density: float, memory: int) -> None:
    rng = np.random.default_rng(seed)
    matrix, cells = _matrix(rng, rows, columns), _matrix(rng, rows, columns, density=density)
    there = np.zeros((rows, columns), dtype=np.bool_)
    there[np.repeat(np.arange(rows), np.diff(cells.indptr)), cells.indices] = True
    expected = np.where(there, 0, matrix.toarray())
    clear(matrix, cells, memory=memory)
    np.testing.assert_array_equal(matrix.toarray(), expected)


@given(seeds, st.integers(1, 8), st.integers(1, 12), st.integers(0, 30), memories)
def test_values_at(seed: int, rows: int, columns: int, wanted: int, memory: int) -> None:
    rng = np.random.default_rng(seed)
    matrix = _matrix(rng, rows, columns) @ _matrix(rng, columns, columns)  # its entries have no order
    dense = matrix.toarray()
    at, beside = np.sort(rng.integers(rows, size=wanted)), rng.integers(columns, size=wanted)
    np.testing.assert_array_equal(values_at(matrix, at, beside, memory=memory), dense[at, beside])


def test_indices_stay_narrow_where_they_fit() -> None:
    wide = np.array([0, 1, 2])
    matrix = csr(np.ones(2, np.float32), np.array([1, 0]), wide, (2, 2))
    assert matrix.indices.dtype == matrix.indptr.dtype == np.int32
    assert keep_best(matrix, 1).indices.dtype == np.int32


def test_without_diagonal_of_a_block() -> None:
    block: Any = sp.csr_array(np.ones((2, 4), dtype=np.float32))
    np.testing.assert_array_equal(without_diagonal(block, 1).toarray(), [[1, 0, 1, 1], [1, 1, 0, 1]])


def test_nothing_stays_nothing() -> None:
    assert keep_best(empty(0, 0), 3).shape == (0, 0)
    assert stacked([], 7).shape == (0, 7)


@given(seeds, st.integers(0, 30), st.integers(0, 40))
def test_top(seed: int, count: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.integers(-2, 3, size=count).astype(np.float32)
    scores[rng.random(count) < 0.3] = -np.inf
    able = [i for i in range(count) if scores[i] > -np.inf]
    assert top(scores, k).tolist() == sorted(able, key=lambda i: (-scores[i], i))[:k]


@pytest.mark.parametrize("k", [0, 1, 5])
def test_top_of_nothing(k: int) -> None:
    assert top(np.empty(0, dtype=np.float32), k).tolist() == []
    assert top(np.full(3, -np.inf, dtype=np.float32), k).tolist() == []
