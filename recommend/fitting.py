"""From a graph to everything that answers: vectors, channels and their weights."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache as once
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kg.arrays import Arrays
from kg.derive import Derived, derive
from kg.graph import Graph
from kg.split import hold_out
from recommend.behaviour import Behaviour
from recommend.channels import FitContext, Links, Prior, Task
from recommend.channels.base import QueryChannel, fit_links, fit_priors, fit_query_channels
from recommend.index.vector_index import SpaceIndex
from recommend.query_encoders import QueryEncoders
from recommend.rank.learning import candidates, learn
from recommend.search_lessons import teach_search
from recommend.settings import Settings
from recommend.shopfront.suggesting import Suggester
from recommend.sparse import keep_best, weighted_sum
from recommend.stages import Stages
from recommend.training.ranker import Ranker
from recommend.understand.intent import IntentModel
from recommend.understand.reader import Reader
from recommend.vector_stages import Made, encode_content, fuse, learn_graph

logger = logging.getLogger(__name__)

_LEAST_USERS = 30
"""With fewer users to learn from, the default weights are the better guess."""
_PAIRS_PER_PRODUCT = 3
_MOST_PAIRS = 60_000


@dataclass(kw_only=True, eq=False)
class Fitted:
    """Everything a recommender answers with.

    `stated` is the graph as the store has it, `graph` the same with what was `derived` from it. `reader`
    reads queries, `intent` says what kind of product a query's vector is near to (None: no text vectors).
    """

    stated: Graph
    derived: Derived
    graph: Graph
    reader: Reader
    intent: IntentModel | None
    suggester: Callable[[], Suggester]
    behaviour: Behaviour
    links: tuple[Links, ...]
    priors: tuple[Prior, ...]
    query_channels: tuple[tuple[str, QueryChannel], ...]
    indexes: dict[str, SpaceIndex]
    weights: dict[Task, dict[str, float]]
    made: Made
    notes: Mapping[str, Arrays] = field(default_factory=dict)
    ranker: Ranker | None = None
    card: dict[str, Any] = field(default_factory=dict)


def fit(graph: Graph, settings: Settings, *, seed: int, cache: Path | None, stages: Stages) -> Fitted:
    """Encode, embed, fuse, index and learn the weights, in this order.

    Weights are learned on interactions that no channel and no embedding has seen; the channels that only
    count are then fitted again on everything.
    """
    stated = graph
    with stages.stage("types"):
        derived = derive(stated)
        graph = derived.added_to(stated)
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
    with stages.stage("names"):
        encoders = QueryEncoders.of(made, settings)
        reader = Reader.of(graph, aliases=derived.aliases, language=encoders.language())
        intent = _intent(graph, made, encoders, seed)
    weights = default_weights(links, priors, query_channels)
    card: dict[str, Any] = {}
    if len(split.users) >= _LEAST_USERS:
        with stages.stage("weights"):
            # what depends on nothing that was hidden need not be fitted again
            unchanged = {one.name: one for one in links if one.name not in _behavioural(links)}
            seen = tuple(one for one in counted() if one.name not in unchanged)
            given = candidates(
                (*seen, *unchanged.values()),
                fit_priors(plain),
                held,
                split.hidden,
                split.users,
                listed=graph.products.listed,
            )
            weights["history"], value = learn(given, weights["history"])
            kept = {name: round(w, 4) for name, w in sorted(weights["history"].items()) if w > 0}
            card["validation"] = {"users": len(split.users), "ndcg@10": round(value, 6), "weights": kept}
    fitted = Fitted(
        stated=stated,
        derived=derived,
        graph=graph,
        reader=reader,
        intent=intent,
        suggester=once(partial(Suggester.of, graph)),
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
    if settings.search_queries:
        with stages.stage("search"):
            teach_search(fitted, settings, seed=seed, progress=stages.progress)
    return fitted


def _intent(graph: Graph, made: Made, encoders: QueryEncoders, seed: int) -> IntentModel | None:
    vectors = made.vectors.get("text")
    if vectors is None:
        return None
    return IntentModel.fit(graph, vectors, encode=encoders.text_vectors, seed=seed)


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


def default_weights(
    links: tuple[Links, ...],
    priors: tuple[Prior, ...],
    query_channels: tuple[tuple[str, QueryChannel], ...],
) -> dict[Task, dict[str, float]]:
    """What each channel is worth by task where nothing was learned."""
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
