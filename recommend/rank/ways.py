"""In which way a channel makes its links: the usual one, unless another recommends better; and whether
optional links are made at all.

How far to shrink what few users tell, or how much to hold against what everybody buys, depends on how much
is known of each product. So a build tries the ways that a channel offers, beside all other channels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

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
_OPTIONAL_SIZES = (0.25, 0.5, 1.0)
"""What optional links may weigh beside the heaviest channel, whose weight is 1."""

Values: TypeAlias = npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The best way to make a channel's links, by the `values` that differ from the usual ones, and NDCG@10
    with it and with the usual way (`against`: or without the links, if they are optional) on `users` who
    chose neither. It is `kept` if it gains, as nine chances in ten say: less is enough than for a part that
    says new things, since another way costs nothing and optional links lie where others lie already."""

    values: Mapping[str, float]
    users: int
    with_it: float
    usual: float
    difference: Difference
    against: Literal["usual", "without"] = "usual"

    @property
    def kept(self) -> bool:
        return self.difference.delta > _SURE * (self.difference.high - self.difference.low) / _WIDTH

    def card(self) -> dict[str, Any]:
        """What a metrics card says of it."""
        return {
            "users": self.users,
            "way": dict(self.values),
            "with": round(self.with_it, 6),
            self.against: round(self.usual, 6),
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
    weights = _taught(given, start, random)
    worth = float(weights[place]) or 1.0
    weights[place] = 0.0
    tried = _Tried(given, given.features @ weights, [size * worth for size in _SIZES])
    usual = tried(given.features[:, :, place])
    return _judged(
        given, usual, [(values, one) for values in ways for one in tried(said(values))], random, seed
    )


def choose_optional(
    given: Candidates,
    ways: Iterable[Mapping[str, float]],
    said: Callable[[Mapping[str, float]], Values],
    start: Mapping[str, float],
    *,
    seed: int = 0,
) -> Choice | None:
    """The same for optional links, of which `given` knows nothing: the best of all their `ways`, beside what
    is found without them. None with too few users to tell."""
    if len(given.users) < _LEAST_USERS:
        return None
    random = np.random.default_rng(seed)
    rest: Values = given.features @ _taught(given, start, random)
    tried = _Tried(given, rest, _OPTIONAL_SIZES)
    options = [(values, one) for values in ways for one in tried(said(values))]
    found = _judged(given, [found_by_user(given, rest)], options, random, seed)
    return replace(found, against="without")


@dataclass(frozen=True)
class _Tried:
    """What is found for each user if a channel is added to the `rest`, by the size of its weight."""

    given: Candidates
    rest: Values
    sizes: Sequence[float]

    def __call__(self, column: Values) -> list[npt.NDArray[np.float64]]:
        return [found_by_user(self.given, self.rest + column * np.float32(size)) for size in self.sizes]


def _taught(
    given: Candidates, start: Mapping[str, float], random: np.random.Generator
) -> npt.NDArray[np.float32]:
    """float32 [c]: weights that some of the users teach."""
    some = np.sort(random.permutation(len(given.users))[:_TEACHERS])
    learned, _ = learn(of_users(given, some), start)
    return np.array([learned[name] for name in given.names], dtype=np.float32)


def _judged(
    given: Candidates,
    usual: Sequence[npt.NDArray[np.float64]],
    options: Sequence[tuple[Mapping[str, float], npt.NDArray[np.float64]]],
    random: np.random.Generator,
    seed: int,
) -> Choice:
    """The best of the options, each (values, what is found for each user), beside the best of the usual."""
    users = len(given.users)
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
