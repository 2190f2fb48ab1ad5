"""Recommendations tested on interactions that were hidden, or on those of a file."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kg.errors import DataError, SettingsError
from kg.graph import Graph
from kg.records import Interaction
from kg.split import HoldOut, hold_out
from recommend.behaviour import Behaviour
from recommend.channels.traces import BehaviourTrace
from recommend.evaluate import paths
from recommend.evaluate.baselines import Baseline, popularity, tuned_item_knn, tuned_transitions
from recommend.evaluate.report import Comparison, Report, Row, profile_of
from recommend.evaluate.units import Units, rank
from recommend.rank.additive import Additive
from recommend.recommender import Recommender
from recommend.settings import Settings
from recommend.stages import Progress

TUNING_SHARE = 0.25
TUNING_USERS = 3_000
PATH_USERS = 500
SPEED_USERS = 500
MODEL = "exact"


def evaluate_holdout(
    graph: Graph,
    *,
    share: float = 0.25,
    seed: int = 0,
    settings: Settings | None = None,
    k: int = 10,
    ablation: bool = False,
    cache: Path | None = None,
    progress: Progress | None = None,
) -> Report:
    """Hide `share` of each user's purchases, fit on the rest, and look for what was hidden.

    `cache` is for encodings of product texts and pictures, which know nothing of users. Raises
    SettingsError if no user has two products.
    """
    settings = replace(settings or Settings(), search_queries=0)  # no search is tested
    split = hold_out(graph, share=share, seed=seed)
    if len(split.users) == 0:
        raise SettingsError(
            "no user of this shop has two products, so there is nothing to hide; load interactions"
        )
    model = Recommender.fit(split.graph, settings=settings, seed=seed, cache=cache, progress=progress)
    behaviour = model.fitted.behaviour
    units = Units.of_hidden(behaviour, split.hidden)
    protocol = {
        "kind": "holdout",
        "share": share,
        "hidden": "a share of what each user bought or rated (of all they met, if nothing was), at least one "
        "and never all: the latest where times are known, random ones otherwise; each with all its traces",
        "hidden_pairs": int(split.hidden.nnz),
    }
    return judge(
        model,
        units,
        validation=hold_out(split.graph, share=TUNING_SHARE, seed=seed + 1),
        protocol=protocol,
        cutoffs=(k,),
        ablation=ablation,
        seed=seed,
        progress=progress,
    )


def evaluate_test(
    graph: Graph,
    interactions: Iterable[Interaction],
    *,
    seed: int = 0,
    settings: Settings | None = None,
    k: int = 10,
    ablation: bool = False,
    cache: Path | None = None,
    progress: Progress | None = None,
) -> Report:
    """Fit on all of the graph, and look for interactions that are not in it.

    What a user has already is no target, since it is not recommended again. Users and products that the graph
    does not know count: they are hard or impossible to get right. Raises DataError if nothing is left to
    test.
    """
    settings = replace(settings or Settings(), search_queries=0)  # no search is tested
    pairs = _test_pairs(interactions)
    model = Recommender.fit(graph, settings=settings, seed=seed, cache=cache, progress=progress)
    units, known = _test_units(model, pairs)
    if len(units) == 0:
        raise DataError("the test file has no interaction that the shop does not have; give one of its own")
    protocol = {
        "kind": "test",
        "test_pairs": int(units.wanted.sum()),
        "pairs_already_in_the_shop": known,
        "unknown_users": int((units.users < 0).sum()),
        "pairs_with_unknown_products": int(units.wanted.sum() - units.relevant.nnz),
    }
    return judge(
        model,
        units,
        validation=hold_out(graph, share=TUNING_SHARE, seed=seed + 1),
        protocol=protocol,
        cutoffs=(k,),
        ablation=ablation,
        seed=seed,
        progress=progress,
    )


def judge(
    model: Recommender,
    units: Units,
    *,
    validation: HoldOut,
    protocol: Mapping[str, Any],
    cutoffs: Sequence[int],
    ablation: bool,
    seed: int,
    progress: Progress | None,
) -> Report:
    """Rank for every unit with the model and the baselines, and compare. `validation` tunes the baselines:
    a part hidden from the data the model was fitted on."""
    k, listed = max(cutoffs), model.graph.products.listed
    seen = model.fitted.behaviour
    tuning = _tuning_units(validation, seed)
    own = _additive(model, model.weights["history"])
    lists = rank(own, units, k=k, listed=listed, progress=progress, stage="rank exact")
    about = "the additive sum of all channels, weights learned inside the training part"
    rows = [_row(MODEL, lists, units, cutoffs, listed, seed, about)]
    baselines: list[Baseline] = [popularity(seen)]
    baselines.append(tuned_item_knn(seen, tuning, listed=listed, k=k, progress=progress))
    steps = tuned_transitions(seen, tuning, listed=listed, k=k, progress=progress)
    if steps is not None:
        baselines.append(steps)
    for one in baselines:
        found = rank(one.model, units, k=k, listed=listed, progress=progress, stage=f"rank {one.name}")
        rows.append(_row(one.name, found, units, cutoffs, listed, seed, one.about))
    headline = f"ndcg@{k}"
    comparisons = tuple(Comparison.of(rows[0], row, headline, seed=seed) for row in rows[1:])
    removed: list[Comparison] = []
    if ablation:
        for name, weights in _without_each(model).items():
            found = rank(
                _additive(model, weights),
                units,
                k=k,
                listed=listed,
                progress=progress,
                stage=f"without {name}",
            )
            row = _row(f"without {name}", found, units, cutoffs, listed, seed, "")
            removed.append(Comparison.of(row, rows[0], headline, seed=seed))
    explained: dict[str, Any] = {}
    speed: dict[str, Any] = {}
    if units.behaviour is seen:  # else the users' histories are not those that the model would answer with
        explained = paths.measured(model, units, lists, users=PATH_USERS, seed=seed, progress=progress)
        speed = _speed(model, units, lists, k=k, seed=seed, progress=progress)
    return Report(
        protocol={
            **protocol,
            "seed": seed,
            "ranking": "exact: the whole catalog, ties by product id",
            "candidates": int(listed.sum()),
            "users": len(units),
            "masked": "products that the user is known to have bought or rated",
            "empty_places": "count as misses",
            "ideal": "min(k, number of relevant products)",
            "intervals": "95 %, percentile bootstrap over users, 1,000 samples, paired between models",
            "baselines": f"tuned by ndcg@{k} of {len(tuning)} users on interactions hidden inside the "
            "training part, then fitted on all of it",
            "ablation": "a channel's weight set to 0, the other weights kept"
            if ablation
            else "not asked for",
            "profile": profile_of(model.settings),
            "settings": asdict(model.settings),
        },
        rows=tuple(rows),
        comparisons=comparisons,
        ablation=tuple(removed),
        paths=explained,
        speed=speed,
        weights={name: w for name, w in model.weights["history"].items() if w > 0},
    )


def _row(
    name: str,
    lists: npt.NDArray[np.int64],
    units: Units,
    cutoffs: Sequence[int],
    listed: npt.NDArray[np.bool_],
    seed: int,
    about: str,
) -> Row:
    total = int(listed.sum())
    return Row.of_lists(name, lists, units, cutoffs=cutoffs, listed=total, seed=seed, about=about)


def _additive(model: Recommender, weights: Mapping[str, float]) -> Additive:
    fitted = model.fitted
    return Additive.of(fitted.links, fitted.priors, weights, products=model.graph.product_count)


def _without_each(model: Recommender) -> dict[str, dict[str, float]]:
    """The weights with one channel off, for each that is on; and with only behaviour and priors left."""
    weights = dict(model.weights["history"])
    found = {name: {**weights, name: 0.0} for name in sorted(weights) if weights[name] > 0}
    graph_channels = [one.name for one in model.fitted.links if not isinstance(one.trace, BehaviourTrace)]
    if graph_channels:
        found["the graph (all but behaviour and priors)"] = {**weights, **dict.fromkeys(graph_channels, 0.0)}
    return found


def _tuning_units(validation: HoldOut, seed: int) -> Units:
    users = np.sort(np.random.default_rng(seed).permutation(validation.users)[:TUNING_USERS])
    return Units.of_hidden(Behaviour.of(validation.graph), validation.hidden, users)


def _speed(
    model: Recommender,
    units: Units,
    lists: npt.NDArray[np.int64],
    *,
    k: int,
    seed: int,
    progress: Progress | None,
) -> dict[str, Any]:
    """How fast `recommend` answers one user after the other, and whether it gives the same lists."""
    known = np.flatnonzero(units.users >= 0)
    sample = np.random.default_rng(seed).permutation(known)[:SPEED_USERS]
    names, products = model.graph.nodes["user"], model.graph.nodes["product"]
    users = [names[int(number)] for number in units.users[sample]]
    if progress is not None:
        progress("speed", 0, 1)
    started, worked = time.perf_counter(), time.thread_time()
    answers = [model.recommend(user, k=k).ids for user in users]
    taken, work = time.perf_counter() - started, time.thread_time() - worked
    expected = [tuple(products[int(p)] for p in lists[unit] if p >= 0) for unit in sample.tolist()]
    same = sum(answer == want for answer, want in zip(answers, expected, strict=True))
    return {
        "recommend_users_per_second": round(len(users) / taken, 1) if users else 0.0,
        "recommend_users_per_cpu_second": round(len(users) / max(work, 1e-9), 1) if users else 0.0,
        "measured": f"recommend(user, k={k}) for {len(users)} users, one by one on one thread",
        "same_as_ranked_together": round(same / len(users), 6) if users else 1.0,
    }


def _test_pairs(interactions: Iterable[Interaction]) -> list[tuple[str, str]]:
    """Distinct (user, product), in order: of purchases and ratings, or of anything where there are none."""
    found: dict[tuple[str, str], bool] = {}
    for one in interactions:
        key = (one.user, one.product)
        found[key] = found.get(key, False) or one.kind in ("purchase", "rating")
    serious = [pair for pair, bought in found.items() if bought]
    return sorted(serious or found)


def _test_units(model: Recommender, pairs: Sequence[tuple[str, str]]) -> tuple[Units, int]:
    """The units of test pairs, and how many pairs were dropped because the user has the product already."""
    behaviour, graph = model.fitted.behaviour, model.graph
    users = graph.nodes["user"].numbers(user for user, _ in pairs)
    products = graph.nodes["product"].numbers(product for _, product in pairs)
    met, width = behaviour.weight, np.int64(graph.product_count)
    owned = (np.repeat(np.arange(met.shape[0]), np.diff(met.indptr)) * width + met.indices)[behaviour.owned]
    has = (users >= 0) & (products >= 0) & np.isin(users * width + products, owned)
    left = np.flatnonzero(~has)
    names = sorted({pairs[i][0] for i in left.tolist()})
    row_of = {name: row for row, name in enumerate(names)}
    rows = np.array([row_of[pairs[i][0]] for i in left.tolist()], dtype=np.int64)
    inside = products[left] >= 0
    relevant = sp.csr_array(
        (np.ones(int(inside.sum()), dtype=np.bool_), (rows[inside], products[left][inside])),
        shape=(len(names), graph.product_count),
    )
    units = Units(
        users=graph.nodes["user"].numbers(names),
        behaviour=behaviour,
        relevant=relevant,
        wanted=np.bincount(rows, minlength=len(names)).astype(np.int64),
    )
    return units, int(has.sum())
