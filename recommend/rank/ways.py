"""In which way a channel makes its links: the usual one, unless another recommends better; and whether
optional links are made at all.

How far to shrink what few users tell, how much to hold against what everybody buys and against who buys
much, depends on how much is known. So a build tries the ways that a channel offers, beside all other
channels: one setting after the other, each with the best of those before it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from recommend.channels.base import Change, Steps
from recommend.measure.bootstrap import Difference, paired_difference
from recommend.rank.candidates import Candidates
from recommend.rank.learning import found_by_user, learn
from recommend.rank.worth import of_users

_TEACHERS = 500
"""The weights of the other channels need not be the best: so many users teach them."""
_MOST_TEACHERS = 2_000
"""To judge a choice at last they must be good: so many users of each half teach them then."""
_LEAST_USERS = 100
_ROUNDS = 4
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
Found: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The best way to make a channel's links, by the `values` that differ from the usual ones, and NDCG@10
    with it and with the usual way (`against`: or without the links, if they are optional) on `users` who
    chose neither; if `relearned`, by weights of all channels that were learned with either on users who are
    not asked. It is `kept` if it gains, as nine chances in ten say: less is enough than for a part that says
    new things, since another way costs nothing and optional links lie where others lie already."""

    values: Change
    users: int
    with_it: float
    usual: float
    difference: Difference
    against: Literal["usual", "without"] = "usual"
    relearned: bool = False

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
            "relearned": self.relearned,
            "kept": "on" if self.kept else "off",
        }


def choose_way(
    given: Candidates,
    channel: str,
    steps: Steps,
    said: Callable[[Change], Values],
    start: Mapping[str, float],
    *,
    seed: int = 0,
) -> Choice | None:
    """The best way that the `steps` of a channel lead to; None with too few users to tell, or if nothing is
    known in it.

    `said` gives float32 [u, m], what the channel says of the candidates if it is made in some way (the usual
    one is in `given`). Each half of the users judges what the other half chose, several times.
    """
    users = len(given.users)
    place = given.names.index(channel)
    if users < _LEAST_USERS or not given.features[:, :, place].any():
        return None
    random = np.random.default_rng(seed)
    weights = _taught(given, start, random)
    worth = float(weights[place]) or 1.0
    weights[place] = 0.0
    usual = given.features[:, :, place]
    tried = _Tried(
        given=given,
        rest=given.features @ weights,
        sizes=[size * worth for size in _SIZES],
        said=lambda values: said(values) if values else usual,
    )
    return _judged(given, tried({}), steps, tried, random, seed)


def choose_optional(
    given: Candidates,
    steps: Steps,
    said: Callable[[Change], Values],
    start: Mapping[str, float],
    *,
    seed: int = 0,
) -> Choice | None:
    """The same for optional links, of which `given` knows nothing: the best way to make them, beside what is
    found without them. None with too few users to tell."""
    if len(given.users) < _LEAST_USERS:
        return None
    random = np.random.default_rng(seed)
    rest: Values = given.features @ _taught(given, start, random)
    tried = _Tried(given=given, rest=rest, sizes=_OPTIONAL_SIZES, said=said)
    found = _judged(given, [found_by_user(given, rest)], steps, tried, random, seed)
    return replace(found, against="without")


def judged_again(
    choice: Choice, given: Candidates, other: Candidates, start: Mapping[str, float], *, seed: int = 0
) -> Choice:
    """The choice with what it gains where the weights of all channels are learned anew, with what the channel
    says in the usual way (`given`) and in the chosen one (`other`): a part of what another way gains beside
    weights that were made for the usual one they can give as well."""
    order = np.random.default_rng(seed).permutation(len(given.users))
    before, after = np.zeros(len(order)), np.zeros(len(order))
    for side in (0, 1):
        teachers, judges = order[side::2][:_MOST_TEACHERS], order[1 - side :: 2]
        for found, one in ((before, given), (after, other)):
            learned, _ = learn(of_users(one, teachers), start)
            asked = of_users(one, judges)
            found[judges] = found_by_user(asked, asked.features @ _as_array(one, learned))
    before, after = (np.concatenate([one, np.zeros(given.lost)]) for one in (before, after))
    return replace(
        choice,
        with_it=float(after.mean()),
        usual=float(before.mean()),
        difference=paired_difference(after, before, seed=seed),
        relearned=True,
    )


@dataclass(frozen=True, kw_only=True)
class _Tried:
    """What is found for each user if a channel, made in a way, is added to the `rest`, by the size of its
    weight; each way is tried once."""

    given: Candidates
    rest: Values
    sizes: Sequence[float]
    said: Callable[[Change], Values]
    known: dict[tuple[tuple[str, float], ...], list[Found]] = field(default_factory=dict)

    def __call__(self, values: Change) -> list[Found]:
        key = tuple(sorted(values.items()))
        if key not in self.known:
            column = self.said(values)
            self.known[key] = [
                found_by_user(self.given, self.rest + column * np.float32(size)) for size in self.sizes
            ]
        return self.known[key]


def _taught(
    given: Candidates, start: Mapping[str, float], random: np.random.Generator
) -> npt.NDArray[np.float32]:
    """float32 [c]: weights that some of the users teach."""
    some = np.sort(random.permutation(len(given.users))[:_TEACHERS])
    learned, _ = learn(of_users(given, some), start)
    return _as_array(given, learned)


def _as_array(given: Candidates, weights: Mapping[str, float]) -> npt.NDArray[np.float32]:
    return np.array([weights[name] for name in given.names], dtype=np.float32)


def _judged(
    given: Candidates,
    usual: Sequence[Found],
    steps: Steps,
    tried: _Tried,
    random: np.random.Generator,
    seed: int,
) -> Choice:
    """The best way beside the best of the usual."""
    users = len(given.users)
    before, after = np.zeros(users), np.zeros(users)
    for _ in range(_ROUNDS):
        half = random.permutation(users) % 2 == 0
        for judges in (half, ~half):
            before[judges] += _best(usual, ~judges)[judges] / _ROUNDS
            after[judges] += _best(tried(_chosen(steps, tried, ~judges)), ~judges)[judges] / _ROUNDS
    # those of whom nothing is among the candidates count, too
    before, after = (np.concatenate([one, np.zeros(given.lost)]) for one in (before, after))
    return Choice(
        values=_chosen(steps, tried, np.ones(users, dtype=np.bool_)),
        users=len(before),
        with_it=float(after.mean()),
        usual=float(before.mean()),
        difference=paired_difference(after, before, seed=seed),
    )


def _chosen(steps: Steps, tried: _Tried, users: npt.NDArray[np.bool_]) -> Change:
    """The way that steps, each the best for some users, lead to."""
    way: Change = {}
    for step in steps:
        options = [way, *({**way, **change} for change in step)]
        way = max(options, key=lambda one: float(_best(tried(one), users)[users].sum()))
    return way


def _best(found: Sequence[Found], users: npt.NDArray[np.bool_]) -> Found:
    """That of the values which is best for some users."""
    return max(found, key=lambda one: float(one[users].sum()))
