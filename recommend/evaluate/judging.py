"""A fitted model and the simple methods on the same units: tables, intervals and what to be wary of."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt

from kg.split import HoldOut
from recommend.behaviour import Behaviour
from recommend.boosted import rank_best
from recommend.channels.traces import BehaviourTrace
from recommend.evaluate import paths
from recommend.evaluate.baselines import Baseline, popularity, tuned_item_knn, tuned_transitions
from recommend.evaluate.ease import tuned_ease, why_not_ease
from recommend.evaluate.knn_kg import similarities, tuned_knn_kg
from recommend.evaluate.leaks import (
    Caution,
    overlap_caution,
    relation_cautions,
    time_cautions,
    twin_caution,
)
from recommend.evaluate.ranking import MEMORY, rank
from recommend.evaluate.report import Comparison, Report, profile_of
from recommend.evaluate.trial import Lists, Trial
from recommend.evaluate.variants import additive
from recommend.measure.bands import Bands
from recommend.measure.units import Units
from recommend.recommender import Recommender
from recommend.stages import Progress

TUNING_SHARE = 0.25
TUNING_USERS = 3_000
PATH_USERS = 500
SPEED_USERS = 500
MODEL, BEST = "exact", "best"
_SUM = "the additive sum of all channels, weights learned inside the training part"
_TREES = "trees on top of exact, for its best products"


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
    memory: int = MEMORY,
    tested_at: npt.NDArray[np.float64] | None = None,
    cautions: Iterable[Caution] = (),
) -> Report:
    """Rank for every unit with the model and the baselines, and compare.

    `validation` tunes the baselines: a part hidden from the data the model was fitted on. `tested_at` float64
    [pairs of units.relevant] says when each wanted pair happened (NaN: unknown). `cautions` are those that
    the protocol has of itself.
    """
    trial = Trial(
        units=units,
        listed=model.graph.products.listed,
        cutoffs=cutoffs,
        seed=seed,
        memory=memory,
        progress=progress,
    )
    k, seen = trial.k, model.fitted.behaviour
    tuning = tuning_units(validation, seed)
    about: dict[str, str] = {MODEL: _SUM}
    lists = {MODEL: trial.lists(MODEL, additive(model, model.weights["history"]))}
    trees = best_lists(model, units, k=k, progress=progress)
    if trees is not None:
        lists[BEST], about[BEST] = trees, _TREES
    left_out = why_not_ease(model.graph.product_count, memory)
    for one in baselines(model, tuning, k=k, ease=not left_out, progress=progress):
        lists[one.name], about[one.name] = trial.lists(one.name, one.model), one.about
    rows = [trial.row(name, found, about=about[name]) for name, found in lists.items()]
    headline = f"ndcg@{k}"
    comparisons = [Comparison.of(rows[0], row, headline, seed=seed) for row in rows[1:]]
    if trees is not None:
        best = next(row for row in rows if row.model == BEST)
        comparisons += [
            Comparison.of(best, row, headline, seed=seed) for row in rows if row.model not in (MODEL, BEST)
        ]
    removed: list[Comparison] = []
    if ablation:
        for name, weights in _without_each(model).items():
            row = trial.row(f"without {name}", trial.lists(name, additive(model, weights)))
            removed.append(Comparison.of(row, rows[0], headline, seed=seed))
    explained: dict[str, Any] = {}
    speed: dict[str, Any] = {}
    if units.behaviour is seen:  # else the users' histories are not those that the model would answer with
        explained = paths.measured(model, units, lists[MODEL], users=PATH_USERS, seed=seed, progress=progress)
        speed = _speed(model, units, k=k, seed=seed, progress=progress)
    told = [
        *cautions,
        *overlap_caution(units),
        *relation_cautions(model.fitted.stated, units, seed=seed),
        *(time_cautions(seen, units, tested_at) if tested_at is not None else ()),
        *twin_caution(units.behaviour, units),
    ]
    return Report(
        protocol={
            **protocol,
            **trial.protocol(),
            "masked": "products that the user is known to have bought or rated",
            "ideal": "min(k, number of relevant products)",
            "baselines": f"tuned by ndcg@{k} of {len(tuning)} users on interactions hidden inside the "
            "training part, then fitted on all of it",
            **({"ease": left_out} if left_out else {}),
            **({"best": model.card[BEST]} if BEST in model.card else {}),
            "memory": f"{memory / 1e9:g} GB for rankings and dense baselines; no figure depends on it",
            "ablation": "a channel's weight set to 0, the other weights kept"
            if ablation
            else "not asked for",
            "profile": profile_of(model.settings),
            "settings": asdict(model.settings),
        },
        rows=tuple(rows),
        comparisons=tuple(comparisons),
        ablation=tuple(removed),
        bands=Bands.of(lists, units, seen, k),
        cautions=tuple(told),
        paths=explained,
        speed=speed,
        weights={name: w for name, w in model.weights["history"].items() if w > 0},
    )


def baselines(
    model: Recommender, tuning: Units, *, k: int, ease: bool, progress: Progress | None
) -> list[Baseline]:
    """The simple methods, tuned on `tuning` and fitted on what the model was fitted on."""
    seen, listed = model.fitted.behaviour, model.graph.products.listed
    knn = tuned_item_knn(seen, tuning, listed=listed, k=k, progress=progress)
    found = [popularity(seen), knn]
    steps = tuned_transitions(seen, tuning, listed=listed, k=k, progress=progress)
    if steps is not None:
        found.append(steps)
    if ease:
        found.append(tuned_ease(seen, tuning, listed=listed, k=k, progress=progress))
    parts = similarities(model.fitted.stated)
    if parts:
        found.append(tuned_knn_kg(seen, tuning, knn, parts, listed=listed, k=k))
    return found


def best_lists(model: Recommender, units: Units, *, k: int, progress: Progress | None) -> Lists | None:
    """The lists of the ranking 'best'; None if the model has none."""
    return rank_best(model.fitted, units, k=k, progress=progress)


def tuning_units(validation: HoldOut, seed: int) -> Units:
    """The users on whose hidden interactions the baselines are tuned."""
    users = np.sort(np.random.default_rng(seed).permutation(validation.users)[:TUNING_USERS])
    return Units.of_hidden(Behaviour.of(validation.graph), validation.hidden, users)


def _without_each(model: Recommender) -> dict[str, dict[str, float]]:
    """The weights with one channel off, for each that is on; and with only behaviour and priors left."""
    weights = dict(model.weights["history"])
    found = {name: {**weights, name: 0.0} for name in sorted(weights) if weights[name] > 0}
    graph_channels = [one.name for one in model.fitted.links if not isinstance(one.trace, BehaviourTrace)]
    if graph_channels:
        found["the graph (all but behaviour and priors)"] = {**weights, **dict.fromkeys(graph_channels, 0.0)}
    return found


def _speed(
    model: Recommender, units: Units, *, k: int, seed: int, progress: Progress | None
) -> dict[str, Any]:
    """How fast `recommend` answers one user after the other, and whether it gives the lists ranked together
    (ties by product id, as it breaks them)."""
    known = np.flatnonzero(units.users >= 0)
    sample = np.random.default_rng(seed).permutation(known)[:SPEED_USERS]
    names, products = model.graph.nodes["user"], model.graph.nodes["product"]
    users = [names[int(number)] for number in units.users[sample]]
    lists = rank(
        additive(model, model.weights["history"]),
        units.some(sample),
        k=k,
        listed=model.graph.products.listed,
        ties="id",
    )
    if progress is not None:
        progress("speed", 0, 1)
    started, worked = time.perf_counter(), time.thread_time()
    answers = [model.recommend(user, k=k).ids for user in users]
    taken, work = time.perf_counter() - started, time.thread_time() - worked
    expected = [tuple(products[p] for p in row if p >= 0) for row in lists.tolist()]
    same = sum(answer == want for answer, want in zip(answers, expected, strict=True))
    return {
        "recommend_users_per_second": round(len(users) / taken, 1) if users else 0.0,
        "recommend_users_per_cpu_second": round(len(users) / max(work, 1e-9), 1) if users else 0.0,
        "measured": f"recommend(user, k={k}) for {len(users)} users, one by one on one thread",
        "same_as_ranked_together": round(same / len(users), 6) if users else 1.0,
    }
