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
from threadpoolctl import threadpool_limits

from kg.arrays import Arrays
from kg.derive import Derived, derive
from kg.graph import Graph
from recommend.behaviour import Behaviour
from recommend.boosted import TasteRanker
from recommend.channels import FitContext, Links, Prior, Task
from recommend.channels.base import PRODUCT_TASKS, fit_links, fit_priors
from recommend.channels.queries import QueryChannel, fit_query_channels
from recommend.complements.learning import learn_complements
from recommend.folds import LEAST_USERS, Folds
from recommend.history_lessons import Taught, teach_history
from recommend.index.vector_index import SpaceIndex
from recommend.query_encoders import QueryEncoders
from recommend.rank.additive import Additive, Newcomers, by_task, newcomers_of
from recommend.rank.gains import Lessons
from recommend.rank.newcomers import Mask, playing_new
from recommend.search_lessons import teach_search
from recommend.settings import Settings
from recommend.shopfront.suggesting import Suggester
from recommend.sparse import keep_best, weighted_sum
from recommend.stages import Stages
from recommend.taste_lessons import teach_taste
from recommend.training.ranker import Ranker
from recommend.understand.intent import IntentModel
from recommend.understand.language import packaged_synonyms
from recommend.understand.reader import Reader
from recommend.vector_stages import Made, encode_content, fuse, learn_graph
from recommend.welcoming import linked, welcome

logger = logging.getLogger(__name__)

_PAIRS_PER_PRODUCT = 3
_MOST_PAIRS = 60_000


@dataclass(kw_only=True, eq=False)
class Fitted:
    """Everything a recommender answers with.

    `stated` is the graph as the store has it, `graph` the same with what was `derived` from it. `reader`
    reads queries, `intent` says what kind of product a query's vector is near to (None: no text vectors).
    `lessons` are what the weights for histories were learned from, if they were to be kept.
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
    lessons: Lessons | None = None

    def additive(self) -> dict[Task, Additive]:
        """The sums of the tasks that start from products."""
        return by_task(
            self.links,
            self.priors,
            self.weights,
            products=self.graph.product_count,
            newcomers=self.newcomers,
        )

    @property
    def newcomers(self) -> tuple[Newcomers, ...]:
        """The products that nobody met yet, with the weights of links to them."""
        return newcomers_of(self.weights, self.behaviour.unmet, linked(self.graph))


def fit(
    graph: Graph,
    settings: Settings,
    *,
    seed: int,
    cache: Path | None,
    stages: Stages,
    keep_lessons: bool = False,
) -> Fitted:
    """Encode, embed, fuse, index and learn the weights, in this order.

    Weights are learned on interactions that no channel and no embedding has seen; the channels that only
    count are then fitted again on everything.
    """
    stated = graph
    with stages.stage("types"):
        derived = derive(stated, synonyms=packaged_synonyms().equals())
        graph = derived.added_to(stated)
    with stages.stage("graph"):
        behaviour = Behaviour.of(graph)
        folds = Folds.of(graph, behaviour, settings, seed=seed)
        split = folds.first
        plain = FitContext.plain(split.graph, settings, seed=seed)
        able = len(split.users) >= LEAST_USERS
        new = playing_new(plain.behaviour, graph.products.listed, seed) if able else None
    made = encode_content(graph, settings, stages, cache=cache)
    learn_graph(folds.unseen, settings, stages, made, new=new, cache=cache, seed=seed)

    @once
    def counted() -> tuple[Links, ...]:
        """The channels that need no vectors, without what is held out: for the pairs and for the weights."""
        return fit_links(plain)

    if settings.fusion is not None and len(made.vectors) >= 2:
        same = folds.unseen is split.graph
        unseen = counted() if same else fit_links(FitContext.plain(folds.unseen, settings, seed=seed))
        pairs = _pairs(unseen, graph.product_count, seed)
        fuse(folds.unseen, settings, stages, made, pairs=pairs, cache=cache, seed=seed)
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
    taught: Taught | None = None
    if able:
        # its products are narrow: threads of the linear algebra wait for each other half of the time
        with stages.stage("weights"), threadpool_limits(1, user_api="blas"):
            taught = teach_history(links, counted(), weights["history"], folds, plain, context)
            links = taught.links
            learned, card = _learned(taught, new, folds, plain, made, weights)
            weights |= learned
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
        lessons=None if taught is None or not keep_lessons else taught.lessons,
    )
    if settings.best_lists and taught is not None:
        with stages.stage("best"):
            teach_taste(fitted, taught, folds, settings, seed=seed, progress=stages.progress)
    if settings.search_queries:
        with stages.stage("search"):
            teach_search(fitted, settings, seed=seed, progress=stages.progress)
    return fitted


def _learned(
    taught: Taught,
    new: Mask | None,
    folds: Folds,
    plain: FitContext,
    made: Made,
    usual: Mapping[Task, Mapping[str, float]],
) -> tuple[dict[Task, dict[str, float]], dict[str, Any]]:
    """The weights of the tasks that hidden interactions teach, and what the card says of them. `new` are the
    products that play new, `usual` the weights where nothing was learned."""
    found: dict[Task, dict[str, float]] = {"history": dict(taught.weights)}
    card = dict(taught.card)
    for task, welcomed in () if new is None else welcome(taught, new, folds.unseen, plain, made):
        card[f"{task}s"] = welcomed.card()
        if welcomed.kept:
            found[task] = {**dict.fromkeys(taught.weights, 0.0), **welcomed.weights}
    ordered = learn_complements(
        taught.blind, folds.graph, folds.first.hidden, usual["complement"], seed=plain.seed
    )
    if ordered is not None:
        found["complement"], card["complement"] = ordered
    return found, card


def _intent(graph: Graph, made: Made, encoders: QueryEncoders, seed: int) -> IntentModel | None:
    vectors = made.vectors.get("text")
    if vectors is None:
        return None
    return IntentModel.fit(graph, vectors, encode=encoders.text_vectors, seed=seed)


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
