"""Deleting from a graph server, and clearing away what nothing refers to any more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

from neo4j import ManagedTransaction

from kg.records import NodeKind
from kg.store.server_read import run
from kg.store.server_schema import ANY_USER_TYPE, KINDS, LABELS

_LEAFLESS = """
UNWIND $ids AS id MATCH (c:Category {id: id})-[up:SUBCATEGORY_OF]->(d:Category)
WHERE up.fact IS NULL
  AND NOT EXISTS { (c)<-[r:IN_CATEGORY]-(:Product) WHERE r.fact IS NULL AND r.path IS NOT NULL }
  AND NOT EXISTS { (c)<-[r:SUBCATEGORY_OF]-(:Category) WHERE r.fact IS NULL }
DELETE up RETURN DISTINCT d.id AS id
"""


def tidy(tx: ManagedTransaction, kind: NodeKind, ids: Collection[str]) -> None:
    """Remove those of some nodes that no edge touches any more (of products, the stubs)."""
    if not ids:
        return
    gone = sorted(ids)
    if kind == "category":
        # a branch of the tree without products goes from its leaf upwards, as far as nothing else hangs on it
        level = gone
        while level:
            level = [row["id"] for row in run(tx, _LEAFLESS, ids=level)]
            gone += level
    stub = "NOT n.listed AND " if kind == "product" else ""
    run(
        tx,
        f"UNWIND $ids AS id MATCH (n:{LABELS[kind]} {{id: id}}) WHERE {stub}NOT (n)--() DELETE n",
        ids=gone,
    )


def delete_nodes(tx: ManagedTransaction, kind: NodeKind, ids: Sequence[str]) -> int:
    """Delete products or users and all their edges; how many products, interactions and facts that were."""
    node = f"UNWIND $ids AS id MATCH (n:{LABELS[kind]} {{id: id}})"
    neighbours: dict[NodeKind, set[str]] = defaultdict(set)
    for row in run(tx, f"{node}--(o) RETURN DISTINCT labels(o) AS labels, o.id AS id", ids=ids):
        for label in row["labels"]:
            if label in KINDS and row["id"] is not None:
                neighbours[KINDS[label]].add(row["id"])
    searched = _searched(tx, ids) if kind == "user" else []
    edges = run(
        tx,
        f"{node}-[r]-() WHERE r.fact OR type(r) IN $types WITH DISTINCT r RETURN count(r) AS count",
        ids=ids,
        types=ANY_USER_TYPE.split("|"),
    )
    listed = run(tx, f"{node} WHERE n.listed RETURN count(n) AS count", ids=ids)
    run(tx, f"{node} DETACH DELETE n", ids=ids)
    run(
        tx,
        "UNWIND $rows AS row MATCH (q:Query {id: row.query})-[f:FOUND]->(p:Product {id: row.product}) "
        f"WHERE f.fact IS NULL AND NOT EXISTS {{ (p)<-[r:{ANY_USER_TYPE}]-(:User) WHERE r.query = q.id "
        "AND r.fact IS NULL } DELETE f",
        rows=searched,
    )
    neighbours["query"].update(row["query"] for row in searched)
    for other, others in neighbours.items():
        tidy(tx, other, others - set(ids) if other == kind else others)
    return int(edges[0]["count"]) + int(listed[0]["count"])


def _searched(tx: ManagedTransaction, users: Sequence[str]) -> list[dict[str, str]]:
    """The queries that led these users to products."""
    return run(
        tx,
        f"UNWIND $ids AS id MATCH (:User {{id: id}})-[r:{ANY_USER_TYPE}]->(p:Product) "
        "WHERE r.query IS NOT NULL RETURN DISTINCT r.query AS query, p.id AS product",
        ids=users,
    )
