"""Explanation paths as a networkx graph, and so as GraphML."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recommend.explain.explanation import Explanation

if TYPE_CHECKING:
    import networkx as nx


def as_networkx(explanation: Explanation) -> nx.MultiDiGraph:
    """Nodes 'kind:id' and the edges of the shown paths, in the direction of their arrows."""
    import networkx as nx

    graph = nx.MultiDiGraph()
    for number, path in enumerate(explanation.paths, start=1):
        for edge in path.edges:
            ends = [f"{node.kind}:{node.id}" for node in (edge.start, edge.end)]
            for name, node in zip(ends, (edge.start, edge.end), strict=True):
                graph.add_node(name, kind=node.kind, label=node.label)
            start, end = ends if edge.forward else reversed(ends)
            graph.add_edge(
                start,
                end,
                relation=edge.relation,
                stored=edge.stored,
                support=edge.support if edge.support is not None else 0.0,
                support_unit=edge.support_unit,
                path=number,
                contribution=path.contribution,
            )
    return graph


def graphml(explanation: Explanation) -> str:
    import networkx as nx

    from kg.exports.graphml import clean

    return "\n".join(nx.generate_graphml(clean(as_networkx(explanation)))) + "\n"
