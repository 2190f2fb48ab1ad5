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
from recommend.boosted import TasteRanker
from recommend.channels import FitContext, Links, Prior, Task
from recommend.channels.base import PRODUCT_TASKS, QueryChannel, fit_links, fit_priors, fit_query_channels
from recommend.complements.learning import learn_complements
from recommend.index.vector_index import SpaceIndex
from recommend.query_encoders import QueryEncoders
from recommend.rank.candidates import candidates
from recommend.rank.learning import learn
from recommend.rank.remembering import learn_memories, with_memories
from recommend.rank.worth import without, worth_of
from recommend.search_lessons import teach_search
from recommend.settings import Settings
from recommend.shopfront.suggesting import Suggester
from recommend.sparse import keep_best, weighted_sum
from recommend.stages import Stages
from recommend.taste_lessons import Blind, teach_taste
from recommend.training.ranker import Ranker
from recommend.understand.intent import IntentModel
from recommend.understand.reader import Reader
from recommend.vector_stages import Made, encode_content, fuse, learn_graph

logger = logging.getLogger(__name__)

_LEAST_USERS = 30
"""With fewer users to learn from, the default weights are the better guess."""
_LEAST_FOR_LAST = 1_000
"""What users did last is most like what is asked for; from fewer of them one thing each teaches too
little."""
_MORE_USERS = 2
"""So many times more users teach where there are times: of each only the last moment is hidden."""
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
    taste_ranker: TasteRanker | None = None
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
        learners = _learners(behaviour, settings, seed)
        split = hold_out(
            graph,
            share=settings.learn_share,
            seed=seed,
            users=learners,
            only_last=len(learners) >= _LEAST_FOR_LAST,
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
            blind = (*seen, *unchanged.values())
            memories = learn_memories(
                blind, held, split.hidden, split.users, listed=graph.products.listed, seed=seed
            )
            seen, blind, links = (with_memories(some, memories) for some in (seen, blind, links))
            given = candidates(
                [one for one in blind if "history" in one.defaults],
                fit_priors(plain),
                held,
                split.hidden,
                split.users,
                listed=graph.products.listed,
            )
            graph_channels = [one.name for one in blind if one.name not in _behavioural(blind)]
            worth = worth_of(given, graph_channels, weights["history"], seed=seed)
            if worth is not None:
                card["graph"] = worth.card()
                weights["history"] |= worth.settled
                given = given if worth.kept else without(given, worth.channels)
            learned, value = learn(given, weights["history"])
            weights["history"] |= learned
            kept = {name: round(w, 4) for name, w in sorted(weights["history"].items()) if w > 0}
            card["validation"] = {"users": len(split.users), "ndcg@10": round(value, 6), "weights": kept}
            if memories:
                card["validation"]["memory"] = {name: one.decay for name, one in sorted(memories.items())}
            ordered = learn_complements(blind, graph, split.hidden, weights["complement"], seed=seed)
            if ordered is not None:
                weights["complement"], card["complement"] = ordered
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
    if settings.best_lists and len(split.users) >= _LEAST_USERS:
        with stages.stage("best"):
            first = Blind(
                graph=split.graph, behaviour=held, links=seen, priors=fit_priors(plain), hidden=split.hidden
            )
            teach_taste(fitted, first, settings, seed=seed, progress=stages.progress)
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
    wanted = settings.learn_users * (_MORE_USERS if behaviour.has_times else 1)
    most = min(wanted, max(_LEAST_USERS, len(able) // 3))
    if len(able) <= most:
        return able
    return np.sort(np.random.default_rng(seed).choice(able, most, replace=False))


def _behavioural(links: tuple[Links, ...]) -> frozenset[str]:
    from recommend.channels.kind_traces import KindsTrace
    from recommend.channels.traces import BehaviourTrace

    return frozenset(one.name for one in links if isinstance(one.trace, BehaviourTrace | KindsTrace))


def default_weights(
    links: tuple[Links, ...],
    priors: tuple[Prior, ...],
    query_channels: tuple[tuple[str, QueryChannel], ...],
) -> dict[Task, dict[str, float]]:
    """What each channel is worth by task where nothing was learned."""
    found: dict[Task, dict[str, float]] = {
        task: {
            **{one.name: one.defaults.get(task, 0.0) for one in links},
            **{one.name: one.defaults.get(task, 0.0) for one in priors},
        }
        for task in PRODUCT_TASKS
    }
    found["query"] = {channel.name: channel.default for _, channel in query_channels}
    return found


def _pairs(links: tuple[Links, ...], products: int, seed: int) -> npt.NDArray[np.int64]:
    """int64 [p, 2]: each product with its best partners by the channels that need no vectors."""
    # what goes with a product need not be like it
    liked = ((one, max(one.defaults.get("history", 0.0), one.defaults.get("product", 0.0))) for one in links)
    weighted = ((one.matrix, one.scale * worth) for one, worth in liked if worth)
    best = keep_best(weighted_sum(weighted, products, products), _PAIRS_PER_PRODUCT).tocoo()
    pairs = np.stack([best.row, best.col], axis=1).astype(np.int64)
    if len(pairs) > _MOST_PAIRS:
        chosen = np.sort(np.random.default_rng(seed).choice(len(pairs), _MOST_PAIRS, replace=False))
        pairs = pairs[chosen]
    return pairs
