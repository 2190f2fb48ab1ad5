"""Names and values as Cypher writes them, safe whatever they contain."""

from __future__ import annotations

import json

from kg.records import NodeKind
from kg.store.server_schema import LABELS, attribute_node_ids, relation_type

__all__ = ["node_pattern", "quote", "relation_type"]


def quote(text: str) -> str:
    """A string literal. Cypher understands JSON's escapes; what is not printable ASCII is escaped."""
    return json.dumps(text, ensure_ascii=True)


def node_pattern(kind: NodeKind, node_id: str, name: str = "") -> str:
    """(:Product {id: "…"}); `name` is the variable that it gets."""
    ids = attribute_node_ids(node_id) if kind == "attribute" else (node_id,)
    if len(ids) == 1:
        return f"({name}:{LABELS[kind]} {{id: {quote(node_id)}}})"
    name = name or "long"
    return f"({name}:{LABELS[kind]} WHERE {name}.id IN [{', '.join(map(quote, ids))}])"
