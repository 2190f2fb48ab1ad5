"""The query's vector beside those of the products, in every space that a query can enter: text, fused,
pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from kg.graph import Graph
from recommend.channels.base import FitContext
from recommend.channels.queries import LoadContext, query_channel
from recommend.channels.signals import Signal
from recommend.channels.traces import Edge, TracedPath, Word
from recommend.index.base import ProductIndex
from recommend.query import PreparedQuery

DEFAULTS = {"text": 1.0, "fused": 0.1, "image": 0.3}
"""The spaces that queries can enter, with their weights; KGE and GNN vectors have no query side of their
own."""
_USUAL = 100
"""So many of the nearest are looked for at once where nothing is known of all: the nearest is needed in any
case, and most answers need no more."""
_LEAST_SPAN = 1e-5
"""Cosines closer together than this differ by rounding only."""


class SimilarityChannel:
    """Cosine between the query and the products of one space."""

    leads = True

    def __init__(self, space: str, index: ProductIndex) -> None:
        self.name = f"{space}_similarity"
        self.default = DEFAULTS[space]
        self._space = space
        self._index = index

    def signal(self, query: PreparedQuery) -> Signal | None:
        vector = query.vector(self._space)
        return None if vector is None else _CosineSignal(self._index, vector)

    def paths(self, graph: Graph, query: PreparedQuery, product: int) -> list[TracedPath]:
        vector = query.vector(self._space)
        if vector is None or not self._index.has(product):
            return []
        direction, _ = _direction(vector)
        cosine = float(self._index.cosine(direction, np.array([product]))[0])
        said = Word(query.said or "the picture")
        return [
            TracedPath(
                edges=(Edge.said(said, self.name, product, support=cosine, unit="similarity"),), share=1.0
            )
        ]

    def plain(self) -> dict[str, Any]:
        return {"space": self._space}

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        return {}

    @classmethod
    def load(
        cls, plain: Mapping[str, Any], arrays: dict[str, npt.NDArray[np.generic]], context: LoadContext
    ) -> SimilarityChannel:
        return cls(plain["space"], context.indexes[plain["space"]])


@query_channel("similarity", SimilarityChannel.load)
def fit(context: FitContext) -> Iterator[SimilarityChannel]:
    for space in DEFAULTS:
        if space in context.indexes and len(context.indexes[space].products):
            yield SimilarityChannel(space, context.indexes[space])


def _direction(vector: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.float32], np.float32]:
    """A vector in length 1, and the length that it has: at most 1."""
    length = float(np.linalg.norm(vector))
    worth = np.float32(min(1.0, round(length, 3)))
    return (vector if worth == 1 or not length else vector / np.float32(length)), worth


class _CosineSignal:
    """Cosines stretched so that the nearest product of the whole shop has the length of the query's vector
    (which is 1, if its words are known) and a product like any other 0.

    The mean cosine over all products is the product of the query with their mean, so it costs nothing.
    Where all products lie equally near (a shop of one), all have 1; one without a vector has 0.
    """

    def __init__(self, index: ProductIndex, vector: npt.NDArray[np.float32]) -> None:
        self._index = index
        self._vector, self._worth = _direction(vector)
        self._floor = float(index.mean @ self._vector)
        self._rough = index.roughly(self._vector)
        cosines, products = index.search(self._vector[None, :], _USUAL if self._rough is None else 1)
        self._cosines: npt.NDArray[np.float32] = cosines[0]
        self._nearest: npt.NDArray[np.int64] = products[0]
        self._span = float(cosines[0, 0]) - self._floor
        if self._span < _LEAST_SPAN:
            self._floor, self._span = float(cosines[0, 0]) - 1.0, 1.0

    def best(self, most: int, allowed: npt.NDArray[np.bool_] | None) -> npt.NDArray[np.int64]:
        cosines, products = self._cosines[:most], self._nearest[:most]
        if most > len(products) or (allowed is not None and self._index.limited(allowed)):
            (cosines,), (products,) = self._index.search(self._vector[None, :], most, allowed=allowed)
        found = products[products >= 0]
        return found[self._stretched(cosines[: len(found)]) > 0]

    def values(self, products: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        found = self._stretched(self._index.cosine(self._vector, products))
        found[~self._index.covers(products)] = 0.0
        return found

    def roughly(self, count: int) -> tuple[npt.NDArray[np.float32], float] | None:
        if self._rough is None:
            return None
        cosines, error = self._rough
        found = cosines - np.float32(self._floor)
        found *= np.float32(self._worth / self._span)
        np.clip(found, 0, self._worth, out=found)
        if len(self._index.products) < count:
            found[~self._index.there] = 0
        return found, error / self._span * float(self._worth)

    def _stretched(self, cosines: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        clipped: npt.NDArray[np.float32] = np.clip((cosines - self._floor) / self._span, 0.0, 1.0)
        return clipped.astype(np.float32) * self._worth
