"""The smooth stand-in for NDCG: its slope, and what weights it leads to."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from recommend.rank import smooth
from recommend.rank.smooth import SmoothRanking

IDEAL = 1.0 + 1.0 / np.log2(3)


def _drawn(seed: int, users: int = 12, most: int = 20) -> tuple[npt.NDArray[np.float32], SmoothRanking]:
    rng = np.random.default_rng(seed)
    counts = rng.integers(5, most, size=users)
    starts = np.cumsum(counts) - counts
    features = rng.random((int(counts.sum()), 3)).astype(np.float32)
    relevant = np.zeros(len(features), dtype=np.bool_)
    relevant[starts] = relevant[starts + 2] = True
    features[relevant, 0] += 0.3
    return features, SmoothRanking(features, starts, relevant, np.full(users, IDEAL))


@pytest.mark.parametrize("seed", range(3))
def test_the_slope_is_that_of_the_value(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smooth, "TEMPERATURE", 0.5)  # float32 scores need a gentle slope to be compared
    _, ranking = _drawn(seed)
    weights = np.array([0.5, 0.3, 0.8])
    _, slope = ranking.value(weights)
    for c in range(3):
        step = np.eye(3)[c] * 1e-2
        rise = (ranking.value(weights + step)[0] - ranking.value(weights - step)[0]) / 2e-2
        assert slope[c] == pytest.approx(rise, rel=0.02, abs=2e-3)


def test_a_perfect_order_is_worth_all_and_the_worst_little() -> None:
    features = np.array([[9.0], [8.0], [1.0], [0.0]], dtype=np.float32)
    first, last = np.array([True, True, False, False]), np.array([False, False, True, True])
    perfect, _ = SmoothRanking(features, np.array([0]), first, np.array([IDEAL])).value(np.ones(1))
    worst, _ = SmoothRanking(features, np.array([0]), last, np.array([IDEAL])).value(np.ones(1))
    assert perfect == pytest.approx(10.0, rel=1e-3)
    assert worst == pytest.approx(10.0 * (1 / np.log2(4) + 1 / np.log2(5)) / IDEAL, rel=1e-3)


@pytest.mark.parametrize("seed", range(5))
def test_weights_stay_positive_and_become_better(seed: int) -> None:
    _, ranking = _drawn(seed)
    start = np.array([0.2, 1.0, 1.0])
    best = ranking.best(start)
    assert (best >= 0).all()
    assert ranking.value(best)[0] > ranking.value(start)[0]
    assert best[0] > best[1:].max()  # what knows the answer weighs most


def test_no_weight_grows_beyond_its_room() -> None:
    _, ranking = _drawn(0)
    start = np.array([0.2, 1.0, 1.0])
    near, far = ranking.best(start, room=1.5), ranking.best(start, room=20.0)
    assert near.max() == pytest.approx(1.5)
    assert far.max() > 1.5


def test_nothing_relevant_moves_no_weight() -> None:
    start = np.array([0.4, 0.0])
    features = np.ones((4, 2), dtype=np.float32)
    ranking = SmoothRanking(features, np.array([0]), np.zeros(4, dtype=np.bool_), np.ones(1))
    np.testing.assert_array_equal(ranking.best(start), start)
