"""What a channel asks of the index of a vector space, wherever the vectors are kept."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt


class ProductIndex(Protocol):
    """The vectors of one space, of length 1, for the products that have one."""

    @property
    def products(self) -> npt.NDArray[np.int64]:
        """int64 [rows]: the numbers of the products that have a vector, ascending."""
        ...

    @property
    def there(self) -> npt.NDArray[np.bool_]:
        """bool [products]: which products have one."""
        ...

    @property
    def mean(self) -> npt.NDArray[np.float32]:
        """float32 [d]: the mean vector."""
        ...

    def search(
        self, queries: npt.NDArray[np.float32], k: int, *, allowed: npt.NDArray[np.bool_] | None = None
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
        """(cosines float32 [m, k], product numbers int64 [m, k], -1 where there are no more), best first."""
        ...

    def cosine(
        self, query: npt.NDArray[np.float32], products: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.float32]:
        """float32 [m]: the cosine of each product, 0 for products that have no vector."""
        ...

    def roughly(self, query: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.float32], float] | None:
        """(float32 [products]: about the cosine of each, anything for those without a vector, how far off at
        most); None where that is not known of all at once."""
        ...

    def limited(self, allowed: npt.NDArray[np.bool_]) -> bool:
        """Whether some product that has a vector is not among the allowed (bool [n])."""
        ...

    def has(self, product: int) -> bool: ...

    def covers(self, products: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """bool [m]: which products have a vector."""
        ...
