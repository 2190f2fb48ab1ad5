"""The ranking `best` of recommendations: trees that order the best products of the additive sum again.

What the trees say is the chance that a product is taken, which has no size in common with the additive
score. So scores are dealt out anew: the product that the trees put first gets the highest additive score of
the list, the next the second highest …; what that adds to a product's own score is its adjustment.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from kg.arrays import load_arrays, save_arrays
from kg.graph import Graph
from recommend.behaviour import Behaviour, History
from recommend.boosted.calibration import Calibration
from recommend.boosted.features import PATTERNS, Features
from recommend.boosted.latent import Latent
from recommend.channels.base import Links, Prior
from recommend.measure.units import Units
from recommend.rank.additive import Additive
from recommend.rank.top import possible, top
from recommend.stages import Progress
from recommend.training.ranker import Reranked
from recommend.training.trees import Trees, check_features, unreadable

if TYPE_CHECKING:
    from recommend.fitting import Fitted

Values: TypeAlias = npt.NDArray[np.float32]
Numbers: TypeAlias = npt.NDArray[np.int64]

DEPTH = 100
"""So many of the best by the additive score are ranked again."""
_LARGEST = 10
_LATENT, _CHANCES = "patterns.safetensors", "chances.safetensors"


@dataclass(frozen=True, kw_only=True, eq=False)
class Dealt:
    """float32 [n] each: scores of all products, and how likely each of the best is to be taken next (NaN for
    the others), as far as hidden interactions tell."""

    scores: Values
    chances: Values


@dataclass(frozen=True, kw_only=True, eq=False)
class TasteRanker:
    """Trees, the features that they read, and the curve that makes chances of what they say."""

    trees: Trees
    calibration: Calibration
    features: Features

    def ranked(self, history: History, products: Numbers, additive: Values) -> Reranked:
        """A list of products, best by the additive score first, ranked again; beyond `DEPTH` it stays."""
        return _reordered(products, additive, self.said(history, products[:DEPTH], additive[:DEPTH]))

    def dealt(self, history: History, scores: Values) -> Dealt:
        """The scores of all products (-inf: no answer), those of the best dealt out anew."""
        best = top(scores, DEPTH + 1)  # one more: whoever is ranked again stays above all others
        said = self.said(history, best[:DEPTH], scores[best[:DEPTH]])
        found = _reordered(best, scores[best], said)
        again, chances = scores.copy(), np.full(len(scores), np.nan, dtype=np.float32)
        again[found.products] = found.scores
        chances[best[:DEPTH]] = self.calibration.of(said)
        return Dealt(scores=again, chances=chances)

    def said(self, history: History, products: Numbers, additive: Values) -> npt.NDArray[np.float64]:
        """float64 [m]: what the trees say of the best products of the additive sum, best first."""
        return self.trees.said(table_of_best(self.features, history, products, additive))

    def save(self, folder: Path) -> None:
        """Write the trees, and beside them what they need to be read."""
        features = self.features
        about = {
            "channels": list(features.channels),
            "priors": list(features.prior_names),
            "ordered": features.ordered,
            "features": list(signs_of_lists(features)),
        }
        self.trees.save(folder, about)
        save_arrays(folder / _CHANCES, self.calibration.arrays())
        if features.latent is not None:
            save_arrays(folder / _LATENT, features.latent.arrays())

    @classmethod
    def load(
        cls,
        folder: Path,
        graph: Graph,
        behaviour: Behaviour,
        links: Iterable[Links],
        priors: Iterable[Prior],
    ) -> TasteRanker:
        """VersionError if a file is missing, damaged or of other features than these."""
        trees, about = Trees.load(folder)
        try:
            latent = (
                Latent.from_arrays(load_arrays(folder / _LATENT)) if (folder / _LATENT).is_file() else None
            )
            calibration = Calibration.from_arrays(load_arrays(folder / _CHANCES))
            features = Features.of(
                graph,
                behaviour,
                links,
                priors,
                latent=latent,
                channels=about["channels"],
                prior_names=about["priors"],
                ordered=about["ordered"],
            )
            known = about["features"]
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise unreadable(folder, error) from error
        check_features(folder, known, list(signs_of_lists(features)))
        return cls(trees=trees, calibration=calibration, features=features)

    def renewed(
        self,
        graph: Graph,
        behaviour: Behaviour,
        links: Sequence[Links],
        priors: Sequence[Prior],
        origin: Numbers,
    ) -> TasteRanker:
        """The same trees for a newer graph, in which product i was product origin[i] (-1: it is new)."""
        mine = self.features
        features = Features.of(
            graph,
            behaviour,
            links,
            priors,
            latent=None if mine.latent is None else mine.latent.moved(origin),
            channels=mine.channels,
            prior_names=mine.prior_names,
            ordered=mine.ordered,
        )
        return replace(self, features=features)


def _reordered(products: Numbers, additive: Values, said: npt.NDArray[np.float64]) -> Reranked:
    """The first products in the order of what trees `said` of them; all others stay."""
    first = len(said)
    order = np.concatenate([np.lexsort((products[:first], -said)), np.arange(first, len(products))])
    own, dealt = additive[order], additive.copy()
    dealt[:first] = falling(additive[: first + 1])[:first]
    return Reranked(products=products[order], scores=dealt, additive=own, adjustment=dealt - own)


def falling(scores: Values) -> Values:
    """Scores, highest first, of which none equals the next: else ties would undo an order. The last stays as
    it is, so those that follow in no case overtake it."""
    found = scores.copy()
    if (np.diff(found) >= 0).any():
        for place in range(len(found) - 2, -1, -1):
            found[place] = max(found[place], np.nextafter(found[place + 1], np.float32(np.inf)))
    return found


def rank_best(
    fitted: Fitted, units: Units, *, k: int, progress: Progress | None = None
) -> npt.NDArray[np.int64] | None:
    """int64 [u, k]: the best products of each unit by the trees (-1: empty place); None without trees."""
    if fitted.taste_ranker is None:
        return None
    graph = fitted.graph
    additive = Additive.of(
        fitted.links,
        fitted.priors,
        fitted.weights["history"],
        products=graph.product_count,
        newcomers=fitted.newcomers,
    )
    lists = np.full((len(units), k), -1, dtype=np.int64)
    for row, user in enumerate(units.users.tolist()):
        if progress is not None and row % 256 == 0:
            progress("rank best", row, len(units))
        history = units.behaviour.history(user) if user >= 0 else History.of(np.empty(0, dtype=np.int64))
        products, scores = best_products(additive, history, graph.products.listed, max(DEPTH, k))
        found = fitted.taste_ranker.ranked(history, products, scores).products[:k]
        lists[row, : len(found)] = found
    return lists


def best_products(
    additive: Additive, history: History, listed: npt.NDArray[np.bool_], most: int
) -> tuple[Numbers, Values]:
    """(the best listed products that a history does not own, their scores), as `recommend` ranks them."""
    scores = possible(additive.scores(history), history, listed)
    products = top(scores, most)
    return products, scores[products]


def signs_of_lists(features: Features) -> dict[str, int]:
    """All features of products in a list, with the directions in which they may move a score."""
    return {**features.signs, **{f"{name}, of the best": 0 for name in _shared(features)}}


def table_of_best(features: Features, history: History, products: Numbers, additive: Values) -> Values:
    """float32 [m, f]: the features of the best products of the additive sum, best first; beside those of
    each by itself, how some compare with the largest in the list."""
    best = float(additive[0]) if len(additive) else 0.0
    share = additive / np.float32(best) if best > 0 else np.zeros_like(additive)
    alone = features.table(history, products, share, np.arange(1, len(products) + 1))
    signs = list(features.signs)
    shared = alone[:, [signs.index(name) for name in _shared(features)]]
    if len(products):
        largest = np.sort(shared, axis=0)[-_LARGEST:].mean(axis=0)
        shared = np.divide(shared, largest, out=np.zeros_like(shared), where=largest > 0)
    return np.concatenate([alone, shared], axis=1)


def _shared(features: Features) -> list[str]:
    """The features that grow with a history: what they say is clearer beside others of the same list."""
    kinds = (*(f"{name} sum" for name in features.channels), "people", "nearest")
    return [name for name in features.signs if name in kinds or name.startswith(PATTERNS)]
