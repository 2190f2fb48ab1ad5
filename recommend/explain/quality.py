"""What makes a reason a good one for a shopper: how recent, how familiar, how different from the others.

Recency and popularity after Balloccu et al., "Post processing recommender systems with knowledge graphs for
recency, popularity, and diversity of explanations" (SIGIR 2022), with their smoothing factor.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import accumulate

import numpy as np
import numpy.typing as npt

from kg.graph import Graph
from kg.records import NodeKind
from recommend.behaviour import History

SMOOTHING = 0.3

Values = npt.NDArray[np.float64]


def recency(history: History) -> Values:
    """float64 [m]: how recent each product of a history is, 0 (the oldest) to 1 (the latest).

    Moments are smoothed in their order and stretched to 0 … 1 for each user; a product without a moment has
    0, and of a history of one moment all have 1.
    """
    moments, place = np.unique(history.moment[np.isfinite(history.moment)], return_inverse=True)
    found = np.zeros(len(history.products))
    if len(moments):
        found[np.isfinite(history.moment)] = _stretched(_smoothed(moments))[place]
    return found


def familiarity(graph: Graph) -> Mapping[NodeKind, Values]:
    """float64 [nodes] by kind: how much is linked to each node beside the others of its kind, 0 to 1.

    Degrees (edges of every relation, in both directions) are smoothed in their order and stretched to 0 … 1.
    """
    degrees = {kind: np.zeros(len(names), dtype=np.int64) for kind, names in graph.nodes.items()}
    for edge_type, relation in graph.relations.items():
        degrees[edge_type.head] += np.diff(relation.indptr)
        degrees[edge_type.tail] += np.bincount(relation.tails, minlength=relation.tail_count)
    return {kind: _by_order(degree.astype(np.float64)) for kind, degree in degrees.items()}


def type_diversity(shown: Collection[object], kinds: int) -> float:
    """Distinct types of paths among those shown, over min(how many are shown, how many types there are)."""
    most = min(len(shown), kinds)
    return len(set(shown)) / most if most else 0.0


def _by_order(values: Values) -> Values:
    """Smoothed from the smallest to the largest; equals have what the last of them has."""
    if len(values) == 0:
        return values
    order = np.argsort(values, kind="stable")
    smooth = _stretched(_smoothed(values[order]))
    return smooth[np.searchsorted(values[order], values, side="right") - 1]


def _smoothed(values: Values) -> Values:
    """s(1) = v(1), s(i) = (1 - SMOOTHING) · s(i - 1) + SMOOTHING · v(i)."""
    return np.array(list(accumulate(values.tolist(), lambda s, v: (1 - SMOOTHING) * s + SMOOTHING * v)))


def _stretched(values: Values) -> Values:
    span = float(values[-1] - values[0])
    return (values - values[0]) / span if span > 0 else np.ones(len(values))
