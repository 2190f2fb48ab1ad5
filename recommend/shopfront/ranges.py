"""Ranges of numbers with round bounds, each holding about as many products as the others."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

MOST_RANGES = 6
_BEGINNINGS = ((1.0, 2.0, 5.0), (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0))
"""What bounds may begin with, the roundest first: 1, 2, 5, 10, 20, 50 …; finer where values lie close."""
_STEPS = (1.0, 2.0, 2.5, 5.0)
_LESS_ROUND = 0.4
"""Less round bounds must divide the products better by so many bits."""
_FINEST = 1_000
"""Bounds in steps have three digits at most: 99 800, 100 000 … but not 99 999 and 100 000."""
_SMALLEST = 4
"""A range holds at least a fourth of what it would if all held the same."""


def round_bounds(values: npt.NDArray[np.float64], most: int = MOST_RANGES) -> tuple[float, ...]:
    """Ascending bounds that cut some finite numbers into at most `most` ranges, none of them empty.

    A bound belongs to the range above it. No bounds, if all numbers are equal.
    """
    values = np.sort(values)
    if len(values) == 0 or values[0] == values[-1]:
        return ()
    cuts = [float(value) for value in values[(np.arange(1, most) * len(values)) // most]]
    tried = [[_rounded(cut, beginnings) for cut in cuts] for beginnings in _BEGINNINGS]
    tried.insert(1, _steps(cuts[0], cuts[-1], most))
    best: tuple[float, ...] = ()
    gain = 0.0
    for place, bounds in enumerate(tried):
        found = _useful(bounds, values, least=max(1, len(values) // (_SMALLEST * most)))
        bits = _entropy(found, values) - place * _LESS_ROUND
        if bits > gain:
            best, gain = found, bits
    if best:
        return best
    # numbers too close for round bounds: the bounds are numbers themselves
    return _useful(cuts, values, least=1) or (
        float(values[np.searchsorted(values, values[0], side="right")]),
    )


def shares(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """float64: which share of some finite numbers is in each of their ranges."""
    places = np.searchsorted(np.array(round_bounds(values)), values, side="right")
    counts = np.bincount(places)
    return counts[counts > 0] / max(1, len(values))


def _useful(bounds: Sequence[float], values: npt.NDArray[np.float64], *, least: int) -> tuple[float, ...]:
    """The bounds with at least so many numbers before each, and after the last."""
    kept: list[float] = []
    before = 0
    for bound in sorted(set(bounds)):
        count = int(np.searchsorted(values, bound, side="left"))
        if count - before >= least and len(values) - count >= least:
            kept.append(bound)
            before = count
    return tuple(kept)


def _entropy(bounds: tuple[float, ...], values: npt.NDArray[np.float64]) -> float:
    """How well bounds divide some sorted numbers, in bits."""
    places = np.searchsorted(values, np.array(bounds), side="left")
    share = np.diff(np.concatenate(([0], places, [len(values)]))) / len(values)
    return float(-(share * np.log2(share)).sum()) if len(bounds) else 0.0


def _steps(low: float, high: float, most: int) -> list[float]:
    """Multiples of a round step from about one number to another, fewer than `most`."""
    span = high / most - low / most  # the difference itself may be too large for a float
    if span <= 0:
        return []
    power = math.floor(math.log10(span))
    for step in (float(f"{beginning}e{power + more}") for more in (0, 1, 2) for beginning in _STEPS):
        if max(abs(low), abs(high)) / step > _FINEST:
            continue
        first, last = round(low / step), round(high / step)
        if last - first < most - 1:
            return [float(f"{number * step:.12g}") for number in range(first, last + 1)]
    return []


def _rounded(value: float, beginnings: tuple[float, ...]) -> float:
    """The nearest number that begins as one of `beginnings` does."""
    if value == 0 or not math.isfinite(value):
        return 0.0
    power = math.floor(math.log10(abs(value)))
    near = min((*beginnings, 10.0), key=lambda one: (abs(abs(value) - one * 10.0**power), one))
    return math.copysign(float(f"{near}e{power}") if near < 10 else float(f"1e{power + 1}"), value)


def range_label(low: float | None, high: float | None, unit: str = "") -> str:
    """How people call a range: 'under 50 EUR', '50–100 EUR', '100 EUR and more'."""
    sign = f" {unit}" if unit else ""
    if low is None:
        return f"under {plain(high)}{sign}"
    if high is None:
        return f"{plain(low)}{sign} and more"
    return f"{plain(low)}–{plain(high)}{sign}"


def plain(number: float | None) -> str:
    """A number as filters read it, in as few digits as tell it from its neighbours: 2.5, 100, 1e+30."""
    if number is None:
        return ""
    return str(int(number)) if float(number).is_integer() and abs(number) < 1e15 else repr(float(number))
