"""Teaching a fitted model to recommend again: trees on top of the additive sum, where they help."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from kg.split import hold_out
from recommend.boosted.features import Features
from recommend.boosted.latent import Latent
from recommend.boosted.lists import Fold
from recommend.boosted.teaching import teach
from recommend.channels.base import ways_of
from recommend.folds import Blind, Folds
from recommend.rank.additive import Additive
from recommend.settings import Settings
from recommend.stages import Progress

if TYPE_CHECKING:
    from recommend.fitting import Fitted
    from recommend.history_lessons import Taught

SHARE = 0.2
"""What each further fold hides of the interactions of its users."""
FOLDS = 5
_BLIND_VECTORS = frozenset({"text", "image"})
"""The spaces that know nothing of what users did."""


def teach_taste(
    fitted: Fitted,
    taught: Taught,
    folds: Folds,
    settings: Settings,
    *,
    seed: int,
    progress: Progress | None,
) -> None:
    """Grow trees on what was hidden; `fitted` gets them if they help users that they never saw.

    `taught` has what was made for the first of the `folds`, and for the others where users are few.
    """
    names, ways = taught.names, ways_of(fitted.links)
    others = (Blind.of(one, names, settings, seed=seed, ways=ways) for one in folds.others())
    blind = chain([taught.first], taught.further if folds.few else others)
    latent = Latent.fit(fitted.behaviour, seed=seed)
    serving = Features.of(fitted.graph, fitted.behaviour, fitted.links, fitted.priors, latent=latent)
    all_folds = chain(blind, _more(fitted, folds, names, settings, seed))
    fitted.taste_ranker, fitted.card["best"] = teach(
        (_fold(one, serving, fitted, names, seed) for one in all_folds),
        serving,
        fitted.graph.products.listed,
        lists=settings.best_lists,
        seed=seed,
        progress=progress,
    )


def _fold(blind: Blind, serving: Features, fitted: Fitted, names: Collection[str], seed: int) -> Fold:
    """What the model would be that was made without what is hidden: with the weights and memories of the
    whole one."""
    links = blind.known(fitted.links, names)
    features = Features.of(
        blind.graph,
        blind.behaviour,
        links,
        blind.priors,
        latent=None if serving.latent is None else Latent.fit(blind.behaviour, seed=seed),
        channels=serving.channels,
        prior_names=serving.prior_names,
        ordered=serving.ordered,
    )
    weights = fitted.weights["history"]
    return Fold(
        behaviour=blind.behaviour,
        additive=Additive.of(links, blind.priors, weights, products=blind.graph.product_count),
        features=features,
        hidden=blind.hidden,
        users=blind.users,
    )


def _more(
    fitted: Fitted, folds: Folds, names: Collection[str], settings: Settings, seed: int
) -> Iterator[Blind]:
    """Further folds where the first is small and they can be had: embeddings of the graph were made without
    what the others hide alone, and where times are known only what is latest is hidden."""
    graph, behaviour = fitted.graph, fitted.behaviour
    enough = 2 * len(folds.first.users) >= settings.best_lists
    if enough or behaviour.has_times or not _BLIND_VECTORS.issuperset(fitted.made.vectors):
        return
    able = np.flatnonzero(np.diff(behaviour.weight.indptr) >= 2)
    for number in range(1, FOLDS):
        some = np.random.default_rng([seed, number]).permutation(able)[: settings.best_lists // (FOLDS - 1)]
        split = hold_out(graph, share=SHARE, seed=seed + number, users=np.sort(some))
        yield Blind.of(split, names, settings, seed=seed, ways=ways_of(fitted.links))
