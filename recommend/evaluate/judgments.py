"""Search tested on human ratings of products for queries.

Judged products are few and were pooled from some engine's lists. *Plain* nDCG counts an unjudged product as
useless; *condensed* nDCG leaves unjudged products out of the list first (Sakai, "Alternatives to bpref",
2007).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from kg.graph import Graph
from recommend.evaluate.judged import DEPTH, Judged
from recommend.evaluate.ratings import Judgments
from recommend.evaluate.report import Comparison, Report, Row, profile_of
from recommend.evaluate.searchers import Searcher, bm25, channels_alone, rankings, without_each
from recommend.recommender import Recommender
from recommend.stages import Progress


def evaluate_judgments(
    model: Recommender,
    judgments: Judgments,
    *,
    k: int = 10,
    seed: int = 0,
    progress: Progress | None = None,
) -> Report:
    """Search every judged query with the model as it serves ('exact', and 'best' if it has that), with BM25,
    and with each channel alone or left out.

    A channel that alone finds nothing for any query has no row: what only takes away says nothing by itself.
    """
    queries = list(judgments.ratings)
    judged = Judged.of(judgments, queries, model.graph)

    def row(one: Searcher) -> Row:
        return judged.row(one.name, one.lists(queries, DEPTH, progress), k=k, seed=seed, about=one.about)

    served = [row(one) for one in rankings(model)]
    alone = [row(one) for one in channels_alone(model)]
    others = [row(bm25(model.graph)), *(one for one in alone if one.means[f"coverage@{k}"] > 0)]
    removed = [row(one) for one in without_each(model)]
    exact, rows = served[0], (*served, *others)
    headline = f"condensed_ndcg@{k}"
    return Report(
        protocol={
            "kind": "judgments",
            "queries": len(queries),
            "judgments": len(judgments),
            **({"labels": judgments.about} if judgments.about else {}),
            "queries_without_relevant_product": int((judged.wanted == 0).sum()),
            "judged_products_not_in_the_shop": judged.unknown,
            "pairs_judged_twice": judgments.replaced,
            "queries_that_the_shop_has_clicks_for": _clicked(model.graph, queries),
            "model": "what serves: search learns nothing from judgments, so nothing is fitted again",
            "seed": seed,
            "ranking": f"{', '.join(one.model for one in served)}: the whole catalog, ties by product id",
            "candidates": int(model.graph.products.listed.sum()),
            "gain": "2^rating - 1; ideal: all judged products of the query",
            "relevant": "rating > 0, for recall and mrr; the rest of the catalog counts as not relevant",
            f"ndcg@{k}": "plain: an unjudged product counts 0",
            headline: f"the first {DEPTH} without unjudged products, then the first {k}",
            "masked": "nothing",
            "empty_places": "count as misses; a query without a relevant product counts 0",
            "intervals": "95 %, percentile bootstrap over queries, 1,000 samples, paired between models",
            "ablation": "of exact: one channel left out, the other weights kept",
            "profile": profile_of(model.settings),
            "settings": asdict(model.settings),
        },
        rows=rows,
        comparisons=tuple(Comparison.of(exact, one, headline, seed=seed) for one in rows[1:]),
        ablation=tuple(Comparison.of(one, exact, headline, seed=seed) for one in removed),
        weights={name: weight for name, weight in model.weights["query"].items() if weight > 0},
    )


def _clicked(graph: Graph, queries: Sequence[str]) -> int:
    return int((graph.nodes["query"].numbers(queries) >= 0).sum())
