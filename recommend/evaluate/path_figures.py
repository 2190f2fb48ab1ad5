"""Figures of what is shown for whole lists: is it true, how much of the scores does it carry, and how recent,
familiar and different is it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from recommend.evaluate.deletion import Deleting, Removal
from recommend.evaluate.faithfulness import place_of
from recommend.evaluate.path_checks import PathChecks
from recommend.evaluate.report import Row
from recommend.explain.explanation import ExplainedPath, Explanation
from recommend.explain.preferring import Prefer
from recommend.explain.quality import Values, familiarity, recency, type_diversity
from recommend.recommender import Recommender


@dataclass(kw_only=True, eq=False)
class Shown:
    """What was shown in one way, hit by hit and (in `means`) user by user."""

    means: dict[str, list[float]] = field(default_factory=dict)
    carried: list[float] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    paths: int = 0
    false: int = 0

    def row(self, prefer: Prefer, about: str, seed: int) -> Row:
        values = {name: np.array(each, dtype=np.float64) for name, each in self.means.items()}
        least = quantiles(self.carried)["p10"]
        return Row.of(prefer, values, seed=seed, about=about, whole={"carried_p10": least})


@dataclass(kw_only=True, eq=False)
class Lists:
    """What is the same however paths are chosen: shares of all hits."""

    hits: int = 0
    with_paths: int = 0
    only_whole: int = 0
    carried: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)
    largest_gap: float = 0.0


class Figures:
    """Looks at explained lists, one after the other."""

    def __init__(self, model: Recommender, deleting: Deleting, *, k: int) -> None:
        self._fitted = model.fitted
        self._deleting = deleting
        self._checks = PathChecks(model.fitted, deleting)
        self._k = k
        self._familiar = familiarity(model.graph)
        self.timed = model.fitted.behaviour.has_times
        self.rebuilt = deleting.rebuilt
        self.whole = frozenset(one.name for one in deleting.additive.links) - deleting.rebuilt
        self.types = len(deleting.additive.links)
        self.lists = Lists()

    def count(self, explained: Sequence[Explanation]) -> None:
        """Take a list into the figures that are the same for every choice of paths."""
        for one in explained:
            self.lists.hits += 1
            self.lists.with_paths += one.path_count > 0
            by_whole = sum(value for name, value in one.signals.items() if name in self.whole)
            self.lists.only_whole += by_whole > 0 and not any(one.signals.get(name) for name in self.rebuilt)
            self.lists.carried.append(one.share)
            self.lists.whole.append(by_whole / one.score if one.score else 0.0)
            self._gap(one.explained + sum(one.rests.values()), one.score)

    def _gap(self, total: float, score: float) -> None:
        """How far a sum is from the score that it should be."""
        self.lists.largest_gap = max(self.lists.largest_gap, abs(total - score) / max(abs(score), 1e-12))

    def look(self, shown: Shown, user: int, explained: Sequence[Explanation]) -> None:
        """Take the list of one user into `shown`."""
        history = self._fitted.behaviour.history(user)
        scores = self._deleting.scores(history, Removal())
        recent = dict(zip(history.products.tolist(), recency(history).tolist(), strict=True))
        paths = [path for one in explained for path in one.paths]
        kept = []
        for one in explained:
            product = self._fitted.graph.number(one.product.id)
            self._gap(float(scores[product]), one.score)
            shown.paths += len(one.paths)
            shown.false += sum(not self._checks.holds(path, user=user, product=product) for path in one.paths)
            shown.carried.append(one.shown_share)
            alone = scores.copy()
            alone[product] = sum(path.contribution for path in one.paths)
            place = place_of(self._fitted, alone, history, product)
            shown.places.append(place)
            kept.append(place <= self._k)
        values = {
            "carried": _mean([one.shown_share for one in explained]),
            f"kept@{self._k}": _mean(kept),
            "sep": _mean([self._sep(path) for path in paths]),
            "etd": type_diversity([path.pattern[1:] for path in paths], self.types),
        }
        if self.timed:
            values["lir"] = _mean([self._lir(path, recent) for path in paths])
        for name, value in values.items():
            shown.means.setdefault(name, []).append(value)

    def _lir(self, path: ExplainedPath, recent: dict[int, float]) -> float:
        number = self._fitted.graph.nodes["product"].number(path.edges[0].end.id)
        return 0.0 if number is None else recent.get(number, 0.0)

    def _sep(self, path: ExplainedPath) -> float:
        node = path.edges[-1].start
        known = self._familiar.get(node.kind)  # type: ignore[call-overload]
        number = None if known is None else self._fitted.graph.nodes[node.kind].number(node.id)  # type: ignore[index]
        return 0.0 if known is None or number is None else float(known[number])

    def plain(self, strongest: Shown) -> dict[str, Any]:
        """JSON values of what is the same for every choice, and of the paths that are shown by default."""
        one = self.lists
        return {
            "hits": one.hits,
            "coverage": _share(one.with_paths, one.hits),
            "largest_gap": float(f"{one.largest_gap:.2g}"),
            "carried_by_all": quantiles(one.carried),
            "carried_by_shown": quantiles(strongest.carried),
            "sufficiency": {
                "median_place": float(np.median(strongest.places)) if strongest.places else 0.0,
                f"in_the_first_{self._k}": _share(sum(p <= self._k for p in strongest.places), one.hits),
            },
        }

    def of_vectors(self) -> dict[str, Any]:
        """JSON values: how much rests on links that no edge stands behind."""
        one = self.lists
        alone = _share(one.only_whole, one.hits)
        return {"hits_on_them_alone": alone, "carried": round(_mean(one.whole), 6)}


def quantiles(values: Sequence[float]) -> dict[str, float]:
    """The median and the 10th percentile."""
    found: Values = np.percentile(values, [50, 10]) if len(values) else np.zeros(2)
    return {"median": round(float(found[0]), 6), "p10": round(float(found[1]), 6)}


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if len(values) else 0.0


def _share(part: int, whole: int) -> float:
    return round(part / whole, 6) if whole else 0.0
