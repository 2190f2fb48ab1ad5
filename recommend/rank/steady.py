"""Weights that do not hang on who happened to teach them: for shops with few users.

They are the mean over bootstrap draws of the users (Breiman, "Bagging predictors", 1996), drawn towards the
default weights, the more the fewer users there are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from recommend.rank.candidates import Candidates
from recommend.rank.learning import LEAST_PRIOR, learn, value_of
from recommend.rank.worth import of_users

ENOUGH = 1_000
"""From so many users on the weights hold still by themselves."""
_DRAWS = 10
_DEFAULTS = 100
"""The default weights count as much as so many users."""
_DEPTH = 10


def learn_steadily(
    given: Candidates, start: Mapping[str, float], *, seed: int = 0
) -> tuple[dict[str, float], float]:
    """What `learn` gives, steadied if few users teach."""
    users = len(given.users)
    if not 0 < users < ENOUGH:
        return learn(given, start)
    random = np.random.default_rng(seed)
    draws = [random.integers(users, size=users) for _ in range(_DRAWS)]
    drawn = [learn(of_users(given, draw), start)[0] for draw in draws]
    sure = users / (users + _DEFAULTS)
    learned = _mixed(given, [(one, 1 / _DRAWS) for one in drawn])
    found = _mixed(given, [(learned, sure), (start, 1 - sure)])
    top = max(found[name] for name in given.names)
    for name in given.names[len(given.names) - given.priors :]:
        found[name] = max(found[name], LEAST_PRIOR * top)
    weights = {name: value / top for name, value in found.items()} if top > 0 else found
    return weights, value_of(given, weights)


def joined(parts: Sequence[Candidates]) -> Candidates:
    """The candidates of users who are asked of different models. A channel that one of them does not have
    says nothing."""
    first, width = parts[0], max(one.valid.shape[1] for one in parts)
    features = []
    for one in parts:
        wide = np.zeros((*one.valid.shape, len(first.names)), dtype=np.float32)
        for place, name in enumerate(first.names):
            if name in one.names:
                wide[:, :, place] = one.features[:, :, one.names.index(name)]
        features.append(widened(wide, width))
    return replace(
        first,
        users=np.concatenate([one.users for one in parts]),
        features=np.concatenate(features),
        products=np.concatenate([widened(one.products, width) for one in parts]),
        relevant=np.concatenate([widened(one.relevant, width) for one in parts]),
        valid=np.concatenate([widened(one.valid, width) for one in parts]),
        wanted=np.concatenate([one.wanted for one in parts]),
        lost=sum(one.lost for one in parts),
    )


def widened(array: Any, width: int) -> Any:
    """An array with more columns, in which there is nothing."""
    return np.pad(array, [(0, 0), (0, width - array.shape[1]), *[(0, 0)] * (array.ndim - 2)])


def _mixed(given: Candidates, parts: Sequence[tuple[Mapping[str, float], float]]) -> dict[str, float]:
    """The weighted sum of weights, each first brought to one size: that of a typical tenth best score."""
    found = dict.fromkeys(given.names, 0.0)
    for weights, share in parts:
        size = _size(given, weights)
        for name in found:
            found[name] += share * weights.get(name, 0.0) / size
    return found


def _size(given: Candidates, weights: Mapping[str, float]) -> float:
    links = given.names[: len(given.names) - given.priors]
    array = np.array([weights.get(name, 0.0) for name in links], dtype=np.float32)
    scores = given.features[:, :, : len(links)] @ array
    scores[~given.valid] = 0
    depth = min(_DEPTH, scores.shape[1])
    tenth = np.sort(scores, axis=1)[:, -depth]
    positive = tenth[tenth > 0]
    return float(np.median(positive)) if len(positive) else 1.0
