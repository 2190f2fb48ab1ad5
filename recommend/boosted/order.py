"""What the order of histories says of products, for the trees: what came right after what, and when in their
histories people met a product. Only where there are times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kg.ragged import spans
from recommend.behaviour import Behaviour, History
from recommend.channels.transitions import transition_counts
from recommend.rank.memory import Memory, remembered
from recommend.sparse import keep_best, rows_of

Values: TypeAlias = npt.NDArray[np.float32]
Numbers: TypeAlias = npt.NDArray[np.int64]

QUICK, USUAL = Memory(decay=0.3), Memory(decay=0.6)
"""How a history counts that is forgotten quickly, and one that is not."""
OF_ORDER: Mapping[str, int] = {
    "next": 0,  # how often it came right after the latest product of the history
    "next usual": 0,  # … after each of them, the latest first
    "next before": 0,  # how often the history's products came right after it
    "met last": 0,  # share of its people for whom it is the latest
    "met first": 0,  # … the first of all
    "met late": 0,  # where in their histories they met it, 0 at the end and 1 at the start
    "met since": 0,  # how many moments later than it its people have, on average
    "popular lately": 0,  # logarithm of how many met it, what lies far back counting less
    "rather than last": 0,  # how much more popular it is than the latest product of the history
    "arrives": 0,  # how much more often something leads to it than the latest product leads on
    "leads on": 0,  # logarithm of how often anything follows the latest product
}
"""The features, and the direction in which each may move a score: 0 either."""
_LINKS = 300
_OLDEST = 20


@dataclass(frozen=True, kw_only=True, eq=False)
class Order:
    """`steps` float32 CSR [n, n]: how often one product came right after another; `back` the same turned
    round; `timing` float32 [n, 5]: when people met each; `popularity`, `into`, `out` float32 [n]: logarithms
    of how many met it, and of how many steps lead to it and on."""

    steps: sp.csr_array
    back: sp.csr_array
    timing: Values
    popularity: Values
    into: Values
    out: Values

    @classmethod
    def of(cls, behaviour: Behaviour) -> Order:
        weight, age = behaviour.weight, behaviour.age
        n, rows = weight.shape[1], rows_of(weight)
        oldest = np.zeros(weight.shape[0], dtype=np.int64)
        np.maximum.at(oldest, rows, age)
        met = np.bincount(weight.indices, minlength=n)

        def mean(values: npt.NDArray[np.generic], more: float = 0.0) -> npt.NDArray[np.float64]:
            """float64 [n]: of each product; as if one more had met it, for whom it is `more`."""
            total = np.bincount(weight.indices, weights=values, minlength=n)
            found: npt.NDArray[np.float64] = (total + more) / (met + 1)
            return found

        lately = np.bincount(weight.indices, weights=np.power(0.7, age), minlength=n)
        timing = (
            mean(age == 0),
            mean(age == oldest[rows]),
            mean(age / np.maximum(oldest[rows], 1), 0.5),
            mean(np.minimum(age, _OLDEST)),
            np.log2(1 + lately),
        )
        counts = transition_counts(behaviour, exponent=0.0, reach=1).tocsr()
        out, into = (np.asarray(counts.sum(axis=axis)).ravel() for axis in (1, 0))
        steps = counts.copy()
        steps.data = steps.data / np.repeat(np.sqrt(np.maximum(out, 1.0)), np.diff(steps.indptr))
        return cls(
            steps=keep_best(steps.astype(np.float32), _LINKS),
            back=keep_best(steps.T.tocsr().astype(np.float32), _LINKS),
            timing=np.stack(timing, axis=1).astype(np.float32),
            popularity=np.log2(1.0 + met).astype(np.float32),
            into=np.log2(1.0 + into).astype(np.float32),
            out=np.log2(1.0 + out).astype(np.float32),
        )

    def table(self, history: History, products: Numbers, row: Numbers) -> Values:
        """float32 [m, f]: the features of products; `row` int64 [n] is the place of each, -1 for others."""
        found = np.zeros((len(products), len(OF_ORDER)), dtype=np.float32)
        found[:, 3:8] = self.timing[products]
        past = history.products
        if len(past):
            said = links_of(self.steps, past, row, len(products))
            usual = remembered(history, USUAL)
            found[:, 0] = said[-1]
            found[:, 1] = usual @ said
            found[:, 2] = usual @ links_of(self.back, past, row, len(products))
            found[:, 8] = self.popularity[products] - self.popularity[past[-1]]
            found[:, 9] = self.into[products] - self.out[past[-1]]
            found[:, 10] = self.out[past[-1]]
        return found


def links_of(matrix: sp.csr_array, past: Numbers, row: Numbers, products: int) -> Values:
    """float32 [past, m]: the entries of some rows of a matrix [n, n] at m products; `row` int64 [n] is the
    place of each, -1 for others."""
    starts = matrix.indptr[past].astype(np.int64)
    lengths = matrix.indptr[past + 1] - starts
    cells = spans(starts, lengths)
    at = row[matrix.indices[cells]]
    hit = at >= 0
    found = np.zeros((len(past), products), dtype=np.float32)
    found[np.repeat(np.arange(len(past)), lengths)[hit], at[hit]] = matrix.data[cells][hit]
    return found
