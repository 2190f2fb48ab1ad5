"""EASE, the dense linear item-to-item model that most trained recommenders fail to beat.

Steck, "Embarrassingly shallow autoencoders for sparse data" (2019): B = I - P / diag(P) with P the inverse of
XᵀX + lambda·I. It takes n² numbers and n³ steps, so it is for catalogs of some ten thousand products at most.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

_BLOCK = 512


def ease(weight: sp.csr_array, penalty: float) -> npt.NDArray[np.float32]:
    """float32 [n, n], row-major: what product i says of product j, its own column 0."""
    from scipy.linalg.lapack import spotrf, spotri

    gram: npt.NDArray[np.float32] = (weight.T @ weight).toarray(order="F").astype(np.float32, copy=False)
    n = weight.shape[1]
    if n == 0:
        return np.zeros((0, 0), dtype=np.float32)
    gram[np.diag_indices(n)] += np.float32(penalty)
    factor, _ = spotrf(gram, lower=1, overwrite_a=1)  # positive definite, since the penalty is
    inverse, _ = spotri(factor, lower=1, overwrite_c=1)
    found = inverse.T  # row-major now, and its upper triangle is the one that was worked out
    for first in range(0, n, _BLOCK):
        last = min(first + _BLOCK, n)
        corner = np.triu(found[first:last, first:last])
        found[first:last, first:last] = corner + np.triu(corner, 1).T
        found[last:, first:last] = found[first:last, last:].T
    diagonal = found.diagonal().copy()
    for first in range(0, n, _BLOCK):
        found[first : first + _BLOCK] /= -diagonal
    np.fill_diagonal(found, 0)
    made: npt.NDArray[np.float32] = np.ascontiguousarray(found)
    return made
