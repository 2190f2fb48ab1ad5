"""The graph as a networkx MultiDiGraph."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kg.graph import Graph, Node
from kg.records import NODE_KINDS

if TYPE_CHECKING:
    import networkx as nx


def to_networkx(graph: Graph) -> nx.MultiDiGraph:
    """Nodes are (kind, id) pairs with a `label`; edges carry relation, weight and, if known, time."""
    import networkx as nx

    made = nx.MultiDiGraph()
    for kind in NODE_KINDS:
        for number, node_id in enumerate(graph.nodes[kind]):
            extra: dict[str, object] = {}
            if kind == "product":
                extra["listed"] = bool(graph.products.listed[number])
            made.add_node((kind, node_id), kind=kind, label=graph.label(Node(kind, number)), **extra)
    for edge_type, relation in graph.relations.items():
        heads = list(graph.nodes[edge_type.head])
        tails = list(graph.nodes[edge_type.tail])
        for position, (head, tail, weight) in enumerate(
            zip(relation.heads.tolist(), relation.tails.tolist(), relation.weight.tolist(), strict=True)
        ):
            time = None if relation.time is None else float(relation.time[position])
            known = {} if time is None or np.isnan(time) else {"time": time}
            made.add_edge(
                (edge_type.head, heads[head]),
                (edge_type.tail, tails[tail]),
                key=f"{edge_type.name}#{position}",
                relation=edge_type.name,
                weight=weight,
                **known,
            )
    return made
