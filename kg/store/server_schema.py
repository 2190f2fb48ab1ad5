"""How records look in a graph server: labels, relation types, keys, and the properties of nodes and edges.

    (:Product {id, listed, title, description, price, price_exact, currency, image, url, gtin, availability,
               language})
        -[:MADE_BY]->(:Brand {id})
        -[:IN_CATEGORY {path}]->(:Category {id, name})-[:SUBCATEGORY_OF]->(:Category)
        -[:IN_CATEGORY {position}]->(:Category)                       a label: a category without a tree
        -[:HAS_ATTRIBUTE {name, value, unit, position, many}]->(:Attribute {id, name, value, unit})
        -[:IN_COLLECTION {position}]->(:Collection {id})
    (:User {id})-[:VIEWED|CARTED|PURCHASED|RATED|CLICKED {key, time, position, value, query, rank, order}]
        ->(:Product)
    (:Query {id})-[:FOUND]->(:Product)                                users clicked it after that query
    (x)-[:COMPATIBLE_WITH {fact: true, weight, source}]->(y)          a fact, of any relation
    (:Product)-[:OF_TYPE {fact: true …}]->(:Type {id})                types and series come from facts only
    (:Product)-[:IN_SERIES {fact: true …}]->(:Series {id})

Edges hold what makes a record come back exactly (the typed value, the names of the path); nodes hold what is
shared.
`fact: true` tells a fact from a catalog edge of the same type.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, TypeAlias

from kg.errors import DataError
from kg.graph import USER_RELATIONS
from kg.records import INTERACTION_KINDS, AttributeValue, Interaction, InteractionKind, NodeKind
from kg.snapshot import attribute_node

Row: TypeAlias = dict[str, Any]
"""A row of parameters or of an answer; it never leaves the modules of this store."""

LABELS: Mapping[NodeKind, str] = {
    "product": "Product",
    "brand": "Brand",
    "category": "Category",
    "attribute": "Attribute",
    "user": "User",
    "query": "Query",
    "collection": "Collection",
    "type": "Type",
    "series": "Series",
}
KINDS: Mapping[str, NodeKind] = {label: kind for kind, label in LABELS.items()}
USER_TYPES: Mapping[InteractionKind, str] = {kind: USER_RELATIONS[kind].upper() for kind in INTERACTION_KINDS}
KIND_OF_TYPE: Mapping[str, InteractionKind] = {name: kind for kind, name in USER_TYPES.items()}
ANY_USER_TYPE = "|".join(USER_TYPES.values())
BOOK_LABEL = "Shelfgraph"
"""Label of our own notes: the count of changes, unfinished loads, names of vectors."""

CONSTRAINTS: Mapping[str, str] = {
    name: f"CREATE CONSTRAINT {name} IF NOT EXISTS FOR (n:{label}) REQUIRE n.id IS UNIQUE"
    for label in (*LABELS.values(), BOOK_LABEL)
    for name in (f"shelfgraph_{label.lower()}_id",)
}
"""Name → statement."""

MAX_ID_BYTES = 8_000
"""A range index of Neo4j takes keys of some 8,160 bytes."""

LONG = 300
"""Texts of more characters are not part of an id and not a property of an Attribute node."""

_RELATION = re.compile(r"[a-z][a-z0-9_]{0,99}\Z")


def relation_type(relation: str) -> str:
    """'compatible_with' → 'COMPATIBLE_WITH'. Types cannot be parameters, so only plain names may pass."""
    if not _RELATION.match(relation):
        raise DataError(
            f"the relation {relation!r} is not a name of lower case letters, digits and underscores "
            "(at most 100, a letter first); rename it, as in compatible_with"
        )
    return relation.upper()


def checked_id(node_id: str) -> str:
    """The id, if the server can index it; DataError otherwise."""
    if len(node_id) * 4 > MAX_ID_BYTES and len(node_id.encode("utf-8", "replace")) > MAX_ID_BYTES:
        raise DataError(
            f"the id {node_id[:40]!r}… has {len(node_id):,} characters; "
            f"a graph server takes ids of at most {MAX_ID_BYTES:,} bytes: shorten it"
        )
    return node_id


def attribute_id(name: str, value: AttributeValue) -> str:
    """The id of an Attribute node: the one of the snapshot where there is one, else one made alike."""
    node_id = attribute_node(name, value)
    if node_id is None:
        node_id = f"{name}={'no' if value is False else value}"
    return _shortened(node_id)


def attribute_node_ids(node_id: str) -> tuple[str, ...]:
    """Under which ids the attribute that a snapshot calls `node_id` is kept: facts name it as it is,
    products by an id that is never long."""
    return tuple(dict.fromkeys((node_id, _shortened(node_id))))


def _shortened(node_id: str) -> str:
    if len(node_id) <= LONG:
        return node_id
    return f"{node_id[:80]}… {hashlib.sha256(node_id.encode('utf-8', 'replace')).hexdigest()}"


def interaction_key(i: Interaction) -> str:
    """What tells two interactions of one user with one product and of one kind apart."""
    moment = None if i.time is None else float(i.time) + 0.0  # -0.0 and 0.0 are one moment
    position = i.position if i.time is None else None
    return json.dumps([moment, position, i.query, i.order], ensure_ascii=False)
