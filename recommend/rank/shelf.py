"""What a fitted model knows of products beside their relevance: how known, how new, how alike, to be had."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kg.graph import IN_CATEGORY, MADE_BY, OF_TYPE, EdgeType, Graph
from kg.product_table import ProductTable
from recommend.behaviour import Behaviour
from recommend.index.vector_index import SpaceIndex
from recommend.rank.balance import Group, Numbers, Scores
from recommend.shopfront.sorting import days_of
from recommend.sparse import empty

NOT_TO_BE_HAD = frozenset(
    {"out_of_stock", "out of stock", "sold_out", "sold out", "discontinued", "backorder", "unavailable"}
)
"""Values of `availability` of products that cannot be sent now, without regard to case."""
SELLERS = ("seller", "sold by", "merchant", "vendor")
"""Attributes that name who sells a product, the first that the shop has counts."""
SPACES = ("fused", "text", "image")
"""The vector space that tells how alike products are, the first that there is."""
LISTS = 500
"""So many users' lists show what is shown now."""
_SHOWN = 10
_SINCE_1973 = 1e8
"""Moments below are positions in a history, not dates."""
_FAR = 2.0
"""A brand shown e^2 times too often or too seldom is as far off as counts."""


class GraphShelf:
    """See `recommend.rank.balance.Shelf`; each column is made when it is first asked for.

    `kind` int64 [n] is what each product is (-1: unknown); `shown` gives lists of products (best first) as
    the model makes them for a sample of up to so many users.
    """

    def __init__(
        self,
        graph: Graph,
        behaviour: Behaviour,
        indexes: Mapping[str, SpaceIndex],
        *,
        kind: Callable[[], Numbers],
        shown: Callable[[int], Iterable[Numbers]],
    ) -> None:
        self._graph = graph
        self._behaviour = behaviour
        self._kind = kind
        self._shown = shown
        self._index = next((indexes[space] for space in SPACES if space in indexes), None)
        self._offsets: dict[str, Scores] = {}

    def novelty(self, products: Numbers) -> Scores:
        return self._novelty[products]

    def freshness(self, products: Numbers) -> Scores:
        return self._freshness[products]

    def absent(self, products: Numbers) -> npt.NDArray[np.bool_]:
        return self._absent[products]

    def fairness(self, products: Numbers, fair_to: str) -> Scores:
        """How far the brand of each is shown less than its share, by the logarithm of the two."""
        if fair_to not in self._offsets:
            self._offsets[fair_to] = self._offset(fair_to)
        brand, offset = self._brand[products], np.append(self._offsets[fair_to], np.float32(0))
        found: Scores = offset[brand]  # -1: no brand, and so the last
        return found

    def likeness(self, products: Numbers) -> Callable[[int], Scores]:
        """Half of it shared types, categories and brand, half the vectors, where there are any."""
        facts, index = self._facts[products], self._index
        vectors = None if index is None else _rows_of(index, products)

        def alike(at: int) -> Scores:
            found: Scores = facts @ facts[[at]].toarray().ravel()
            if vectors is None or not vectors[at].any():
                return found
            both: Scores = (found + np.clip(vectors @ vectors[at], 0, 1)) / 2
            return both

        return alike

    def shared(self, product: int, others: Numbers) -> Scores:
        """float32 [m]: cosine over types, categories and brand, the rarer the more telling."""
        found: Scores = (self._facts[others] @ self._facts[[product]].T.toarray()).ravel()
        return found.astype(np.float32)

    def group(self, group: Group, products: Numbers) -> Numbers:
        if group == "brand":
            return self._brand[products]
        return (self._kinds if group == "category" else self._seller)[products]

    def exposure(self, lists: Iterable[Sequence[int]] | Iterable[Numbers]) -> npt.NDArray[np.float64]:
        """float64 [brands]: the share of attention that each gets from lists; a place is worth
        1 / log2(place + 1)."""
        total = np.zeros(len(self._graph.nodes["brand"]))
        for one in lists:
            brand = self._brand[np.asarray(one, dtype=np.int64)]
            seen = 1 / np.log2(np.arange(2, len(brand) + 2))
            np.add.at(total, brand[brand >= 0], seen[brand >= 0])
        shares: npt.NDArray[np.float64] = total / max(float(total.sum()), 1e-12)
        return shares

    def fair_share(self, fair_to: str) -> npt.NDArray[np.float64]:
        """float64 [brands]: the share of attention that is fair."""
        worth = np.ones(len(self._brand)) if fair_to == "catalog" else self._behaviour.popularity
        counted = self._graph.products.listed & (self._brand >= 0)
        total = np.bincount(
            self._brand[counted], weights=worth[counted], minlength=len(self._graph.nodes["brand"])
        )
        shares: npt.NDArray[np.float64] = total / max(float(total.sum()), 1e-12)
        return shares

    def _offset(self, fair_to: str) -> Scores:
        fair, shown = self.fair_share(fair_to), self.exposure(self._shown(LISTS))
        if not shown.any():
            return np.zeros(len(fair), dtype=np.float32)
        doubt = 0.1 / max(1, int((fair > 0).sum()))
        far = np.log((fair + doubt) / (shown + doubt)) / _FAR
        return np.clip(far, -1, 1).astype(np.float32)

    @cached_property
    def surprise(self) -> npt.NDArray[np.float64]:
        """float64 [n]: bits of information in a product being met; those never met count as met once less."""
        met = self._behaviour.popularity.astype(np.float64)
        return np.asarray(-np.log2((met + 1) / (met.sum() + len(met))))

    @cached_property
    def _novelty(self) -> Scores:
        if not self._behaviour.popularity.any():
            return np.zeros(len(self.surprise), dtype=np.float32)
        share: Scores = (self.surprise / self.surprise.max()).astype(np.float32)
        return share

    @cached_property
    def _freshness(self) -> Scores:
        days = days_of(self._graph.products)
        known = np.isfinite(days)
        if not known.any():
            days = self._first_met()
            known = ~np.isnan(days)
        found = np.zeros(len(days), dtype=np.float32)
        if known.any():
            _, place = np.unique(days[known], return_inverse=True)
            found[known] = place / max(1, int(place.max()))
        return found

    def _first_met(self) -> npt.NDArray[np.float64]:
        """float64 [n]: when somebody first met each product, inf for one that nobody has met yet; NaN for all
        where the log has no dates."""
        moments, n = self._behaviour.moment, self._graph.product_count
        dated = moments >= _SINCE_1973
        if not dated.any():
            return np.full(n, np.nan)
        first = np.full(n, np.inf)
        np.minimum.at(first, self._behaviour.weight.indices[dated], moments[dated])
        met_undated = self._behaviour.weight.indices[~dated]
        first[met_undated[np.isinf(first[met_undated])]] = np.nan
        return first

    @cached_property
    def _absent(self) -> npt.NDArray[np.bool_]:
        said = self._graph.products.availability
        return np.array([text.strip().casefold() in NOT_TO_BE_HAD for text in said], dtype=np.bool_)

    @cached_property
    def _brand(self) -> Numbers:
        return _first_tail(self._graph, EdgeType("product", MADE_BY, "brand"))

    @cached_property
    def _kinds(self) -> Numbers:
        return self._kind()

    @cached_property
    def _seller(self) -> Numbers:
        return _attribute_codes(self._graph.products, SELLERS)

    @cached_property
    def _facts(self) -> sp.csr_array:
        """float32 [n, nodes]: types, categories and brand, the rarer the more telling; rows of length 1."""
        parts: list[Any] = []
        for name, kind in ((OF_TYPE, "type"), (IN_CATEGORY, "category"), (MADE_BY, "brand")):
            relation = self._graph.relations.get(EdgeType("product", name, kind))  # type: ignore[arg-type]
            if relation is not None and len(relation):
                linked = (relation.matrix > 0).astype(np.float32)
                size = np.maximum(np.asarray(linked.sum(axis=0)).ravel(), 1)
                parts.append(linked @ sp.diags_array(np.log1p(len(self._brand) / size).astype(np.float32)))
        if not parts:
            return empty(len(self._brand), 1)
        whole: Any = sp.hstack(parts, format="csr")
        length = np.sqrt(np.asarray(whole.multiply(whole).sum(axis=1)).ravel())
        scaled: sp.csr_array = (
            (sp.diags_array(1 / np.maximum(length, 1e-12)) @ whole).astype(np.float32).tocsr()
        )
        return scaled


def _rows_of(index: SpaceIndex, products: Numbers) -> Scores:
    """float32 [m, d]: the vectors of some products, zeros for one without."""
    found = np.zeros((len(products), len(index.mean)), dtype=np.float32)
    has = np.flatnonzero(index.covers(products))
    found[has] = index.index.rows(np.searchsorted(index.products, products[has]))
    return found


def _first_tail(graph: Graph, edge_type: EdgeType) -> Numbers:
    found = np.full(graph.product_count, -1, dtype=np.int64)
    relation = graph.relations.get(edge_type)
    if relation is not None:
        some = np.flatnonzero(np.diff(relation.indptr) > 0)
        found[some] = relation.tails[relation.indptr[some]]
    return found


def _attribute_codes(table: ProductTable, names: Sequence[str]) -> Numbers:
    """int64 [n]: a number for the text of the first of some attributes that any product has; -1 for none."""
    attributes = table.attributes
    folded = [name.casefold() for name in attributes.names]
    found = np.full(len(table), -1, dtype=np.int64)
    for name in names:
        cells = np.flatnonzero(np.isin(attributes.name, [at for at, one in enumerate(folded) if one == name]))
        if len(cells):
            found[attributes.rows[cells]] = attributes.text[cells]
            return found
    return found
