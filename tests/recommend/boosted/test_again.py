"""Scores dealt out anew."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommend.boosted.again import falling


@given(st.lists(st.integers(0, 5), min_size=1, max_size=30))
def test_dealt_scores_fall_and_stay_what_they_were(values: list[int]) -> None:
    scores = np.sort(np.array(values, dtype=np.float32))[::-1].copy()
    found = falling(scores)
    assert (np.diff(found) < 0).all()
    assert found == pytest.approx(scores, abs=1e-4)
    if (np.diff(scores) < 0).all():
        np.testing.assert_array_equal(found, scores)
