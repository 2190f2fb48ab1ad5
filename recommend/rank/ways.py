"""In which way a channel makes its links: the usual one, unless another recommends better.

How far to shrink what few users tell, or how much to hold against what everybody buys, depends on how much
is known of each product. So a build tries the ways that a channel offers, beside all other channels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from recommend.measure.bootstrap import Difference, paired_difference
from recommend.rank.candidates import Candidates
from recommend.rank.learning import found_by_user, learn
from recommend.rank.worth import of_users

_TEACHERS = 500
"""The weights of the other channels need not be the best: so many users teach them."""
_LEAST_USERS = 100
_ROUNDS = 8
"""So many times the users are halved: what a half chooses hangs on who is in it."""
_SURE = 1.28
"""The gain must be so many standard errors: nine chances in ten, with a normal error."""
_WIDTH = 2 * 1.96
"""A 95 % interval is so many standard errors wide."""
_SIZES = (0.7, 1.0, 1.4)
"""Each way may weigh more or less than the usual one does."""

Values: TypeAlias = npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The best way to make a channel's links, by the `values` that differ from the usual ones, and NDCG@10
    with it and with the usual way on `users` who chose neither. It is `kept` if it gains, as nine chances in
    ten say: less is enough than for a part that costs something, since neither way costs more than the
    other."""

    values: Mapping[str, float]
    users: int
    with_it: float
    usual: float
    difference: Difference

    @property
    def kept(self) -> bool:
        return self.difference.delta > _SURE * (self.difference.high - self.difference.low) / _WIDTH

    def card(self) -> dict[str, Any]:
        """What a metrics card says of it."""
        return {
            "users": self.users,
            "way": dict(self.values),
            "with": round(self.with_it, 6),
            "usual": round(self.usual, 6),
            "gain": round(self.difference.delta, 6),
            "interval": [round(self.difference.low, 6), round(self.difference.high, 6)],
            "kept": "on" if self.kept else "off",
        }


def choose_way(
    given: Candidates,
    channel: str,
    ways: Iterable[Mapping[str, float]],
    said: Callable[[Mapping[str, float]], Values],
    start: Mapping[str, float],
    *,
    seed: int = 0,
) -> Choice | None:
    """The best of the `ways` of a channel; None with too few users to tell, or if nothing is known in it.

    `given` has what the channel says in the usual way; `said` gives float32 [u, m], what it says of the same
    candidates in another. Each half of the users judges what the other half chose, several times.
    """
    users = len(given.users)
    place = given.names.index(channel)
    if users < _LEAST_USERS or not given.features[:, :, place].any():
        return None
    random = np.random.default_rng(seed)
    learned, _ = learn(of_users(given, np.sort(random.permutation(users)[:_TEACHERS])), start)
    weights = np.array([learned[name] for name in given.names], dtype=np.float32)
    worth = float(weights[place]) or 1.0
    weights[place] = 0.0
    rest: Values = given.features @ weights

    def tried(column: Values) -> list[npt.NDArray[np.float64]]:
        """What is found for each user, by the size of the weight."""
        return [found_by_user(given, rest + column * np.float32(size * worth)) for size in _SIZES]

    usual = tried(given.features[:, :, place])
    options = [(values, one) for values in ways for one in tried(said(values))]
    before, after = np.zeros(users), np.zeros(users)
    for _ in range(_ROUNDS):
        half = random.permutation(users) % 2 == 0
        for judges in (half, ~half):
            before[judges] += _best(usual, ~judges)[judges] / _ROUNDS
            after[judges] += _best([one for _, one in options], ~judges)[judges] / _ROUNDS
    # those of whom nothing is among the candidates count, too
    before, after = (np.concatenate([one, np.zeros(given.lost)]) for one in (before, after))
    values, _ = max(options, key=lambda option: float(option[1].sum()))
    return Choice(
        values=values,
        users=len(before),
        with_it=float(after.mean()),
        usual=float(before.mean()),
        difference=paired_difference(after, before, seed=seed),
    )


def _best(found: Sequence[npt.NDArray[np.float64]], users: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """That of the values which is best for some users."""
    return max(found, key=lambda one: float(one[users].sum()))
