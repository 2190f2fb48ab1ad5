"""Which generated queries teach, which choose, and which judge: whole families of kinds stay together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]

CHECK, HELD = 0.15, 0.3


@dataclass(frozen=True, kw_only=True, eq=False)
class Split:
    """Numbers of queries: those that teach, those that stop the training, and those held out to judge it."""

    train: Numbers
    check: Numbers
    held: Numbers


def by_group(groups: Sequence[str], *, check: float = CHECK, held: float = HELD, seed: int = 0) -> Split:
    """A random split in which all queries of one group fall on the same side."""
    names = sorted(set(groups))
    order = np.random.default_rng(seed).permutation(len(names)).tolist()
    sizes = dict.fromkeys(names, 0)
    for group in groups:
        sizes[group] += 1
    side: dict[str, str] = {}
    counts = {"held": 0, "check": 0, "train": 0}
    wanted = {"held": held, "check": check, "train": 1.0 - held - check}
    for place in order:
        name = names[place]
        # to the side that lacks most of its share
        found = max(wanted, key=lambda one: wanted[one] - counts[one] / max(len(groups), 1))
        side[name] = found
        counts[found] += sizes[name]
    sides = np.array([side[group] for group in groups])
    return Split(
        train=np.flatnonzero(sides == "train"),
        check=np.flatnonzero(sides == "check"),
        held=np.flatnonzero(sides == "held"),
    )
