"""The ordered streams out of a graph server.

Neo4j orders strings by code points when they come from its store, but by UTF-16 units when they come
from the query, so the order is never left to it: ids are read first and sorted here, then their records are
fetched in pages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

from neo4j import ManagedTransaction

from kg.errors import StoreError
from kg.records import NODE_KINDS, Fact, Interaction, NodeKind, Product
from kg.store.server_rows import PROPERTIES, ProductRow, product_of, stored_row
from kg.store.server_schema import ANY_USER_TYPE, KIND_OF_TYPE, KINDS, LABELS, Row

Read: TypeAlias = Callable[..., list[Row]]
"""Run one query in a transaction of its own and give its rows: read(query, name=value, …)."""

PAGE = 1_000

_PRODUCTS = f"""
UNWIND $ids AS id MATCH (p:Product {{id: id}}) WHERE p.listed
RETURN p.id AS id, [{", ".join(f"p.{name}" for name in PROPERTIES)}] AS properties, [
  [(p)-[r:MADE_BY]->(b:Brand) WHERE r.fact IS NULL | [b.id]],
  [(p)-[r:IN_CATEGORY]->(c:Category) WHERE r.fact IS NULL | [c.id, r.path, r.position]],
  [(p)-[r:HAS_ATTRIBUTE]->() WHERE r.fact IS NULL AND r.name IS NOT NULL AND r.value IS NOT NULL
    | [r.name, r.value, r.unit, r.position, r.many]],
  [(p)-[r:IN_COLLECTION]->(c:Collection) WHERE r.fact IS NULL | [c.id, r.position]]
] AS edges
"""

_INTERACTIONS = f"""
UNWIND $ids AS id MATCH (:User {{id: id}})-[r:{ANY_USER_TYPE}]->(p:Product) WHERE r.fact IS NULL
RETURN id AS user, p.id AS product, type(r) AS type, r.time AS time, r.position AS position, r.value AS value,
  r.query AS query, r.rank AS rank, r.order AS order
"""


def run(tx: ManagedTransaction, query: str, /, **parameters: Any) -> list[Row]:
    """The rows of one query; none, without asking, if its parameter `rows` is an empty list."""
    if parameters.get("rows") == []:
        return []
    result = tx.run(query, parameters)
    names = result.keys()
    # Result.data() would look at every value again, for nodes that we never ask for
    return [dict(zip(names, record.values(), strict=True)) for record in result]


def read_rows(tx: ManagedTransaction, ids: Sequence[str]) -> dict[str, ProductRow]:
    """The listed ones of some products, by id."""
    return {row["id"]: stored_row(row) for row in run(tx, _PRODUCTS, ids=list(ids))}


def stream_products(read: Read) -> Iterator[Product]:
    """All listed products, ordered by id."""
    ids = [row["id"] for row in read("MATCH (p:Product) WHERE p.listed RETURN p.id AS id")]
    for page in _pages(ids, PAGE):
        rows = sorted(read(_PRODUCTS, ids=page), key=lambda row: str(row["id"]))
        yield from (product_of(stored_row(row)) for row in rows)


def stream_interactions(read: Read) -> Iterator[Interaction]:
    """All interactions, ordered by user, time and the rest of the key."""
    ids = [row["id"] for row in read("MATCH (u:User) RETURN u.id AS id")]
    for page in _pages(ids, PAGE // 4):
        found = [_interaction(row) for row in read(_INTERACTIONS, ids=page)]
        yield from sorted(found, key=_interaction_order)


def stream_facts(read: Read) -> Iterator[Fact]:
    """All facts, ordered by their key."""
    for kind in sorted(NODE_KINDS):
        label = LABELS[kind]
        heads = f"MATCH (h:{label}) WHERE EXISTS {{ (h)-[r]->() WHERE r.fact }} RETURN h.id AS id"
        edges = (
            f"UNWIND $ids AS id MATCH (:{label} {{id: id}})-[r]->(t) WHERE r.fact "
            "RETURN id AS head, type(r) AS type, labels(t) AS labels, t.id AS tail, "
            "r.weight AS weight, r.source AS source"
        )
        for page in _pages([row["id"] for row in read(heads)], PAGE):
            yield from sorted((_fact(kind, row) for row in read(edges, ids=page)), key=_fact_order)


def _pages(ids: list[str], size: int) -> Iterator[list[str]]:
    ids = sorted(set(ids))
    return (ids[start : start + size] for start in range(0, len(ids), size))


def _interaction(row: Row) -> Interaction:
    return Interaction(
        user=row["user"],
        product=row["product"],
        kind=KIND_OF_TYPE[row["type"]],
        time=row["time"],
        position=row["position"],
        value=1.0 if row["value"] is None else row["value"],
        query=row["query"] or "",
        rank=row["rank"],
        order=row["order"] or "",
    )


def _interaction_order(i: Interaction) -> tuple[str, float, str, str, str, str, bool]:
    moment = i.time if i.time is not None else i.position
    known = float("-inf") if moment is None else float(moment)
    return (i.user, known, i.product, i.kind, i.query, i.order, i.time is not None)


def _fact(kind: NodeKind, row: Row) -> Fact:
    tail_kind = next((KINDS[label] for label in row["labels"] if label in KINDS), None)
    if tail_kind is None:
        raise StoreError(
            f"a fact leads from {kind} {row['head']!r} to a node that is none of {', '.join(KINDS)}; "
            "remove that edge, or its property `fact`"
        )
    return Fact(
        head=row["head"],
        relation=row["type"].lower(),
        tail=row["tail"],
        weight=1.0 if row["weight"] is None else row["weight"],
        source=row["source"] or "",
        head_kind=kind,
        tail_kind=tail_kind,
    )


def _fact_order(f: Fact) -> tuple[str, str, str, str, str, str]:
    return (f.head_kind, f.head, f.relation, f.tail_kind, f.tail, f.source)
