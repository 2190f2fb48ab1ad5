"""The nearest rows against the same by brute force."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from recommend.similar_rows import similar_rows
from recommend.sparse import empty


@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 12),
    st.integers(1, 9),
    st.integers(1, 9),
    st.sampled_from([0.1, 0.4, 1.0]),
)
def test_the_best_other_rows_are_found(seed: int, rows: int, columns: int, most: int, density: float) -> None:
    rng = np.random.default_rng(seed)
    # few kinds of rows, and rows whose product with themselves is not the largest
    kinds = rng.integers(0, 3, size=(rows, columns)) * (rng.random((rows, columns)) < density)
    dense = kinds[rng.integers(0, max(1, rows // 2), size=rows)].astype(np.float32)
    priority = rng.integers(0, 3, size=rows).astype(np.float32)
    features: Any = sp.csr_array(dense)
    found = similar_rows(features, most, priority=priority)
    inner = dense @ dense.T
    for row in range(rows):
        able = [j for j in range(rows) if j != row and inner[row, j] > 0]
        best = sorted(able, key=lambda j: (-inner[row, j], -priority[j], j))[:most]
        expected = np.zeros(rows, dtype=np.float32)
        expected[best] = inner[row, best]
        np.testing.assert_array_equal(found[[row]].toarray()[0], expected)
    assert found.has_sorted_indices


@pytest.mark.parametrize("rows", [0, 1, 5])
def test_rows_without_entries_are_near_to_nothing(rows: int) -> None:
    found = similar_rows(empty(rows, 4), 3)
    assert found.shape == (rows, rows)
    assert found.nnz == 0
