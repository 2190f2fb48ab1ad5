"""How much a graph holds, counted the same way for every store."""

from __future__ import annotations

from collections import Counter

import numpy as np

from kg.graph import Graph
from kg.store.base import StoreCounts


def count_graph(graph: Graph, *, unfinished_load: str = "") -> StoreCounts:
    """Nodes by kind and edges by relation name."""
    listed = int(np.count_nonzero(graph.products.listed))
    edges: Counter[str] = Counter()
    for edge_type, relation in graph.relations.items():
        edges[edge_type.name] += len(relation)
    return StoreCounts(
        products=listed,
        stubs=graph.product_count - listed,
        nodes={kind: len(vocabulary) for kind, vocabulary in graph.nodes.items() if len(vocabulary)},
        edges=dict(sorted(edges.items())),
        unfinished_load=unfinished_load,
    )
