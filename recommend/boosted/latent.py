"""What a history has in common with everybody's tastes: a low-pass filter over who met what.

The users × products matrix with both sides' counts divided out is cut to its strongest patterns, and a
history is read through the 8, 16 … strongest of them (after Shen et al., "How powerful is graph convolution
for recommendation?", 2021).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kg.arrays import Arrays
from recommend.behaviour import Behaviour, History

Values: TypeAlias = npt.NDArray[np.float32]
Numbers: TypeAlias = npt.NDArray[np.int64]

RANKS = (8, 16, 32, 48, 96)
"""How many patterns each reading takes; fewer where the data has fewer."""


_SPARE, _ROUNDS = 16, 16


@dataclass(frozen=True, kw_only=True, eq=False)
class Latent:
    """`patterns` float32 [products, r], strongest first; `root` float32 [products]: the square root of how
    many met each product (0: nobody, and then nothing is said of it)."""

    patterns: Values
    root: Values

    @classmethod
    def fit(cls, behaviour: Behaviour, *, seed: int) -> Latent | None:
        """None if too few users met too few products for patterns."""
        weight = behaviour.weight.astype(np.float64)
        users = np.asarray(weight.sum(axis=1), dtype=np.float64).ravel()
        products = np.asarray(weight.sum(axis=0), dtype=np.float64).ravel()
        most = min(RANKS[-1], int((users > 0).sum()) - 1, int((products > 0).sum()) - 1)
        if most < RANKS[0]:
            return None
        even = (
            sp.diags_array(_inverse_root(users)) @ weight @ sp.diags_array(_inverse_root(products))
        ).tocsr()
        return cls(
            patterns=np.ascontiguousarray(_strongest(even, most, seed), dtype=np.float32),
            root=np.sqrt(products).astype(np.float32),
        )

    def said(self, history: History, products: Numbers) -> Values:
        """float32 [m, len(RANKS)]: how well each product goes with a history, by ever more patterns."""
        past = history.products
        root = self.root[past]
        known = np.divide(history.weight, root, out=np.zeros_like(root), where=root > 0)
        length = max(float(history.weight.sum()), 1.0)
        read = (known @ self.patterns[past]) / np.float32(np.sqrt(length))
        parts = self.patterns[products] * read
        reach = np.cumsum(parts, axis=1)[:, [min(rank, parts.shape[1]) - 1 for rank in RANKS]]
        found: Values = reach * self.root[products, None]
        return found

    def moved(self, origin: Numbers) -> Latent:
        """The same for a newer graph: product i was product origin[i], -1 if it is new."""
        new = origin < 0
        patterns, root = self.patterns[origin], self.root[origin]
        patterns[new], root[new] = 0, 0
        return Latent(patterns=patterns, root=root)

    def arrays(self) -> Arrays:
        return {"patterns": self.patterns, "root": self.root}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Latent:
        return cls(patterns=arrays["patterns"].astype(np.float32), root=arrays["root"].astype(np.float32))


def _strongest(matrix: sp.csr_array, most: int, seed: int) -> npt.NDArray[np.float64]:
    """float64 [columns, most]: the right singular vectors of the largest singular values, largest first, by
    subspace iteration (Halko, Martinsson & Tropp, "Finding structure with randomness", 2011).

    ARPACK would be exact, but where singular values are equal it restarts by chance, whatever its seed.
    """
    turned = matrix.T.tocsr()
    wide = min(most + _SPARE, min(matrix.shape))
    basis = np.random.default_rng(seed).standard_normal((matrix.shape[1], wide))
    for _ in range(_ROUNDS):
        basis, _ = np.linalg.qr(turned @ (matrix @ basis))
    _, _, turn = np.linalg.svd(matrix @ basis, full_matrices=False)
    found: npt.NDArray[np.float64] = basis @ turn[:most].T
    return found


def _inverse_root(counts: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.divide(1.0, np.sqrt(counts), out=np.zeros_like(counts), where=counts > 0)
