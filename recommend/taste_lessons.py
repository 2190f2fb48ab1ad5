"""Teaching a fitted model to recommend again: trees on top of the additive sum, where they help."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from kg.graph import Graph
from kg.split import hold_out
from recommend.behaviour import Behaviour
from recommend.boosted.features import Features
from recommend.boosted.latent import Latent
from recommend.boosted.lists import Fold
from recommend.boosted.teaching import teach
from recommend.channels import FitContext, Links, Prior
from recommend.channels.base import fit_links, fit_priors
from recommend.rank.additive import Additive
from recommend.settings import Settings
from recommend.stages import Progress

if TYPE_CHECKING:
    from recommend.fitting import Fitted

SHARE = 0.2
"""What each further fold hides of the interactions of its users."""
FOLDS = 5
_BLIND_VECTORS = frozenset({"text", "image"})
"""The spaces that know nothing of what users did."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Blind:
    """Channels and priors made without what was `hidden` (bool CSR [users, products]): `graph` and
    `behaviour` do not have it either. Channels that are left out know nothing of users."""

    graph: Graph
    behaviour: Behaviour
    links: Sequence[Links]
    priors: Sequence[Prior]
    hidden: sp.csr_array


def teach_taste(
    fitted: Fitted, first: Blind, settings: Settings, *, seed: int, progress: Progress | None
) -> None:
    """Grow trees on what was hidden; `fitted` gets them if they help users that they never saw."""
    latent = Latent.fit(fitted.behaviour, seed=seed)
    serving = Features.of(fitted.graph, fitted.behaviour, fitted.links, fitted.priors, latent=latent)
    fitted.taste_ranker, fitted.card["best"] = teach(
        (_fold(one, serving, fitted, seed) for one in _blind(fitted, first, settings, seed)),
        serving,
        fitted.graph.products.listed,
        lists=settings.best_lists,
        seed=seed,
        progress=progress,
    )


def _fold(blind: Blind, serving: Features, fitted: Fitted, seed: int) -> Fold:
    """What the model would be that was made without what is hidden: with the weights and memories of the
    whole one."""
    made = {one.name: one for one in blind.links}
    links = [_blinded(one, made.get(one.name)) for one in fitted.links]
    features = Features.of(
        blind.graph,
        blind.behaviour,
        links,
        blind.priors,
        latent=None if serving.latent is None else Latent.fit(blind.behaviour, seed=seed),
        channels=serving.channels,
        prior_names=serving.prior_names,
    )
    weights = fitted.weights["history"]
    return Fold(
        behaviour=blind.behaviour,
        additive=Additive.of(links, blind.priors, weights, products=blind.graph.product_count),
        features=features,
        hidden=blind.hidden,
        users=np.flatnonzero(np.diff(blind.hidden.indptr)),
    )


def _blinded(links: Links, blind: Links | None) -> Links:
    """A channel as it was learned, with what is known without the hidden part."""
    return links if blind is None else replace(links, matrix=blind.matrix, scale=blind.scale)


def _blind(fitted: Fitted, first: Blind, settings: Settings, seed: int) -> Iterator[Blind]:
    """The first fold, and others where it is small and they can be had: embeddings of the graph were made
    without what the first hides alone, and where times are known only what is latest is hidden."""
    yield first
    graph, behaviour = fitted.graph, fitted.behaviour
    enough = 2 * len(np.unique(first.hidden.nonzero()[0])) >= settings.best_lists
    if enough or behaviour.has_times or not _BLIND_VECTORS.issuperset(fitted.made.vectors):
        return
    counts = {one.name for one in first.links}
    able = np.flatnonzero(np.diff(behaviour.weight.indptr) >= 2)
    for number in range(1, FOLDS):
        some = np.random.default_rng([seed, number]).permutation(able)[: settings.best_lists // (FOLDS - 1)]
        split = hold_out(graph, share=SHARE, seed=seed + number, users=np.sort(some))
        held = Behaviour.of(split.graph)
        context = FitContext(
            graph=split.graph, behaviour=held, vectors={}, indexes={}, settings=settings, seed=seed
        )
        yield Blind(
            graph=split.graph,
            behaviour=held,
            links=[one for one in fit_links(context) if one.name in counts],
            priors=fit_priors(context),
            hidden=split.hidden,
        )
