"""A recommendation, from what is known (a user, a history, a seed product) to products in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from kg.errors import UnknownProductError
from kg.filters import FilterIndex
from recommend.behaviour import History
from recommend.channels.base import Task
from recommend.fitting import Fitted
from recommend.query import Query
from recommend.rank.additive import Additive
from recommend.rank.top import top
from recommend.shopfront import Shopfront

Numbers: TypeAlias = npt.NDArray[np.int64]
Scores: TypeAlias = npt.NDArray[np.float32]

UNKNOWN_USER = "nothing is known of this user yet: the most popular products"
_MANY = 2_000
"""From so many users on it pays to add the channels up before."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Recommended:
    """Products, best first, with their scores float32 [m]; `signals` (float32 [m] by name) add up to them."""

    products: Numbers
    scores: Scores
    signals: Mapping[str, Scores] = field(default_factory=dict)
    note: str = ""


class Recommending:
    """Answers from histories with a fitted model. Safe to use from many threads."""

    def __init__(
        self, fitted: Fitted, additive: Mapping[Task, Additive], filters: FilterIndex, front: Shopfront
    ) -> None:
        self._fitted = fitted
        self._additive = additive
        self._filters = filters
        self._front = front

    def task(self, query: Query) -> Task:
        """What a query that is no search starts from."""
        return "history" if query.product is None else "product"

    def additive(self, query: Query) -> Additive:
        """The channels that answer a query."""
        return self._additive[self.task(query)]

    def found(self, query: Query) -> Recommended:
        """What is recommended, with its signals."""
        history, additive = self.known(query), self.additive(query)
        products, scores = self._best(additive.scores(history), history, query, self._allowed(query))
        unknown = query.product is None and len(history.products) == 0
        return Recommended(
            products=products,
            scores=scores,
            signals=additive.signals(history, products),
            note=UNKNOWN_USER if unknown else "",
        )

    def ranked(self, history: History, *, task: Task, k: int) -> Numbers:
        """int64 [<= k]: the best listed products for a history, without the shop's own rules."""
        listed = self._fitted.graph.products.listed
        return self._best(self._additive[task].scores(history), history, Query(k=k), listed)[0]

    def many(self, users: Iterable[str], *, k: int) -> Iterator[tuple[Numbers, Scores]]:
        """(products, scores) for each user, as `found` gives them."""
        asked = list(users)
        additive = self._additive["history"]
        score = additive.scores if len(asked) < _MANY else additive.scores_by_merged
        for user in asked:
            query = Query(user=user, k=k)
            history = self.known(query)
            yield self._best(score(history), history, query, self._allowed(query))

    def known(self, query: Query) -> History:
        """What a query tells: the seed product, or what its user met and then what it names. Raises
        UnknownProductError."""
        graph = self._fitted.graph
        if query.product is not None:
            return History.of(np.array([graph.number(query.product)]))
        past = History.of(np.empty(0, dtype=np.int64))
        number = None if query.user is None else graph.nodes["user"].number(query.user)
        if number is not None:
            past = self._fitted.behaviour.history(number)
        if not query.history:
            return past
        numbers = graph.nodes["product"].numbers(query.history)
        for product_id, found in zip(query.history, numbers.tolist(), strict=True):
            if found < 0:
                raise UnknownProductError(product_id)
        given = History.of(numbers)
        return given if query.user is None else past.then(given)

    def _best(
        self, scores: Scores, history: History, query: Query, allowed: npt.NDArray[np.bool_]
    ) -> tuple[Numbers, Scores]:
        scores[~allowed] = -np.inf
        scores[history.products[history.owned]] = -np.inf
        scores[scores <= 0] = -np.inf
        products = top(scores, query.k)
        return products, scores[products]

    def _allowed(self, query: Query) -> npt.NDArray[np.bool_]:
        listed = self._fitted.graph.products.listed
        hidden = self._front.rules.hidden(date.today())
        if hidden is not None:
            listed = listed & ~hidden
        return listed & self._filters.mask(query.where) if query.where else listed
