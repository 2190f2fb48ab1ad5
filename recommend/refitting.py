"""A fitted model brought to a newer graph: nothing is trained, and only what differs is made anew."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache as once
from functools import partial
from pathlib import Path

from kg.derive import Derived
from kg.graph import Graph
from recommend.behaviour import Behaviour
from recommend.boosted import TasteRanker
from recommend.channels import FitContext, Links, Prior
from recommend.channels.base import fit_links, fit_priors, ways_of
from recommend.channels.queries import fit_query_channels
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
from recommend.understand.reader import Reader

logger = logging.getLogger(__name__)


def enriched(opened: Fitted, stated: Graph, written: tuple[str, ...] | None) -> tuple[Derived, Graph]:
    """What is derived from a newer graph, and the two together: only products that differ are read again.

    `written` are the ids of the products that may differ (None: compare them all).
    """
    # what was derived is no part of the comparison: it follows from what was stated
    earlier = Earlier(replace(opened, graph=opened.stated), stated, folder=Path(), written=written)
    derived = opened.derived
    if not earlier.says_the_same:
        derived = derived.renewed(opened.stated, stated, earlier.retold)
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
            ways=ways_of(earlier.fitted.links),
            earlier=earlier,
        )
        links, priors = fit_links(context), fit_priors(context)
        query_channels = fit_query_channels(context)
    with stages.stage("names"):
        reader = _renewed_reader(earlier, derived, QueryEncoders.of(made, settings))
    # a weight was learned for links of one size and one memory; they stay with it
    before = {one.name: earlier.channel(one.trace) for one in links}
    links = tuple(_as_learned(one, before[one.name]) for one in links)
    weights = default_weights(links, priors, query_channels)
    names = {name: "" if old is None else old.name for name, old in before.items()}
    for task, learned in earlier.fitted.weights.items():
        if task in ("newcomer", "stranger"):  # kept also for channels that have no product to link to now
            here = {name: learned.get(names[name] or name, 0.0) for name in names}
            weights[task] = {**learned, **here}
            continue
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
        taste_ranker=_renewed_taste(earlier, behaviour, links, priors, names),
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


def _as_learned(links: Links, before: Links | None) -> Links:
    return links if before is None else replace(links, scale=before.scale, memory=before.memory)


def _renewed_reader(earlier: Earlier, derived: Derived, encoders: QueryEncoders) -> Reader:
    """The earlier one with the prices of now, if nothing else changed that queries may name."""
    reader = earlier.fitted.reader
    if derived is earlier.fitted.derived and earlier.says_the_same:
        return reader.priced(earlier.graph)
    return reader.renewed(earlier.graph, aliases=derived.aliases, language=encoders.language())


def _renewed_ranker(earlier: Earlier, priors: tuple[Prior, ...]) -> Ranker | None:
    """The trees of the earlier model, with the titles of now."""
    ranker = earlier.fitted.ranker
    if ranker is None:
        return None
    origin = earlier.origin.copy()
    origin[earlier.changed] = -1
    return ranker.renewed(earlier.graph, origin, popularity=popularity_of(priors))


def _renewed_taste(
    earlier: Earlier,
    behaviour: Behaviour,
    links: tuple[Links, ...],
    priors: tuple[Prior, ...],
    names: Mapping[str, str],
) -> TasteRanker | None:
    """The trees of the earlier model, reading what is known now; `names` are those that channels had then."""
    ranker = earlier.fitted.taste_ranker
    if ranker is None:
        return None
    then = [replace(one, name=names.get(one.name) or one.name) for one in links]
    return ranker.renewed(earlier.graph, behaviour, then, priors, earlier.origin)


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
