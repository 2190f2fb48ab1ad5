"""Search tested on what was chosen after it: the latest clicks, hidden from the model.

A click says less than a rating: what was never shown was never clicked. So these figures are for comparing
models on one log, and no measure of relevance.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kg.errors import SettingsError
from kg.graph import FOUND, USER_RELATIONS, EdgeType, Graph
from kg.records import Interaction
from kg.snapshot import choice_weight
from recommend.evaluate.report import Comparison, Report, Row, profile_of
from recommend.evaluate.searchers import Searcher, bm25, channels_alone, rankings
from recommend.measure.metrics import METRICS, find_hits
from recommend.query import MOST_RESULTS
from recommend.recommender import Recommender
from recommend.settings import Settings
from recommend.stages import Progress
from recommend.training.clicks import ClickLog, click_metrics


def evaluate_clicks(
    graph: Graph,
    log: Iterable[Interaction],
    *,
    share: float = 0.25,
    k: int = 10,
    seed: int = 0,
    settings: Settings | None = None,
    cache: Path | None = None,
    progress: Progress | None = None,
) -> Report:
    """Hide the latest `share` of the searches in a log (and all that users did from then on), fit on the
    rest, and look for what was chosen after them.

    `log` are the interactions of the graph; those with a query count, whatever their kind. Without times a
    random share is hidden. Raises SettingsError if fewer than two interactions have a query.
    """
    if not 0 < share < 1:
        raise SettingsError(f"share={share} must lie between 0 and 1")
    settings = settings or Settings()
    split = hide_clicks(graph, log, share=share, seed=seed)
    model = Recommender.fit(split.graph, settings=settings, seed=seed, cache=cache, progress=progress)
    candidates = int(graph.products.listed.sum())
    queries, wanted = split.clicks.query, np.diff(split.clicks.indptr)

    def row(one: Searcher) -> Row:
        lists = one.lists(queries, min(MOST_RESULTS, max(k, candidates)), progress)
        return _row(one, lists, split.clicks, split.graph, k=k, seed=seed)

    served = [row(one) for one in rankings(model)]
    dense = [one for one in channels_alone(model) if one.name == "dense"]
    others = [row(one) for one in (bm25(model.graph), *dense)]
    rows = (*served, *others)
    headline = f"ndcg@{k}"
    before = split.graph.nodes["query"].numbers(queries)
    searched = split.graph.relations.get(EdgeType("query", FOUND, "product"))
    known = np.zeros(len(queries), dtype=np.bool_)
    if searched is not None:
        known = np.diff(searched.indptr)[before] > 0
    return Report(
        protocol={
            "kind": "clicks",
            "share": share,
            "hidden": split.about,
            "queries": len(queries),
            "queries_seen_before": int(known.sum()),
            "relevant": f"what was chosen after the query in the hidden part: {int(wanted.sum())} pairs, "
            f"{wanted.mean():.2f} a query, each once, at whatever rank it stood",
            "learned_from": "the choices that are not hidden; each counts the rank at which the product "
            "stood, 10 at most, where the log says it, and 1 elsewhere",
            "seed": seed,
            "ranking": f"{', '.join(one.model for one in served)}: the whole catalog, ties by product id",
            "candidates": candidates,
            f"precision@{k}": f"at most {np.minimum(wanted, k).mean() / k:.4f}, since so few are clicked",
            f"f1@{k}": "the harmonic mean of precision and recall of each query",
            "auc": "the chance that a clicked product stands above one that was not clicked; what is not "
            "found shares the last place",
            "masked": "nothing",
            "empty_places": "count as misses",
            "intervals": "95 %, percentile bootstrap over queries, 1,000 samples, paired between models",
            "profile": profile_of(settings),
            "settings": asdict(settings),
        },
        rows=rows,
        comparisons=tuple(Comparison.of(rows[0], one, headline, seed=seed) for one in rows[1:]),
        weights={name: weight for name, weight in model.weights["query"].items() if weight > 0},
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class HiddenClicks:
    """`graph` without the hidden part of a log, what was chosen in that part, and `about` it in words."""

    graph: Graph
    clicks: ClickLog
    about: str


def hide_clicks(graph: Graph, log: Iterable[Interaction], *, share: float, seed: int) -> HiddenClicks:
    """Take the latest share of the searches out of a graph."""
    searches = [one for one in log if one.query and one.product in graph.nodes["product"]]
    if len(searches) < 2:
        raise SettingsError(
            "the log has no searches to hide; load interactions with the query that led to them"
        )
    timed = [one for one in searches if one.time is not None]
    if len(timed) >= 2:
        moments = np.array([one.time for one in timed], dtype=np.float64)
        start = float(np.quantile(moments, 1 - share, method="higher"))
        hidden = [one for one, moment in zip(timed, moments.tolist(), strict=True) if moment >= start]
        dropped = {
            edge_type: relation.time >= start
            for edge_type, relation in graph.relations.items()
            if edge_type.head == "user" and edge_type.name in _LOGGED and relation.time is not None
        }
        about = f"the latest {len(hidden)} of {len(searches)} choices after a search, and all done since"
    else:
        count = max(1, int(len(searches) * share))
        chosen = np.random.default_rng(seed).permutation(len(searches))[:count]
        hidden = [searches[at] for at in sorted(chosen.tolist())]
        dropped = {}
        about = f"{len(hidden)} of {len(searches)} choices after a search, at random since there are no times"
    left, taken = _parted(graph, hidden)
    clicks = ClickLog.of_graph(taken)
    if not len(clicks):
        raise SettingsError(
            "no product of the hidden searches is in the shop; load its catalog, or hide more"
        )
    return HiddenClicks(graph=left.without(edges=dropped), clicks=clicks, about=about)


_LOGGED = frozenset(USER_RELATIONS.values())


def _parted(graph: Graph, hidden: Sequence[Interaction]) -> tuple[Graph, Graph]:
    """The graph with the links between queries and products less what hidden interactions added to them, and
    with that alone."""
    edge_type = EdgeType("query", FOUND, "product")
    relation = graph.relations.get(edge_type)
    if relation is None:
        return graph, graph
    added: dict[tuple[int, int], float] = defaultdict(float)
    times: Counter[tuple[int, int]] = Counter()
    queries = graph.nodes["query"].numbers(one.query for one in hidden)
    products = graph.nodes["product"].numbers(one.product for one in hidden)
    for query, product, one in zip(queries.tolist(), products.tolist(), hidden, strict=True):
        added[query, product] += choice_weight(one)
        times[query, product] += 1
    pairs = list(zip(relation.heads.tolist(), relation.tails.tolist(), strict=True))
    taken = np.array([added.get(pair, 0.0) for pair in pairs], dtype=np.float32)
    often = np.array([times[pair] for pair in pairs], dtype=np.int32)

    def part(weight: npt.NDArray[np.float32], times: npt.NDArray[np.int32] | None) -> Graph:
        kept = replace(relation, weight=weight, times=times).keep(weight > 1e-6)
        return replace(graph, relations={**graph.relations, edge_type: kept})

    left = None if relation.times is None else relation.times - often
    return part(relation.weight - taken, left), part(taken, often)


def _row(
    one: Searcher,
    lists: Sequence[npt.NDArray[np.int64]],
    clicks: ClickLog,
    graph: Graph,
    *,
    k: int,
    seed: int,
) -> Row:
    top = np.full((len(lists), k), -1, dtype=np.int64)
    for place, found in enumerate(lists):
        top[place, : len(found[:k])] = found[:k]
    clicked = np.ones(len(clicks.products), dtype=np.bool_)
    shape = (len(clicks), graph.product_count)
    hits = find_hits(top, sp.csr_array((clicked, clicks.products, clicks.indptr), shape=shape))
    wanted = np.diff(clicks.indptr)
    told = click_metrics(lists, clicks, listed=int(graph.products.listed.sum()), k=k)
    values = {
        f"ndcg@{k}": METRICS["ndcg"](hits, wanted),
        f"precision@{k}": told.precision,
        f"recall@{k}": told.recall,
        f"f1@{k}": told.f1,
        f"hr@{k}": METRICS["hr"](hits, wanted),
        f"mrr@{k}": METRICS["mrr"](hits, wanted),
        "auc": told.auc,
    }
    return Row.of(one.name, values, seed=seed, about=one.about)
