"""From a graph to everything that answers: vectors, channels and their weights."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache as once
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kg.arrays import Arrays
from kg.graph import Graph
from kg.split import hold_out
from recommend.behaviour import Behaviour
from recommend.channels import FitContext, Links, Prior, Task
from recommend.channels.base import QueryChannel, fit_links, fit_priors, fit_query_channels
from recommend.earlier import Earlier
from recommend.index.vector_index import SpaceIndex
from recommend.rank.learning import candidates, learn
from recommend.renewing import renew_vectors
from recommend.settings import Settings
from recommend.sparse import keep_best, weighted_sum
from recommend.stages import Stages
from recommend.vector_stages import Made, encode_content, fuse, learn_graph

logger = logging.getLogger(__name__)

_LEAST_USERS = 30
"""With fewer users to learn from, the default weights are the better guess."""
_PAIRS_PER_PRODUCT = 3
_MOST_PAIRS = 60_000


@dataclass(kw_only=True, eq=False)
class Fitted:
    """Everything a recommender answers with."""

    graph: Graph
    behaviour: Behaviour
    links: tuple[Links, ...]
    priors: tuple[Prior, ...]
    query_channels: tuple[tuple[str, QueryChannel], ...]
    indexes: dict[str, SpaceIndex]
    weights: dict[Task, dict[str, float]]
    made: Made
    notes: Mapping[str, Arrays] = field(default_factory=dict)
    card: dict[str, Any] = field(default_factory=dict)


def fit(graph: Graph, settings: Settings, *, seed: int, cache: Path | None, stages: Stages) -> Fitted:
    """Encode, embed, fuse, index and learn the weights, in this order.

    Weights are learned on interactions that no channel and no embedding has seen; the channels that only
    count are then fitted again on everything.
    """
    with stages.stage("graph"):
        behaviour = Behaviour.of(graph)
        split = hold_out(
            graph, share=settings.learn_share, seed=seed, users=_learners(behaviour, settings, seed)
        )
        held = Behaviour.of(split.graph)
    made = encode_content(graph, settings, stages, cache=cache)
    learn_graph(split.graph, settings, stages, made, cache=cache, seed=seed)
    plain = FitContext(
        graph=split.graph, behaviour=held, vectors={}, indexes={}, settings=settings, seed=seed
    )

    @once
    def counted() -> tuple[Links, ...]:
        """The channels that need no vectors, without what is held out: for the pairs and for the weights."""
        return fit_links(plain)

    if settings.fusion is not None and len(made.vectors) >= 2:
        pairs = _pairs(counted(), graph.product_count, seed)
        fuse(split.graph, settings, stages, made, pairs=pairs, cache=cache, seed=seed)
    with stages.stage("index"):
        indexes = {name: SpaceIndex.of(v, seed=seed) for name, v in sorted(made.vectors.items())}
        context = FitContext(
            graph=graph,
            behaviour=behaviour,
            vectors=made.vectors,
            indexes=indexes,
            settings=settings,
            seed=seed,
        )
        links, priors = fit_links(context), fit_priors(context)
        query_channels = fit_query_channels(context)
    weights = _default_weights(links, priors, query_channels)
    card: dict[str, Any] = {}
    users = split.users
    if len(users) >= _LEAST_USERS:
        with stages.stage("weights"):
            # what depends on nothing that was hidden need not be fitted again
            unchanged = {one.name: one for one in links if one.name not in _behavioural(links)}
            seen = tuple(one for one in counted() if one.name not in unchanged)
            given = candidates(
                (*seen, *unchanged.values()),
                fit_priors(plain),
                held,
                split.hidden,
                users,
                listed=graph.products.listed,
            )
            learned, value = learn(given, weights["history"])
            weights["history"] = learned
            card["validation"] = {
                "users": len(users),
                "ndcg@10": round(value, 6),
                "weights": {name: round(w, 4) for name, w in sorted(learned.items()) if w > 0},
            }
    return Fitted(
        graph=graph,
        behaviour=behaviour,
        links=links,
        priors=priors,
        query_channels=query_channels,
        indexes=indexes,
        weights=weights,
        made=made,
        notes=context.notes,
        card=card,
    )


def refit(earlier: Earlier, settings: Settings, *, seed: int, cache: Path | None, stages: Stages) -> Fitted:
    """The earlier model with a newer graph. What was trained is kept: encoders, fusion and weights.

    All the rest is as a fit would make it, but is only made where what it depends on differs.
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
    # a weight was learned for links of one size; the size stays with it
    before = {one.name: earlier.channel(one.trace) for one in links}
    sizes = {name: old.scale for name, old in before.items() if old is not None}
    links = tuple(replace(one, scale=sizes.get(one.name, one.scale)) for one in links)
    weights = _default_weights(links, priors, query_channels)
    names = {name: "" if old is None else old.name for name, old in before.items()}
    for task, learned in earlier.fitted.weights.items():
        then = {} if task == "query" else names
        weights[task] = {name: learned.get(then.get(name, name), w) for name, w in weights[task].items()}
    return Fitted(
        graph=graph,
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


def _learners(behaviour: Behaviour, settings: Settings, seed: int) -> npt.NDArray[np.int64]:
    """The users whose interactions are held out: a sample, so that the rest still shows what shops have."""
    able = np.flatnonzero(np.diff(behaviour.weight.indptr) >= 2)
    most = min(settings.learn_users, max(_LEAST_USERS, len(able) // 3))
    if len(able) <= most:
        return able
    return np.sort(np.random.default_rng(seed).choice(able, most, replace=False))


def _behavioural(links: tuple[Links, ...]) -> frozenset[str]:
    from recommend.channels.traces import BehaviourTrace

    return frozenset(one.name for one in links if isinstance(one.trace, BehaviourTrace))


def _default_weights(
    links: tuple[Links, ...],
    priors: tuple[Prior, ...],
    query_channels: tuple[tuple[str, QueryChannel], ...],
) -> dict[Task, dict[str, float]]:
    tasks: tuple[Task, ...] = ("history", "product")
    found: dict[Task, dict[str, float]] = {
        task: {
            **{one.name: one.defaults.get(task, 0.0) for one in links},
            **{one.name: one.defaults.get(task, 0.0) for one in priors},
        }
        for task in tasks
    }
    found["query"] = {channel.name: channel.default for _, channel in query_channels}
    return found


def _pairs(links: tuple[Links, ...], products: int, seed: int) -> npt.NDArray[np.int64]:
    """int64 [p, 2]: each product with its best partners by the channels that need no vectors."""
    weighted = ((one.matrix, one.scale * max(one.defaults.values(), default=0.1)) for one in links)
    best = keep_best(weighted_sum(weighted, products, products), _PAIRS_PER_PRODUCT).tocoo()
    pairs = np.stack([best.row, best.col], axis=1).astype(np.int64)
    if len(pairs) > _MOST_PAIRS:
        chosen = np.sort(np.random.default_rng(seed).choice(len(pairs), _MOST_PAIRS, replace=False))
        pairs = pairs[chosen]
    return pairs
