"""What a query channel says of products: between 0 and 1 for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from recommend.rank.top import top

_MANY = 4
"""From one product in so many on, all are looked at: that takes no longer."""


class Signal(Protocol):
    """What one query channel says about one query. Values lie between 0 and 1."""

    def best(self, most: int, allowed: npt.NDArray[np.bool_] | None) -> npt.NDArray[np.int64]:
        """Numbers of up to `most` products with the largest values > 0 among the allowed, best first."""
        ...

    def values(self, products: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """float32 [m]: the values of some products."""
        ...


@runtime_checkable
class Rough(Protocol):
    """A signal of which something may be known for every product at once, and more for some."""

    def roughly(self, count: int) -> tuple[npt.NDArray[np.float32], float] | None:
        """(float32 [count], to be changed at will: about the value of every product, how far off at most);
        None if that is not known."""
        ...


class DenseSignal:
    """A signal that is known for every product: `all` float32 [n].

    `where` are the only products that may have another value than 0, in any order and perhaps more than once:
    where they are few, the others need not be looked at. None: that is not known, or they are many.
    """

    def __init__(
        self, values: npt.NDArray[np.float32], where: npt.NDArray[np.integer[Any]] | None = None
    ) -> None:
        self.all = values
        self.where = where if where is not None and len(where) * _MANY < len(values) else None

    def best(self, most: int, allowed: npt.NDArray[np.bool_] | None) -> npt.NDArray[np.int64]:
        if self.where is None:
            some = self.all > 0
        else:
            some = np.zeros(len(self.all), dtype=np.bool_)
            some[self.where[self.all[self.where] > 0]] = True
        if allowed is not None:
            some &= allowed
        able = np.flatnonzero(some)
        return able[top(self.all[able], most)]

    def values(self, products: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        return self.all[products]

    @classmethod
    def summed(cls, several: Sequence[tuple[DenseSignal, float]]) -> DenseSignal:
        """The sum of one or more, each times its weight."""
        total = np.zeros(len(several[0][0].all), dtype=np.float32)
        for signal, weight in several:
            signal.add_to(total, weight)
        where = [signal.where for signal, _ in several if signal.where is not None]
        return cls(total, np.concatenate(where) if len(where) == len(several) else None)

    def add_to(self, total: npt.NDArray[np.float32], weight: float) -> None:
        """Add all values times a weight to float32 [n]."""
        if self.where is None:
            total += np.float32(weight) * self.all
        else:  # of a product that is there twice the same is written twice
            total[self.where] += np.float32(weight) * self.all[self.where]


class CertainSignal:
    """A signal of what the query calls by its very name: 1 for these `products` (int64, ascending), 0 for all
    others. What else the words say rules none of them out."""

    def __init__(self, products: npt.NDArray[np.int64]) -> None:
        self._products = products

    def best(self, most: int, allowed: npt.NDArray[np.bool_] | None) -> npt.NDArray[np.int64]:
        found = self._products if allowed is None else self._products[allowed[self._products]]
        return found[:most]

    def values(self, products: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        return np.isin(products, self._products).astype(np.float32)

    def roughly(self, count: int) -> tuple[npt.NDArray[np.float32], float]:
        found = np.zeros(count, dtype=np.float32)
        found[self._products] = 1
        return found, 0.0
