"""Products that share a brand, a category, a neighbour: known answers."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from recommend.channels.shared_nodes import SHRINKAGE, rarity_features


def _likeness(rows: list[list[int]], nodes: int) -> sp.csr_array:
    cells = [(row, node) for row, has in enumerate(rows) for node in has]
    at = np.array(cells).T
    matrix = sp.csr_array((np.ones(len(cells), dtype=np.float32), (at[0], at[1])), shape=(len(rows), nodes))
    features, _ = rarity_features(matrix)
    found: sp.csr_array = (features @ features.T).tocsr()
    return found


def test_a_link_is_the_shared_rarity_over_both_lengths() -> None:
    alike = _likeness([[0, 1], [0], [1], [0]], 2)
    common, rare = np.log1p(4 / 3) ** 2, np.log1p(4 / 2) ** 2
    lengths = np.sqrt(np.array([common + rare, common, rare]) + SHRINKAGE)
    assert alike[0, 1] == pytest.approx(common / (lengths[0] * lengths[1]), rel=1e-5)
    assert alike[0, 2] == pytest.approx(rare / (lengths[0] * lengths[2]), rel=1e-5)


def test_more_shared_is_nearer_even_where_nothing_differs() -> None:
    """A plain cosine would call both pairs the same; so losing a shared category would cost nothing."""
    alike = _likeness([[0, 1, 2], [0, 1, 2], [3], [3]], 4)
    assert alike[0, 1] > 1.5 * alike[2, 3]


def test_a_small_brand_says_more_than_a_large_one() -> None:
    alike = _likeness([[0]] * 20 + [[1]] * 2, 2)
    assert alike[20, 21] > 1.5 * alike[0, 1]
