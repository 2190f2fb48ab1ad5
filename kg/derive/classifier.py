"""Which type goes with such attributes and words: a naive Bayes model over unit rows of features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

Numbers = npt.NDArray[np.int64]
Matrix = npt.NDArray[np.float32]

_SMOOTH = 0.02
_NOTHING = 2.0
"""Log-odds of being none of the types: what looks like any other product is none of them."""
_CHUNK = 4_096


@dataclass(frozen=True, kw_only=True, eq=False)
class Judgement:
    """best int64 [products]: the likeliest class of each, -1 if there are no classes; sure float64
    [products]: its log-probability. kin, kin_sure: the same for groups of classes, where no class is likelier
    than all others together (else -1). said float64 [pairs]: the log-probability of each pair, or of being
    nothing known."""

    best: Numbers
    sure: npt.NDArray[np.float64]
    kin: Numbers
    kin_sure: npt.NDArray[np.float64]
    said: npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Classifier:
    """seen float32 [classes, columns], sparse: how much of each feature the products of a class have.

    prior float32 [classes]: the logarithm of each one's share.
    """

    seen: sp.csr_array
    prior: npt.NDArray[np.float32]

    @classmethod
    def fit(cls, features: sp.csr_array, shares: sp.csr_array) -> Classifier:
        """`shares` float32 [products, classes]: how much each product counts for each class."""
        mass = np.asarray(shares.sum(axis=0), dtype=np.float64).ravel()
        seen = sp.csr_array((shares.T @ features).astype(np.float32))
        seen.sort_indices()
        prior = np.log((mass + 0.1) / (mass.sum() + 0.1 * max(1, len(mass))))
        return cls(seen=seen, prior=prior.astype(np.float32))

    def __len__(self) -> int:
        return len(self.prior)

    def judge(self, features: sp.csr_array, row: Numbers, column: Numbers, kin_of: Numbers) -> Judgement:
        """What it says of each product, and of some pairs of a product and a class (rows in order; class -1:
        none). `kin_of` int64 [classes]: the group of each.

        Products are taken in chunks: memory does not grow with products times classes.
        """
        count = features.shape[0]
        best = np.full(count, -1, dtype=np.int64)
        sure = np.full(count, -np.inf)
        kin, kin_sure = best.copy(), sure.copy()
        nothing = np.zeros(count)
        groups = sp.csr_array(
            (np.ones(len(self), dtype=np.float32), (np.arange(len(self)), kin_of)),
            shape=(len(self), int(kin_of.max(initial=-1)) + 1),
        )
        said = np.zeros(len(row))
        weights = self._weights()
        for start in range(0, count if len(self) else 0, _CHUNK):
            stop = min(count, start + _CHUNK)
            odds = features[start:stop] @ weights + _PRIOR * self.prior
            top = np.maximum(odds.max(axis=1), _NOTHING)
            total = top + np.log(np.exp(odds - top[:, None]).sum(axis=1) + np.exp(_NOTHING - top))
            best[start:stop] = odds.argmax(axis=1)
            sure[start:stop] = odds[np.arange(stop - start), best[start:stop]] - total
            nothing[start:stop] = _NOTHING - total
            unsure = np.flatnonzero(sure[start:stop] < np.log(0.5))
            together = np.exp(odds[unsure] - total[unsure, None]) @ groups
            kin[start + unsure] = together.argmax(axis=1)
            kin_sure[start + unsure] = np.log(np.maximum(1e-9, together.max(axis=1)))
            pairs = slice(*np.searchsorted(row, (start, stop)).tolist())
            rows = row[pairs] - start
            said[pairs] = odds[rows, np.maximum(column[pairs], 0)] - total[rows]
        return Judgement(
            best=best,
            sure=sure,
            kin=kin,
            kin_sure=kin_sure,
            said=np.where(column >= 0, said, nothing[row]),
        )

    def _weights(self) -> Matrix:
        """float32 [columns, classes]: log-odds of each feature against the background."""
        dense = self.seen.toarray()
        total = dense.sum(axis=1, keepdims=True)
        column = dense.sum(axis=0)
        weights = np.log((dense + _SMOOTH) / (total + _SMOOTH * dense.shape[1]))
        weights -= np.log((column + _SMOOTH) / (column.sum() + _SMOOTH * dense.shape[1]))
        return np.ascontiguousarray(weights.T, dtype=np.float32)


_PRIOR = 0.3
"""How much the frequency of a class counts: catalogs change, the looks of a toner cartridge do not."""
