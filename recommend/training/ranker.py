"""The ranking `best`: trees that correct the additive score of the best products of a query.

LambdaMART (Burges, "From RankNet to LambdaRank to LambdaMART", 2010) that starts from the additive score, so
that what the trees say is the correction: score = additive + adjustment. Monotone where sense demands it:
more of a signal, or a brand or kind that agrees, never lowers a score; a missed wish never raises one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kg.arrays import load_arrays, save_arrays
from kg.graph import Graph
from recommend.query import PreparedQuery
from recommend.rank.blend import Part
from recommend.training.features import Features, Read, Values, signs
from recommend.training.pools import DEPTH, Pools
from recommend.training.titles import Titles
from recommend.training.trees import Trees, check_features, unreadable
from recommend.understand.corpus import Corpus

TITLES = "titles.safetensors"


@dataclass(frozen=True, kw_only=True, eq=False)
class Reranked:
    """Answers, best first: products int64 [m], scores = additive + adjustment, float32 [m] each."""

    products: npt.NDArray[np.int64]
    scores: npt.NDArray[np.float32]
    additive: npt.NDArray[np.float32]
    adjustment: npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, eq=False)
class Ranker:
    """`channels` are the query channels whose signals the trees know, in order, and `scale` how large the
    additive score was taken: adjustment = what the trees say / scale."""

    trees: Trees
    channels: tuple[str, ...]
    scale: float
    features: Features

    def adjustments(
        self,
        words: Sequence[str],
        read: Read | None,
        products: npt.NDArray[np.int64],
        signals: Mapping[str, npt.NDArray[np.float32]],
        additive: npt.NDArray[np.float32],
    ) -> npt.NDArray[np.float32]:
        """float32 [m]: what to add to the additive scores of the best products of a query.

        `words` are the query's tokens, `read` its reading (None: not read), `signals` what each channel says
        about the products (its value, not times its weight); a channel that is left out says nothing.
        """
        if len(products) == 0:
            return np.zeros(0, dtype=np.float32)
        silent = np.zeros(len(products), dtype=np.float32)
        values = np.stack([signals.get(name, silent) for name in self.channels], axis=1)
        given = self.features.given(words, read, products)
        table = self.features.table(given, values, products, additive)
        return (self.trees.said(table) / self.scale).astype(np.float32)

    def ranked(
        self,
        query: PreparedQuery,
        parts: Sequence[Part],
        products: npt.NDArray[np.int64],
        additive: npt.NDArray[np.float32],
    ) -> Reranked:
        """The answers of `blend` for some parts, ranked again. The taste of a user stays as it is."""
        first = products[:DEPTH]
        intent = [part for part in parts if part.history is None]
        signals = {part.name: part.signal.values(first) for part in intent}
        exact = np.zeros(len(first), dtype=np.float32)
        for part in intent:
            exact += np.float32(part.weight) * signals[part.name]
        found = self.adjustments(query.tokens, query.reading, first, signals, exact)
        scores, adjustment = shifted(additive, found)
        order = np.lexsort((products, -scores))
        return Reranked(
            products=products[order],
            scores=scores[order],
            additive=additive[order],
            adjustment=adjustment[order],
        )

    def scores(self, pools: Pools, weights: Mapping[str, float]) -> npt.NDArray[np.float32]:
        """float32 [q, w]: the scores of candidates; -inf for those that are not among the best."""
        exact = pools.exact(weights)
        table, rows, columns = best_of(pools, exact, self.features)
        found = np.full_like(exact, -np.inf)
        found[rows, columns] = exact[rows, columns] + (self.trees.said(table) / self.scale).astype(np.float32)
        return found

    def save(self, folder: Path) -> None:
        """Write the trees as text, and beside them what they need to be read."""
        about = {"channels": list(self.channels), "scale": self.scale, "features": list(signs(self.channels))}
        self.trees.save(folder, about)
        save_arrays(folder / TITLES, self.features.titles.corpus.arrays())

    @classmethod
    def load(cls, folder: Path, graph: Graph, *, popularity: Values | None = None) -> Ranker:
        """Read the ranker of a graph; VersionError if a file is missing, damaged or of other features than
        these."""
        trees, about = Trees.load(folder)
        try:
            channels, scale, known = tuple(about["channels"]), float(about["scale"]), about["features"]
            titles = Titles(Corpus.from_arrays(load_arrays(folder / TITLES)))
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise unreadable(folder, error) from error
        check_features(folder, known, list(signs(channels)))
        features = Features.of(graph, popularity=popularity, titles=titles)
        return cls(trees=trees, channels=channels, scale=scale, features=features)

    def renewed(
        self, graph: Graph, origin: npt.NDArray[np.int64], *, popularity: Values | None = None
    ) -> Ranker:
        """The same trees for a newer graph: product i was product origin[i] of this one with the same title,
        -1 where its title must be read."""
        titles = self.features.titles.renewed(graph.products, origin)
        return replace(self, features=Features.of(graph, popularity=popularity, titles=titles))


def shifted(
    additive: npt.NDArray[np.float32], adjustment: npt.NDArray[np.float32]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """(scores, adjustments) of a whole list, best by the additive score first. `adjustment` holds those of
    the first products; the others follow them in their order, however low the first ones were put."""
    full = np.zeros(len(additive), dtype=np.float32)
    full[: len(adjustment)] = adjustment
    rest = additive[len(adjustment) :]
    if len(rest) and len(adjustment):
        lowest = float((additive[: len(adjustment)] + adjustment).min())
        full[len(adjustment) :] = min(0.0, lowest - float(rest[0]))
    return additive + full, full


def best_of(
    pools: Pools, exact: npt.NDArray[np.float32], features: Features
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """(features [m, f], row, column) of the candidates that are ranked again, query after query."""
    tables, rows, columns = [], [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for row in range(len(pools)):
        order = np.argsort(-exact[row], kind="stable")[:DEPTH]
        here = order[np.isfinite(exact[row, order])]
        products = pools.products[row, here].astype(np.int64)
        tables.append(
            features.table(pools.given[row, here], pools.values[row, here], products, exact[row, here])
        )
        rows.append(np.full(len(here), row, dtype=np.int64))
        columns.append(here)
    table = np.concatenate(tables) if tables else np.empty((0, 0), dtype=np.float32)
    return table, np.concatenate(rows), np.concatenate(columns)
