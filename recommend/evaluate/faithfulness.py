"""Does an answer really rest on the paths that are shown for it?

A shown path is put to the test by deleting what stands behind it and scoring again; beside it stand a random
path of the same channel, and so of the same length, from the same history to any product, and another path
to the very same product that was not shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from kg.graph import Node
from recommend.behaviour import History
from recommend.channels.base import Links
from recommend.channels.traces import Edge
from recommend.evaluate.deletion import Deleting, Removal, edges_of
from recommend.explain.explanation import ExplainedPath, Explanation
from recommend.fitting import Fitted

Steps: TypeAlias = tuple[tuple[object, str, object, bool], ...]
_DRAWS = 10
"""So often another random path is drawn where one is shown anyway."""


@dataclass(frozen=True, kw_only=True)
class Tested:
    """A shown path of a hit and what its deletion does. Falls are shares of the score (negative: it rose);
    None where there is no such path. `claimed` is the share of the score that the explanation gives to the
    path; `own` is the part of the fall in the link that the path is of (its channel, from its product to the
    hit), the rest is in links that stood on the same edges; `with_purchase` is the fall when the product of
    the history goes too."""

    hit: int
    user: int
    channel: str
    deletable: bool
    rebuilt: bool
    claimed: float
    fall: float
    own: float
    with_purchase: float
    leaves: bool
    random: float | None
    other: float | None


class Faithfulness:
    """Tests shown paths against a model."""

    def __init__(self, fitted: Fitted, deleting: Deleting, *, k: int, rng: np.random.Generator) -> None:
        self._fitted = fitted
        self._deleting = deleting
        self._k = k
        self._rng = rng

    def test(self, hit: int, user: int, explanation: Explanation) -> list[Tested]:
        """All shown paths of one hit. Paths that do not lead through the graph of the model are left out."""
        graph = self._fitted.graph
        history, product = self._fitted.behaviour.history(user), graph.number(explanation.product.id)
        before = float(self._deleting.scores(history, Removal())[product])
        shown = [(path, edges_of(graph, path)) for path in explanation.paths]
        known = {_steps(edges) for _, edges in shown if edges is not None}
        found = []
        for path, edges in shown:
            if edges is None or before <= 0:
                continue
            found.append(self._tested(hit, user, history, product, before, path, edges, known))
        return found

    def _tested(
        self,
        hit: int,
        user: int,
        history: History,
        product: int,
        before: float,
        path: ExplainedPath,
        edges: Sequence[Edge],
        known: set[Steps],
    ) -> Tested:
        def fall(drawn: Iterable[Edge] | None) -> float | None:
            if drawn is None:
                return None
            removal = self._deleting.removal(path.channel, drawn, user)
            return (before - float(self._deleting.scores(history, removal)[product])) / before

        links = self._deleting.links(path.channel)
        removal = self._deleting.removal(path.channel, edges, user)
        without = self._deleting.without(history, removal)
        after = without.scores(history)
        left = without.scores(_without_product(history, _source(edges)))
        return Tested(
            hit=hit,
            user=user,
            channel=path.channel,
            deletable=bool(removal),
            rebuilt=path.channel in self._deleting.rebuilt,
            claimed=path.contribution / before,
            fall=(before - float(after[product])) / before,
            own=self._own(links, without.links, history, (_source(edges), product), before),
            with_purchase=(before - float(left[product])) / before,
            leaves=place_of(self._fitted, after, history, product) > self._k,
            random=fall(self._random(links, history, known)),
            other=fall(self._other(links, history, product, known)),
        )

    def _own(
        self, links: Links, without: Sequence[Links], history: History, ends: tuple[int, int], before: float
    ) -> float:
        """What the link between two products lost, as a share of the score."""
        cell = float(links.matrix[ends])
        if cell <= 0:
            return 0.0
        left = next((float(one.matrix[ends]) for one in without if one.name == links.name), 0.0)
        whole = Removal(links=frozenset({(links.name, *ends)}))
        worth = before - float(self._deleting.scores(history, whole)[ends[1]])
        return worth / before * (1 - left / cell)

    def _random(self, links: Links, history: History, known: set[Steps]) -> tuple[Edge, ...] | None:
        """A path of the channel from the history to any product that it does not have, but none shown."""
        matrix = links.matrix
        starts, stops = matrix.indptr[history.products], matrix.indptr[history.products + 1]
        ends = np.cumsum(stops - starts)
        for _ in range(_DRAWS if len(ends) and ends[-1] else 0):
            drawn = int(self._rng.integers(ends[-1]))
            row = int(np.searchsorted(ends, drawn, side="right"))
            cell = int(stops[row] - (ends[row] - drawn))
            if matrix.indices[cell] in history.products:
                continue
            found = self._one_of(links, int(history.products[row]), int(matrix.indices[cell]), known)
            if found is not None:
                return found
        return None

    def _other(
        self, links: Links, history: History, product: int, known: set[Steps]
    ) -> tuple[Edge, ...] | None:
        """Another path of the channel to the same product, but none shown."""
        column = links.matrix[history.products][:, [product]].tocoo()
        for row in self._rng.permutation(np.unique(column.row)).tolist():
            found = self._one_of(links, int(history.products[row]), product, known)
            if found is not None:
                return found
        return None

    def _one_of(self, links: Links, source: int, target: int, known: set[Steps]) -> tuple[Edge, ...] | None:
        row = slice(int(links.matrix.indptr[source]), int(links.matrix.indptr[source + 1]))
        value = float(links.matrix.data[row][links.matrix.indices[row] == target][0])
        graph, behaviour = self._fitted.graph, self._fitted.behaviour
        paths = links.trace.paths(graph, behaviour, source, target, value)
        able = [path.edges for path in paths if _steps(path.edges) not in known]
        return able[int(self._rng.integers(len(able)))] if able else None


def place_of(fitted: Fitted, scores: npt.NDArray[np.float32], history: History, product: int) -> int:
    """The place of a product among those that may be recommended, 1 for the first."""
    better = scores > scores[product]
    better |= (scores == scores[product]) & (np.arange(len(scores)) < product)
    better &= fitted.graph.products.listed
    better[history.products[history.owned]] = False
    return 1 + int(better.sum())


def _source(edges: Sequence[Edge]) -> int:
    """The product of the history that a path starts from."""
    starts = (edge.start for edge in edges)
    return next(one.number for one in starts if isinstance(one, Node) and one.kind == "product")


def _steps(edges: Sequence[Edge]) -> Steps:
    """A path by its nodes and relations, without what the user did first."""
    return tuple(
        (edge.start, edge.relation, edge.end, edge.forward) for edge in edges if edge.start[0] != "user"
    )


def _without_product(history: History, product: int) -> History:
    """The history as if the product had never counted; what is left counts as before."""
    return replace(history, weight=np.where(history.products == product, np.float32(0), history.weight))
