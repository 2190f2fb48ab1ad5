"""One page of a search as a shop shows it: rules, order and facets on top of a ranking."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial

import numpy as np
import numpy.typing as npt

from kg.filters import Filter, FilterIndex
from kg.graph import Graph
from recommend.rank.balance import Balance, Balanced, Shelf, balanced
from recommend.rank.blend import Part
from recommend.shopfront.facet import Facet
from recommend.shopfront.facets import Facets
from recommend.shopfront.relevance import SHARE, Mask, Numbers, Rank, Scores, relevant
from recommend.shopfront.rulebook import NO_RULES, Active, Rulebook
from recommend.shopfront.sorting import Sorter, SortOrder


@dataclass(frozen=True, kw_only=True, eq=False)
class Ranking:
    """How one search ranks. `best` is the order of the request, with all that counts in it, and `scores`
    (float32 [m]) are those of `best` for any products; `parts` are what makes up the additive score."""

    best: Rank
    scores: Callable[[Numbers], Scores]
    parts: Sequence[Part]


@dataclass(frozen=True, kw_only=True, eq=False)
class Page:
    """Product numbers in order, their scores with what rules added, and these additions by signal
    ('rule.NAME': float32 [m]). `pinned` is the rule by place (0 is the first). `balanced` says how they were
    re-ranked, if they were. `total` is how many products the filters leave of the result; None if nobody
    asked for what needs a result (facets, an order)."""

    products: Numbers
    scores: Scores
    signals: Mapping[str, Scores] = field(default_factory=dict)
    pinned: Mapping[int, str] = field(default_factory=dict)
    balanced: Balanced | None = None
    facets: tuple[Facet, ...] = ()
    total: int | None = None


class Shopfront:
    """What makes pages from rankings, for one graph. Costs nothing until it is asked for something."""

    def __init__(
        self,
        graph: Graph,
        filters: FilterIndex,
        rulebook: Rulebook,
        *,
        popularity: Callable[[], npt.NDArray[np.float32]],
        shelf: Callable[[], Shelf],
    ) -> None:
        self._graph = graph
        self._filters = filters
        self._shelf = shelf
        self.rules = rulebook
        self._sorter = Sorter(graph.products, popularity, newest=rulebook.rules.newest)

    @cached_property
    def _facets(self) -> Facets:
        return Facets(self._graph, self._filters)

    def page(
        self,
        ranking: Ranking,
        *,
        k: int,
        where: Sequence[Filter] = (),
        active: Active = NO_RULES,
        hidden: Mask | None = None,
        sort: SortOrder = "relevance",
        balance: Balance | None = None,
        facets: Sequence[str] | bool = (),
        share: float = SHARE,
    ) -> Page:
        """The k products of a request. A balance counts where the order is by relevance; pins have their
        places beside it.

        With facets or another order than by relevance they are of the result
        (`recommend.shopfront.relevance`) and of those that rules pin; otherwise any product may be listed.
        """
        shown = self._graph.products.listed if hidden is None else self._graph.products.listed & ~hidden
        result: Mask | None = None
        if facets or sort != "relevance":
            result = relevant(ranking.parts, shown, share=share)
            result[[pin.product for pin in active.pins if shown[pin.product]]] = True
        allowed = shown if result is None else result
        if where:
            allowed = allowed & self._filters.mask(where)
        pinned: Mapping[int, str] = {}
        moved: Balanced | None = None
        if sort != "relevance":
            products = self._sorter.sorted(np.flatnonzero(allowed), sort)[:k]
            scores = ranking.scores(products)
        elif balance:
            more = k + len(active.pins)
            moved = balanced(partial(active.ranked, ranking.best), more, balance, self._shelf(), allowed)
            products, pinned = active.pinned(moved.products, k, allowed)
            moved, scores = moved.at(products), ranking.scores(products)
        elif active:
            products, _ = active.ranked(ranking.best, k + len(active.pins), allowed)
            products, pinned = active.pinned(products, k, allowed)
            scores = ranking.scores(products)
        else:
            products, scores = ranking.best(k, allowed)
        return Page(
            products=products,
            scores=active.boosted(products, scores),
            signals=active.signals(products, scores),
            pinned=pinned,
            balanced=moved,
            facets=() if result is None or not facets else self._facets.of(facets, result, where),
            total=None if result is None else int(np.count_nonzero(allowed)),
        )
