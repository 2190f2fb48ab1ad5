"""What Neo4j shows for the statement of an explained path, and what it must show."""

from __future__ import annotations

from typing import Any, TypeAlias

import neo4j

from kg.store.server_schema import LABELS, attribute_node_ids
from recommend.explain.explanation import ExplainedNode, ExplainedPath, Explanation

Node: TypeAlias = tuple[str, str]
Edge: TypeAlias = tuple[Node, str, Node]
BEHAVIOUR = {"VIEWED", "CARTED", "PURCHASED", "RATED", "CLICKED"}


def statements(cypher: str) -> list[str]:
    """The statements of a text; comments stand on lines of their own."""
    return [line for line in cypher.splitlines() if line and not line.startswith("//")]


def assert_shown(driver: neo4j.Driver, explanation: Explanation) -> int:
    """Run every statement of an explanation and compare; how many paths that were."""
    texts = statements(explanation.cypher())
    assert len(texts) == len(explanation.paths)
    for path, text in zip(explanation.paths, texts, strict=True):
        shown = driver.execute_query(text).records
        assert shown, text
        _assert_path(path, shown, text)
    return len(texts)


def _assert_path(path: ExplainedPath, shown: list[Any], text: str) -> None:
    nodes: set[Node] = set()
    edges: set[Edge] = set()
    for row in shown:
        for value in row.values():
            nodes |= {_node(node) for node in value.nodes}
            edges |= {(_node(r.start_node), r.type, _node(r.end_node)) for r in value.relationships}
    stored = {
        (_named(e.start), e.relation.upper(), _named(e.end))[:: 1 if e.forward else -1]
        for e in path.edges
        if e.stored
    }
    named = {_named(node) for e in path.edges for node in (e.start, e.end) if node.stored}
    met = [e for e in path.edges if e.support_unit == "users"]
    if not met:
        assert nodes == named, text
        assert edges == stored, text
        return
    (behind,) = met
    users = {node for node in nodes - named if node[0] == "User"}
    assert nodes == named | users, text
    assert behind.support is not None
    # a user who is named anyway (whom it is explained to) may be one of them
    own = {node for node in named if node[0] == "User"}
    ends = {_named(behind.start), _named(behind.end)}
    more = edges - stored
    assert {(start[0], kind) for start, kind, _ in more} <= {("User", kind) for kind in BEHAVIOUR}, text
    assert {end for _, _, end in more} <= ends, text
    both = {
        user
        for user in users | own
        if {end for start, _, end in edges if start == user and end in ends} == ends
    }
    assert users <= both, text
    if len(shown) < 25:
        assert len(both) == behind.support, text


def _named(node: ExplainedNode) -> Node:
    """As the server has it: the long ids of attributes are shortened there."""
    node_id = attribute_node_ids(node.id)[-1] if node.kind == "attribute" else node.id
    return LABELS[node.kind], node_id  # type: ignore[index]


def _node(node: Any) -> Node:
    (label,) = node.labels
    return label, node["id"]
