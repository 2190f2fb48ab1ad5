"""Click logs as they are wanted, of shops that have none."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kg.graph import Graph
from recommend.training.clicks import ClickLog


def log_of(graph: Graph, clicks: Sequence[tuple[str, str, float]]) -> ClickLog:
    """(query, product, how often it was clicked at the top), each pair once."""
    number = graph.nodes["product"].number
    rows = sorted((query, number(product) or 0, weight) for query, product, weight in clicks)
    queries = sorted({query for query, _, _ in rows})
    return ClickLog(
        query=tuple(queries),
        indptr=np.searchsorted([query for query, _, _ in rows], [*queries, "\U0010ffff"]).astype(np.int64),
        products=np.array([product for _, product, _ in rows], dtype=np.int32),
        weight=np.array([weight for _, _, weight in rows], dtype=np.float32),
        times=np.array([round(weight) for _, _, weight in rows], dtype=np.int32),
    )
