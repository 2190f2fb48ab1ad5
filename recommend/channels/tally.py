"""What a channel says of some products, collected node by node."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recommend.channels.signals import DenseSignal
from recommend.linked import Products

Values = npt.NDArray[np.float32]


class Tally:
    """`values` float32 [n], 0 to begin with. Only products that are named are touched: there may be many."""

    def __init__(self, count: int) -> None:
        self.values: Values = np.zeros(count, dtype=np.float32)
        self._touched: list[npt.NDArray[np.int64]] = []

    def add(self, products: Products, values: Values) -> None:
        """Add values (float32, one for each of the products)."""
        self.values[products.numbers] += values
        self._touched.append(products.numbers)

    def raise_to(self, products: Products, values: Values) -> None:
        """Values that are less become these."""
        self.values[products.numbers] = np.maximum(self.values[products.numbers], values)
        self._touched.append(products.numbers)

    def add_all(self, other: Tally, share: np.float32) -> None:
        """Add a share of what another collected."""
        where = other.where  # of a product that is named twice the same is written twice
        self.values[where] += other.values[where] * share
        self._touched.append(where)

    @property
    def where(self) -> npt.NDArray[np.int64]:
        """The products that were named, some perhaps several times."""
        if len(self._touched) == 1:
            return self._touched[0]
        return np.concatenate(self._touched) if self._touched else np.empty(0, dtype=np.int64)

    def signal(self) -> DenseSignal | None:
        """What was collected; None if that is nothing."""
        where = self.where
        return DenseSignal(self.values, where) if self.values[where].any() else None
