"""How much each channel is worth: weights >= 0 learned on interactions that were hidden from the channels.

Two steps: a listwise softmax over each user's candidates (convex, so its start does not matter), then
coordinate ascent on the metric itself, NDCG@10 (Metzler & Croft, "Linear feature-based models", 2007).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recommend.behaviour import Behaviour
from recommend.channels.base import Links, Memory, Prior
from recommend.rank.additive import remembered
from recommend.sparse import keep_best, weighted_sum

CANDIDATES = 300
_DEPTH = 10
_STEPS = (0.0, 0.5, 0.7, 0.85, 1.2, 1.5, 2.0)
_FRESH = (0.01, 0.05, 0.15, 0.4)
_ROUNDS = 4
_LEAST_GAIN = 1e-4
_LEAST_PRIOR = 1e-3
PRIOR_SHARE = 0.1
"""Priors may add at most this share of a typical best score: "everybody buys it" is no personal reason."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Candidates:
    """Each user's candidates, padded: features float32 [u, m, c], relevant bool [u, m], valid bool [u, m],
    wanted int64 [u] (how many products were hidden, found among the candidates or not).

    The last `priors` features are priors: what a product is worth whoever asks.
    """

    names: tuple[str, ...]
    priors: int
    features: npt.NDArray[np.float32]
    relevant: npt.NDArray[np.bool_]
    valid: npt.NDArray[np.bool_]
    wanted: npt.NDArray[np.int64]


def candidates(
    links: Sequence[Links],
    priors: Sequence[Prior],
    behaviour: Behaviour,
    hidden: sp.csr_array,
    users: npt.NDArray[np.int64],
    *,
    listed: npt.NDArray[np.bool_],
    most: int = CANDIDATES,
) -> Candidates:
    """Take the `most` best products of each user by the default weights, and what every channel says of
    them."""
    n = behaviour.weight.shape[1]
    histories = {
        memory: _history_matrix(behaviour, users, memory) for memory in {one.memory for one in links}
    }
    scored = [(histories[one.memory] @ (one.matrix * np.float32(one.scale))).tocsr() for one in links]
    weights = [max(one.defaults.get("history", 0.0), 0.02) for one in links]
    blend = weighted_sum(zip(scored, weights, strict=True), len(users), n)
    rows = np.repeat(np.arange(len(users)), np.diff(blend.indptr))
    seen = behaviour.weight[users]
    known = np.sort(np.repeat(np.arange(len(users)), np.diff(seen.indptr)) * n + seen.indices)
    keys = rows * n + blend.indices
    blend.data[np.isin(keys, known) | ~listed[blend.indices]] = 0
    blend = keep_best(blend, most)
    rows = np.repeat(np.arange(len(users)), np.diff(blend.indptr))
    slots = np.arange(blend.nnz) - blend.indptr[rows]
    keys = rows * n + blend.indices
    width = int(np.diff(blend.indptr).max(initial=1))
    names = tuple(one.name for one in links) + tuple(one.name for one in priors)
    features = np.zeros((len(users), width, len(names)), dtype=np.float32)
    for c, part in enumerate(scored):
        part.sort_indices()
        part_keys = np.repeat(np.arange(len(users)), np.diff(part.indptr)) * n + part.indices
        features[rows, slots, c] = _look_up(part_keys, part.data, keys)
    for c, given in enumerate(priors, start=len(links)):
        features[rows, slots, c] = given.values[blend.indices]
    valid = np.zeros((len(users), width), dtype=np.bool_)
    valid[rows, slots] = True
    truth = hidden[users]
    truth_keys = np.sort(np.repeat(np.arange(len(users)), np.diff(truth.indptr)) * n + truth.indices)
    relevant = np.zeros_like(valid)
    relevant[rows, slots] = np.isin(keys, truth_keys)
    return Candidates(
        names=names,
        priors=len(priors),
        features=features,
        relevant=relevant,
        valid=valid,
        wanted=np.diff(truth.indptr).astype(np.int64),
    )


def learn(given: Candidates, start: Mapping[str, float]) -> tuple[dict[str, float], float]:
    """(weight by name, NDCG@10 on these users). `start` are weights to begin from, beside the softmax's."""
    first = np.array([start.get(name, 0.0) for name in given.names], dtype=np.float64)
    starts = [_modest(given, weights) for weights in (first, _softmax(given))]
    values = [_ndcg(given, _scores(given, weights)) for weights in starts]
    better = int(np.argmax(values))
    best, best_value = _ascend(given, starts[better], values[better])
    top = best.max(initial=0.0)
    if top > 0:  # scores keep one size from build to build; the order of products does not change
        best = best / top
    if given.priors:  # all that is known for a user without a history; too small to weigh in otherwise
        best[-given.priors :] = np.maximum(best[-given.priors :], _LEAST_PRIOR)
        best_value = _ndcg(given, _scores(given, best))
    return {name: float(w) for name, w in zip(given.names, best, strict=True)}, best_value


def _scores(given: Candidates, weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    scores: npt.NDArray[np.float32] = given.features @ weights.astype(np.float32)
    scores[~given.valid] = -np.inf
    return scores


def _ndcg(given: Candidates, scores: npt.NDArray[np.float32]) -> float:
    depth = min(_DEPTH, scores.shape[1])
    best = np.argpartition(-scores, depth - 1, axis=1)[:, :depth]
    order = np.argsort(-np.take_along_axis(scores, best, axis=1), axis=1, kind="stable")
    best = np.take_along_axis(best, order, axis=1)
    discount = 1.0 / np.log2(np.arange(2, _DEPTH + 2))
    gain = (np.take_along_axis(given.relevant, best, axis=1) * discount[:depth]).sum(axis=1)
    ideal = np.cumsum(discount)[np.minimum(given.wanted, _DEPTH) - 1]
    return float((gain / ideal).mean())


def _softmax(given: Candidates) -> npt.NDArray[np.float64]:
    """Weights >= 0 that make the hidden products likely among the candidates."""
    useful = given.relevant.any(axis=1)
    if not useful.any():
        return np.zeros(len(given.names))
    features, valid = given.features[useful], given.valid[useful]
    target = given.relevant[useful] / given.relevant[useful].sum(axis=1, keepdims=True)
    wanted = np.einsum("um,umc->c", target, features, optimize=True)

    def loss(weights: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        scores = features @ weights.astype(np.float32)
        scores[~valid] = -np.inf
        peak = scores.max(axis=1, keepdims=True)
        exp = np.exp(scores - peak)
        total = exp.sum(axis=1, keepdims=True)
        likelihood = (peak + np.log(total)).sum() - wanted @ weights
        expected = np.einsum("um,umc->c", exp / total, features, optimize=True)
        return float(likelihood) / len(features), (expected - wanted).astype(np.float64) / len(features)

    from scipy.optimize import minimize  # only a fit needs it, and it takes a while to import

    found = minimize(
        loss,
        np.full(len(given.names), 0.5),
        jac=True,
        method="L-BFGS-B",
        bounds=[(0.0, None)] * len(given.names),
        options={"maxiter": 60},
    )
    return np.asarray(found.x, dtype=np.float64)


def _ascend(
    given: Candidates, weights: npt.NDArray[np.float64], value: float
) -> tuple[npt.NDArray[np.float64], float]:
    weights = weights.copy()
    for _ in range(_ROUNDS):
        before = value
        scores = _scores(given, weights)
        for c in np.argsort(-weights).tolist():
            rest = scores - np.float32(weights[c]) * given.features[:, :, c]
            size = weights.max(initial=0.0) or 1.0
            options = [weights[c] * s for s in _STEPS] if weights[c] > 0 else [size * f for f in _FRESH]
            if c >= len(weights) - given.priors:
                options = [option for option in options if option <= _most_prior(rest)]
            for option in options:
                found = _ndcg(given, rest + np.float32(option) * given.features[:, :, c])
                # dropping a channel that adds nothing is a gain in itself: fewer reasons, faster answers
                if found > value + (0.0 if option == 0.0 else _LEAST_GAIN * value):
                    value, weights[c] = found, option
            scores = rest + np.float32(weights[c]) * given.features[:, :, c]
        if value <= before * (1 + 1e-3):
            break
    weights = _modest(given, weights)
    return weights, _ndcg(given, _scores(given, weights))


def _most_prior(scores: npt.NDArray[np.float32]) -> float:
    """The largest weight of a prior (its values reach 1) beside these scores of all else."""
    return PRIOR_SHARE * float(np.median(scores.max(axis=1)))


def _modest(given: Candidates, weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The weights with their priors cut to the size that they may have."""
    if given.priors:
        weights = weights.copy()
        rest = weights.copy()
        rest[-given.priors :] = 0
        weights[-given.priors :] = np.minimum(weights[-given.priors :], _most_prior(_scores(given, rest)))
    return weights


def _history_matrix(behaviour: Behaviour, users: npt.NDArray[np.int64], memory: Memory) -> sp.csr_array:
    part = behaviour.weight[users].copy()
    if memory != "all":
        for row, user in enumerate(users.tolist()):
            history = behaviour.history(user)
            cells = slice(part.indptr[row], part.indptr[row + 1])
            order = np.argsort(history.products)
            part.data[cells] = remembered(history, memory)[order]
    return part


def _look_up(
    keys: npt.NDArray[np.int64], values: npt.NDArray[np.float32], wanted: npt.NDArray[np.int64]
) -> npt.NDArray[np.float32]:
    """The value of each wanted key (0 where it has none); `keys` is sorted."""
    if len(keys) == 0:
        return np.zeros(len(wanted), dtype=np.float32)
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[at] == wanted, values[at], np.float32(0))
