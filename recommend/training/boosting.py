"""How the trees of the ranking `best` are grown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from recommend.training.features import Features, signs
from recommend.training.pools import Pools
from recommend.training.ranker import Ranker, best_of
from recommend.training.trees import Trees, feature_names, library

if TYPE_CHECKING:
    import lightgbm

_GAINS = (0, 1, 3, 7)


def train_ranker(
    train: Pools,
    check: Pools,
    weights: Mapping[str, float],
    features: Features,
    *,
    trees: int = 120,
    leaves: int = 15,
    least: int = 100,
    rate: float = 0.06,
    patience: int = 15,
    scale: float = 3.0,
    seed: int = 0,
) -> Ranker | None:
    """Trees that order the candidates of `train` by grade; those added last that do not help on `check` are
    cut off. None if nothing can be learned: no queries, or no tree that helps.

    `least` is the least number of products in a leaf. `scale` brings differences of additive scores to the
    size of the trees' own: the larger, the less the trees move.
    """
    if len(train) == 0 or len(check) == 0:
        return None
    lightgbm = library()
    named = signs(train.channels)
    options = {
        "objective": "lambdarank",
        "metric": "None",
        "label_gain": list(_GAINS),
        "lambdarank_truncation_level": 15,
        "num_leaves": leaves,
        "min_data_in_leaf": least,
        "learning_rate": rate,
        "feature_fraction": 0.8,
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "lambda_l2": 5.0,
        "max_bin": 63,
        "monotone_constraints": list(named.values()),
        "monotone_constraints_method": "intermediate",
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,
        "seed": seed,
        "verbosity": -1,
    }
    table, grades, start, groups = _table(train, weights, features, scale)
    if not groups:
        return None
    data = lightgbm.Dataset(
        table,
        label=grades,
        group=groups,
        init_score=start,
        feature_name=feature_names(list(named)),
        params={"verbosity": -1, "max_bin": 63, "num_threads": 1, "feature_pre_filter": False},
        free_raw_data=False,
    )
    booster = lightgbm.train(options, data, num_boost_round=trees)
    rounds = _rounds(booster, check, weights, features, scale, patience)
    if rounds == 0:
        return None
    model = str(booster.model_to_string(num_iteration=rounds))
    return Ranker(trees=Trees(models=(model,)), channels=train.channels, scale=scale, features=features)


def _table(
    pools: Pools, weights: Mapping[str, float], features: Features, scale: float
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int8], npt.NDArray[np.float64], list[int]]:
    """(features, grades, where the trees start, how many rows each query has), query after query."""
    exact = pools.exact(weights)
    rows, grades, start, groups = [], [], [], []
    for row in range(len(pools)):
        here = pools.valid[row]
        mine = pools.grades[row, here]
        if len(mine) == 0 or mine.min() == mine.max():
            continue  # nothing to order
        products = pools.products[row, here].astype(np.int64)
        rows.append(
            features.table(pools.given[row, here], pools.values[row, here], products, exact[row, here])
        )
        grades.append(mine)
        start.append(exact[row, here].astype(np.float64) * scale)
        groups.append(len(mine))
    if not groups:
        return np.empty((0, 0), np.float32), np.empty(0, np.int8), np.empty(0), []
    return np.concatenate(rows), np.concatenate(grades), np.concatenate(start), groups


def _rounds(
    booster: lightgbm.Booster,
    check: Pools,
    weights: Mapping[str, float],
    features: Features,
    scale: float,
    patience: int,
) -> int:
    """How many trees are best on other queries; 0 if none helps."""
    exact = check.exact(weights)
    table, rows, columns = best_of(check, exact, features)
    scores = np.full_like(exact, -np.inf)
    scores[rows, columns] = exact[rows, columns]
    best, best_value = 0, check.value(scores)
    more = np.zeros(len(table))
    for done in range(1, booster.num_trees() + 1):
        more += np.asarray(booster.predict(table, raw_score=True, start_iteration=done - 1, num_iteration=1))
        scores[rows, columns] = exact[rows, columns] + (more / scale).astype(np.float32)
        value = check.value(scores)
        if value > best_value:
            best, best_value = done, value
        elif done - best >= patience:
            break
    return best
