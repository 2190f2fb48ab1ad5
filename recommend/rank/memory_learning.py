"""How long each channel remembers a history, learned on hidden interactions.

What people buy next may hang on the last product (a refill, the next volume) or on all they ever bought (a
taste); each channel finds its own pace by steps along a grid, as long as NDCG@10 grows. So many paces fit
few users by chance: what they find has to help others of them first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recommend.behaviour import Behaviour
from recommend.channels.base import Links
from recommend.rank.candidates import Candidates, candidates, said_at
from recommend.rank.learning import found_by_user, learn, value_of
from recommend.rank.memory import Memory
from recommend.rank.steady import ENOUGH
from recommend.rank.worth import of_users

PACES = tuple(Memory(decay=decay) for decay in (0.2, 0.3, 0.45, 0.6, 0.7, 0.8, 0.9, 1.0))
START = 3
"""Where on the grid a search begins: what suits most shops."""
_CANDIDATES = 100
_USERS = 6_000
_SIZES = (0.7, 1.0, 1.4)
_ROUNDS = 2
_LEAST_GAIN = 1e-3
_SURE = 1.28
"""The gain among few users must be so many standard errors: nine chances in ten."""

Numbers: TypeAlias = npt.NDArray[np.int64]


def learn_memories(
    links: Sequence[Links],
    behaviour: Behaviour,
    hidden: sp.csr_array,
    users: npt.NDArray[np.int64],
    *,
    listed: npt.NDArray[np.bool_],
    seed: int,
) -> dict[str, Memory]:
    """The memory of each channel, by name; empty where nothing has a time, since then all counts alike.

    `users` had the `hidden` interactions bool CSR [all users, products], which `behaviour` and `links` do not
    know.
    """
    links = [one for one in links if "history" in one.defaults]
    if not behaviour.has_times or not links or len(users) == 0:
        return {}
    if len(users) > _USERS:
        users = np.sort(np.random.default_rng(seed).choice(users, _USERS, replace=False))
    slow = [replace(one, memory=PACES[START]) for one in links]
    given = candidates(slow, (), behaviour, hidden, users, listed=listed, most=_CANDIDATES)
    if len(given.users) < ENOUGH and not _sure(given, links, behaviour, seed):
        return {}
    return _paces(given, links, behaviour)


def _paces(given: Candidates, links: Sequence[Links], behaviour: Behaviour) -> dict[str, Memory]:
    """The memory of each channel that has a weight. `given` has what they say with that of the start."""
    weights, _ = learn(given, _usual(links))
    by_name = {one.name: one for one in links}
    useful = sorted((name for name in weights if weights[name] > 0), key=lambda name: (-weights[name], name))
    found = dict.fromkeys(useful, START)
    for _ in range(_ROUNDS):
        before = dict(found)
        for name in useful:
            best = value_of(given, weights)
            for step in (-1, 1):
                while 0 <= found[name] + step < len(PACES):
                    memory = PACES[found[name] + step]
                    tried = _with_features(given, behaviour, [replace(by_name[name], memory=memory)])
                    sizes = [weights[name] * size for size in _SIZES]
                    value, size = max((value_of(tried, {**weights, name: size}), size) for size in sizes)
                    if value <= best * (1 + _LEAST_GAIN):
                        break
                    best, given, weights[name] = value, tried, size
                    found[name] += step
        if found == before:
            break
    return {name: PACES[place] for name, place in found.items()}


def _sure(given: Candidates, links: Sequence[Links], behaviour: Behaviour, seed: int) -> bool:
    """Whether memories that half of the users taught help the others, compared with the usual ones."""
    half = np.random.default_rng(seed).permutation(len(given.users)) % 2 == 0
    gains = []
    for teach in (half, ~half):
        teachers, judges = np.flatnonzero(teach), np.flatnonzero(~teach)
        learned = with_memories(links, _paces(of_users(given, teachers), links, behaviour))
        usual, other = (
            _taught(_with_features(given, behaviour, some), teachers, judges, _usual(links))
            for some in (links, learned)
        )
        gains.append(other - usual)
    gain = np.concatenate(gains)
    return bool(gain.sum() > 0 and gain.mean() > _SURE * gain.std() / np.sqrt(len(gain)))


def _taught(
    given: Candidates, teachers: Numbers, judges: Numbers, start: Mapping[str, float]
) -> npt.NDArray[np.float64]:
    """float64 [judges]: what weights that some users teach find for others."""
    weights, _ = learn(of_users(given, teachers), start)
    tried = of_users(given, judges)
    return found_by_user(tried, tried.features @ np.array([weights[n] for n in given.names], np.float32))


def _usual(links: Sequence[Links]) -> dict[str, float]:
    return {one.name: one.defaults.get("history", 0.0) for one in links}


def with_memories(links: Sequence[Links], memories: Mapping[str, Memory]) -> tuple[Links, ...]:
    """The channels with what was learned of them; others stay as they are."""
    return tuple(replace(one, memory=memories.get(one.name, one.memory)) for one in links)


def _with_features(given: Candidates, behaviour: Behaviour, links: Sequence[Links]) -> Candidates:
    """The candidates with what some channels say of them as they remember now."""
    features = given.features.copy()
    for one in links:
        features[:, :, given.names.index(one.name)] = said_of(given, behaviour, one)
    return replace(given, features=features)


def said_of(given: Candidates, behaviour: Behaviour, links: Links) -> npt.NDArray[np.float32]:
    """float32 [u, m]: what a channel says of the candidates."""
    rows, slots = np.nonzero(given.valid)
    found = np.zeros(given.valid.shape, dtype=np.float32)
    found[rows, slots] = said_at(links, behaviour, given.users, rows, given.products[rows, slots])
    return found
