"""EASE does what its paper says."""

from __future__ import annotations

import numpy as np
import pytest

from recommend import linear
from recommend.behaviour import Behaviour
from recommend.linear import ease
from tests.recommend.evaluate.logs import random_log


@pytest.mark.parametrize("penalty", [1.0, 25.0])
def test_ease_is_the_ridge_regression_of_each_product_on_the_others(penalty: float) -> None:
    met = Behaviour.of(random_log(80, 9, seed=5)).weight
    x = met.toarray().astype(np.float64)
    found = ease(met, penalty)
    for target in range(9):
        others = [i for i in range(9) if i != target]
        gram = x[:, others].T @ x[:, others] + penalty * np.eye(8)
        expected = np.linalg.solve(gram, x[:, others].T @ x[:, target])
        assert found[others, target] == pytest.approx(expected, abs=1e-4)
        assert found[target, target] == 0


def test_ease_is_mirrored_right_over_its_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    met = Behaviour.of(random_log(60, 23, seed=6)).weight
    whole = ease(met, 10.0)
    monkeypatch.setattr(linear, "_BLOCK", 4)
    assert np.array_equal(ease(met, 10.0), whole)
