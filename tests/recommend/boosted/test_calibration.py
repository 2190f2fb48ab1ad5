"""Chances that come true."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommend.boosted.calibration import LEAST, Calibration, log_loss


def drawn(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """What was said, three times too sure of itself and shifted, and what happened."""
    rng = np.random.default_rng(seed)
    true = rng.normal(-1.0, 1.0, count)
    return 3.0 * true + 1.0, rng.random(count) < 1.0 / (1.0 + np.exp(-true))


@pytest.mark.parametrize("count", [300, 20 * LEAST])
def test_the_log_loss_of_others_falls(count: int) -> None:
    said, taken = drawn(count, 0)
    later, happened = drawn(20_000, 1)
    raw = 1.0 / (1.0 + np.exp(-later))
    true = 1.0 / (1.0 + np.exp(-(later - 1.0) / 3.0))
    found = Calibration.fit(said, taken).of(later)
    assert log_loss(found, happened) < log_loss(raw, happened) - 0.1
    assert log_loss(found, happened) < log_loss(true, happened) + 0.02


@given(st.integers(0, 1_000), st.integers(2, 60))
def test_chances_rise_with_what_is_said_and_nothing_is_certain(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    said, taken = rng.normal(size=count), rng.random(count) < 0.3
    taken[:2] = True, False
    curve = Calibration.fit(said, taken)
    chances = curve.of(np.linspace(-10, 10, 50))
    assert (np.diff(chances) >= 0).all()
    assert (chances > 0).all()
    assert (chances < 1).all()
    again = Calibration.from_arrays(curve.arrays())
    np.testing.assert_array_equal(again.of(said), curve.of(said))


def test_steps_end_where_everything_was_taken() -> None:
    said = np.linspace(-1, 1, 4 * LEAST)
    found = Calibration.fit(said, said > 0)
    chances = found.of(np.array([-5.0, 5.0]))
    assert 0 < chances[0] < 0.01
    assert 0.99 < chances[1] < 1
