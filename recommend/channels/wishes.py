"""Amounts that the query asks for: "under 50", "15 inch", "at least 16 GB".

A product's value is the share of them that it meets; a price that misses comes near in proportion.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np
import numpy.typing as npt

from kg.filters import Filter, FilterIndex, as_number
from kg.graph import Graph
from recommend.channels.base import FitContext
from recommend.channels.queries import GraphChannel, query_channel
from recommend.channels.signals import DenseSignal, Signal
from recommend.channels.traces import Edge, TracedPath, Word
from recommend.query import PreparedQuery

_PRICE = "price"


class WishChannel(GraphChannel):
    """Reads amounts in the attributes and prices of all products."""

    name = "wishes"
    default = 0.2
    leads = False  # a product is no answer to "lamp under 50" because of its price

    @cached_property
    def _filters(self) -> FilterIndex:
        return FilterIndex.of(self._graph)

    def signal(self, query: PreparedQuery) -> Signal | None:
        met = self._met(query)
        if not met:
            return None
        total = np.zeros(self._graph.product_count, dtype=np.float32)
        for _, values in met:
            total += values / np.float32(len(met))
        return DenseSignal(np.minimum(total, 1.0)) if total.any() else None

    def paths(self, graph: Graph, query: PreparedQuery, product: int) -> list[TracedPath]:
        met = [(words, float(values[product])) for words, values in self._met(query) if values[product] > 0]
        total = sum(value for _, value in met)
        return [
            TracedPath(
                edges=(Edge.said(Word(words), "asks_for", product, support=value, unit="amount"),),
                share=value / total,
            )
            for words, value in met
        ]

    def _met(self, query: PreparedQuery) -> list[tuple[str, npt.NDArray[np.float32]]]:
        """The words of each amount, and how well each product meets it, between 0 and 1."""
        reading = query.reading
        found = [(wish.words, wish.mask(self._filters).astype(np.float32)) for wish in reading.wishes]
        return found + [(str(one), self._nearness(one)) for one in reading.filters]

    def _nearness(self, wanted: Filter) -> npt.NDArray[np.float32]:
        met = self._filters.mask((wanted,)).astype(np.float32)
        if wanted.field != _PRICE or wanted.op not in ("<", "<=", ">", ">="):
            return met
        bound = as_number(wanted.value) or 0.0
        if bound <= 0:
            return met
        ratio = bound / self._prices
        if wanted.op in (">", ">="):
            ratio = np.divide(1.0, ratio, out=np.zeros_like(ratio), where=ratio > 0)
        near: npt.NDArray[np.float32] = np.maximum(met, np.minimum(ratio, 1.0)).astype(np.float32)
        return near

    @cached_property
    def _prices(self) -> npt.NDArray[np.float64]:
        """float64 [n]: the price of each product; infinite where it is not known or nothing."""
        price = self._graph.products.price
        return np.where(np.isfinite(price) & (price > 0), price, np.inf)


@query_channel("wishes", WishChannel.load)
def fit(context: FitContext) -> Iterator[WishChannel]:
    table = context.graph.products
    if np.isfinite(table.price).any() or np.isfinite(table.attributes.number).any():
        yield WishChannel(context.graph)
