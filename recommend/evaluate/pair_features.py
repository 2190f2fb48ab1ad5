"""What trees look at to tell pairs that were taken from others, read from what one graph knows.

A pair that teaches must not be read from a graph that has it: so these are read in folds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from kg.graph import Graph
from recommend.behaviour import Behaviour
from recommend.boosted.features import Features
from recommend.boosted.latent import Latent
from recommend.channels import FitContext
from recommend.channels.base import Change, fit_links, fit_priors, optional_channels
from recommend.evaluate.pairs import Pairs, without
from recommend.fitting import default_weights
from recommend.rank.additive import Additive
from recommend.settings import Settings
from recommend.stages import Progress

Values: TypeAlias = npt.NDArray[np.float32]

FOLDS = 8


@dataclass(frozen=True, kw_only=True, eq=False)
class Reader:
    """Reads the features of pairs from what one graph knows."""

    behaviour: Behaviour
    additive: Additive
    features: Features

    @classmethod
    def of(cls, graph: Graph, settings: Settings, *, seed: int, like: Features | None = None) -> Reader:
        """With the features of another graph, those of the same channels."""
        ways: dict[str, Change] = {name: {} for name in optional_channels()}
        context = FitContext.plain(graph, settings, seed=seed, ways=ways)
        behaviour = context.behaviour
        links, priors = fit_links(context), fit_priors(context)
        weights = default_weights(links, priors, ())["history"]
        features = Features.of(
            graph,
            behaviour,
            links,
            priors,
            latent=Latent.fit(behaviour, seed=seed),
            channels=None if like is None else like.channels,
            prior_names=None if like is None else like.prior_names,
        )
        additive = Additive.of(links, priors, weights, products=graph.product_count)
        return cls(behaviour=behaviour, additive=additive, features=features)

    def features_of(self, pairs: Pairs) -> Values:
        """float32 [m, f]: the features of pairs, each read as if it stood alone."""
        found = np.zeros((len(pairs), len(self.features.signs)), dtype=np.float32)
        for user, rows in pairs.by_user():
            history = self.behaviour.history(user)
            scores = self.additive.scores(history)
            products = pairs.products[rows]
            best = max(float(scores.max()), 1e-9)
            place = 1 + len(scores) - np.searchsorted(np.sort(scores), scores[products], side="right")
            found[rows] = self.features.table(history, products, scores[products] / np.float32(best), place)
        return found


def out_of_fold(
    graph: Graph,
    pairs: Pairs,
    settings: Settings,
    *,
    seed: int,
    like: Features,
    folds: int = FOLDS,
    progress: Progress | None = None,
) -> Values:
    """float32 [m, f]: the features of pairs, each read from the graph without the pairs of its own fold."""
    found = np.zeros((len(pairs), len(like.signs)), dtype=np.float32)
    fold = np.random.default_rng(seed).integers(0, folds, len(pairs))
    for number in range(folds):
        if progress is not None:
            progress("folds", number, folds)
        here = fold == number
        gone = pairs.of(here & pairs.taken).keys(graph.product_count)
        reader = Reader.of(without(graph, gone), settings, seed=seed, like=like)
        found[here] = reader.features_of(pairs.of(here))
    return found
