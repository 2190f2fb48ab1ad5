"""Products that look as much like a kind as its own products do, whatever kind they were given.

Derived types have errors: one thing goes by two names ('monitor', 'lcd'), and a title misleads. Whether such
a product answers a query for the kind nobody knows, so it must not be held against anything.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kg.vectors import Vectors

Mask = npt.NDArray[np.bool_]

_LEAST = 3
_ODD = 0.25
"""This share of a kind's own products is further from its middle than what counts as looking like it."""


class Likeness:
    """Looks at the text vectors of all products."""

    def __init__(self, vectors: Vectors) -> None:
        self._unit = vectors.unit()
        self._present = vectors.present

    def alike(self, own: Mask) -> Mask:
        """bool [products]: those that are nearer to the middle of some products than a quarter of these
        are; none, if there are too few."""
        rows = np.flatnonzero(own & self._present)
        if len(rows) < _LEAST:
            return np.zeros(len(own), dtype=np.bool_)
        near = self._unit @ self._unit[rows].mean(axis=0)
        found: Mask = (near >= np.quantile(near[rows], _ODD)) & self._present
        return found
