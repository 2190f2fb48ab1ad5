"""Trees that tell what was taken from what was not (Friedman, "Greedy function approximation", 2001)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from recommend.training.trees import Trees, feature_names, library

Values: TypeAlias = npt.NDArray[np.float32]
Mask: TypeAlias = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class Examples:
    """Features float32 [m, f] of pairs of a history and a product, and whether the product was `taken`, bool
    [m]."""

    table: Values
    taken: Mask

    def __len__(self) -> int:
        return len(self.taken)

    @property
    def teaches(self) -> bool:
        """True if there are examples of both kinds."""
        return bool(self.taken.any()) and not bool(self.taken.all())


def grow(
    train: Examples,
    check: Examples,
    signs: Mapping[str, int],
    *,
    trees: int = 600,
    leaves: int = 15,
    least: int = 60,
    rate: float = 0.05,
    patience: int = 30,
    seeds: int = 3,
    seed: int = 0,
    threads: int = 1,
) -> Trees | None:
    """One model for each of `seeds`, grown until the log loss on `check` no longer falls. None if there is
    nothing to learn from. `signs` names the features and says in which direction each may move a score."""
    if not (train.teaches and check.teaches):
        return None
    lightgbm = library()
    named = feature_names(list(signs))
    options = {
        "objective": "binary",
        "metric": "binary_logloss",
        "num_leaves": leaves,
        "min_data_in_leaf": least,
        "learning_rate": rate,
        "feature_fraction": 0.5,
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "lambda_l2": 5.0,
        "max_bin": 63,
        "feature_pre_filter": False,
        "monotone_constraints": list(signs.values()),
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": threads,
        "verbosity": -1,
    }
    data = lightgbm.Dataset(train.table, label=train.taken, feature_name=named, params=options)
    held = lightgbm.Dataset(check.table, label=check.taken, reference=data, params=options)
    models = []
    for number in range(seeds):
        stop = lightgbm.early_stopping(patience, verbose=False)
        grown = lightgbm.train(
            {**options, "seed": seed + number}, data, trees, valid_sets=[held], callbacks=[stop]
        )
        models.append(str(grown.model_to_string(num_iteration=grown.best_iteration)))
    return Trees(models=tuple(models))
