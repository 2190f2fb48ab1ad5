"""A recommendation, from what is known (a user, a history, a seed product) to products in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from kg.errors import UnknownProductError
from kg.filters import FilterIndex
from recommend.behaviour import History
from recommend.boosted.again import Dealt
from recommend.channels.base import Task
from recommend.channels.kind_traces import ORDERS, KindsTrace
from recommend.complements import Fits, Kinds
from recommend.fitting import Fitted
from recommend.query import Query, RankingName
from recommend.rank.additive import Additive
from recommend.rank.balance import Balance, Balanced, balanced
from recommend.rank.shelf import GraphShelf
from recommend.rank.top import possible, top
from recommend.shopfront import Shopfront

Numbers: TypeAlias = npt.NDArray[np.int64]
Scores: TypeAlias = npt.NDArray[np.float32]
Mask: TypeAlias = npt.NDArray[np.bool_]

UNKNOWN_USER = "nothing is known of this user yet: the most popular products"
OWNS_NOTHING = "this user owns nothing that is known, so there is nothing to complete"
NOTHING_FITS = (
    "nothing is known to fit what was asked for; facts of the relation compatible_with say what fits what"
)
NOTHING_LEFT = "what is known to fit is there already, or nothing else speaks for it"
NO_TREES = "this version has no learned ranking: ranked as 'exact'"
_MANY = 2_000
"""From so many users on it pays to add the channels up before."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Recommended:
    """Products in order with their scores float32 [m]; `signals` (float32 [m] by name) add up to them.
    `balanced` says how they were re-ranked, if they were. Where trees ranked again, `adjustment` is what they
    added to the signals, and `chances` how likely each is to be taken next (NaN: unknown)."""

    products: Numbers
    scores: Scores
    signals: Mapping[str, Scores] = field(default_factory=dict)
    balanced: Balanced | None = None
    adjustment: Scores | None = None
    chances: Scores | None = None
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
        self._fits = Fits(fitted.graph)

    @cached_property
    def kinds(self) -> Kinds:
        """What each product is, and what may stand in for it."""
        return Kinds.of(self._fitted.graph)

    @cached_property
    def shelf(self) -> GraphShelf:
        """What the goals of a balance ask of products."""
        one = self._fitted
        return GraphShelf(
            one.graph, one.behaviour, one.indexes, kind=lambda: self.kinds.one, shown=self._lists_of_some
        )

    @cached_property
    def _ordered_together(self) -> KindsTrace | None:
        """Pairs of kinds that go with each other by the orders of the log: the one does not replace the
        other."""
        traces = (one.trace for one in self._fitted.links if isinstance(one.trace, KindsTrace))
        return next((one for one in traces if one.unit == ORDERS), None)

    def task(self, query: Query) -> Task:
        """What a query that is no search asks for."""
        if query.complete:
            return "complement"
        return "history" if query.product is None else "product"

    def additive(self, query: Query) -> Additive:
        """The channels that answer a query."""
        return self._additive[self.task(query)]

    def found(self, query: Query) -> Recommended:
        """What is recommended, with its signals."""
        history, additive = self.known(query), self.additive(query)
        scores = self._possible(additive.scores(history), history, query, self._allowed(query))
        notes, balanced = self._notes(query, history), None
        exact, again = scores, self._again(scores, history, query)
        scores = exact if again is None else again.scores
        if query.balance:
            balanced = self.balanced(scores, query.k, query.balance)
            notes.append(query.balance.note)
        products = top(scores, query.k) if balanced is None else balanced.products
        if not len(products) and (query.fits or query.fits_owned):
            notes.append(NOTHING_LEFT if self._fitting(query).any() else NOTHING_FITS)
        return Recommended(
            products=products,
            scores=scores[products],
            signals=additive.signals(history, products),
            balanced=balanced,
            adjustment=None if again is None else again.scores[products] - exact[products],
            chances=None if again is None else again.chances[products],
            note="; ".join(notes),
        )

    def ranked(self, history: History, *, task: Task, k: int, balance: Balance | None = None) -> Numbers:
        """int64 [<= k]: the best listed products for a history, without the shop's own rules."""
        listed = self._fitted.graph.products.listed
        query = Query(k=k, complete=task == "complement")
        scores = self._possible(self._additive[task].scores(history), history, query, listed)
        return self.balanced(scores, k, balance).products if balance else top(scores, k)

    def moved(self, query: Query, products: Numbers) -> Scores | None:
        """float32 [m]: what trees add to the additive scores of products; None where none rank again."""
        history = self.known(query)
        scores = self._possible(self.additive(query).scores(history), history, query, self._allowed(query))
        again = self._again(scores, history, query)
        if again is None:
            return None
        own, dealt = scores[products], again.scores[products]
        able = np.isfinite(own)
        return np.where(able, dealt - np.where(able, own, 0), 0).astype(np.float32)

    def many(
        self, users: Iterable[str], *, k: int, ranking: RankingName = "exact"
    ) -> Iterator[tuple[Numbers, Scores]]:
        """(products, scores) for each user, as `found` gives them."""
        asked = list(users)
        additive = self._additive["history"]
        score = additive.scores if len(asked) < _MANY else additive.scores_by_merged
        for user in asked:
            query = Query(user=user, k=k, ranking=ranking)
            history = self.known(query)
            scores = self._possible(score(history), history, query, self._allowed(query))
            again = self._again(scores, history, query)
            scores = scores if again is None else again.scores
            products = top(scores, k)
            yield products, scores[products]

    def known(self, query: Query) -> History:
        """What a query starts from: the seed product, or what its user met and then what it names; to
        complete, what it names, else what its user owns; without what is taken as never met. Raises
        UnknownProductError."""
        if query.product is not None:
            return History.of(np.array([self._fitted.graph.number(query.product)]))
        history = self._named(query)
        if not query.without:
            return history
        return history.only(~np.isin(history.products, self._numbers(query.without)))

    def _named(self, query: Query) -> History:
        past = self._past(query.user)
        if query.complete:
            return History.unordered(self._numbers(query.history)) if query.history else past.only(past.owned)
        history = past
        if query.history:
            history = history.then(History.of(self._numbers(query.history)))
        if query.viewed:
            history = history.then(History.seen(self._numbers(query.viewed)))
        return history

    def balanced(self, scores: Scores, k: int, balance: Balance) -> Balanced:
        """The k best products under a balance; those whose score is not above 0 are not among them."""

        def rank(most: int, allowed: Mask) -> tuple[Numbers, Scores]:
            products = top(np.where(allowed, scores, np.float32(-np.inf)), most)
            return products, scores[products]

        return balanced(rank, k, balance, self.shelf, scores > 0)

    def _past(self, user: str | None) -> History:
        number = None if user is None else self._fitted.graph.nodes["user"].number(user)
        if number is None:
            return History.of(np.empty(0, dtype=np.int64))
        return self._fitted.behaviour.history(number)

    def _numbers(self, ids: tuple[str, ...]) -> Numbers:
        numbers = self._fitted.graph.nodes["product"].numbers(ids)
        for product_id, found in zip(ids, numbers.tolist(), strict=True):
            if found < 0:
                raise UnknownProductError(product_id)
        return numbers

    def _possible(self, scores: Scores, history: History, query: Query, allowed: Mask) -> Scores:
        """The scores with -inf for all that cannot be an answer."""
        if query.product is not None and self._ordered_together is not None:
            kinds, found = self.kinds.one, self._ordered_together
            beside = found.tails[np.isin(found.heads, kinds[history.products])]
            scores[np.isin(kinds, beside)] = -np.inf
        if query.product is not None:
            scores[self._goes_with(int(history.products[0]))] = -np.inf
        if query.complete:
            scores[self.kinds.substitutes(history.products)] = -np.inf
            owned = self._past(query.user)
            scores[owned.products[owned.owned]] = -np.inf
        return possible(scores, history, allowed)

    def _goes_with(self, product: int) -> Mask:
        """What fits a product, or is an accessory of it, and so is nothing to have in its place."""
        found = self._fits.mask([product])
        if found.any():
            found &= ~self.kinds.alike(product)
        return found

    def _again(self, scores: Scores, history: History, query: Query) -> Dealt | None:
        """The scores after trees have ranked the best again; None where that is not asked for, or there are
        none."""
        ranker = self._fitted.taste_ranker
        if query.ranking == "exact" or ranker is None or self.task(query) != "history":
            return None
        return ranker.dealt(history, scores)

    def _allowed(self, query: Query) -> Mask:
        listed = self._fitted.graph.products.listed
        hidden = self._front.rules.hidden(date.today())
        if hidden is not None:
            listed = listed & ~hidden
        if query.fits or query.fits_owned:
            listed = listed & self._fitting(query)
        return listed & self._filters.mask(query.where) if query.where else listed

    def _fitting(self, query: Query) -> Mask:
        """What fits at least one of the things that the query names, or its user owns."""
        owned = self._past(query.user) if query.fits_owned else self._past(None)
        return self._fits.mask([*self._numbers(query.fits), *owned.products[owned.owned]])

    def _notes(self, query: Query, history: History) -> list[str]:
        notes = []
        if query.product is None and not len(history.products):
            notes.append(OWNS_NOTHING if query.complete else UNKNOWN_USER)
        if query.ranking == "best" and self._fitted.taste_ranker is None:
            notes.append(NO_TREES)
        return notes

    def _lists_of_some(self, most: int) -> Iterator[Numbers]:
        """What is recommended to some users as it is, for what brands are shown of themselves."""
        behaviour = self._fitted.behaviour
        users = np.flatnonzero(np.diff(behaviour.weight.indptr))
        for user in np.sort(np.random.default_rng(0).permutation(users)[:most]).tolist():
            yield self.ranked(behaviour.history(user), task="history", k=10)
