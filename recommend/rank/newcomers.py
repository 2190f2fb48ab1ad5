"""What channels are worth for products that nobody met yet.

Weights learned on what is sold well rest on what was bought together, which says nothing of a product that
came today. So some products play new: all that anybody did with them is taken away, weights are learned on
who wanted them, and one factor sets their scores beside those of all others, chosen in the ranking of all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recommend.behaviour import Behaviour
from recommend.channels.base import Links, scale_of
from recommend.measure.metrics import find_hits, ndcg
from recommend.rank.candidates import Candidates, candidates
from recommend.rank.learning import learn_evenly, value_of
from recommend.rank.memory import remembered_rows
from recommend.rank.worth import of_users
from recommend.sparse import clear, csr, keep_best, only_columns, weighted_sum

SHARE = 0.15
"""So many of the products that anybody met play new."""
LEAST = 200
"""With fewer wanted products than this nothing is learned."""
_USERS, _FEWER_USERS = 8_000, 4_000
_CANDIDATES = 100
_DEPTH = 10
_START = 0.2
"""What links to newcomers alone weigh while candidates are chosen."""
_FACTORS = tuple(float(f) for f in np.geomspace(0.125, 8.0, 19))
_FOLDS, _GROUPS = 2, 20

Mask = npt.NDArray[np.bool_]
Weights = Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class Welcome:
    """The `weights` of links to products that nobody met, the `factor` in them, and NDCG@10 on users who
    taught nothing: among the `products` that played new with these weights and with the usual ones (`error`
    is the standard error of the difference), and among all products with both. They must be `sure` to be
    better, unless the usual ones are no better known."""

    weights: Weights
    products: int
    users: int
    theirs: float
    usual: float
    error: float
    factor: float
    among_all: float
    among_all_usual: float
    among_all_error: float
    sure: bool = True

    @property
    def gain(self) -> float:
        return self.theirs - self.usual

    @property
    def kept(self) -> bool:
        """Whether they are better among such products, and not surely worse among all."""
        harm = self.among_all_usual - self.among_all
        return self.gain > 1.96 * self.error * self.sure and harm <= 1.96 * self.among_all_error

    def card(self) -> dict[str, Any]:
        """What a metrics card says of it."""
        return {
            "products": self.products,
            "users": self.users,
            "ndcg@10": round(self.theirs, 6),
            "usual_weights": round(self.usual, 6),
            "gain": round(self.gain, 6),
            "interval": [round(self.gain + side * 1.96 * self.error, 6) for side in (-1, 1)],
            "factor": round(self.factor, 4),
            "among_all": {
                "ndcg@10": round(self.among_all, 6),
                "usual_weights": round(self.among_all_usual, 6),
            },
            "weights": {name: round(w, 4) for name, w in sorted(self.weights.items()) if w > 0},
            "kept": "on" if self.kept else "off",
        }


def playing_new(behaviour: Behaviour, listed: Mask, seed: int) -> Mask | None:
    """bool [n]: the products that play new; None where too little was done with them to learn from."""
    met = np.flatnonzero(~behaviour.unmet & listed)
    found = np.zeros(len(listed), dtype=np.bool_)
    found[np.random.default_rng(seed).permutation(met)[: int(len(met) * SHARE)]] = True
    return found if _wanted(behaviour, found).nnz >= LEAST else None


def without_products(behaviour: Behaviour, products: Mask) -> Behaviour:
    """What is left of behaviour without all that anybody did with some products."""
    return behaviour.only(~products[behaviour.weight.indices])


@dataclass(frozen=True, kw_only=True, eq=False)
class Lesson:
    """What there is to learn from: the `new` products bool [n] play new, though `behaviour` knows what was
    done with them; `hidden` bool CSR [users, products] is what it does not know. `told` are channels made of
    this behaviour, `usual` their weights for histories.
    """

    behaviour: Behaviour
    hidden: sp.csr_array
    new: Mask
    told: Sequence[Links]
    usual: Weights
    listed: Mask
    seed: int

    def learned(self, links: Sequence[Links], beside: Welcome | None = None) -> Welcome | None:
        """The weights of links to products that nobody met; None where there is too little to learn from.

        `links` are channels that know nothing of what was done with the new products. `beside` is what was
        learned on products that more is known of: if its weights are kept, they hold where none are kept
        here, and fewer users need teach.
        """
        new, before, wanted = self.new, self._before, _wanted(self.behaviour, self.new)
        users = self._some(wanted, _USERS if beside is None else _FEWER_USERS)
        if wanted[users].nnz < LEAST:
            return None
        # links of the usual channels have a scale; those to newcomers get theirs as a part of the weight
        scales = {one.name: 1.0 if "history" in one.defaults else scale_of(one.matrix) for one in links}
        theirs = [
            replace(
                one,
                matrix=only_columns(one.matrix, new),
                scale=one.scale * scales[one.name],
                defaults={"history": one.defaults.get("history", _START)},
            )
            for one in links
        ]
        given = candidates(theirs, (), before, wanted, users, listed=new & self.listed, most=_CANDIDATES)
        if len(given.users) < _FOLDS * _GROUPS:
            return None
        others = beside is not None and beside.kept
        instead = beside.weights if beside is not None and others else self.usual
        instead = {name: instead.get(name, 0.0) / scale for name, scale in scales.items()}
        found, among, error = _tried(given, instead, self.seed)
        learned = learn_evenly(given)
        asked = self._asked
        usually, welcomed = (
            _Beside(
                known=self._known,
                new=_best(theirs, weights, before, asked, self.behaviour, new & self.listed),
            )
            for weights in (instead, learned)
        )
        truth = self.hidden[asked].tocsr()
        values = [welcomed.ndcg(factor, truth) for factor in _FACTORS]
        best = _cautious(values)
        factor = _FACTORS[best]
        plain = usually.ndcg(1.0, truth)
        difference = values[best] - plain
        return Welcome(
            weights={name: w * scales[name] * factor for name, w in learned.items()},
            products=int(new.sum()),
            users=len(given.users) + given.lost,
            theirs=found,
            usual=among,
            error=error,
            factor=factor,
            among_all=float(values[best].mean()),
            among_all_usual=float(plain.mean()),
            among_all_error=float(difference.std() / np.sqrt(len(difference))),
            sure=not others,
        )

    @cached_property
    def _before(self) -> Behaviour:
        return without_products(self.behaviour, self.new)

    def _some(self, wanted: sp.csr_array, most: int = _USERS) -> npt.NDArray[np.int64]:
        """int64 [m]: users who want something, and of whom anything else is known."""
        users = np.flatnonzero((np.diff(wanted.indptr) > 0) & (np.diff(self._before.weight.indptr) > 0))
        return np.sort(np.random.default_rng(self.seed).permutation(users)[:most])

    @cached_property
    def _asked(self) -> npt.NDArray[np.int64]:
        return self._some(self.hidden)

    @cached_property
    def _known(self) -> _Best:
        """The best of what does not play new, for those who are asked."""
        among = ~self.new & self.listed
        return _best(self.told, self.usual, self._before, self._asked, self.behaviour, among)


def _cautious(values: Sequence[npt.NDArray[np.float64]]) -> int:
    """The place of the least factor that may be as good as the best (one standard error), by what each gives
    users: what nobody bought yet is to push aside nothing that sells."""
    best = max(values, key=lambda value: float(value.mean()))
    for place, value in enumerate(values):
        lost = best - value
        if lost.mean() <= lost.std() / np.sqrt(max(len(lost), 1)):
            return place
    return len(values) - 1


def _wanted(behaviour: Behaviour, new: Mask) -> sp.csr_array:
    """bool [users, products]: what users bought or rated of the products that play new; where nobody did
    either, what they met."""
    weight = behaviour.weight
    counts = behaviour.owned if behaviour.owned.any() else np.ones(weight.nnz, dtype=np.bool_)
    at = np.flatnonzero(new[weight.indices] & counts)
    ones = np.ones(len(at), dtype=np.bool_)
    return csr(ones, weight.indices[at], np.searchsorted(at, weight.indptr), weight.shape)


def _tried(given: Candidates, otherwise: Weights, seed: int) -> tuple[float, float, float]:
    """(NDCG@10 with weights of their own, with the other ones, the standard error of the difference): each
    half of the users judges what the other taught."""
    order = np.random.default_rng(seed).permutation(len(given.users))
    values: list[tuple[float, float]] = []
    for fold in range(_FOLDS):
        weights = learn_evenly(of_users(given, order[(fold + 1) % _FOLDS :: _FOLDS]))
        for group in np.array_split(order[fold::_FOLDS], _GROUPS // _FOLDS):
            some = of_users(given, group)
            values.append((value_of(some, weights), value_of(some, otherwise)))
    theirs, among = np.array(values).T
    share = len(given.users) / (len(given.users) + given.lost)
    error = float((theirs - among).std(ddof=1) / np.sqrt(len(values)))
    return float(theirs.mean()) * share, float(among.mean()) * share, error * share


class _Best(NamedTuple):
    """The best products of users, float32 and int64 [users, 10]; -1 where there is none."""

    scores: npt.NDArray[np.float32]
    products: npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class _Beside:
    """The best of what is known and the best of what plays new: whatever the factor between them, the best of
    all are among these."""

    known: _Best
    new: _Best

    def ndcg(self, factor: float, wanted: sp.csr_array) -> npt.NDArray[np.float64]:
        """float64 [users]: NDCG@10 when the scores of what plays new are multiplied by a factor; `wanted`
        bool CSR [users, products]."""
        scores = np.concatenate([self.known.scores, self.new.scores * np.float32(factor)], axis=1)
        products = np.concatenate([self.known.products, self.new.products], axis=1)
        order = np.argsort(-scores, axis=1, kind="stable")[:, :_DEPTH]
        products = np.take_along_axis(products, order, axis=1)
        products[np.take_along_axis(scores, order, axis=1) <= 0] = -1
        return ndcg(find_hits(products, wanted), np.diff(wanted.indptr))


def _best(
    links: Sequence[Links],
    weights: Weights,
    before: Behaviour,
    users: npt.NDArray[np.int64],
    behaviour: Behaviour,
    among: Mask,
) -> _Best:
    """The best among some products that the users have not met."""
    n = len(among)
    merged = {
        memory: only_columns(
            weighted_sum(
                (
                    (one.matrix, one.scale * weights.get(one.name, 0.0))
                    for one in links
                    if one.memory == memory and weights.get(one.name, 0.0) > 0
                ),
                n,
                n,
            ),
            among,
        )
        for memory in {one.memory for one in links}
    }
    scores = np.zeros((len(users), _DEPTH), dtype=np.float32)
    products = np.full((len(users), _DEPTH), -1, dtype=np.int64)
    for start in range(0, len(users), 1_000):
        some = users[start : start + 1_000]
        found = weighted_sum(
            ((remembered_rows(before, some, memory) @ matrix, 1.0) for memory, matrix in merged.items()),
            len(some),
            n,
        )
        clear(found, behaviour.weight[some].tocsr())
        best = keep_best(found, _DEPTH)
        row = np.repeat(np.arange(len(some)), np.diff(best.indptr))
        place = np.arange(best.nnz) - best.indptr[row]
        scores[start + row, place] = best.data
        products[start + row, place] = best.indices
    return _Best(scores, products)
