"""Whether trees order recommendations better than the additive sum, and if so, which."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from kg.errors import ModelError
from recommend.boosted.again import TasteRanker, signs_of_lists
from recommend.boosted.calibration import Calibration, log_loss
from recommend.boosted.features import Features
from recommend.boosted.growing import Examples, grow
from recommend.boosted.lists import Fold, Lists, collect, joined
from recommend.stages import Progress

LEAST_LISTS = 200
"""With fewer lists in which something hidden is found, trees learn nothing."""
_CHECK, _HELD = 0.15, 0.25

Card: TypeAlias = dict[str, Any]


def teach(
    folds: Iterator[Fold],
    serving: Features,
    listed: npt.NDArray[np.bool_],
    *,
    lists: int,
    seed: int,
    progress: Progress | None = None,
) -> tuple[TasteRanker | None, Card]:
    """(the ranker if it surely helps users that it never saw, what to say of it).

    Takes folds until there are `lists` lists. `serving` are the features of the model that will answer, of
    the same channels and priors as those of the folds.
    """
    start = time.perf_counter()
    found = _collected(folds, listed, lists, progress)
    card: Card = {"lists": len(found), "chosen": False}
    sides = np.random.default_rng(seed).random(int(found.user.max(initial=-1)) + 1)[found.user]
    held = found.of(sides < _HELD)
    check = found.of((sides >= _HELD) & (sides < _HELD + _CHECK))
    train = found.of(sides >= _HELD + _CHECK)
    if found.hit.sum() < LEAST_LISTS:
        return None, {**card, "why": "too few hidden interactions are among what is recommended"}
    signs = signs_of_lists(serving)
    try:
        trees = grow(_teaching(train), check.examples, signs, seeds=1, seed=seed)
    except ModelError as error:
        return None, {**card, "why": str(error)}
    if trees is None:
        return None, {**card, "why": "the users that choose the trees found nothing of what was hidden"}
    before, after = held.ndcg(), held.ndcg(trees.said(held.table))
    # here, because the evaluation imports the recommender, which imports the training
    from recommend.evaluate.bootstrap import paired_difference

    gain = paired_difference(after, before, seed=seed)
    card |= {
        "held_out_lists": len(held),
        "ndcg@10_before": round(float(before.mean()), 5),
        "ndcg@10_after": round(float(after.mean()), 5),
        "gain": [round(v, 5) for v in (gain.delta, gain.low, gain.high)],
    }
    if gain.low <= 0:
        return None, {
            **card,
            "why": "no sure gain on held-out users",
            "seconds": round(time.perf_counter() - start, 2),
        }
    told = trees.said(held.table)
    calibration = Calibration.fit(trees.said(check.table), check.taken)
    card |= {
        "chosen": True,
        "log_loss_before": round(log_loss(1.0 / (1.0 + np.exp(-told)), held.taken), 6),
        "log_loss": round(log_loss(calibration.of(told), held.taken), 6),
    }
    # now that it is known to help, whoever judged may teach as well
    trees = grow(_teaching(joined([train, held])), check.examples, signs, seed=seed) or trees
    calibration = Calibration.fit(trees.said(check.table), check.taken)
    card |= {"trees": trees.count, "seconds": round(time.perf_counter() - start, 2)}
    return TasteRanker(trees=trees, calibration=calibration, features=serving), card


def _collected(
    folds: Iterator[Fold], listed: npt.NDArray[np.bool_], most: int, progress: Progress | None
) -> Lists:
    parts: list[Lists] = []
    for fold in folds:
        parts.append(collect(fold, listed, progress=progress))
        if sum(len(one) for one in parts) >= most:
            break
    return joined(parts)


def _teaching(train: Lists) -> Examples:
    """The examples of those lists in which something was found: the others teach no order."""
    return train.of(train.hit).examples
