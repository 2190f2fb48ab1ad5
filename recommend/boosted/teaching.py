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
from recommend.boosted.growing import grow
from recommend.boosted.lists import Fold, Lists, collect, joined
from recommend.measure.bootstrap import paired_difference
from recommend.stages import Progress
from recommend.training.trees import Trees

LEAST_LISTS = 200
"""With fewer lists in which something hidden is found, trees learn nothing."""
_CHECK = 0.15
_RATE, _MODELS = 0.08, 2
"""Slower trees and more models gain little, and a build waits for them. Several models, grown from different
seeds, are averaged only where that does not lose."""

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

    Takes folds until something that was hidden is found in `lists` lists. `serving` are the features of the
    model that will answer, of the same channels and priors as those of the folds.
    """
    start = time.perf_counter()
    one, other, check = _collected(folds, listed, lists, seed, progress)
    card: Card = {"lists": sum(len(part.read) for part in (one, other, check)), "chosen": False}
    if one.hit.sum() + other.hit.sum() + check.hit.sum() < LEAST_LISTS:
        return None, {**card, "why": "too few hidden interactions are among what is recommended"}
    signs = signs_of_lists(serving)
    try:
        first, second = (
            grow(half.teaching, check.teaching, signs, rate=_RATE, seeds=_MODELS, seed=seed)
            for half in (one, other)
        )
    except ModelError as error:
        return None, {**card, "why": str(error)}
    if first is None or second is None:
        return None, {**card, "why": "the users that choose the trees found nothing of what was hidden"}
    before, alone, averaged = (
        np.concatenate([_by_user(one, trees[1]), _by_user(other, trees[0])])
        for trees in ((None, None), (first.first(1), second.first(1)), (first, second))
    )
    together = paired_difference(averaged, alone, seed=seed)
    models = _MODELS if together.delta >= 0 else 1
    after = averaged if models > 1 else alone
    gain = paired_difference(after, before, seed=seed)
    card |= {
        "held_out_users": len(before),
        "ndcg@10_before": round(float(before.mean()), 5),
        "ndcg@10_after": round(float(after.mean()), 5),
        "gain": [round(v, 5) for v in (gain.delta, gain.low, gain.high)],
        "ensemble": {
            "seeds": _MODELS,
            "with": round(float(averaged.mean()), 6),
            "without": round(float(alone.mean()), 6),
            "gain": round(together.delta, 6),
            "interval": [round(together.low, 6), round(together.high, 6)],
            "kept": "on" if models > 1 else "off",
        },
    }
    if gain.low <= 0:
        return None, {
            **card,
            "why": "no sure gain on held-out users",
            "seconds": round(time.perf_counter() - start, 2),
        }
    card |= {"chosen": True, **_losses(check, first.first(models))}
    # now that it is known to help, whoever judged may teach as well
    more = joined([one, other]).teaching
    trees = grow(more, check.teaching, signs, rate=_RATE, seeds=models, seed=seed) or first
    calibration = Calibration.fit(trees.said(check.table), check.taken)
    card |= {"trees": trees.count, "seconds": round(time.perf_counter() - start, 2)}
    return TasteRanker(trees=trees, calibration=calibration, features=serving), card


def _by_user(lists: Lists, trees: Trees | None = None) -> npt.NDArray[np.float64]:
    """float64 [users]: the mean NDCG@10 of each user's lists, as they are or as trees order them; 0 for those
    in which nothing is found, whatever the order."""
    users, counts = np.unique(lists.read, return_counts=True)
    found = lists.ndcg(None if trees is None else trees.said(lists.table))
    where = np.searchsorted(users, lists.user)
    total = np.bincount(where, weights=found, minlength=len(users)).astype(np.float64)
    return np.asarray(total / counts, dtype=np.float64)


def _losses(check: Lists, trees: Trees) -> Card:
    """The log loss of what trees say of every second list, plain and made chances by the others."""
    even = np.arange(len(check)) % 2 == 0
    told, tested = check.of(even), check.of(~even)
    said = trees.said(tested.table)
    calibration = Calibration.fit(trees.said(told.table), told.taken)
    return {
        "log_loss_before": round(log_loss(1.0 / (1.0 + np.exp(-said)), tested.taken), 6),
        "log_loss": round(log_loss(calibration.of(said), tested.taken), 6),
    }


def _collected(
    folds: Iterator[Fold],
    listed: npt.NDArray[np.bool_],
    most: int,
    seed: int,
    progress: Progress | None,
) -> tuple[Lists, Lists, Lists]:
    """The lists of two halves of the users, who teach and judge each other, and of those who say when to
    stop; of the halves only lists in which something is found, since tables are large."""
    parts: list[list[Lists]] = [[], [], []]
    hits = 0
    for fold in folds:
        drawn = np.random.default_rng(seed).random(fold.hidden.shape[0])[fold.users]
        side = np.digitize(drawn, ((1 - _CHECK) / 2, 1 - _CHECK))
        for number, part in enumerate(parts):
            users = fold.users[side == number]
            found = collect(fold, listed, users, all_of_them=number == 2, progress=progress)
            part.append(found)
            hits += int(found.hit.sum())
        if hits >= most:
            break
    one, other, check = (joined(part) for part in parts)
    return one, other, check
