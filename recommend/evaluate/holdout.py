"""Recommendations tested on interactions that were hidden, or on those of a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypedDict, Unpack

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kg.errors import DataError, SettingsError
from kg.graph import Graph
from kg.records import Interaction
from kg.split import HoldOut, hold_out
from kg.time_split import last_share, moment_of, said, split_at
from recommend.behaviour import Behaviour
from recommend.evaluate.hiding import hide_purchases
from recommend.evaluate.judging import TUNING_SHARE, judge
from recommend.evaluate.leaks import Caution
from recommend.evaluate.ranking import MEMORY
from recommend.evaluate.report import Report
from recommend.evaluate.trial import without_search
from recommend.measure.units import Units
from recommend.recommender import Recommender
from recommend.settings import Settings
from recommend.sparse import rows_of
from recommend.stages import Progress


class How(TypedDict, total=False):
    """How recommendations are tested, whatever is hidden.

    `settings` are those of the build, lists have `k` places, and with `ablation` each channel is also left
    out. Rankings and dense baselines stay within about `memory` bytes. `cache` is for encodings of product
    texts and pictures, which know nothing of users.
    """

    settings: Settings | None
    k: int
    ablation: bool
    memory: int
    cache: Path | None
    progress: Progress | None


def evaluate_holdout(
    graph: Graph,
    *,
    share: float = 0.25,
    seed: int = 0,
    **how: Unpack[How],
) -> Report:
    """Hide `share` of each user's purchases, fit on the rest, and look for what was hidden.

    Raises SettingsError if no user has two products.
    """
    split = hide_purchases(graph, share=share, seed=seed)
    protocol = {
        "kind": "holdout",
        "share": share,
        "hidden": "a share of what each user bought or rated (of all they met, if nothing was), at least one "
        "and never all: the latest where times are known, random ones otherwise; each with all its traces, "
        "and what the user did later",
    }
    return _evaluate_split(graph, split, protocol, None, seed=seed, **how)


def evaluate_later(
    graph: Graph,
    *,
    share: float | None = None,
    until: float | None = None,
    seed: int = 0,
    **how: Unpack[How],
) -> Report:
    """Fit on what happened before one moment, and look for what was bought after it: what a shop meets.

    The moment is `until` (seconds since 1970), or the one after which `share` of the purchases lie. Users of
    whom nothing was known by then count too. Raises SettingsError without times.
    """
    if (share is None) == (until is None):
        raise SettingsError("give share= or until=, and not both")
    if share is not None and not 0 < share < 1:
        raise SettingsError(f"share={share} must lie between 0 and 1")
    moment = moment_of(graph, share=share) if share is not None else until
    assert moment is not None
    split = split_at(graph, moment)
    met = np.diff(Behaviour.of(split.graph).weight.indptr)
    protocol = {
        "kind": "time",
        "until": said(moment),
        **({} if share is None else {"share": share}),
        "hidden": "everything that anybody did from this moment on; wanted is what users bought or rated "
        "after it and did not have before",
        "users_unknown_before": int((met[split.users] == 0).sum()),
    }
    validation = last_share(split.graph, TUNING_SHARE)  # asked for the weeks to come, as the test is
    return _evaluate_split(graph, split, protocol, validation, seed=seed, **how)


def _evaluate_split(
    graph: Graph,
    split: HoldOut,
    protocol: dict[str, Any],
    validation: HoldOut | None,
    *,
    seed: int,
    settings: Settings | None = None,
    k: int = 10,
    ablation: bool = False,
    memory: int = MEMORY,
    cache: Path | None = None,
    progress: Progress | None = None,
) -> Report:
    settings = without_search(settings)
    model = Recommender.fit(split.graph, settings=settings, seed=seed, cache=cache, progress=progress)
    units = Units.of_hidden(model.fitted.behaviour, split.hidden)
    return judge(
        model,
        units,
        validation=validation or hold_out(split.graph, share=TUNING_SHARE, seed=seed + 1),
        protocol={**protocol, "hidden_pairs": int(split.hidden.nnz)},
        cutoffs=(k,),
        ablation=ablation,
        seed=seed,
        progress=progress,
        memory=memory,
        tested_at=_moments(Behaviour.of(graph), units),
    )


def evaluate_test(
    graph: Graph,
    interactions: Iterable[Interaction],
    *,
    seed: int = 0,
    settings: Settings | None = None,
    k: int = 10,
    ablation: bool = False,
    memory: int = MEMORY,
    cache: Path | None = None,
    progress: Progress | None = None,
) -> Report:
    """Fit on all of the graph, and look for interactions that are not in it.

    What a user has already is no target, since it is not recommended again. Users and products that the graph
    does not know count: they are hard or impossible to get right. Raises DataError if nothing is left to
    test.
    """
    settings = without_search(settings)
    tested = _test_pairs(interactions)
    model = Recommender.fit(graph, settings=settings, seed=seed, cache=cache, progress=progress)
    units, tested_at, known = _test_units(model, tested)
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
        memory=memory,
        tested_at=tested_at,
        cautions=_already_there(known, len(tested)),
    )


def _already_there(known: int, pairs: int) -> Iterator[Caution]:
    if known:
        yield Caution(
            kind="test_in_train",
            text=f"{known:,} of {pairs:,} tested pairs are in the shop already: they are left out, but what "
            "else the shop has may have been made with them too",
        )


def _moments(whole: Behaviour, units: Units) -> npt.NDArray[np.float64]:
    """float64 [pairs of units.relevant]: when each wanted pair happened (NaN: unknown)."""
    rows = np.repeat(units.users, np.diff(units.relevant.indptr))
    width = np.int64(whole.weight.shape[1])
    users = rows_of(whole.weight)
    keys = users * width + whole.weight.indices
    found: npt.NDArray[np.float64] = whole.moment[
        np.searchsorted(keys, rows * width + units.relevant.indices)
    ]
    return found


def _test_pairs(interactions: Iterable[Interaction]) -> list[tuple[str, str, float]]:
    """Distinct (user, product, first time or NaN), in order: of purchases and ratings, or of anything where
    there are none."""
    found: dict[tuple[str, str], float] = {}
    bought: set[tuple[str, str]] = set()
    for one in interactions:
        key = (one.user, one.product)
        if one.kind in ("purchase", "rating"):
            bought.add(key)
        found[key] = float(np.fmin(found.get(key, np.nan), np.nan if one.time is None else one.time))
    return [(user, product, found[user, product]) for user, product in sorted(bought or found)]


def _test_units(
    model: Recommender, tested: Sequence[tuple[str, str, float]]
) -> tuple[Units, npt.NDArray[np.float64], int]:
    """The units of test pairs, when each of their known pairs happened, and how many pairs were dropped
    because the user has the product already."""
    behaviour, graph = model.fitted.behaviour, model.graph
    pairs = [(user, product) for user, product, _ in tested]
    users = graph.nodes["user"].numbers(user for user, _ in pairs)
    products = graph.nodes["product"].numbers(product for _, product in pairs)
    met, width = behaviour.weight, np.int64(graph.product_count)
    owned = (rows_of(met) * width + met.indices)[behaviour.owned]
    has = (users >= 0) & (products >= 0) & np.isin(users * width + products, owned)
    left = np.flatnonzero(~has)
    names = sorted({pairs[i][0] for i in left.tolist()})
    row_of = {name: row for row, name in enumerate(names)}
    rows = np.array([row_of[pairs[i][0]] for i in left.tolist()], dtype=np.int64)
    inside = products[left] >= 0
    order = np.lexsort((products[left][inside], rows[inside]))
    relevant = sp.csr_array(
        (np.ones(len(order), dtype=np.bool_), (rows[inside][order], products[left][inside][order])),
        shape=(len(names), graph.product_count),
    )
    tested_at = np.array([time for _, _, time in tested], dtype=np.float64)[left][inside][order]
    units = Units(
        users=graph.nodes["user"].numbers(names),
        behaviour=behaviour,
        relevant=relevant,
        wanted=np.bincount(rows, minlength=len(names)).astype(np.int64),
    )
    return units, tested_at, int(has.sum())
