"""Rows of different lengths in flat arrays."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def spans(starts: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """int64 [sum of lengths]: start, start + 1 … of the first span, then those of the next."""
    ends = np.cumsum(lengths)
    before = np.repeat(starts - (ends - lengths), lengths)
    return before + np.arange(len(before), dtype=np.int64)
