"""Telling what users took from what they did not: KGCN's protocol (Wang et al., 2019).

As many products as a user took are drawn from those that the user did not take, evenly from the catalog.
Of all these pairs 60 % teach, 20 % choose and 20 % test. Beside AUC and F1 over all test pairs, the whole
catalog is ranked for every user, without the pairs that taught.

Even draws favour whoever knows what is popular. And since each user has as many pairs of either kind, how
many a user has among those that teach says in itself how many are left: the row `balance` is what that alone
gives.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kg.derive import derive
from kg.errors import DataError
from kg.graph import Graph
from recommend.behaviour import Behaviour
from recommend.boosted import TasteRanker
from recommend.boosted.calibration import Calibration, log_loss
from recommend.boosted.growing import Examples, grow
from recommend.evaluate.baselines import popularity, tuned_item_knn
from recommend.evaluate.pair_features import Reader, out_of_fold
from recommend.evaluate.pair_metrics import auc, best_threshold, f1
from recommend.evaluate.pairs import Pairs, Sides, drawn, of_listed, without
from recommend.evaluate.report import Report, Row
from recommend.evaluate.trial import without_search
from recommend.evaluate.variants import additive as sum_of
from recommend.measure.units import Units
from recommend.rank.additive import Additive
from recommend.rank.top import top
from recommend.recommender import Recommender
from recommend.settings import Settings
from recommend.stages import Progress
from recommend.training.trees import Trees

Values: TypeAlias = npt.NDArray[np.float32]
Mask: TypeAlias = npt.NDArray[np.bool_]

SEEDS = (555, 556, 557)
CUTOFFS = (2, 10, 20, 50, 100)
_LEAST_USERS = 10
_SHOWN = 20


def evaluate_ctr(
    graph: Graph,
    *,
    seeds: Sequence[int] = SEEDS,
    cutoffs: Sequence[int] = CUTOFFS,
    settings: Settings | None = None,
    progress: Progress | None = None,
) -> Report:
    """AUC, F1, log loss and recall on a shop's interactions with its listed products: the mean over one split
    for each seed, with its deviation (_sd).

    Raises DataError if there are too few users.
    """
    settings = without_search(settings)
    graph = of_listed(derive(graph).added_to(graph))
    behaviour = Behaviour.of(graph)
    users = int((np.diff(behaviour.weight.indptr) > 0).sum())
    if users < _LEAST_USERS:
        raise DataError(
            f"{users} users did something with a listed product, {_LEAST_USERS} are needed; load more "
            "interactions"
        )
    start = time.perf_counter()
    found: dict[str, list[Mapping[str, float]]] = {}
    importance: dict[str, float] = {}
    for number, seed in enumerate(seeds):
        if progress is not None:
            progress("splits", number, len(seeds))
        sides = drawn(behaviour, graph.products.listed, seed=seed)
        for model, figures in _figures(graph, sides, settings, cutoffs, importance, seed, progress).items():
            found.setdefault(model, []).append(figures)
    best = sorted(importance.items(), key=lambda one: (-one[1], one[0]))[:_SHOWN]
    return Report(
        protocol={
            "kind": "ctr",
            "pairs": "what users took, and as many products each that they did not take, drawn evenly from "
            "the catalog; 60 % teach, 20 % choose, 20 % test",
            "positives": int(behaviour.weight.nnz),
            "users": users,
            "candidates": int(graph.products.listed.sum()),
            "seeds": list(seeds),
            "chosen_on": "the second part alone: when to stop, the threshold of F1, the calibration",
            "auc_f1": "over all test pairs at once",
            "recall": "in the whole catalog, of users with something to find; what taught is left out",
            "features": {name: round(share / len(seeds), 4) for name, share in best},
            "settings": asdict(settings),
        },
        rows=tuple(_row(name, figures) for name, figures in found.items()),
        speed={"seconds": round(time.perf_counter() - start, 1)},
    )


def _figures(
    graph: Graph,
    sides: Sides,
    settings: Settings,
    cutoffs: Sequence[int],
    importance: dict[str, float],
    seed: int,
    progress: Progress | None,
) -> dict[str, dict[str, float]]:
    """AUC … by model for one split; what the trees looked at is added to `importance`."""
    n = graph.product_count
    hidden = np.concatenate([one.keys(n)[one.taken] for one in (sides.check, sides.test)])
    known = without(graph, hidden)
    whole = Reader.of(known, settings, seed=seed)
    check, test = whole.features_of(sides.check), whole.features_of(sides.test)
    train = out_of_fold(known, sides.train, settings, seed=seed, like=whole.features, progress=progress)
    signs = whole.features.signs
    trees = grow(
        Examples(table=train, taken=sides.train.taken),
        Examples(table=check, taken=sides.check.taken),
        signs,
        seed=seed,
    )
    if trees is None:
        raise DataError("no trees can be grown on so few pairs; load more interactions")
    for name, share in _gains(trees, list(signs)).items():
        importance[name] = importance.get(name, 0.0) + share
    model = Recommender.fit(known, settings=settings, seed=seed, progress=progress)
    fitted = model.fitted
    exact = sum_of(model, model.weights["history"])
    units = Units.of_hidden(fitted.behaviour, _matrix(sides.check, graph))
    listed = graph.products.listed
    knn = tuned_item_knn(fitted.behaviour, units, listed=listed, k=max(cutoffs[:2]))
    found: dict[str, dict[str, float]] = {}
    simple = {"popularity": popularity(fitted.behaviour).model, "item_knn": knn.model, "exact": exact}
    for name, one in simple.items():
        if isinstance(one, Additive):
            said = [_scores(one, fitted.behaviour, pairs) for pairs in (sides.check, sides.test)]
            recall = _recall(one, None, fitted.behaviour, listed, sides, cutoffs)
            found[name] = {**_judged(said[0], said[1], sides), **recall}
    for feature in ("patterns 96", "history"):
        if feature in signs:
            at, name = list(signs).index(feature), "balance" if feature == "history" else "patterns"
            sign = -1.0 if feature == "history" else 1.0
            found[name] = _judged(sign * check[:, at], sign * test[:, at], sides)
    found["best"] = _judged(trees.said(check), trees.said(test), sides)
    found["best"] |= _recall(exact, fitted.taste_ranker, fitted.behaviour, listed, sides, cutoffs)
    return found


def _judged(
    check: npt.NDArray[np.floating], test: npt.NDArray[np.floating], sides: Sides
) -> dict[str, float]:
    calibration = Calibration.fit(check.astype(np.float64), sides.check.taken)
    return {
        "auc": auc(test, sides.test.taken),
        "f1": f1(test, sides.test.taken, best_threshold(check, sides.check.taken)),
        "log_loss": log_loss(calibration.of(test.astype(np.float64)), sides.test.taken),
    }


def _scores(additive: Additive, behaviour: Behaviour, pairs: Pairs) -> Values:
    """float32 [m]: the additive scores of pairs."""
    found = np.zeros(len(pairs), dtype=np.float32)
    for user, rows in pairs.by_user():
        found[rows] = additive.scores(behaviour.history(user))[pairs.products[rows]]
    return found


def _recall(
    additive: Additive,
    ranker: TasteRanker | None,
    behaviour: Behaviour,
    listed: Mask,
    sides: Sides,
    cutoffs: Sequence[int],
) -> dict[str, float]:
    """Recall at some cutoffs; where there is a ranker, of its lists."""
    targets = sides.test.of(sides.test.taken)
    known = {user: sides.train.products[rows] for user, rows in sides.train.by_user()}
    totals = np.zeros(len(cutoffs))
    count = 0
    for user, rows in targets.by_user():
        history = behaviour.history(user)
        scores = np.where(listed, additive.scores(history), -np.inf).astype(np.float32)
        scores[known.get(user, np.empty(0, dtype=np.int64))] = -np.inf
        scores[scores <= 0] = -np.inf
        products = top(scores, max(cutoffs))
        if ranker is not None:
            products = ranker.ranked(history, products, scores[products]).products
        hits = np.isin(products, targets.products[rows])
        totals += [hits[:k].sum() / len(rows) for k in cutoffs]
        count += 1
    return {f"recall@{k}": float(total) / max(count, 1) for k, total in zip(cutoffs, totals, strict=True)}


def _matrix(pairs: Pairs, graph: Graph) -> sp.csr_array:
    """bool CSR [users, products] of the pairs that were taken."""
    taken = pairs.of(pairs.taken)
    shape = (len(graph.nodes["user"]), graph.product_count)
    cells = (np.ones(len(taken), dtype=np.bool_), (taken.users, taken.products))
    return sp.csr_array(cells, shape=shape)


def _gains(trees: Trees, names: Sequence[str]) -> dict[str, float]:
    """Each feature's share of what all splits gained."""
    total = np.sum([booster.feature_importance("gain") for booster in trees.boosters], axis=0)
    return dict(zip(names, (total / max(float(total.sum()), 1e-9)).tolist(), strict=True))


def _row(model: str, splits: Sequence[Mapping[str, float]]) -> Row:
    means: dict[str, float] = {}
    for name in splits[0]:
        values = np.array([one[name] for one in splits])
        means[name] = float(values.mean())
        if len(splits) > 1:
            means[f"{name}_sd"] = float(values.std(ddof=1))
    return Row(model=model, means=means, low={}, high={})
