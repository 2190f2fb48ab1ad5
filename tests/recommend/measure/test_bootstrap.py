"""Intervals: repeatable, of the right width, paired."""

from __future__ import annotations

import numpy as np
import pytest

from recommend.measure.bootstrap import intervals, paired_difference, resampled_means


def test_the_same_seed_draws_the_same_samples() -> None:
    values = np.random.default_rng(1).random((50, 2))
    assert np.array_equal(
        resampled_means(values, seed=3, resamples=20), resampled_means(values, seed=3, resamples=20)
    )
    assert not np.array_equal(
        resampled_means(values, seed=3, resamples=20), resampled_means(values, seed=4, resamples=20)
    )


def test_what_never_varies_has_an_interval_without_width() -> None:
    low, high = intervals(np.full((30, 1), 0.25), seed=0)
    assert low == pytest.approx([0.25])
    assert high == pytest.approx([0.25])


def test_nineteen_of_twenty_intervals_cover_the_truth() -> None:
    rng = np.random.default_rng(0)
    truth, covered = 0.3, 0
    for trial in range(300):
        low, high = intervals((rng.random((120, 1)) < truth).astype(float), seed=trial, resamples=200)
        covered += bool(low[0] <= truth <= high[0])
    assert 0.90 <= covered / 300 <= 0.985


def test_a_pairing_sees_what_two_intervals_hide() -> None:
    """Users differ a lot, the models by a little but always in the same direction."""
    users = np.random.default_rng(0).random(200)
    difference = paired_difference(users + 0.01, users, seed=0)
    assert difference.delta == pytest.approx(0.01)
    assert difference.low == pytest.approx(0.01)
    low, high = intervals(np.stack([users + 0.01, users], axis=1), seed=0)
    assert high[1] > low[0]
    assert difference.relative == pytest.approx(0.01 / users.mean())
    assert difference.relative_low < difference.relative < difference.relative_high


def test_a_share_of_nothing_is_no_number() -> None:
    difference = paired_difference(np.array([0.5, 0.5]), np.zeros(2), seed=0)
    assert np.isnan(difference.relative)
    assert difference.delta == 0.5
