"""How sure a mean is: percentile intervals over resampled users or queries.

Efron & Tibshirani, "An introduction to the bootstrap" (1993). The same seed and number of units draw the
same samples, so two models measured on the same units are compared on the same samples: paired.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

RESAMPLES = 1_000
_TAIL = 2.5


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Model minus baseline: `delta` of the means, and the same as a share of the baseline's mean, with 95 %
    intervals. A share of nothing is NaN."""

    delta: float
    low: float
    high: float
    relative: float
    relative_low: float
    relative_high: float


def resampled_means(
    values: npt.NDArray[np.float64], *, seed: int, resamples: int = RESAMPLES
) -> npt.NDArray[np.float64]:
    """float64 [resamples, m]: means of values [n, m] over n units drawn with replacement."""
    n = len(values)
    means = np.zeros((resamples, values.shape[1]))
    if n == 0:
        return means
    rng = np.random.default_rng(seed)
    for sample in range(resamples):
        drawn = np.bincount(rng.integers(0, n, n), minlength=n).astype(np.float64)
        means[sample] = drawn @ values / n
    return means


def intervals(
    values: npt.NDArray[np.float64], *, seed: int, resamples: int = RESAMPLES
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """(low, high), float64 [m] each: 95 % intervals of the means of values [n, m]."""
    means = resampled_means(values, seed=seed, resamples=resamples)
    low, high = np.percentile(means, [_TAIL, 100 - _TAIL], axis=0)
    return low, high


def paired_difference(
    model: npt.NDArray[np.float64],
    baseline: npt.NDArray[np.float64],
    *,
    seed: int,
    resamples: int = RESAMPLES,
) -> Difference:
    """The mean of model [n] against that of baseline [n], unit by unit."""
    both = np.stack([model, baseline], axis=1)
    means = resampled_means(both, seed=seed, resamples=resamples)
    delta = means[:, 0] - means[:, 1]
    low, high = np.percentile(delta, [_TAIL, 100 - _TAIL])
    a, b = (float(both[:, i].mean()) if len(both) else 0.0 for i in (0, 1))
    share_low = share_high = share = float("nan")
    if b > 0:
        share = a / b - 1.0
        some = means[:, 1] > 0
        share_low, share_high = np.percentile(means[some, 0] / means[some, 1] - 1.0, [_TAIL, 100 - _TAIL])
    return Difference(
        delta=a - b,
        low=float(low),
        high=float(high),
        relative=share,
        relative_low=float(share_low),
        relative_high=float(share_high),
    )
