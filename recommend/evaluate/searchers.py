"""What answers queries in an evaluation of search: the model's rankings, its channels, and BM25."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kg.graph import Graph
from recommend.query import Query, RankingName
from recommend.recommender import Recommender
from recommend.stages import Progress
from recommend.understand.tokens import tokens

DENSE = "text_similarity"
"""The channel that, alone, is the usual dense retrieval: the query's vector beside those of the texts."""

RANKINGS: Mapping[RankingName, str] = {
    "exact": "the additive sum of all query channels with their weights",
    "best": "the learned order on top of the additive sum",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Searcher:
    """A way to answer. `ask` gives up to so many product numbers for a query, best first."""

    name: str
    about: str
    ask: Callable[[str, int], npt.NDArray[np.int64]]

    def lists(
        self, queries: Sequence[str], depth: int, progress: Progress | None = None
    ) -> list[npt.NDArray[np.int64]]:
        """The products of each query."""
        found: list[npt.NDArray[np.int64]] = []
        for done, text in enumerate(queries):
            if progress is not None:
                progress(f"search {self.name}", done, len(queries))
            found.append(self.ask(text, depth))
        return found


def rankings(model: Recommender) -> list[Searcher]:
    """The model as it serves: 'exact', and 'best' if it has that."""
    return [_ranking(model, name) for name in model.rankings]


def _ranking(model: Recommender, name: RankingName) -> Searcher:
    def ask(text: str, depth: int) -> npt.NDArray[np.int64]:
        return model.evaluate_search(Query(text=text, k=depth, ranking=name))

    return Searcher(name=name, about=RANKINGS[name], ask=ask)


def weighted(model: Recommender, name: str, about: str, weights: Mapping[str, float]) -> Searcher:
    """The additive sum with other weights; channels that have none are off."""

    def ask(text: str, depth: int) -> npt.NDArray[np.int64]:
        return model.evaluate_search(Query(text=text, k=depth), weights=weights)

    return Searcher(name=name, about=about, ask=ask)


def channels_alone(model: Recommender) -> Iterator[Searcher]:
    """Each channel that has a weight, by itself; dense retrieval first."""
    names = [name for name, weight in model.weights["query"].items() if weight > 0]
    for name in sorted(names, key=lambda name: name != DENSE):
        called = "dense" if name == DENSE else f"{name} alone"
        yield weighted(model, called, "only this channel", {name: 1.0})


def without_each(model: Recommender) -> Iterator[Searcher]:
    """The additive sum without each of its channels, if it has more than one."""
    weights = {name: weight for name, weight in model.weights["query"].items() if weight > 0}
    if len(weights) > 1:
        for name in weights:
            left = {other: weight for other, weight in weights.items() if other != name}
            yield weighted(model, f"without {name}", "the other weights kept", left)


def bm25(graph: Graph) -> Searcher:
    """The usual lexical retrieval."""
    import bm25s

    table = graph.products
    rows = np.flatnonzero(table.listed)
    corpus = [tokens(" ".join((table.title[r], table.brand[r], table.description[r]))) for r in rows.tolist()]
    words = {word: number for number, word in enumerate(sorted({w for found in corpus for w in found}))}
    index = bm25s.BM25(k1=1.2, b=0.75, method="lucene")
    if words:
        numbered = [[words[word] for word in found] for found in corpus]
        index.index((numbered, words), show_progress=False, create_empty_token=False)

    def ask(text: str, depth: int) -> npt.NDArray[np.int64]:
        asked = [words[word] for word in dict.fromkeys(tokens(text)) if word in words]
        if not asked:
            return np.empty(0, dtype=np.int64)
        scores = np.asarray(index.get_scores_from_ids(asked))
        order = np.lexsort((rows, -scores))[:depth]
        found: npt.NDArray[np.int64] = rows[order[scores[order] > 0]]
        return found

    about = "BM25 (k1 1.2, b 0.75) over title, brand and description"
    return Searcher(name="bm25", about=about, ask=ask)
