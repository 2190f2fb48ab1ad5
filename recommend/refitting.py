"""A fitted model brought to a newer graph: nothing is trained, and only what differs is made anew."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import cache as once
from functools import partial
from pathlib import Path

from kg.derive import Derived
from kg.graph import Graph
from recommend.behaviour import Behaviour
from recommend.channels import FitContext, Prior
from recommend.channels.base import fit_links, fit_priors, fit_query_channels
from recommend.earlier import Earlier
from recommend.fitting import Fitted, default_weights
from recommend.index.vector_index import SpaceIndex
from recommend.query_encoders import QueryEncoders
from recommend.renewing import renew_vectors
from recommend.search_lessons import popularity_of
from recommend.settings import Settings
from recommend.shopfront.suggestible import same_entries
from recommend.shopfront.suggesting import Suggester
from recommend.stages import Stages
from recommend.training.ranker import Ranker
from recommend.understand.intent import IntentModel

logger = logging.getLogger(__name__)


def enriched(opened: Fitted, stated: Graph, written: tuple[str, ...] | None) -> tuple[Derived, Graph]:
    """What is derived from a newer graph, and the two together: only products that differ are read again.

    `written` are the ids of the products that may differ (None: compare them all).
    """
    rows = Earlier(opened, stated, folder=Path(), written=written).changed
    derived = opened.derived.renewed(opened.stated, stated, rows)
    return derived, derived.added_to(stated)


def refit(
    earlier: Earlier,
    stated: Graph,
    derived: Derived,
    settings: Settings,
    *,
    seed: int,
    cache: Path | None,
    stages: Stages,
) -> Fitted:
    """The earlier model with a newer graph. What was trained is kept: encoders, fusion and weights.

    All the rest is as a fit would make it, but is only made where what it depends on differs. The graph of
    `earlier` is the stated one with what was derived.
    """
    graph = earlier.graph
    with stages.stage("graph"):
        behaviour = Behaviour.of(graph)
        logger.info("%d products differ", len(earlier.changed))
    # one after the other: while Python code runs beside it, a model waits for the interpreter at every step
    made = renew_vectors(earlier, settings, stages, cache=cache)
    with stages.stage("index"):
        indexes = {
            space: earlier.fitted.indexes[space] if earlier.same_space(space) else SpaceIndex.of(v, seed=seed)
            for space, v in sorted(made.vectors.items())
        }
        context = FitContext(
            graph=graph,
            behaviour=behaviour,
            vectors=made.vectors,
            indexes=indexes,
            settings=settings,
            seed=seed,
            earlier=earlier,
        )
        links, priors = fit_links(context), fit_priors(context)
        query_channels = fit_query_channels(context)
    with stages.stage("names"):
        language = QueryEncoders.of(made, settings).language()
        reader = earlier.fitted.reader.renewed(graph, aliases=derived.aliases, language=language)
    # a weight was learned for links of one size; the size stays with it
    before = {one.name: earlier.channel(one.trace) for one in links}
    sizes = {name: old.scale for name, old in before.items() if old is not None}
    links = tuple(replace(one, scale=sizes.get(one.name, one.scale)) for one in links)
    weights = default_weights(links, priors, query_channels)
    names = {name: "" if old is None else old.name for name, old in before.items()}
    for task, learned in earlier.fitted.weights.items():
        then = {} if task == "query" else names
        weights[task] = {name: learned.get(then.get(name, name), w) for name, w in weights[task].items()}
    return Fitted(
        stated=stated,
        derived=derived,
        graph=graph,
        reader=reader,
        intent=_moved_intent(earlier),
        suggester=_renewed_suggester(earlier),
        ranker=_renewed_ranker(earlier, priors),
        behaviour=behaviour,
        links=links,
        priors=priors,
        query_channels=query_channels,
        indexes=indexes,
        weights=weights,
        made=made,
        notes=context.notes,
        card={
            **{name: value for name, value in earlier.fitted.card.items() if name != "stages"},
            "update": earlier.summary(),
        },
    )


def _renewed_ranker(earlier: Earlier, priors: tuple[Prior, ...]) -> Ranker | None:
    """The trees of the earlier model, with the titles of now."""
    ranker = earlier.fitted.ranker
    if ranker is None:
        return None
    origin = earlier.origin.copy()
    origin[earlier.changed] = -1
    return ranker.renewed(earlier.graph, origin, popularity=popularity_of(priors))


def _moved_intent(earlier: Earlier) -> IntentModel | None:
    """What was learned of kinds, with their numbers of now."""
    intent = earlier.fitted.intent
    if intent is None or all(earlier.same_nodes(kind) for kind in ("type", "category")):
        return intent
    return intent.moved(earlier.fitted.graph, earlier.graph)


def _renewed_suggester(earlier: Earlier) -> Callable[[], Suggester]:
    """The earlier one, unless something changed that it shows."""
    if same_entries(earlier.fitted.graph, earlier.graph):
        return earlier.fitted.suggester
    return once(partial(Suggester.of, earlier.graph))
