"""How good explanations are: true, complete, faithful, and of the kind that was asked for.

The answers of a fitted model are explained for a sample of users; of these answers some are tested by
deleting what their paths stand on (`recommend.evaluate.faithfulness`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from typing import Any, TypeAlias

import numpy as np

from kg.errors import SettingsError
from recommend.evaluate.deletion import Deleting
from recommend.evaluate.faithfulness import Faithfulness, Tested
from recommend.evaluate.path_figures import Figures, Shown, quantiles
from recommend.evaluate.report import Comparison, Report, Row, profile_of
from recommend.explain.explanation import Explanation
from recommend.explain.preferring import PREFERENCES, WEIGHTY, Prefer
from recommend.explain.quality import SMOOTHING, Values
from recommend.measure.bootstrap import intervals
from recommend.recommender import Recommender
from recommend.results import Results
from recommend.stages import Progress

Explainer: TypeAlias = Callable[[Results, Prefer], Sequence[Explanation]]
"""The explanations of all hits of a list."""

HITS = 500
DEFAULT: Prefer = "strongest"
ABOUT: dict[Prefer, str] = {
    "strongest": "the strongest path of each pattern first; what is shown by default",
    "recent": "paths from what the user met last first",
    "familiar": "paths through the best known nodes first",
    "diverse": "patterns first that the list has shown least",
}


def evaluate_explanations(
    model: Recommender,
    *,
    hits: int = HITS,
    k: int = 10,
    paths: int = 3,
    seed: int = 0,
    explainer: Explainer | None = None,
    progress: Progress | None = None,
) -> Report:
    """Explain what `recommend` gives to users of the shop, and test `hits` of these answers by deletion.

    `explainer` explains in place of the model. Raises SettingsError if nobody has a history.
    """
    fitted = model.fitted
    met = np.flatnonzero(np.diff(fitted.behaviour.weight.indptr))
    if len(met) == 0:
        raise SettingsError(
            "no user of this shop met a product, so nothing can be explained; load interactions"
        )

    def explain(results: Results, prefer: Prefer) -> Sequence[Explanation]:
        return model.explain_all(results, paths=paths, prefer=prefer)

    rng = np.random.default_rng(seed)
    users = rng.permutation(met)[:hits].tolist()
    if progress is not None:
        progress("channels", 0, 1)
    deleting = Deleting(model)
    figures = Figures(model, deleting, k=k)
    shown = {prefer: Shown() for prefer in PREFERENCES}
    lists: list[tuple[int, Sequence[Explanation]]] = []
    for done, user in enumerate(users):
        if progress is not None:
            progress("explain", done, len(users))
        results = model.recommend(fitted.graph.nodes["user"][user], k=k)
        for prefer in PREFERENCES if len(results) else ():
            explained = (explainer or explain)(results, prefer)
            figures.look(shown[prefer], user, explained)
            if prefer == DEFAULT:
                figures.count(explained)
                lists.append((user, explained))
    chosen = list(_chosen(lists, hits, rng))
    faithfulness = Faithfulness(fitted, deleting, k=k, rng=rng)
    tested: list[Tested] = []
    for done, (user, explanation) in enumerate(chosen):
        if progress is not None:
            progress("delete", done, len(chosen))
        tested += faithfulness.test(done, user, explanation)
    return Report(
        protocol=_protocol(model, figures, k=k, paths=paths, seed=seed, users=len(lists), tested=len(chosen)),
        rows=tuple(shown[prefer].row(prefer, ABOUT[prefer], seed) for prefer in PREFERENCES),
        comparisons=tuple(_comparisons(tested, seed)),
        paths={
            **figures.plain(shown[DEFAULT]),
            "validity": _validity(shown),
            "deletion": _deletion(tested, seed),
            "of_vectors": {**figures.of_vectors(), **_falls([one for one in tested if not one.rebuilt])},
        },
        weights={name: w for name, w in model.weights["history"].items() if w > 0},
    )


def _chosen(
    lists: Sequence[tuple[int, Sequence[Explanation]]], most: int, rng: np.random.Generator
) -> Iterator[tuple[int, Explanation]]:
    """One hit of each user, drawn from the list; then a second of each, until there are enough."""
    orders = [(user, [explained[i] for i in rng.permutation(len(explained))]) for user, explained in lists]
    longest = max((len(order) for _, order in orders), default=0)
    drawn = ((user, order[place]) for place in range(longest) for user, order in orders if place < len(order))
    yield from (pair for pair, _ in zip(drawn, range(most), strict=False))


def _deletion(tested: Sequence[Tested], seed: int) -> dict[str, Any]:
    """What deleting shown paths does, of those that have edges."""
    real = [one for one in tested if one.rebuilt and one.deletable]
    names = sorted({one.channel for one in real})
    return {
        **_falls(real, seed),
        "by_channel": {name: _falls([one for one in real if one.channel == name]) for name in names},
        "nothing_to_delete": sum(one.rebuilt and not one.deletable for one in tested),
    }


def _falls(tested: Sequence[Tested], seed: int | None = None) -> dict[str, Any]:
    """How often and how much the score falls; with a seed, more of it and an interval."""
    found: dict[str, Any] = {"paths": len(tested)}
    if not tested:
        return found
    falls, own, claims, gone, leaves = (
        np.array([getattr(one, name) for one in tested], dtype=np.float64)
        for name in ("fall", "own", "claimed", "with_purchase", "leaves")
    )
    fell = (falls > 0).astype(np.float64)
    found["score_falls"] = round(float(fell.mean()), 6)
    if seed is not None:
        low, high = (float(end[0]) for end in intervals(_by_hit(tested, fell)[:, None], seed=seed))
        found["score_falls_low"], found["score_falls_high"] = round(low, 6), round(high, 6)
        found["score_rises"] = round(float((falls < 0).mean()), 6)
        found["score_falls_with_the_purchase"] = round(float((gone > 0).mean()), 6)
        found["leaves_the_list"] = round(float(leaves.mean()), 6)
    for name, values in (("fall_of_claim", falls), ("own_fall_of_claim", own)):
        found[name] = quantiles((values / np.maximum(claims, 1e-12)).tolist())
    found["median_fall"] = round(float(np.median(falls)), 6)
    found["median_claim"] = round(float(np.median(claims)), 6)
    return found


def _comparisons(tested: Sequence[Tested], seed: int) -> Iterator[Comparison]:
    """The fall by a shown path against that by another one, hit by hit."""
    for name, told in (("random", "a random path"), ("other", "another path to the product")):
        pairs = [one for one in tested if one.rebuilt and one.deletable and getattr(one, name) is not None]
        if pairs:
            rows = [
                Row.of(model, {"fall": _by_hit(pairs, values)}, seed=seed)
                for model, values in (
                    ("a shown path", np.array([one.fall for one in pairs])),
                    (told, np.array([getattr(one, name) for one in pairs])),
                )
            ]
            yield Comparison.of(rows[0], rows[1], "fall", seed=seed)


def _by_hit(tested: Sequence[Tested], values: Values) -> Values:
    """float64 [hits]: the mean over the paths of each hit."""
    _, place = np.unique([one.hit for one in tested], return_inverse=True)
    found: Values = np.bincount(place, weights=values) / np.bincount(place)
    return found


def _validity(shown: dict[Prefer, Shown]) -> dict[str, Any]:
    total, false = (sum(getattr(one, name) for one in shown.values()) for name in ("paths", "false"))
    return {"paths": total, "valid": round(1 - false / total, 6) if total else 1.0}


def _protocol(
    model: Recommender, figures: Figures, *, k: int, paths: int, seed: int, users: int, tested: int
) -> dict[str, Any]:
    whole = ", ".join(sorted(figures.whole)) or "none"
    lir = (
        f"recency of the linked product of the history, smoothed by {SMOOTHING} in the order of time and "
        "stretched to 0 … 1 for each user, mean over the shown paths of a list"
    )
    return {
        "kind": "explanations",
        "explained": f"recommend(user, k={k}) of the model as it serves, ranking exact, {paths} paths a hit",
        "users": users,
        "tested_hits": tested,
        "sample": "users with a history, drawn at random; one hit of each list, drawn at random, is tested",
        "deleted": "each shown path by itself: its stored edges; for an edge derived from the catalog that "
        "edge; for 'bought together' and 'bought next' what the users who met both did with the first of the "
        "two. What the asked user did stays; 'with_the_purchase': the product leaves the history too",
        "scored_again": "channels made of what was deleted are made again, with their norms and rarities; "
        "learned weights, sizes, memories and priors stay, and so does popularity where it orders equals",
        "a_random_path": "of the same channel, and so of the same length, from the same history to any "
        "product; not shown for the hit; drawn at random",
        "another_path": "of the same channel, from the same history to the same product; not shown",
        "fall": "share of the score that the deletion takes, paired, the mean over the paths of a hit",
        "own_fall_of_claim": "the fall in the link that the path is of (its channel, from its product to the "
        "hit) over what the explanation claims for the path: 1 where the claim is right and nothing makes up "
        "for what is gone. 'fall_of_claim' counts all links that stood on the same edges, so it is larger "
        "where evidence is shared: who bought two products one after the other bought them together, too",
        "of_vectors": "paths of neighbours in vector spaces and of what is learned as a whole, apart: no "
        f"edge stands behind them, so their links go as a whole. Here: {whole}",
        "largest_gap": "between a score and what its paths and the rest add up to, as a share of the score",
        "valid": "all nodes and stored edges are in the store, derived edges have the support they claim",
        "carried": "share of the score that the shown paths add up to",
        "sufficiency": "the shown paths are the whole score, all else is as it was; "
        f"kept@{k}: the product is still in the list",
        "lir": lir if figures.timed else "not measured: no moments are known",
        "sep": f"degree of the node before the product, smoothed by {SMOOTHING} in the order of degrees and "
        "stretched to 0 … 1 for each kind of node, mean over the shown paths of a list",
        "etd": f"patterns in a list over min(paths shown, {figures.types} channels)",
        "knobs": "explain(…, prefer=…) only chooses other real paths (recent, familiar: such as add at least "
        f"{WEIGHTY:.0%} of what the strongest adds, if there are); the lists stay, so the price in NDCG is 0",
        "intervals": "95 %, percentile bootstrap over users (rows) and hits (deletion), 1,000 samples",
        "seed": seed,
        "profile": profile_of(model.settings),
        "settings": asdict(model.settings),
    }
