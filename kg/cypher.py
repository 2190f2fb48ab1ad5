"""Names and values as Cypher writes them, safe whatever they contain."""

from __future__ import annotations

import json

from kg.records import NodeKind
from kg.store.server_schema import LABELS, relation_type

__all__ = ["node_pattern", "quote", "relation_type"]


def quote(text: str) -> str:
    """A string literal. Cypher understands JSON's escapes; what is not printable ASCII is escaped."""
    return json.dumps(text, ensure_ascii=True)


def node_pattern(kind: NodeKind, node_id: str) -> str:
    """(:Product {id: "…"})"""
    return f"(:{LABELS[kind]} {{id: {quote(node_id)}}})"
