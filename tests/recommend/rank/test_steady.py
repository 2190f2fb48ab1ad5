"""Weights that few users teach."""

from __future__ import annotations

import numpy as np
import pytest

from recommend.rank import steady
from recommend.rank.candidates import Candidates
from recommend.rank.learning import learn
from recommend.rank.steady import joined, learn_steadily


def drawn(users: int, seed: int, *, channels: int = 6, products: int = 30) -> Candidates:
    """Two channels that say something, others that say nothing true, and a prior."""
    rng = np.random.default_rng(seed)
    features = rng.random((users, products, channels + 1)).astype(np.float32)
    true = features[:, :, 0] + 0.5 * features[:, :, 1] + rng.normal(0, 0.25, (users, products))
    relevant = true >= np.sort(true, axis=1)[:, -2:-1]
    names = (*(f"c{i}" for i in range(channels)), "popularity")
    return Candidates(
        names=names,
        priors=1,
        users=np.arange(users),
        features=features,
        products=np.tile(np.arange(products, dtype=np.int32), (users, 1)),
        relevant=relevant,
        valid=np.ones((users, products), dtype=np.bool_),
        wanted=relevant.sum(axis=1).astype(np.int64),
    )


START = {**{f"c{i}": 0.3 for i in range(6)}, "c0": 1.0, "c1": 0.5, "popularity": 0.01}


def spread(found: list[dict[str, float]]) -> float:
    names = [f"c{i}" for i in range(6)]
    table = np.array([[one[name] for name in names] for one in found])
    return float((table / np.linalg.norm(table, axis=1, keepdims=True)).std(axis=0).mean())


def test_the_weights_hang_less_on_who_taught_them() -> None:
    lessons = [drawn(40, seed) for seed in range(6)]
    plain = [learn(one, START)[0] for one in lessons]
    held = [learn_steadily(one, START)[0] for one in lessons]
    assert spread(held) < 0.6 * spread(plain)


def test_many_users_teach_as_they_did(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steady, "ENOUGH", 40)
    given = drawn(40, 0)
    assert learn_steadily(given, START) == learn(given, START)


def test_the_fewer_the_closer_to_the_defaults() -> None:
    def false(users: int) -> float:
        """The share of the weight that lies on channels which say nothing true."""
        weights = learn_steadily(drawn(users, 1), START)[0]
        return sum(weights[f"c{i}"] for i in range(2, 6)) / sum(weights[f"c{i}"] for i in range(6))

    assert 0.05 < false(400) < false(60) < false(8) < 1.2 / 2.7


def test_the_largest_weight_is_one_and_a_prior_stays() -> None:
    weights, value = learn_steadily(drawn(30, 2), START)
    assert max(weights.values()) == pytest.approx(1.0)
    assert min(weights.values()) >= 0
    assert weights["popularity"] >= 1e-3
    assert 0 < value <= 1


def test_parts_of_other_widths_and_channels_are_joined() -> None:
    one, other = drawn(5, 0), drawn(7, 1, channels=4, products=20)
    found = joined([one, other])
    assert found.names == one.names
    assert found.features.shape == (12, 30, 7)
    np.testing.assert_array_equal(found.features[:5], one.features)
    np.testing.assert_array_equal(found.features[5:, :20, :4], other.features[:, :, :4])
    np.testing.assert_array_equal(found.features[5:, :20, 6], other.features[:, :, 4])
    assert not found.features[5:, :, 4:6].any()
    assert not found.valid[5:, 20:].any()
    assert not found.relevant[5:, 20:].any()
    assert found.relevant.sum() == one.relevant.sum() + other.relevant.sum()
