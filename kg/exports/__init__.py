"""The graph in other tools' forms: networkx, GraphML, Cypher."""

from kg.exports.cypher_script import write_cypher
from kg.exports.graphml import write_graphml
from kg.exports.multigraph import to_networkx

__all__ = ["to_networkx", "write_cypher", "write_graphml"]
