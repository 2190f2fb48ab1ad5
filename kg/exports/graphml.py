"""GraphML, for Gephi, yEd and the like."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from kg.exports.multigraph import to_networkx
from kg.graph import Graph

if TYPE_CHECKING:
    import networkx as nx

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_graphml(graph: Graph, path: Path) -> None:
    """Write the whole graph; nodes are named 'kind:id'."""
    import networkx as nx

    made = to_networkx(graph)
    named = nx.relabel_nodes(made, {node: f"{node[0]}:{node[1]}" for node in made})
    nx.write_graphml(clean(named), path, named_key_ids=True)


def clean(graph: nx.MultiDiGraph) -> nx.MultiDiGraph:
    """The same graph without the characters that XML cannot hold (each becomes U+FFFD)."""
    import networkx as nx

    def text(value: object) -> object:
        return _NOT_XML.sub("\ufffd", value) if isinstance(value, str) else value

    made = nx.MultiDiGraph()
    for node, data in graph.nodes(data=True):
        made.add_node(text(node), **{name: text(value) for name, value in data.items()})
    for head, tail, key, data in graph.edges(keys=True, data=True):
        made.add_edge(
            text(head), text(tail), key=text(key), **{name: text(value) for name, value in data.items()}
        )
    return made
