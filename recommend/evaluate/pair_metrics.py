"""How well numbers tell pairs that were taken from others: AUC, and F1 from a threshold on."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Mask: TypeAlias = npt.NDArray[np.bool_]


def auc(said: npt.NDArray[np.floating], taken: Mask) -> float:
    """The chance that a taken pair has a higher value than one that was not; ties count half."""
    from scipy.stats import rankdata

    yes = int(taken.sum())
    no = len(taken) - yes
    if not yes or not no:
        return float("nan")
    return float((rankdata(said)[taken].sum() - yes * (yes + 1) / 2) / (yes * no))


def best_threshold(said: npt.NDArray[np.floating], taken: Mask) -> float:
    """The value from which on pairs count as taken for the highest F1."""
    order = np.argsort(-said, kind="stable")
    ordered = said[order]
    score = 2 * np.cumsum(taken[order]) / (np.arange(1, len(said) + 1) + taken.sum())
    score[:-1][np.diff(ordered) == 0] = 0.0  # pairs of one value are called together
    return float(ordered[int(score.argmax())])


def f1(said: npt.NDArray[np.floating], taken: Mask, threshold: float) -> float:
    """F1 of calling pairs taken from a threshold on."""
    called = said >= threshold
    return float(2 * (called & taken).sum() / max(int(called.sum() + taken.sum()), 1))
