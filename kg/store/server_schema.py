"""How records look in a graph server: labels, relation types, keys, and the properties of nodes and edges.

    (:Product {id, listed, title, description, price, price_exact, currency, image, url, gtin, availability,
               language})
        -[:MADE_BY]->(:Brand {id})
        -[:IN_CATEGORY {path}]->(:Category {id, name})-[:SUBCATEGORY_OF]->(:Category)
        -[:IN_CATEGORY {position}]->(:Category)                       a label: a category without a tree
        -[:HAS_ATTRIBUTE {name, value, unit, position, many}]->(:Attribute {id, name, value, unit})
        -[:IN_COLLECTION {position}]->(:Collection {id})
    (:User {id})-[:VIEWED|CARTED|PURCHASED|RATED|CLICKED {key, time, position, value, query, order}]
        ->(:Product)
    (:Query {id})-[:FOUND]->(:Product)                                users clicked it after that query
    (x)-[:COMPATIBLE_WITH {fact: true, weight, source}]->(y)          a fact, of any relation

Edges hold what makes a record come back exactly (the typed value, the names of the path); nodes hold what is
shared.
`fact: true` tells a fact from a catalog edge of the same type.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Any, TypeAlias

from kg.errors import DataError
from kg.graph import USER_RELATIONS
from kg.records import (
    CATEGORY_SEPARATOR,
    INTERACTION_KINDS,
    AttributeValue,
    Interaction,
    InteractionKind,
    NodeKind,
    Product,
    Quantity,
)
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

_LONG = 300
_RELATION = re.compile(r"[a-z][a-z0-9_]{0,99}\Z")

TEXT_FIELDS = ("title", "description", "currency", "image", "url", "gtin", "availability", "language")


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
    if len(node_id) <= _LONG:
        return node_id
    return f"{node_id[:80]}… {hashlib.sha256(node_id.encode('utf-8', 'replace')).hexdigest()}"


def product_properties(product: Product) -> Row:
    """Properties of the node; None removes one."""
    texts = {name: getattr(product, name) or None for name in TEXT_FIELDS}
    price = product.price
    empty = sorted(name for name, value in product.attributes.items() if value == ())
    return {
        **texts,
        "listed": True,
        "price": None if price is None else float(price),
        "price_exact": None if price is None else str(price),
        "empty_attributes": empty or None,
    }


def category_edges(product: Product) -> list[Row]:
    edges: list[Row] = []
    if product.category:
        node_id = checked_id(CATEGORY_SEPARATOR.join(product.category))
        name = product.category[-1]
        edges.append({"to": node_id, "node": {"name": name}, "edge": {"path": list(product.category)}})
    for position, label in enumerate(product.labels):
        edges.append({"to": checked_id(label), "node": {"name": label}, "edge": {"position": position}})
    return edges


def tree_edges(product: Product) -> list[tuple[str, str, str, str]]:
    """(child, its name, parent, its name) up to the root."""
    path = product.category
    ids = [CATEGORY_SEPARATOR.join(path[: depth + 1]) for depth in range(len(path))]
    return [(ids[i], path[i], ids[i - 1], path[i - 1]) for i in range(1, len(path))]


def attribute_edges(product: Product) -> list[Row]:
    edges: list[Row] = []
    for name in sorted(product.attributes):
        many = isinstance(product.attributes[name], tuple)
        for position, value in enumerate(product.values(name)):
            typed: Row = {"name": name, **_typed(value)}
            extra = {"position": position, "many": True} if many else {}
            node_id = attribute_id(name, value)
            # a long text is kept once, on the edge
            node = typed if len(str(value)) <= _LONG else {"name": name}
            edges.append({"to": node_id, "node": node, "edge": {**typed, **extra}})
    return edges


def _typed(value: AttributeValue) -> Row:
    if isinstance(value, Quantity):
        return {"value": float(value.number), "unit": value.unit}
    return {"value": value if isinstance(value, (bool, str)) else float(value)}


def collection_edges(product: Product) -> list[Row]:
    return [
        {"to": checked_id(collection), "node": {}, "edge": {"position": position}}
        for position, collection in enumerate(product.collections)
    ]


def brand_edges(product: Product) -> list[Row]:
    return [{"to": checked_id(product.brand), "node": {}, "edge": {}}] if product.brand else []


def product_of(row: Mapping[str, Any]) -> Product:
    """The record behind a row of the query for products (`server_read`)."""
    node = row["node"]
    path: Sequence[str] = ()
    labels: list[tuple[int, str]] = []
    for names, position, category in row["categories"]:
        if names is not None:
            path = names
        else:
            labels.append((position or 0, category))
    attributes: dict[str, AttributeValue | tuple[AttributeValue, ...]] = dict.fromkeys(
        node.get("empty_attributes") or (), ()
    )
    many: dict[str, list[tuple[int, AttributeValue]]] = {}
    for name, raw, unit, position, several in row["attributes"]:
        value: AttributeValue = raw if unit is None else Quantity(number=raw, unit=unit)
        if several:
            many.setdefault(name, []).append((position, value))
        else:
            attributes[name] = value
    for name, values in many.items():
        attributes[name] = tuple(value for _, value in sorted(values, key=lambda pair: pair[0]))
    return Product(
        id=node["id"],
        brand=row["brand"] or "",
        category=tuple(path),
        labels=tuple(label for _, label in sorted(labels)),
        attributes=MappingProxyType({name: attributes[name] for name in sorted(attributes)}),
        price=_price(node),
        collections=tuple(collection for _, collection in sorted(row["collections"])),
        **{name: node.get(name) or "" for name in TEXT_FIELDS},
    )


def _price(node: Mapping[str, Any]) -> Decimal | None:
    price, exact = node.get("price"), node.get("price_exact")
    if price is None:
        return None
    # somebody who changes a price in Cypher changes the plain number only
    return Decimal(exact) if exact is not None and float(exact) == price else Decimal(repr(price))


def interaction_key(i: Interaction) -> str:
    """What tells two interactions of one user with one product and of one kind apart."""
    moment = None if i.time is None else float(i.time) + 0.0  # -0.0 and 0.0 are one moment
    position = i.position if i.time is None else None
    return json.dumps([moment, position, i.query, i.order], ensure_ascii=False)
