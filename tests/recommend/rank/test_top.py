"""The best of many scores, against a full sort."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommend.rank.top import kth_best, top


@given(
    st.integers(1, 5_000),
    st.integers(1, 300),
    st.sampled_from([2, 10, 1_000_000]),
    st.floats(0, 1),
    st.integers(0, 2**31),
)
def test_the_best_are_those_of_a_full_sort(count: int, k: int, values: int, gone: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores = (rng.integers(-values, values, count) / 7).astype(np.float32)
    scores[rng.random(count) < gone] = -np.inf
    wanted = [place for place in np.argsort(-scores, kind="stable")[:k].tolist() if scores[place] > -np.inf]
    assert top(scores, k).tolist() == wanted
    if k <= count:
        assert kth_best(scores, k) == np.sort(scores)[-k]


@pytest.mark.parametrize("order", [1, -1])
def test_a_sample_that_misleads_costs_nothing_but_time(order: int) -> None:
    """The best all lie where the sample does not look, or all where it looks."""
    scores = np.arange(4_000, dtype=np.float32)[::order].copy()
    scores[::16] += np.float32(1e6 * order)
    for k in (1, 7, 100, 249, 250, 251, 4_000):
        assert kth_best(scores, k) == np.sort(scores)[-k]
    assert top(scores, 0).tolist() == []
