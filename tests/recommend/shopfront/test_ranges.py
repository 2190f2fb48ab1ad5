"""Ranges of numbers: round bounds, no empty range."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommend.shopfront.ranges import MOST_RANGES, plain, range_label, round_bounds


@pytest.mark.parametrize(
    ("values", "bounds"),
    [
        ([], ()),
        ([5.0], ()),
        ([5.0, 5.0], ()),
        ([4.0, 7.0], (5.0,)),
        (range(1, 101), (20, 40, 60, 80)),
        (range(95, 106), (96, 98, 100, 102, 104)),
        ([0.011, 0.012, 0.013, 0.5], (0.5,)),
        ([-3.0, -2.0, 2.0, 3.0], (-2.0, 2.0)),
        ([0, 0, 0, 0, 0, 1], (1.0,)),
    ],
)
def test_known_bounds(values: list[float], bounds: tuple[float, ...]) -> None:
    found = round_bounds(np.array(values, dtype=np.float64))
    assert found == pytest.approx(bounds)


@given(values=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=60))
def test_every_range_holds_something(values: list[float]) -> None:
    numbers = np.array(values)
    bounds = round_bounds(numbers)
    assert len(bounds) < MOST_RANGES
    assert list(bounds) == sorted(set(bounds))
    assert (len(bounds) == 0) == (numbers.min() == numbers.max())
    places = np.searchsorted(np.array(bounds), numbers, side="right")
    assert (np.bincount(places, minlength=len(bounds) + 1) > 0).all()
    assert all(float(plain(bound)) == bound for bound in bounds)


def test_labels() -> None:
    assert range_label(None, 50.0, "EUR") == "under 50 EUR"
    assert range_label(2.5, 5.0) == "2.5–5"
    assert range_label(1e6, None, "kg") == "1000000 kg and more"
