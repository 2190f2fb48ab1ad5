"""One vector per product and modality, as plain NumPy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kg.arrays import Arrays
from kg.errors import DataError
from kg.texts import Texts


@dataclass(frozen=True, kw_only=True, eq=False)
class Vectors:
    """Vectors of some products: ids [n], matrix float32 [n, d], present bool [n].

    A product without this modality (no picture, say) has `present` False; its row is zero and means
    nothing. Rows that are present are finite.
    """

    ids: tuple[str, ...]
    matrix: npt.NDArray[np.float32]
    present: npt.NDArray[np.bool_]

    def __post_init__(self) -> None:
        n = len(self.ids)
        if self.matrix.ndim != 2 or self.matrix.shape[0] != n or self.present.shape != (n,):
            raise DataError(
                f"vectors of {n} products need a matrix [{n}, d] and a mask [{n}], "
                f"not {self.matrix.shape} and {self.present.shape}"
            )
        if not np.isfinite(self.matrix[self.present]).all():
            bad = int(np.flatnonzero(self.present & ~np.isfinite(self.matrix).all(axis=1))[0])
            raise DataError(f"the vector of product {self.ids[bad]!r} has values that are not finite")

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def dim(self) -> int:
        return int(self.matrix.shape[1])

    def unit(self) -> npt.NDArray[np.float32]:
        """float32 [n, d]: rows of length 1; rows that are absent (or zero) stay zero."""
        norms = np.linalg.norm(self.matrix, axis=1, keepdims=True)
        scaled: npt.NDArray[np.float32] = np.divide(
            self.matrix,
            norms,
            out=np.zeros_like(self.matrix),
            where=(norms > 0) & self.present[:, np.newaxis],
        )
        return scaled

    def arrays(self) -> Arrays:
        return {"matrix": self.matrix, "present": self.present, **Texts.of(self.ids).arrays("ids")}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Vectors:
        return cls(
            ids=tuple(Texts.from_arrays(arrays, "ids")),
            matrix=arrays["matrix"].astype(np.float32, copy=False),
            present=arrays["present"].astype(np.bool_, copy=False),
        )
