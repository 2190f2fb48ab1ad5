"""From what trees say to chances that come true (Zadrozny & Elkan, "Transforming classifier scores into
accurate multiclass probability estimates", 2002)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from kg.arrays import Arrays

Doubles: TypeAlias = npt.NDArray[np.float64]

LEAST = 1_000
"""With fewer examples of either kind a curve of two numbers is the better guess than steps."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Calibration:
    """A rising curve through points: `said` float64 [p] ascending, `chance` float64 [p]; straight between
    them, flat beyond."""

    said: Doubles
    chance: Doubles

    def of(self, said: Doubles) -> Doubles:
        """float64 [m]: the chance of each."""
        return np.interp(said, self.said, self.chance)

    @classmethod
    def fit(cls, said: Doubles, taken: npt.NDArray[np.bool_]) -> Calibration:
        """Isotonic where there are many examples of both kinds, else Platt's sigmoid."""
        if min(int(taken.sum()), int((~taken).sum())) >= LEAST:
            return cls._isotonic(said, taken)
        return cls._sigmoid(said, taken)

    @classmethod
    def _isotonic(cls, said: Doubles, taken: npt.NDArray[np.bool_]) -> Calibration:
        from scipy.optimize import isotonic_regression

        order = np.argsort(said, kind="stable")
        chance = isotonic_regression(taken[order].astype(np.float64)).x
        starts = np.flatnonzero(np.concatenate([[True], np.diff(chance) > 0]))
        lengths = np.diff(np.append(starts, len(chance)))
        middle = np.add.reduceat(said[order], starts) / lengths
        # nothing is certain: as if every step had seen one of each more
        known = (chance[starts] * lengths + 1.0 * taken.mean()) / (lengths + 1.0)
        return cls(said=middle, chance=np.maximum.accumulate(known))

    @classmethod
    def _sigmoid(cls, said: Doubles, taken: npt.NDArray[np.bool_]) -> Calibration:
        """Platt, "Probabilistic outputs for support vector machines" (1999), with his softened targets."""
        from scipy.optimize import minimize

        yes, no = int(taken.sum()), int((~taken).sum())
        target = np.where(taken, (yes + 1) / (yes + 2), 1 / (no + 2))
        size = max(float(said.std()), 1e-9)
        scaled = (said - said.mean()) / size

        def loss(line: Doubles) -> float:
            at = line[0] * scaled + line[1]
            return float((np.logaddexp(0, at) - target * at).mean())

        found = minimize(loss, np.array([1.0, float(np.log((yes + 1) / (no + 1)))]), method="BFGS").x
        points = np.linspace(said.min() - size, said.max() + size, 256)
        at = max(float(found[0]), 0.0) * (points - said.mean()) / size + found[1]
        return cls(said=points, chance=1.0 / (1.0 + np.exp(-at)))

    def arrays(self) -> Arrays:
        return {"said": self.said, "chance": self.chance}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Calibration:
        return cls(said=arrays["said"].astype(np.float64), chance=arrays["chance"].astype(np.float64))


def log_loss(chance: Doubles, taken: npt.NDArray[np.bool_]) -> float:
    """The mean of -log of the chance of what happened."""
    sure = np.clip(chance, 1e-9, 1 - 1e-9)
    return float(-np.where(taken, np.log(sure), np.log(1 - sure)).mean())
