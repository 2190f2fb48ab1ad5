"""Search tested on human ratings of products for queries.

Judged products are few and were pooled from some engine's lists. *Plain* nDCG counts an unjudged product as
useless; *condensed* nDCG leaves unjudged products out of the list first (Sakai, "Alternatives to bpref",
2007).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kg.graph import Graph
from recommend.evaluate.metrics import coverage, graded_ndcg
from recommend.evaluate.ratings import Judgments
from recommend.evaluate.report import Comparison, Report, Row, profile_of
from recommend.query import Query
from recommend.recommender import Recommender
from recommend.stages import Progress
from recommend.understand.tokens import tokens

DEPTH = 200
"""How long a list is before unjudged products are dropped from it."""
_DENSE = "text_similarity"
"""The channel that, alone, is the usual dense retrieval: the query's vector beside those of the texts."""


def evaluate_judgments(
    model: Recommender,
    judgments: Judgments,
    *,
    k: int = 10,
    seed: int = 0,
    progress: Progress | None = None,
) -> Report:
    """Search every judged query with the model as it serves, with BM25, and with each channel alone or
    left out."""
    queries = list(judgments.ratings)
    weights = {name: w for name, w in model.weights["query"].items() if w > 0}
    alone = {f"{name} alone": {name: 1.0} for name in weights}
    if _DENSE in weights:
        alone = {"dense": alone.pop(f"{_DENSE} alone"), **alone}
    left = {f"without {name}": {n: w for n, w in weights.items() if n != name} for name in weights}
    judged = _Judged.of(judgments, queries, model.graph)

    def searched(name: str, chosen: Mapping[str, float] | None) -> Row:
        lists: list[npt.NDArray[np.int64]] = []
        for done, text in enumerate(queries):
            if progress is not None:
                progress(f"search {name}", done, len(queries))
            lists.append(model.evaluate_search(Query(text=text, k=DEPTH), weights=chosen))
        return judged.row(name, lists, k=k, seed=seed, about=_about(name, chosen))

    exact = searched("exact", None)
    bm25 = judged.row(
        "bm25",
        _bm25_lists(model.graph, queries),
        k=k,
        seed=seed,
        about="BM25 (k1 1.2, b 0.75) over title, brand and description",
    )
    others = [searched(name, chosen) for name, chosen in alone.items()]
    headline = f"condensed_ndcg@{k}"
    removed = [searched(name, chosen) for name, chosen in left.items()] if len(weights) > 1 else []
    rows = (exact, bm25, *others)
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
            "ranking": "exact: the whole catalog, ties by product id",
            "candidates": int(model.graph.products.listed.sum()),
            "gain": "2^rating - 1; ideal: all judged products of the query",
            "relevant": "rating > 0, for recall and mrr; the rest of the catalog counts as not relevant",
            f"ndcg@{k}": "plain: an unjudged product counts 0",
            headline: f"the first {DEPTH} without unjudged products, then the first {k}",
            "masked": "nothing",
            "empty_places": "count as misses; a query without a relevant product counts 0",
            "intervals": "95 %, percentile bootstrap over queries, 1,000 samples, paired between models",
            "ablation": "one channel left out, the other weights kept",
            "profile": profile_of(model.settings),
            "settings": asdict(model.settings),
        },
        rows=rows,
        comparisons=tuple(Comparison.of(exact, row, headline, seed=seed) for row in rows[1:]),
        ablation=tuple(Comparison.of(row, exact, headline, seed=seed) for row in removed),
        weights=weights,
    )


@dataclass(frozen=True, kw_only=True)
class _Judged:
    """For each query the ratings of judged products by number, all its ratings, and how many are relevant."""

    known: Sequence[Mapping[int, float]]
    ideal: Sequence[npt.NDArray[np.float64]]
    wanted: npt.NDArray[np.int64]
    unknown: int
    listed: int

    @classmethod
    def of(cls, judgments: Judgments, queries: Sequence[str], graph: Graph) -> _Judged:
        known: list[dict[int, float]] = []
        unknown: set[str] = set()
        for query in queries:
            rated = judgments.ratings[query]
            numbers = graph.nodes["product"].numbers(rated).tolist()
            known.append({n: r for n, r in zip(numbers, rated.values(), strict=True) if n >= 0})
            unknown.update(
                i for i, n in zip(rated, numbers, strict=True) if n < 0 or not graph.products.listed[n]
            )
        ideal = [np.array(list(judgments.ratings[query].values())) for query in queries]
        return cls(
            known=known,
            ideal=ideal,
            wanted=np.array([int((ratings > 0).sum()) for ratings in ideal], dtype=np.int64),
            unknown=len(unknown),
            listed=int(graph.products.listed.sum()),
        )

    def row(self, name: str, lists: Sequence[npt.NDArray[np.int64]], *, k: int, seed: int, about: str) -> Row:
        names = (f"condensed_ndcg@{k}", f"ndcg@{k}", f"recall@{k}", f"hr@{k}", f"mrr@{k}")
        values = np.zeros((len(lists), len(names)))
        top = np.full((len(lists), k), -1, dtype=np.int64)
        for row, (found, known, ideal, wanted) in enumerate(
            zip(lists, self.known, self.ideal, self.wanted.tolist(), strict=True)
        ):
            top[row, : len(found[:k])] = found[:k]
            plain = np.array([known.get(int(product), 0.0) for product in found[:k]])
            condensed = np.array([known[int(product)] for product in found[:DEPTH] if int(product) in known])
            hits = plain > 0
            first = int(np.argmax(hits)) + 1 if hits.any() else 0
            values[row] = (
                graded_ndcg(condensed, ideal, k),
                graded_ndcg(plain, ideal, k),
                hits.sum() / wanted if wanted else 0.0,
                float(hits.any()),
                1.0 / first if first else 0.0,
            )
        units = {metric: values[:, column] for column, metric in enumerate(names)}
        return Row.of(
            name, units, seed=seed, about=about, whole={f"coverage@{k}": coverage(top, self.listed)}
        )


def _bm25_lists(graph: Graph, queries: Sequence[str]) -> list[npt.NDArray[np.int64]]:
    import bm25s

    table = graph.products
    rows = np.flatnonzero(table.listed)
    corpus = [tokens(" ".join((table.title[r], table.brand[r], table.description[r]))) for r in rows.tolist()]
    words = {word: number for number, word in enumerate(sorted({w for found in corpus for w in found}))}
    if not words:
        return [np.empty(0, dtype=np.int64) for _ in queries]
    index = bm25s.BM25(k1=1.2, b=0.75, method="lucene")
    numbered = [[words[word] for word in found] for found in corpus]
    index.index((numbered, words), show_progress=False, create_empty_token=False)
    lists: list[npt.NDArray[np.int64]] = []
    for query in queries:
        asked = [words[word] for word in dict.fromkeys(tokens(query)) if word in words]
        scores = np.asarray(index.get_scores_from_ids(asked)) if asked else np.zeros(len(rows))
        order = np.lexsort((rows, -scores))[:DEPTH]
        lists.append(rows[order[scores[order] > 0]])
    return lists


def _clicked(graph: Graph, queries: Sequence[str]) -> int:
    return int((graph.nodes["query"].numbers(queries) >= 0).sum())


def _about(name: str, chosen: Mapping[str, Any] | None) -> str:
    if chosen is None:
        return "all query channels with their weights"
    return "only this channel" if name.endswith(" alone") or name == "dense" else "the other weights kept"
