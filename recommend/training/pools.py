"""The candidates of many queries, with everything that weights and rankers are learned from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from recommend.channels.queries import QueryChannel
from recommend.channels.signals import Signal
from recommend.query import PreparedQuery
from recommend.rank.blend import Part, blend
from recommend.stages import Progress
from recommend.training.features import Features
from recommend.training.generated import GeneratedQueries


class Prepare(Protocol):
    """Makes a query ready for the channels: of `text`, the words; of `meaning`, if that is another text, what
    models of meaning hear."""

    def __call__(self, text: str, meaning: str | None = None) -> PreparedQuery: ...


DEPTH = 100
"""So many of the best by the additive score are ranked again."""
NDCG_DEPTH = 10
_OF_EACH = 50
_RELEVANT = 20
_STRANGE = "qzxqzvq"
"""A word of no language, too far from any to be mended."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Pools:
    """Candidates of queries, padded to one width: values float32 [q, w, c] (what each channel says), given
    float32 [q, w, g] (the features of `Features`), grades int8 [q, w], products int32 [q, w] (-1: padding),
    ideal float64 [q] (the best DCG@10 of any ranking). `query` int64 [q] are numbers in the queries;
    `strange` bool [q] marks those asked with a word that the shop does not know."""

    channels: tuple[str, ...]
    values: npt.NDArray[np.float32]
    given: npt.NDArray[np.float32]
    grades: npt.NDArray[np.int8]
    products: npt.NDArray[np.int32]
    ideal: npt.NDArray[np.float64]
    query: npt.NDArray[np.int64]
    strange: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.query)

    @property
    def valid(self) -> npt.NDArray[np.bool_]:
        return self.products >= 0

    def of(self, rows: npt.NDArray[np.integer] | npt.NDArray[np.bool_]) -> Pools:
        """The pools of some queries."""
        return Pools(
            channels=self.channels,
            values=self.values[rows],
            given=self.given[rows],
            grades=self.grades[rows],
            products=self.products[rows],
            ideal=self.ideal[rows],
            query=self.query[rows],
            strange=self.strange[rows],
        )

    def exact(self, weights: Mapping[str, float]) -> npt.NDArray[np.float32]:
        """float32 [q, w]: the additive scores; -inf in the padding."""
        return self.scored(np.array([weights.get(name, 0.0) for name in self.channels]))

    def scored(self, weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
        """The same by the weights of the channels in their order, float64 [c]."""
        # no matrix product: for a few columns BLAS was seen to warn of invalid values where all are finite
        scores: npt.NDArray[np.float32] = np.einsum("qwc,c->qw", self.values, weights.astype(np.float32))
        scores[~self.valid] = -np.inf
        return scores

    def ndcg(self, scores: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        """float64 [q]: nDCG@10 of rankings by score, ties by product; gain 2^grade - 1."""
        depth = min(NDCG_DEPTH, scores.shape[1])
        if depth == 0 or len(scores) == 0:
            return np.zeros(len(scores))
        order = np.argsort(-scores, axis=1, kind="stable")[:, :depth]
        gain = np.exp2(np.take_along_axis(self.grades, order, axis=1).astype(np.float64)) - 1.0
        gain[~np.take_along_axis(self.valid, order, axis=1)] = 0.0
        discount = 1.0 / np.log2(np.arange(2, depth + 2))
        found: npt.NDArray[np.float64] = (gain @ discount) / self.ideal
        return found

    def value(self, scores: npt.NDArray[np.float32]) -> float:
        """The mean nDCG@10 of a ranking. Queries with a word that the shop does not know count as much
        together as all others: generated words are the catalog's own, those of shoppers often are not."""
        found = self.ndcg(scores)
        sides = [found[side].mean() for side in (self.strange, ~self.strange) if side.any()]
        return float(np.mean(sides)) if sides else 0.0


def collect(
    queries: GeneratedQueries,
    channels: Sequence[QueryChannel],
    features: Features,
    prepare: Prepare,
    weights: Mapping[str, float],
    *,
    listed: npt.NDArray[np.bool_],
    strange: float = 0.0,
    seed: int = 0,
    progress: Progress | None = None,
) -> Pools:
    """Ask every channel about some queries (`asked`, or all).

    A pool holds the best of each channel, the best by `weights`, some of the relevant products and the hard
    negatives; products of which nobody knows whether they are relevant are left out.

    Shoppers' words are often not the seller's, which words made from the catalog never show. So a `strange`
    share of the queries is asked with one word that the shop does not know: only the vectors still come from
    the whole text.
    """
    rng = np.random.default_rng(seed)
    rows = []
    unknown = np.zeros(len(queries), dtype=np.bool_)
    for query, text in enumerate(queries.text):
        if progress is not None and query % 50 == 0:
            progress("ask the queries", query, len(queries))
        prepared = prepare(text)
        if rng.random() < strange and queries.wanted[query].kind is not None:
            prepared, unknown[query] = _with_strange_word(prepared, prepare, rng)
        signals = {one.name: one.signal(prepared) for one in channels}
        products = _candidates(queries, query, signals, weights, listed, rng)
        grades = queries.grades_of(query, products)
        products, grades = products[grades >= 0], grades[grades >= 0]
        values = np.zeros((len(products), len(channels)), dtype=np.float32)
        for column, signal in enumerate(signals.values()):
            if signal is not None:
                values[:, column] = signal.values(products)
        rows.append((products, grades, values, features.given(prepared.tokens, prepared.reading, products)))
    if progress is not None:
        progress("ask the queries", len(queries), len(queries))
    return _padded(rows, tuple(one.name for one in channels), queries, unknown)


def _with_strange_word(
    prepared: PreparedQuery, prepare: Prepare, rng: np.random.Generator
) -> tuple[PreparedQuery, bool]:
    """The same query with one of its words unknown to all but the text model, and whether there is one."""
    words = prepared.text.split()
    able = [place for place, word in enumerate(words) if len(word) > 2 and word.isascii() and word.isalpha()]
    if not able:
        return prepared, False
    words[able[int(rng.integers(len(able)))]] = _STRANGE
    return prepare(" ".join(words), prepared.text), True


def _candidates(
    queries: GeneratedQueries,
    query: int,
    signals: Mapping[str, Signal | None],
    weights: Mapping[str, float],
    listed: npt.NDArray[np.bool_],
    rng: np.random.Generator,
) -> npt.NDArray[np.int64]:
    parts = [
        Part(name=name, weight=weights[name], signal=signal)
        for name, signal in signals.items()
        if signal is not None and weights.get(name, 0.0) > 0
    ]
    some: list[npt.NDArray[np.integer]] = [blend(parts, DEPTH, listed)[0], queries.hard_of(query)]
    some += [signal.best(_OF_EACH, listed) for signal in signals.values() if signal is not None]
    known, grades = queries.graded(query)
    relevant = known[grades == grades.max(initial=1)]
    if len(relevant) > _RELEVANT:
        relevant = rng.choice(relevant, _RELEVANT, replace=False)
    found: npt.NDArray[np.int64] = np.unique(np.concatenate([*some, relevant])).astype(np.int64)
    return found[listed[found]]


def _padded(
    rows: Sequence[
        tuple[npt.NDArray[np.int64], npt.NDArray[np.int8], npt.NDArray[np.float32], npt.NDArray[np.float32]]
    ],
    channels: tuple[str, ...],
    queries: GeneratedQueries,
    strange: npt.NDArray[np.bool_],
) -> Pools:
    width = max((len(row[0]) for row in rows), default=0)
    given = max((row[3].shape[1] for row in rows), default=0)
    made = Pools(
        channels=channels,
        values=np.zeros((len(rows), width, len(channels)), dtype=np.float32),
        given=np.zeros((len(rows), width, given), dtype=np.float32),
        grades=np.zeros((len(rows), width), dtype=np.int8),
        products=np.full((len(rows), width), -1, dtype=np.int32),
        ideal=np.array([ideal(queries.graded(query)[1]) for query in range(len(rows))], dtype=np.float64),
        query=np.arange(len(rows)),
        strange=strange,
    )
    for row, (products, grades, values, features) in enumerate(rows):
        made.products[row, : len(products)] = products
        made.grades[row, : len(products)] = grades
        made.values[row, : len(products)] = values
        made.given[row, : len(products)] = features
    return made


def ideal(grades: npt.NDArray[np.int8]) -> float:
    """The best DCG@10 that a ranking of products with these grades can have."""
    best = np.sort(np.maximum(grades, 0).astype(np.float64))[::-1][:NDCG_DEPTH]
    return float((np.exp2(best) - 1.0) @ (1.0 / np.log2(np.arange(2, len(best) + 2))))
