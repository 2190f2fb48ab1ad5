"""What a balance gains, and what it costs: the same lists without it and with it at several strengths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kg.errors import SettingsError
from kg.graph import Graph
from recommend.complements import Kinds
from recommend.evaluate.hiding import hide_purchases
from recommend.evaluate.report import Comparison, Report, Row, profile_of
from recommend.evaluate.trial import without_search
from recommend.measure.metrics import coverage, find_hits, ndcg, recall
from recommend.measure.units import Units
from recommend.rank.balance import Balance
from recommend.rank.shelf import GraphShelf
from recommend.recommender import Recommender
from recommend.settings import Settings
from recommend.stages import Progress

USERS = 1_000
FACTORS = (0.25, 0.5, 1.0, 2.0)
PLAIN = "by score"

Lists = npt.NDArray[np.int64]


def evaluate_balance(
    graph: Graph,
    balance: Balance,
    *,
    share: float = 0.25,
    seed: int = 0,
    settings: Settings | None = None,
    k: int = 10,
    users: int = USERS,
    cache: Path | None = None,
    progress: Progress | None = None,
) -> Report:
    """Hide `share` of each user's purchases, fit on the rest, and recommend to a sample of the users: by
    score, and with the balance at a quarter, half, once and twice its strengths.

    Raises SettingsError if the balance changes nothing, or if no user has two products.
    """
    if not balance:
        raise SettingsError("the balance asks for nothing; write such as diversity=0.2")
    settings = without_search(settings)
    split = hide_purchases(graph, share=share, seed=seed)
    model = Recommender.fit(split.graph, settings=settings, seed=seed, cache=cache, progress=progress)
    sample = np.sort(np.random.default_rng(seed).permutation(split.users)[:users])
    units = Units.of_hidden(model.fitted.behaviour, split.hidden, sample)
    protocol = {
        "kind": "balance",
        "balance": str(balance),
        "share": share,
        "users": f"{len(units)} of {len(split.users)} with something hidden",
        "seed": seed,
        "ranking": "exact, the whole catalog",
        "diversity": "1 - the mean cosine of pairs of a list over types, categories and brand",
        "novelty": "mean self-information of the products of a list, in bits",
        "brand gap": f"half the sum over brands of |share of attention - share of {balance.fair_to}|; "
        "a place counts 1 / log2(place + 1)",
        "gini": "of the attention that the listed products get",
        "profile": profile_of(settings),
        "settings": asdict(settings),
    }
    return price(model, units, balance, protocol=protocol, k=k, seed=seed, progress=progress)


def price(
    model: Recommender,
    units: Units,
    balance: Balance,
    *,
    protocol: dict[str, object],
    k: int,
    seed: int,
    progress: Progress | None = None,
) -> Report:
    """The rows of lists by score and of lists under the balance, for what was hidden from some users."""
    goals = any(balance.scaled(1.0) != balance.scaled(factor) for factor in FACTORS)
    tried = {f"balance x {factor:g}": balance.scaled(factor) for factor in (FACTORS if goals else (1.0,))}
    graph, behaviour = model.graph, model.fitted.behaviour
    shelf = GraphShelf(graph, behaviour, {}, kind=lambda: Kinds.of(graph).one, shown=lambda most: ())
    rows: list[Row] = []
    for name, one in {PLAIN: Balance(), **tried}.items():
        if progress is not None:
            progress(f"rank {name}", len(rows), len(tried) + 1)
        lists = np.full((len(units), k), -1, dtype=np.int64)
        for row, user in enumerate(units.users.tolist()):
            found = model.evaluate_history(behaviour.history(user), k=k, balance=one)
            lists[row, : len(found)] = found
        rows.append(_row(name, lists, units, shelf, graph, balance.fair_to, k, seed, about=str(one)))
    headline = f"ndcg@{k}"
    return Report(
        protocol=protocol,
        rows=tuple(rows),
        comparisons=tuple(Comparison.of(row, rows[0], headline, seed=seed) for row in rows[1:]),
    )


def _row(
    name: str,
    lists: Lists,
    units: Units,
    shelf: GraphShelf,
    graph: Graph,
    fair_to: str,
    k: int,
    seed: int,
    *,
    about: str,
) -> Row:
    hits = find_hits(lists, units.relevant)
    kept = [one[one >= 0] for one in lists]
    surprise = shelf.surprise
    values = {
        f"ndcg@{k}": ndcg(hits, units.wanted),
        f"recall@{k}": recall(hits, units.wanted),
        "diversity": np.array([_variety(one, shelf) for one in kept]),
        "novelty": np.array([surprise[one].mean() if len(one) else 0.0 for one in kept]),
        "freshness": np.array([shelf.freshness(one).mean() if len(one) else 0.0 for one in kept]),
        "out of stock": np.array([shelf.absent(one).mean() if len(one) else 0.0 for one in kept]),
    }
    listed = np.flatnonzero(graph.products.listed)
    whole = {
        "brand gap": float(np.abs(shelf.exposure(kept) - shelf.fair_share(fair_to)).sum() / 2),
        "gini": gini(_attention(lists, graph.product_count)[listed]),
        "coverage": coverage(lists, len(listed)),
    }
    return Row.of(name, values, seed=seed, about=about, whole=whole)


def _variety(products: Lists, shelf: GraphShelf) -> float:
    """1 - the mean likeness of all pairs; 0 for fewer than two products."""
    if len(products) < 2:
        return 0.0
    total = sum(
        float(shelf.shared(int(one), products[at + 1 :]).sum()) for at, one in enumerate(products[:-1])
    )
    return 1.0 - total / (len(products) * (len(products) - 1) / 2)


def _attention(lists: Lists, products: int) -> npt.NDArray[np.float64]:
    """float64 [products]: 1 / log2(place + 1), added up over all lists."""
    worth = np.broadcast_to(1 / np.log2(np.arange(2, lists.shape[1] + 2)), lists.shape)
    there = lists >= 0
    return np.bincount(lists[there], weights=worth[there], minlength=products).astype(np.float64)


def gini(values: npt.NDArray[np.float64] | Sequence[float]) -> float:
    """0 if all have the same, toward 1 the fewer have everything."""
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    total = float(ordered.sum())
    if total <= 0 or len(ordered) == 0:
        return 0.0
    n = len(ordered)
    return float(2 * (np.arange(1, n + 1) @ ordered) / (n * total) - (n + 1) / n)
