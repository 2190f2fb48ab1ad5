"""Explanation paths as Cypher, to be pasted into Neo4j Browser."""

from __future__ import annotations

from kg.cypher import node_pattern, quote, relation_type
from kg.graph import USER_RELATIONS
from kg.records import NodeKind
from recommend.explain.explanation import ExplainedEdge, ExplainedNode, ExplainedPath, Explanation

_MET = "|".join(name.upper() for name in USER_RELATIONS.values())


def statements(explanation: Explanation) -> str:
    """One MATCH for each path. Stored edges are matched as they are; a co-purchase by the users
    behind it; what is only similar has no edge in the store and stands as a comment."""
    return "\n".join(_statement(path) for path in explanation.paths) + "\n"


def _statement(path: ExplainedPath) -> str:
    comments: list[str] = []
    patterns: list[str] = []
    names: list[str] = []
    for number, edge in enumerate(path.edges):
        pattern = _pattern(edge, number)
        if pattern is None:
            similar = f"{quote(edge.start.label)} -[{edge.relation}]-> {quote(edge.end.label)}"
            comments.append(f"// derived, not stored: {similar} {edge.support_unit} {edge.support or 0:.3f}")
        else:
            names.append(f"p{number}")
            patterns.append(f"p{number} = {pattern}")
    if patterns:
        comments.append(f"MATCH {', '.join(patterns)} RETURN {', '.join(names)} LIMIT 25;")
    return "\n".join(comments)


def _pattern(edge: ExplainedEdge, number: int) -> str | None:
    if edge.start.kind == "word":
        return _node(edge.end) if edge.relation == "names" else None
    start, end = _node(edge.start), _node(edge.end)
    if edge.stored:
        arrow = f"-[:{relation_type(edge.relation)}]-"
        return f"{start}{arrow}>{end}" if edge.forward else f"{start}<{arrow}{end}"
    if edge.support_unit == "users":
        return f"{start}<-[:{_MET}]-(:User)-[:{_MET}]->{end}"
    return None


def _node(node: ExplainedNode) -> str:
    kind: NodeKind = node.kind  # type: ignore[assignment]
    return node_pattern(kind, node.id)
