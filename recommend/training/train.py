"""Training of the search without labels: queries from the graph, then the weights of `exact`, then `best`.

What is learned must win on queries that it never saw, about kinds and brands that it never saw; else the
defaults stay, and the card says so.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from kg.errors import ModelError
from kg.graph import Graph
from kg.vectors import Vectors
from recommend.channels.queries import QueryChannel
from recommend.measure.bootstrap import Difference, paired_difference
from recommend.stages import Progress
from recommend.training.boosting import train_ranker
from recommend.training.clicks import CLICKS, held_out
from recommend.training.features import Features
from recommend.training.generated import GeneratedQueries, generate
from recommend.training.names import Alias
from recommend.training.pools import Pools, Prepare, collect
from recommend.training.ranker import Ranker
from recommend.training.search_weights import learned_weights
from recommend.training.split import CHECK, Split, by_group

LEAST_QUERIES = 60
"""Fewer queries teach nothing that the defaults do not know better."""
STRANGE = 0.5
"""The share of queries for kinds that are asked with a word that the shop does not know."""

MOST_LOSS = 0.005
"""Queries that were really typed may not lose more nDCG than this, surely or not."""


@dataclass(frozen=True, kw_only=True, eq=False)
class TrainedSearch:
    """`weights` of the query channels (the defaults, where nothing better was found), the ranker behind
    `best` (None: `best` is `exact`), and what to say about both."""

    weights: Mapping[str, float]
    ranker: Ranker | None = None
    card: Mapping[str, Any] = field(default_factory=dict)


def train_search(
    graph: Graph,
    channels: Sequence[QueryChannel],
    prepare: Prepare,
    defaults: Mapping[str, float],
    *,
    prime: Callable[[Sequence[str]], None] | None = None,
    aliases: Iterable[Alias] = (),
    vectors: Vectors | None = None,
    typed: GeneratedQueries | None = None,
    popularity: npt.NDArray[np.float32] | None = None,
    count: int = 1_200,
    best: bool = True,
    seed: int = 0,
    progress: Progress | None = None,
) -> TrainedSearch:
    """Learn to search one graph (with what was derived from it).

    `prepare` makes a query ready for the channels. `prime` is given all texts once before they are asked, to
    encode them together. `vectors` are those of the products' texts, `typed` queries from click logs
    (`recommend.training.clicks`). With `best` False only the weights are learned.
    """
    start = time.perf_counter()
    features = Features.of(graph, popularity=popularity)
    queries = generate(
        graph,
        count=count,
        aliases=aliases,
        titles=features.titles,
        vectors=vectors,
        seed=seed,
        progress=progress,
    )
    if typed is not None:
        queries = queries.then(typed)
    if prime is not None:
        prime(queries.text)
    card: dict[str, Any] = {"queries": len(queries), "templates": _counts(queries)}
    split = _split(queries, seed)
    if len(queries) < LEAST_QUERIES or not len(split.train) or not len(split.check) or not len(split.held):
        card["weights"] = card["best"] = {
            "chosen": False,
            "why": "too few queries can be made from this graph",
        }
        return TrainedSearch(weights=dict(defaults), card=card)
    pools = collect(
        queries,
        channels,
        features,
        prepare,
        defaults,
        listed=graph.products.listed,
        strange=STRANGE,
        seed=seed,
        progress=progress,
    )
    parts = _sides(pools, split)
    learned = learned_weights(pools.of(np.concatenate([split.train, split.check])), defaults)
    held = parts.held
    won = compared(held.ndcg(held.exact(learned)), held.ndcg(held.exact(defaults)), held, queries, seed)
    weights = learned if won["chosen"] else dict(defaults)
    card["weights"] = {**won, "learned": {name: round(w, 4) for name, w in learned.items()}}
    ranker = None
    if best:
        try:
            ranker = train_ranker(parts.train, parts.check, weights, features, seed=seed)
        except ModelError as error:
            card["best"] = {"chosen": False, "why": str(error)}
        else:
            card["best"] = {"chosen": False, "why": "no tree helps"}
        if ranker is not None:
            won = compared(
                held.ndcg(ranker.scores(held, weights)), held.ndcg(held.exact(weights)), held, queries, seed
            )
            card["best"] = {**won, "trees": ranker.trees.count}
            ranker = ranker if won["chosen"] else None
    card["seconds"] = round(time.perf_counter() - start, 2)
    return TrainedSearch(weights=weights, ranker=ranker, card=card)


def _split(queries: GeneratedQueries, seed: int) -> Split:
    """Families of kinds stay together; queries that were typed are held out by their text, whatever the
    seed."""
    typed = np.array([name == CLICKS for name in queries.template], dtype=np.bool_)
    made, asked = np.flatnonzero(~typed), np.flatnonzero(typed)
    split = by_group([queries.group[query] for query in made.tolist()], seed=seed)
    held = np.array([held_out(queries.text[query]) for query in asked.tolist()], dtype=np.bool_)
    checks = np.random.default_rng(seed).random(len(asked)) < CHECK
    return Split(
        train=np.concatenate([made[split.train], asked[~held & ~checks]]),
        check=np.concatenate([made[split.check], asked[~held & checks]]),
        held=np.concatenate([made[split.held], asked[held]]),
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Sides:
    train: Pools
    check: Pools
    held: Pools


def _sides(pools: Pools, split: Split) -> _Sides:
    return _Sides(
        train=pools.of(split.train),
        check=pools.of(split.check),
        held=pools.of(split.held),
    )


def compared(
    new: npt.NDArray[np.float64],
    old: npt.NDArray[np.float64],
    held: Pools,
    queries: GeneratedQueries,
    seed: int,
) -> dict[str, Any]:
    """Whether something new is surely better on held-out queries, and on no side of them surely worse.

    The sides are queries for a kind as they were made, the same with a word that the shop does not know,
    look-ups of one product or series, and queries that were typed. They count alike, however many there are
    of each. Look-ups alone choose nothing: generated ones are pieces of titles, and easily gained.
    """
    typed = np.array([queries.template[query] == CLICKS for query in held.query.tolist()], dtype=np.bool_)
    kind = np.array([queries.wanted[query].kind is not None for query in held.query.tolist()], dtype=np.bool_)
    every = {
        "plain": kind & ~held.strange & ~typed,
        "strange": held.strange,
        "look_ups": ~kind & ~typed,
        "typed": typed,
    }
    sides = {name: rows for name, rows in every.items() if rows.any()}
    size = np.zeros(len(new))  # the sides count alike
    for rows in sides.values():
        size[rows] = len(new) / (len(sides) * rows.sum())
    found = _difference(new * size, old * size, seed)
    card: dict[str, Any] = {
        "held_out_queries": len(new),
        "measured_on": "queries made from the catalog" + (" and typed ones" if typed.any() else ""),
        "ndcg@10_before": round(float((old * size).mean()), 4),
        "ndcg@10_after": round(float((new * size).mean()), 4),
        "gain": [round(v, 4) for v in (found.delta, found.low, found.high)],
    }
    worse = []
    for name, rows in sides.items():
        part = _difference(new[rows], old[rows], seed)
        card[f"gain_{name}"] = [round(v, 4) for v in (part.delta, part.low, part.high)]
        if part.high < 0 or (name == "typed" and part.delta < -MOST_LOSS):
            worse.append(name)
    told = kind | typed
    others = _difference((new * size)[told], (old * size)[told], seed) if told.any() else found
    card["chosen"] = bool(found.low > 0 and others.low > 0 and not worse)
    if worse:
        card["why"] = f"worse on {', '.join(worse)} queries"
    elif found.low <= 0:
        card["why"] = "no sure gain on held-out queries"
    elif others.low <= 0:
        card["why"] = "a sure gain on look-ups of one product only, none on queries for a kind"
    return card


def _difference(new: npt.NDArray[np.float64], old: npt.NDArray[np.float64], seed: int) -> Difference:
    return paired_difference(new, old, seed=seed)


def _counts(queries: GeneratedQueries) -> dict[str, int]:
    return {name: queries.template.count(name) for name in dict.fromkeys(sorted(queries.template))}
