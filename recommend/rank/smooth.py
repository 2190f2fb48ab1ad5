"""Weights that make a smooth stand-in for NDCG@10 large.

ApproxNDCG (Qin, Liu & Li, "A general approximation framework for direct optimization of information retrieval
measures", 2010): the place of a relevant product is 1 plus, for every other candidate, the probability that
it comes before, a sigmoid of the difference in score. So there is a gradient, and all weights move at once.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

TEMPERATURE = 0.05
"""A difference of this share of a user's tenth best score makes the order of two products e : 1."""
_STEPS = 60
_ROOM = 4.0
_WHOLE = 10.0
"""The worth of perfect lists for all: values of this size make the search stop neither soon nor late."""


class SmoothRanking:
    """Candidates of users one after the other: `features` float32 [p, c], scaled so that a tenth best score
    is about 1, `starts` int64 [u] where each user's begin, `relevant` bool [p], `ideal` float64 [u] the gain
    of a perfect list."""

    def __init__(
        self,
        features: npt.NDArray[np.float32],
        starts: npt.NDArray[np.int64],
        relevant: npt.NDArray[np.bool_],
        ideal: Floats,
    ) -> None:
        self._features = features
        lengths = np.diff(np.append(starts, len(features)))
        user = np.repeat(np.arange(len(starts)), lengths)
        self._wanted = np.flatnonzero(relevant)
        of = user[self._wanted]
        self._worth = _WHOLE / ideal[of] / max(len(starts), 1)
        # each relevant product beside every candidate of its user
        sizes = lengths[of]
        self._first = np.cumsum(sizes) - sizes
        self._pair = np.repeat(np.arange(len(of)), sizes)
        self._other = np.arange(int(sizes.sum())) + np.repeat(starts[of] - self._first, sizes)
        self._itself = self._other == self._wanted[self._pair]

    def best(self, start: Floats, *, room: float = _ROOM, steps: int = _STEPS) -> Floats:
        """The best weights >= 0 that are reached from `start` in so many `steps`; both float64 [c].

        No weight may grow beyond `room` times the largest at the start.
        """
        if not len(self._wanted) or not start.any():
            return start
        size = float(start.max())

        def loss(weights: Floats) -> tuple[float, Floats]:
            value, slope = self.value(size * weights)
            return -value, -size * slope

        from scipy.optimize import minimize  # only a fit needs it, and it takes a while to import

        found = minimize(
            loss,
            start / size,
            jac=True,
            method="L-BFGS-B",
            bounds=[(0.0, room)] * len(start),
            options={"maxiter": steps},
        )
        return size * np.asarray(found.x, dtype=np.float64)

    def value(self, weights: Floats) -> tuple[float, Floats]:
        """(ten times the smooth NDCG, its slope float64 [c])."""
        scores = self._features @ weights.astype(np.float32)
        ahead = (scores[self._other] - scores[self._wanted][self._pair]) / np.float32(TEMPERATURE)
        before = 1.0 / (1.0 + np.exp(-np.clip(ahead, -30.0, 30.0)))
        before[self._itself] = 0.0
        logs = np.log2(2.0 + np.add.reduceat(before, self._first, dtype=np.float64))
        by_place = -self._worth / (np.square(logs) * np.exp2(logs) * np.log(2.0))
        pull = before * (1.0 - before) * (by_place / TEMPERATURE).astype(np.float32)[self._pair]
        slope = np.bincount(self._other, weights=pull, minlength=len(scores))
        slope[self._wanted] -= np.add.reduceat(pull, self._first, dtype=np.float64)
        return float((self._worth / logs).sum()), (slope.astype(np.float32) @ self._features).astype(
            np.float64
        )
