"""Whether some channels pay: weights learned with them and without, compared on users who taught neither.

The weights alone cannot tell: what was learned on the same users is never worse with more to learn from.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from recommend.rank.candidates import Candidates
from recommend.rank.learning import learn, value_of

_USERS = 1_000
"""So many users are enough to tell; the rest of a build waits for this."""
_QUIET = 0.01
_LEAST = 0.1
_FOLDS = 2
_GROUPS = 10


@dataclass(frozen=True, kw_only=True)
class Worth:
    """NDCG@10 with and without some channels, on `users` who taught neither; `error` is the standard error of
    the difference. They are `kept` unless it says that they harm.

    Channels that are not kept get the weights in `quiet`: so small that they only decide where the others say
    nothing. Without them a new product would never be recommended.
    """

    channels: tuple[str, ...]
    quiet: Mapping[str, float]
    users: int
    with_them: float
    without: float
    error: float

    @property
    def gain(self) -> float:
        return self.with_them - self.without

    @property
    def kept(self) -> bool:
        """False if the rest alone is better by more than the error."""
        return self.gain >= -self.error

    @property
    def settled(self) -> Mapping[str, float]:
        """The weights that need not be learned any more: none if the channels are kept."""
        return {} if self.kept else self.quiet

    def card(self) -> dict[str, Any]:
        """What a metrics card says of it."""
        return {
            "users": self.users,
            "on": round(self.with_them, 6),
            "off": round(self.without, 6),
            "gain": round(self.gain, 6),
            "interval": [round(self.gain + side * 1.96 * self.error, 6) for side in (-1, 1)],
            "kept": "on" if self.kept else "off",
        }


def worth_of(
    given: Candidates, channels: Collection[str], start: Mapping[str, float], *, seed: int = 0
) -> Worth | None:
    """What `channels` add, by learning on one half of the users and looking at the other, both ways.

    None if there is nothing to compare: no such channel, nothing else, or too few users.
    """
    ours = tuple(name for name in given.names if name in set(channels))
    others = len(given.names) - len(ours) - given.priors
    if not ours or not others or len(given.wanted) < _FOLDS * _GROUPS:
        return None
    users = np.random.default_rng(seed).permutation(len(given.wanted))[:_USERS]
    fold = np.arange(len(users)) % _FOLDS
    values: dict[bool, list[float]] = {True: [], False: []}
    for held in range(_FOLDS):
        teaching, tested = users[fold != held], users[fold == held]
        for on in values:
            variant = given if on else without(given, ours)
            weights, _ = learn(of_users(variant, teaching), start)
            for group in np.array_split(tested, _GROUPS):
                values[on].append(value_of(of_users(variant, group), weights))
    gains = np.array(values[True]) - np.array(values[False])
    # those of whom nothing can be found count, as they do where weights are learned
    share = len(given.wanted) / (len(given.wanted) + given.lost)
    return Worth(
        channels=ours,
        quiet=quiet_weights(ours, start),
        users=len(users),
        with_them=float(np.mean(values[True])) * share,
        without=float(np.mean(values[False])) * share,
        error=float(gains.std(ddof=1) / np.sqrt(len(gains))) * share,
    )


def without(given: Candidates, channels: Collection[str]) -> Candidates:
    """The same candidates, of which some channels say nothing."""
    kept = [place for place, name in enumerate(given.names) if name not in channels]
    return replace(
        given, names=tuple(given.names[place] for place in kept), features=given.features[:, :, kept]
    )


def quiet_weights(channels: Collection[str], start: Mapping[str, float]) -> dict[str, float]:
    """Weights so small that the channels only decide where the others say nothing."""
    return {name: _QUIET * max(start.get(name, 0.0), _LEAST) for name in channels}


def of_users(given: Candidates, users: npt.NDArray[np.int64]) -> Candidates:
    """Only some users: every array of the candidates has a row for each."""
    whole = {field.name: getattr(given, field.name) for field in fields(given)}
    rows: dict[str, Any] = {name: part[users] for name, part in whole.items() if isinstance(part, np.ndarray)}
    return replace(given, **rows, lost=0)
