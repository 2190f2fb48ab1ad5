"""The order of one search: by the sum of what the channels say, or by the trees on top of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommend.query import PreparedQuery
from recommend.rank.blend import Part, blend, summed
from recommend.shopfront import Correction, Profile
from recommend.training.pools import DEPTH
from recommend.training.ranker import Ranker

Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]
Scores = npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, eq=False)
class Asked:
    """A search made ready: the query as it is searched, the `parts` of every score, the products that may be
    named (bool [n]; for a result that is `counted` or put into an order, those before the query's filters),
    and what a reader should know. `correction` says if other words are searched than were typed."""

    query: PreparedQuery
    parts: tuple[Part, ...]
    allowed: Mask
    counted: bool
    profile: Profile
    notes: tuple[str, ...] = ()
    correction: Correction | None = None


class Order:
    """The order of one search, by the sum of its parts or by the trees on top."""

    def __init__(self, asked: Asked, ranker: Ranker | None) -> None:
        self._asked = asked
        self._ranker = ranker if asked.query.query.ranking == "best" else None
        self._moved: dict[int, float] = {}

    @property
    def ranks_again(self) -> bool:
        """True if trees have the last word."""
        return self._ranker is not None

    def best(self, k: int, allowed: Mask) -> tuple[Numbers, Scores]:
        """The k best of the allowed products and their scores."""
        asked = self._asked
        if self._ranker is None:
            return blend(asked.parts, k, allowed)
        products, additive = blend(asked.parts, max(DEPTH, k), allowed)
        found = self._ranker.ranked(asked.query, asked.parts, products, additive)
        self._moved.update(zip(found.products.tolist(), found.adjustment.tolist(), strict=True))
        return found.products[:k], found.scores[:k]

    def scores(self, products: Numbers) -> Scores:
        """float32 [m]: the scores of some products; the trees move those only that they ranked."""
        adjustments = self.adjustments(products)
        additive = summed(self._asked.parts, products)
        return additive if adjustments is None else additive + adjustments

    def adjustments(self, products: Numbers) -> Scores | None:
        """float32 [m]: what the trees added; None where none are asked."""
        if self._ranker is None:
            return None
        return np.array([self._moved.get(product, 0.0) for product in products.tolist()], dtype=np.float32)
