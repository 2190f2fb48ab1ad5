"""Whether some relation of the graph harms: all that is learned is better without its links, the direct ones
and those through shared neighbours.

Of many relations one looks harmful by chance. So who chooses which to leave out is not who judges whether
that was right, and nobody is asked of weights that they taught.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from recommend.channels.base import Links
from recommend.channels.traces import SharedTrace, StoredTrace
from recommend.measure.bootstrap import Difference, paired_difference
from recommend.rank.candidates import Candidates
from recommend.rank.learning import found_by_user, learn, learn_further
from recommend.rank.worth import of_users, quiet_weights, without

_TEACHERS = 2_000
"""So many users of each half teach. Few would teach more channels worse than fewer, whatever these know."""
_LEAST_USERS = 100
_FOLDS = 2
_ROUNDS = 8
"""So many times the users are halved: what a half chooses hangs on who is in it."""
_TRIED = 3
"""Weights are learned again without so many relations at most."""

Found: TypeAlias = npt.NDArray[np.float64]
_Weights: TypeAlias = Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class Relation:
    """A relation and its `channels`. `difference` is NDCG@10 with it minus without it, for all `users`, by
    weights that were learned again if it was `tried`, else by those of the whole graph.

    `judged` is there if it is left out: what leaving out whichever relation others chose takes from those who
    did not choose (below zero: they gain). Its channels then get the weights in `quiet`, so small that they
    only decide where the others say nothing."""

    channels: tuple[str, ...]
    quiet: _Weights
    users: int
    difference: Difference
    tried: bool
    judged: Difference | None = None

    @property
    def kept(self) -> bool:
        return self.judged is None

    @property
    def settled(self) -> _Weights:
        """The weights that need not be learned any more: none if the relation is kept."""
        return {} if self.kept else self.quiet

    def card(self) -> dict[str, Any]:
        """What a metrics card says of it."""
        return {
            "users": self.users,
            **_plain(self.difference),
            "relearned": self.tried,
            "kept": "on" if self.kept else "off",
            **({} if self.judged is None else {"judged": _plain(self.judged)}),
        }


def channels_of_relations(links: Iterable[Links]) -> dict[str, tuple[str, ...]]:
    """The names of the channels that lead along each relation, or through what it links to."""
    found: dict[str, tuple[str, ...]] = {}
    for one in links:
        if isinstance(one.trace, StoredTrace | SharedTrace):
            name = one.trace.edge_type.name
            found[name] = (*found.get(name, ()), one.name)
    return dict(sorted(found.items()))


def relations_of(
    given: Candidates, relations: Mapping[str, Collection[str]], start: _Weights, *, seed: int = 0
) -> dict[str, Relation]:
    """What each relation (name → its channels) is worth, and which are left out: the one that harms most, if
    it surely harms, then the one that does without it, and so on.

    Empty with too few users to tell, or if there are not several relations.
    """
    links = given.names[: len(given.names) - given.priors]
    chosen = {name: tuple(one for one in links if one in set(names)) for name, names in relations.items()}
    chosen = {name: names for name, names in chosen.items() if 0 < len(names) < len(links)}
    if len(chosen) < 2 or len(given.users) < _LEAST_USERS:
        return {}
    trial = _Trial(given=given, seed=seed)
    base = trial.begun(start)
    found: dict[str, Relation] = {}
    gone: tuple[str, ...] = ()
    while True:
        waiting = {name: names for name, names in chosen.items() if name not in found or found[name].kept}
        variants = trial.variants(base, waiting, gone)
        for name, (there, tried) in variants.items():
            if not gone or tried:
                found[name] = Relation(
                    channels=chosen[name],
                    quiet=quiet_weights(chosen[name], start),
                    users=len(given.users) + given.lost,
                    difference=trial.difference(base.found, there.found),
                    tried=tried,
                )
        options = {name: there for name, (there, tried) in variants.items() if tried}
        worst, judged = trial.judged(base, options)
        if worst is None or judged.high >= 0:
            return found
        found[worst] = replace(found[worst], judged=judged)
        base, gone = options[worst], (*gone, *chosen[worst])


@dataclass(frozen=True, kw_only=True, eq=False)
class _Learned:
    """What was learned on each half, and what is found for each user by what the other half learned."""

    weights: tuple[_Weights, ...]
    found: Found


@dataclass(frozen=True, kw_only=True, eq=False)
class _Trial:
    given: Candidates
    seed: int

    def _sides(self) -> list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
        """(who teaches, who is asked) of each fold."""
        order = np.random.default_rng(self.seed).permutation(len(self.given.users))
        return [
            (order[(fold + 1) % _FOLDS :: _FOLDS][:_TEACHERS], order[fold::_FOLDS]) for fold in range(_FOLDS)
        ]

    def begun(self, start: _Weights) -> _Learned:
        """Learn from all channels."""
        weights = [learn(of_users(self.given, teachers), start)[0] for teachers, _ in self._sides()]
        return _Learned(weights=tuple(weights), found=self.found(weights, ()))

    def without(self, gone: Collection[str], base: _Learned) -> _Learned:
        """Learn without some channels, beginning with what was learned with them."""
        taught = without(self.given, gone)
        weights = [
            learn_further(of_users(taught, teachers), start)
            for (teachers, _), start in zip(self._sides(), base.weights, strict=True)
        ]
        return _Learned(weights=tuple(weights), found=self.found(weights, ()))

    def found(self, weights: Iterable[_Weights], gone: Collection[str]) -> Found:
        """float64 [u]: NDCG@10 of each user by the weights of the other half, some channels aside."""
        found = np.zeros(len(self.given.users))
        for (_, asked), learned in zip(self._sides(), weights, strict=True):
            factors = [0.0 if name in gone else learned.get(name, 0.0) for name in self.given.names]
            some = of_users(self.given, asked)
            found[asked] = found_by_user(some, some.features @ np.array(factors, dtype=np.float32))
        return found

    def variants(
        self, base: _Learned, relations: Mapping[str, Collection[str]], gone: Collection[str]
    ) -> dict[str, tuple[_Learned, bool]]:
        """(what is found without each, whether it was learned anew) of the relations that have a say. Learned
        anew is only where it may matter: where leaving it out costs something sure even so, it pays."""
        heard = {
            name: names
            for name, names in relations.items()
            if any(learned.get(one, 0.0) > 0 for learned in base.weights for one in names)
        }
        plain = {
            name: _Learned(weights=base.weights, found=self.found(base.weights, names))
            for name, names in heard.items()
        }
        costs = {name: base.found - one.found for name, one in plain.items()}
        doubtful = [name for name, cost in costs.items() if not _surely_positive(cost)]
        again = sorted(doubtful, key=lambda name: float(costs[name].sum()))[:_TRIED]
        return {
            name: (self.without((*gone, *heard[name]), base), True) if name in again else (one, False)
            for name, one in plain.items()
        }

    def difference(self, there: Found, here: Found) -> Difference:
        """The one minus the other; those count, too, of whom nothing is among the candidates."""
        lost = np.zeros(self.given.lost)
        return paired_difference(np.concatenate([there, lost]), np.concatenate([here, lost]), seed=self.seed)

    def judged(self, base: _Learned, options: Mapping[str, _Learned]) -> tuple[str | None, Difference]:
        """(which one harms most, what leaving out those that others chose takes from each half)."""
        users = len(self.given.users)
        random = np.random.default_rng(self.seed)
        after = np.zeros(users)
        for _ in range(_ROUNDS):
            half = random.permutation(users) % 2 == 0
            for judges in (half, ~half):
                name = _worst(base, options, ~judges)
                found = base.found if name is None else options[name].found
                after[judges] += found[judges] / _ROUNDS
        everybody = np.ones(users, dtype=np.bool_)
        return _worst(base, options, everybody), self.difference(base.found, after)


def _worst(base: _Learned, options: Mapping[str, _Learned], users: npt.NDArray[np.bool_]) -> str | None:
    """The one without which some users find most; None if they do not find more without any."""
    sums = {name: float((one.found - base.found)[users].sum()) for name, one in options.items()}
    best = max(sums, key=lambda name: sums[name], default=None)
    return best if best is not None and sums[best] > 0 else None


def _surely_positive(values: Found) -> bool:
    """Whether the mean is, with a normal error."""
    return bool(values.sum() > 1.96 * values.std() * np.sqrt(len(values)))


def _plain(difference: Difference) -> dict[str, Any]:
    return {
        "gain": round(difference.delta, 6),
        "interval": [round(difference.low, 6), round(difference.high, 6)],
    }
