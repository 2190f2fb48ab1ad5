"""What each of some parts adds to the core, and where: among rare products, say.

Weights are learned with a part and without on one half of the users, and tried on the other half, both ways:
so nobody judges what they taught, and what is found of the hidden products can be counted by how often each
was bought. A part has to earn its place: what does not surely gain would cost, since what was learned of it
is also noise.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recommend.behaviour import Behaviour
from recommend.measure.bands import NAMES, Bands
from recommend.measure.bootstrap import Difference, paired_difference
from recommend.measure.metrics import find_hits, ndcg
from recommend.measure.units import Units
from recommend.rank.candidates import Candidates
from recommend.rank.learning import learn
from recommend.rank.steady import ENOUGH, learn_steadily
from recommend.rank.worth import of_users, quiet_weights, without

RARE = "1-5"
"""The band of products that a card shows by itself: bought, but hardly."""
_TEACHERS = 2_000
"""So many users of each half teach. Few would teach more channels worse than fewer, whatever these know."""
_LEAST_USERS = 20
_FOLDS = 2
_DEPTH = 10
_WITH, _WITHOUT = "with", "without"

_Weights: TypeAlias = Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class Gain:
    """NDCG@10 with and without the `channels` of a part, on users who taught neither, and recall by `bands`
    (of the models 'with' and 'without', with intervals of the difference)."""

    users: int
    with_it: float
    without: float
    difference: Difference
    bands: Bands
    band_low: npt.NDArray[np.float64]
    band_high: npt.NDArray[np.float64]

    @property
    def sure(self) -> bool:
        """Whether it surely gains: for all, or for rare products without harm to all."""
        rare = self.band_low[NAMES.index(RARE)] > 0
        return self.difference.low > 0 or bool(rare and self.difference.high >= 0)

    def card(self) -> dict[str, Any]:
        """What a metrics card says of it; `bands` are recall@10 by how often a product was bought."""
        told = self._of_bands()
        return {
            "users": self.users,
            "with": round(self.with_it, 6),
            "without": round(self.without, 6),
            **_plain(self.difference.delta, self.difference.low, self.difference.high),
            "rare": told.get(RARE, {"pairs": 0}),
            "bands": told,
        }

    def _of_bands(self) -> dict[str, dict[str, Any]]:
        """Recall@10 of the bands of which anything was hidden, by name."""
        pairs = self.bands.pairs.sum(axis=0)
        there, gone = (self.bands.recall(name) for name in (_WITH, _WITHOUT))
        return {
            name: {
                "pairs": int(pairs[band]),
                "with": round(float(there[band]), 6),
                "without": round(float(gone[band]), 6),
                **_plain(there[band] - gone[band], self.band_low[band], self.band_high[band]),
            }
            for band, name in enumerate(NAMES)
            if pairs[band]
        }


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part and its `gain` over the core. `beside` are the parts that were kept before it, and `then` what
    it adds to the core with these, if that decided. If it is not `kept`, its channels get the weights in
    `quiet`, so small that they only decide where the others say nothing."""

    channels: tuple[str, ...]
    quiet: _Weights
    gain: Gain
    kept: bool = False
    beside: tuple[str, ...] = ()
    then: Gain | None = None

    @property
    def settled(self) -> _Weights:
        """The weights that need not be learned any more: none if the part is kept."""
        return {} if self.kept else self.quiet

    def card(self) -> dict[str, Any]:
        """What a metrics card says of it."""
        told = {**self.gain.card(), "kept": "on" if self.kept else "off"}
        if self.then is not None:
            d = self.then.difference
            told["beside"] = {"parts": list(self.beside), **_plain(d.delta, d.low, d.high)}
        return told


@dataclass(frozen=True, kw_only=True, eq=False)
class Lessons:
    """What weights were learned from, and what was `learned`, to learn them again without some channels.
    `start` are the default weights, `idle` the channels that did not earn their place."""

    given: Candidates
    start: _Weights
    learned: _Weights
    idle: Collection[str] = ()
    seed: int = 0

    def weights_without(self, gone: Collection[str], *, heard: Collection[str] = ()) -> dict[str, float]:
        """The weights of all channels, learned as if some did not exist, and as if some that are idle were
        not."""
        rest = without(self.given, {*self.idle, *gone}.difference(heard))
        # near to what was learned there is less chance in a difference; few users are drawn to the defaults
        begin = self.start if len(rest.users) < ENOUGH else self.learned
        found, _ = learn_steadily(rest, begin, seed=self.seed)
        for name in set(heard).intersection(self.idle, found):  # where the rest is silent they still speak
            found[name] = max(found[name], self.learned[name])
        return {**self.learned, **found, **dict.fromkeys(gone, 0.0)}


def gains_of(
    given: Candidates,
    parts: Mapping[str, Collection[str]],
    start: _Weights,
    *,
    behaviour: Behaviour,
    hidden: sp.csr_array,
    seed: int = 0,
) -> dict[str, Part]:
    """What each part (name → its channels) adds to the core, which is all else, and which are kept: the best
    that surely gains, then the best that surely gains beside it, and so on.

    `behaviour` is what the channels know, `hidden` bool CSR [all users, products] what was kept from them:
    those count too of whom nothing is among the candidates. A part of which there is nothing has no entry;
    without a core, or users enough to learn from, none has.
    """
    links = given.names[: len(given.names) - given.priors]
    chosen = {part: tuple(name for name in links if name in set(names)) for part, names in parts.items()}
    chosen = {part: names for part, names in chosen.items() if names}
    every = {name for names in chosen.values() for name in names}
    if not chosen or len(every) == len(links) or len(given.users) < _LEAST_USERS:
        return {}
    trial = _Trial(given=given, behaviour=behaviour, hidden=hidden, seed=seed)
    base = trial.of(every, (start,) * _FOLDS)
    found: dict[str, Part] = {}
    kept: list[str] = []
    waiting = list(chosen)
    while waiting:
        tried = {}
        for part in waiting:
            gone = every.difference(chosen[part], *(chosen[one] for one in kept))
            # it begins as it would without the part, and with the default weights of the part
            starts = [{**start, **weights} for weights in base.weights]
            tried[part] = trial.of(gone, starts)
            gain = trial.gain(tried[part], base)
            if kept:
                found[part] = replace(found[part], beside=tuple(kept), then=gain)
            else:
                quiet = quiet_weights(chosen[part], start)
                found[part] = Part(channels=chosen[part], quiet=quiet, gain=gain)
        sure = {part: found[part].then or found[part].gain for part in waiting}
        sure = {part: gain for part, gain in sure.items() if gain.sure}
        if not sure:
            break
        best = max(sure, key=lambda part: sure[part].difference.delta)
        found[best] = replace(found[best], kept=True)
        kept.append(best)
        base = tried[best]
        waiting = [part for part in sure if part != best]
    return found


@dataclass(frozen=True, kw_only=True, eq=False)
class _Learned:
    """What was learned on each half, and the lists int64 [units, 10] that it gives the users of the other."""

    weights: tuple[_Weights, ...]
    lists: npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class _Trial:
    """Two halves of the users, each of which judges what the other taught."""

    given: Candidates
    behaviour: Behaviour
    hidden: sp.csr_array
    seed: int

    @cached_property
    def _units(self) -> Units:
        return Units.of_hidden(self.behaviour, self.hidden)

    def of(self, gone: Collection[str], starts: Collection[_Weights]) -> _Learned:
        """Learn without some channels, from the start of each half."""
        order = np.random.default_rng(self.seed).permutation(len(self.given.users))
        rows = np.searchsorted(self._units.users, self.given.users)
        lists = np.full((len(self._units), _DEPTH), -1, dtype=np.int64)
        learned: list[_Weights] = []
        for fold, start in enumerate(starts):
            tested = order[fold::_FOLDS]
            teachers = order[(fold + 1) % _FOLDS :: _FOLDS][:_TEACHERS]
            weights, _ = learn(without(of_users(self.given, teachers), gone), start)
            lists[rows[tested]] = _lists(self.given, weights, tested)
            learned.append(weights)
        return _Learned(weights=tuple(learned), lists=lists)

    def gain(self, there: _Learned, gone: _Learned) -> Gain:
        """What the one finds over the other."""
        units = self._units
        values = [ndcg(find_hits(one.lists, units.relevant), units.wanted) for one in (there, gone)]
        bands = Bands.of({_WITH: there.lists, _WITHOUT: gone.lists}, units, self.behaviour, _DEPTH)
        low, high = bands.difference(_WITH, _WITHOUT, seed=self.seed)
        return Gain(
            users=len(units),
            with_it=float(values[0].mean()),
            without=float(values[1].mean()),
            difference=paired_difference(*values, seed=self.seed),
            bands=bands,
            band_low=low,
            band_high=high,
        )


def _plain(gain: float, low: float, high: float) -> dict[str, Any]:
    return {
        "gain": round(float(gain), 6),
        "interval": [round(float(low), 6), round(float(high), 6)],
    }


def _lists(
    given: Candidates, weights: Mapping[str, float], users: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """int64 [u, 10]: the best candidates of some users, best first; -1 where nothing speaks for one."""
    factors = np.array([weights.get(name, 0.0) for name in given.names], dtype=np.float32)
    scores = np.where(given.valid, given.features @ factors, 0.0)[users]
    best = np.argsort(-scores, axis=1, kind="stable")[:, :_DEPTH]
    found = np.full((len(users), _DEPTH), -1, dtype=np.int64)
    said = np.take_along_axis(scores, best, axis=1) > 0
    products = np.take_along_axis(given.products[users], best, axis=1)
    found[:, : best.shape[1]] = np.where(said, products, -1)
    return found
