"""How much each channel is worth: weights >= 0 learned on interactions that were hidden from the channels.

Two steps: a listwise softmax over each user's candidates (convex, so its start does not matter), then ascent
on a smooth NDCG@10 (`recommend.rank.smooth`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from recommend.rank.candidates import Candidates
from recommend.rank.smooth import SmoothRanking

_DEPTH = 10
LEAST_PRIOR = 1e-3
_ENOUGH = 100
"""From so many hidden products on, a channel that makes no difference to them is taken to make none."""
_EVEN_ROOM, _EVEN_STEPS = 20.0, 30
"""An even start is no guess, so weights may go far from it; steps after these change next to nothing."""
PRIOR_SHARE = 0.05
"""Priors may add at most this share of a typical best score: "everybody buys it" is no personal reason."""

Floats = npt.NDArray[np.float64]


def learn(given: Candidates, start: Mapping[str, float]) -> tuple[dict[str, float], float]:
    """(weight by name, NDCG@10 on these users). `start` are weights to begin from, beside the softmax's."""
    weights = _finished(given, _fitted(given, _as_array(given, start)))
    found = dict(zip(given.names, weights.tolist(), strict=True))
    return found, value_of(given, found)


def learn_further(given: Candidates, start: Mapping[str, float]) -> dict[str, float]:
    """Weight by name, from weights that were learned where a little more was known: by the ascent alone."""
    weights = _finished(given, _further(given, _as_array(given, start)))
    return dict(zip(given.names, weights.tolist(), strict=True))


def learn_evenly(given: Candidates) -> dict[str, float]:
    """Weight by name, where no weights are known to begin from.

    The search starts where every channel says as much as any other of what is wanted, and counts in what they
    say, so that the size of their values makes no difference. (Where channels say nearly the same it ends
    near its start: one that said most there would stand for all of them.)
    """
    if not given.relevant.any():
        return dict.fromkeys(given.names, 0.0)
    said = given.features[given.relevant].mean(axis=0, dtype=np.float64)
    even = np.where(said > 0, 1.0 / np.where(said > 0, said, 1.0), 0.0)
    alike = _smooth(given, even, sizes=even)
    weights = even * alike.best(np.ones(len(even)), room=_EVEN_ROOM, steps=_EVEN_STEPS)
    return dict(zip(given.names, _finished(given, weights).tolist(), strict=True))


def value_of(given: Candidates, weights: Mapping[str, float]) -> float:
    """NDCG@10: the mean over all users, those included of whom nothing can be found."""
    users = len(given.wanted) + given.lost
    return _gained(given, _as_array(given, weights)) / max(users, 1)


def _as_array(given: Candidates, weights: Mapping[str, float]) -> Floats:
    return np.array([weights.get(name, 0.0) for name in given.names], dtype=np.float64)


def _fitted(given: Candidates, start: Floats) -> Floats:
    if not len(given.wanted):
        return start
    starts = [_modest(given, weights) for weights in (start, _softmax(_sized(given, start)))]
    return max((_further(given, one) for one in starts), key=lambda weights: _gained(given, weights))


def _further(given: Candidates, weights: Floats) -> Floats:
    """What the ascent makes of weights, if that is better."""
    weights = _modest(given, weights)
    found = _modest(given, _smooth(given, weights).best(weights))
    return max((found, weights), key=lambda one: _gained(given, one))


def _finished(given: Candidates, weights: Floats) -> Floats:
    """The weights without the channels that add nothing, the largest 1."""
    value, links = _gained(given, weights), len(weights) - given.priors
    enough = int(given.relevant.sum()) >= _ENOUGH
    for c in np.argsort(weights[:links], kind="stable").tolist():
        without = weights.copy()
        without[c] = 0.0
        if weights[c] > 0 and without[:links].any():
            # dropping a channel that adds nothing is a gain in itself: fewer reasons, faster answers
            found = _gained(given, without)
            if found > value or (enough and found == value):
                weights, value = without, found
    top = weights.max(initial=0.0)
    if top > 0:  # scores keep one size from build to build; the order of products does not change
        weights = weights / top
    if given.priors:  # all that is known for a user without a history; too small to weigh in otherwise
        weights = weights.copy()
        weights[-given.priors :] = np.maximum(weights[-given.priors :], LEAST_PRIOR)
    return weights


def _scores(given: Candidates, weights: Floats) -> npt.NDArray[np.float32]:
    scores: npt.NDArray[np.float32] = given.features @ weights.astype(np.float32)
    scores[~given.valid] = -np.inf
    return scores


def _gained(given: Candidates, weights: Floats) -> float:
    """NDCG@10 added up over the users."""
    return float(_found(given, _scores(given, weights)).sum())


def found_by_user(given: Candidates, scores: npt.NDArray[np.float32]) -> Floats:
    """float64 [u]: NDCG@10 of each user, if the candidates have these scores float32 [u, m]."""
    return _found(given, np.where(given.valid, scores, np.float32(-np.inf)))


def _found(given: Candidates, scores: npt.NDArray[np.float32]) -> Floats:
    """The same; what is no candidate has -inf. Among equals the first come first.

    (Few products are relevant: to count what stands before each takes less than to sort.)
    """
    rows, slots = np.nonzero(given.relevant)
    beside = scores[rows]
    own = beside[np.arange(len(rows)), slots][:, None]
    places = (beside > own).sum(axis=1, dtype=np.int16)
    tied = np.flatnonzero((beside == own).sum(axis=1, dtype=np.int16) > 1)
    before = np.arange(scores.shape[1]) < slots[tied][:, None]
    places[tied] += ((beside[tied] == own[tied]) & before).sum(axis=1, dtype=np.int16)
    worth = np.append(_discount(), 0.0)[np.minimum(places, _DEPTH)]
    worth[~np.isfinite(own[:, 0])] = 0.0
    gain = np.bincount(rows, weights=worth, minlength=len(scores))
    found: Floats = gain / _ideal(given)
    return found


def _discount() -> Floats:
    return np.asarray(1.0 / np.log2(np.arange(2, _DEPTH + 2)), dtype=np.float64)


def _ideal(given: Candidates) -> Floats:
    """float64 [u]: the gain of a perfect list."""
    return np.asarray(np.cumsum(_discount())[np.minimum(given.wanted, _DEPTH) - 1], dtype=np.float64)


def _sized(given: Candidates, weights: Floats) -> Candidates:
    """The features of each user divided by the tenth best score under these weights: who has met much has
    large scores, and must not count for more."""
    return replace(given, features=given.features / _tenth(given, weights)[:, None, None])


def _tenth(given: Candidates, weights: Floats) -> npt.NDArray[np.float32]:
    """float32 [u]: the tenth best score of each user, or what there is."""
    scores = _scores(given, weights)
    depth = min(_DEPTH, scores.shape[1])
    size = -np.partition(-scores, depth - 1, axis=1)[:, depth - 1]
    size = np.where(np.isfinite(size) & (size > 0), size, scores.max(axis=1))
    return np.where(size > 0, size, 1.0).astype(np.float32)


def _smooth(given: Candidates, weights: Floats, *, sizes: Floats | None = None) -> SmoothRanking:
    """The candidates, one user after the other, in the size that they have under these weights; each channel
    times its own of the `sizes`, if there are any."""
    counts = given.valid.sum(axis=1)
    features = given.features[given.valid]  # changed in place: it may be the largest array of a build
    features /= np.repeat(_tenth(given, weights), counts)[:, None]
    if sizes is not None:
        features *= sizes.astype(np.float32)
    return SmoothRanking(features, np.cumsum(counts) - counts, given.relevant[given.valid], _ideal(given))


def _softmax(given: Candidates) -> Floats:
    """Weights >= 0 that make the hidden products likely among the candidates."""
    features, valid = given.features, given.valid
    target = given.relevant / np.maximum(given.relevant.sum(axis=1, keepdims=True), 1)
    wanted = np.einsum("um,umc->c", target, features, optimize=True)

    def loss(weights: Floats) -> tuple[float, Floats]:
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


def _modest(given: Candidates, weights: Floats) -> Floats:
    """The weights with their priors cut to the size that they may have."""
    if given.priors:
        weights = weights.copy()
        rest = weights.copy()
        rest[-given.priors :] = 0
        # the largest weight of a prior (its values reach 1) beside the scores of all else
        most = PRIOR_SHARE * float(np.median(_scores(given, rest).max(axis=1)))
        weights[-given.priors :] = np.minimum(weights[-given.priors :], most)
    return weights
