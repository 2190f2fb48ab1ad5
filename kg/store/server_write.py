"""Writing one batch of records into a graph server, within one transaction.

A batch reads what is stored under its keys, works out here what is new, and writes only that: the same batch
again changes nothing. `take_turn` comes first, so that writers change the graph one after the other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from neo4j import ManagedTransaction

from kg.errors import StoreError
from kg.records import CATEGORY_SEPARATOR, Fact, Interaction, NodeKind, Product, ProductPatch, Record
from kg.store.patching import patched
from kg.store.server_read import read_products, run
from kg.store.server_schema import (
    BOOK_LABEL,
    LABELS,
    USER_TYPES,
    Row,
    attribute_edges,
    brand_edges,
    category_edges,
    checked_id,
    collection_edges,
    interaction_key,
    product_properties,
    relation_type,
    tree_edges,
)
from kg.store.server_tidy import tidy

_CATALOG: tuple[tuple[str, NodeKind, Callable[[Product], list[Row]]], ...] = (
    ("MADE_BY", "brand", brand_edges),
    ("IN_CATEGORY", "category", category_edges),
    ("HAS_ATTRIBUTE", "attribute", attribute_edges),
    ("IN_COLLECTION", "collection", collection_edges),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Load:
    """One call of upsert: its id, when it began (server's milliseconds) and the records before this batch."""

    id: str
    started: int
    records: int


def take_turn(tx: ManagedTransaction) -> None:
    """Count a change. Its lock, held to the end of the transaction, makes other writers wait for us."""
    run(
        tx,
        f"MERGE (g:{BOOK_LABEL} {{id: 'graph'}}) SET g.changes = coalesce(g.changes, 0) + 1",
    )


def write_batch(
    tx: ManagedTransaction, batch: Sequence[Record | ProductPatch], load: Load, last: bool
) -> tuple[int, int]:
    """(written, unchanged) of one batch; the load's marker stays beside it until the last one."""
    take_turn(tx)
    products = [r for r in batch if isinstance(r, (Product, ProductPatch))]
    interactions = [r for r in batch if isinstance(r, Interaction)]
    facts = [r for r in batch if isinstance(r, Fact)]
    if len(products) + len(interactions) + len(facts) != len(batch):
        strange = next(r for r in batch if not isinstance(r, (Product, ProductPatch, Interaction, Fact)))
        raise StoreError(f"a store keeps products, interactions and facts, not {type(strange).__name__}")
    written = _write_products(tx, products) + _write_interactions(tx, interactions) + _write_facts(tx, facts)
    _mark(tx, load, load.records + len(batch), last)
    return written, len(batch) - written


def _mark(tx: ManagedTransaction, load: Load, records: int, last: bool) -> None:
    if not last:
        run(
            tx,
            f"MERGE (m:{BOOK_LABEL} {{id: $id}}) "
            "SET m.load = $id, m.started = $started, m.touched = timestamp(), m.records = $records",
            id=f"load {load.id}",
            started=load.started,
            records=records,
        )
        return
    # Loads that died before this one began are made good by it if it went at least as far as they did;
    # one that is still alive leaves its marker again with its next batch.
    run(
        tx,
        f"MATCH (m:{BOOK_LABEL}) WHERE m.load = $id OR (m.touched < $started AND m.records <= $records) "
        "DELETE m",
        id=f"load {load.id}",
        started=load.started,
        records=records,
    )


def _write_products(tx: ManagedTransaction, records: Sequence[Product | ProductPatch]) -> int:
    if not records:
        return 0
    ids = [checked_id(r.product.id if isinstance(r, ProductPatch) else r.id) for r in records]
    before = read_products(tx, list(dict.fromkeys(ids)))
    after = dict(before)
    written = 0
    for node_id, record in zip(ids, records, strict=True):
        known = after.get(node_id)
        product = (
            patched(known or Product(id=node_id), record) if isinstance(record, ProductPatch) else record
        )
        if known is None or not _same(known, product):
            written += 1
            after[node_id] = product
    changed = [(before.get(p.id), p) for p in after.values() if p is not before.get(p.id)]
    rows = [{"id": new.id, "properties": product_properties(new)} for _, new in changed]
    run(tx, "UNWIND $rows AS row MERGE (p:Product {id: row.id}) SET p += row.properties", rows=rows)
    for edge_type, kind, edges_of in _CATALOG:
        _write_catalog(
            tx, edge_type, kind, [(p.id, edges_of(old) if old else [], edges_of(p)) for old, p in changed]
        )
    _write_tree(tx, [p for _, p in changed])
    return written


def _same(one: Product, other: Product) -> bool:
    return product_properties(one) == product_properties(other) and all(
        edges_of(one) == edges_of(other) for _, _, edges_of in _CATALOG
    )


def _write_catalog(
    tx: ManagedTransaction,
    edge_type: str,
    kind: NodeKind,
    changes: Iterable[tuple[str, list[Row], list[Row]]],
) -> None:
    """Replace the edges of one type, for the products where they differ: (id, edges before, edges now)."""
    label = LABELS[kind]
    differing = [change for change in changes if change[1] != change[2]]
    stale = [node_id for node_id, old, _ in differing if old]
    if stale:
        run(
            tx,
            f"UNWIND $ids AS id MATCH (:Product {{id: id}})-[r:{edge_type}]->(:{label}) "
            "WHERE r.fact IS NULL DELETE r",
            ids=stale,
        )
    _merge_nodes(tx, kind, {edge["to"]: edge["node"] for _, _, new in differing for edge in new})
    run(
        tx,
        f"UNWIND $rows AS row MATCH (p:Product {{id: row.id}}) UNWIND row.edges AS edge "
        f"MATCH (n:{label} {{id: edge.to}}) CREATE (p)-[r:{edge_type}]->(n) SET r = edge.properties",
        rows=[
            {"id": node_id, "edges": [{"to": edge["to"], "properties": edge["edge"]} for edge in new]}
            for node_id, _, new in differing
            if new
        ],
    )
    tidy(tx, kind, {edge["to"] for _, old, _ in differing for edge in old})


def _write_tree(tx: ManagedTransaction, products: Iterable[Product]) -> None:
    links = dict.fromkeys(link for product in products for link in tree_edges(product))
    names: dict[str, str] = {}
    for child, child_name, parent, parent_name in links:
        names |= {checked_id(child): child_name, parent: parent_name}
    _merge_nodes(tx, "category", {node_id: {"name": name} for node_id, name in names.items()})
    run(
        tx,
        "UNWIND $rows AS row MATCH (c:Category {id: row.child}) MATCH (d:Category {id: row.parent}) "
        "WHERE NOT EXISTS { (c)-[r:SUBCATEGORY_OF]->(d) WHERE r.fact IS NULL } "
        "CREATE (c)-[:SUBCATEGORY_OF]->(d)",
        rows=[{"child": child, "parent": parent} for child, _, parent, _ in links],
    )


def _write_interactions(tx: ManagedTransaction, interactions: Sequence[Interaction]) -> int:
    by_kind: dict[str, list[tuple[Row, Row]]] = defaultdict(list)
    for i in interactions:
        key = {"user": checked_id(i.user), "product": checked_id(i.product), "key": interaction_key(i)}
        properties = {
            "time": None if i.time is None else float(i.time),
            "position": i.position,
            "value": float(i.value),
            "query": checked_id(i.query) or None,
            "order": i.order or None,
        }
        by_kind[USER_TYPES[i.kind]].append((key, properties))
    written = 0
    _merge_nodes(tx, "user", {i.user: {} for i in interactions})
    _merge_nodes(tx, "product", {i.product: {"listed": False} for i in interactions})
    for edge_type, pairs in by_kind.items():
        pattern = f"-[r:{edge_type} {{key: row.key}}]->"
        written += _write_edges(
            tx, pairs, ("User", "user"), ("Product", "product"), pattern, ("value", "position")
        )
    found = {(i.query, i.product) for i in interactions if i.query}
    _merge_nodes(tx, "query", {query: {} for query, _ in found})
    run(
        tx,
        "UNWIND $rows AS row MATCH (q:Query {id: row.query}) MATCH (p:Product {id: row.product}) "
        "WHERE NOT EXISTS { (q)-[r:FOUND]->(p) WHERE r.fact IS NULL } CREATE (q)-[:FOUND]->(p)",
        rows=[{"query": query, "product": product} for query, product in sorted(found)],
    )
    return written


def _write_facts(tx: ManagedTransaction, facts: Sequence[Fact]) -> int:
    by_type: dict[tuple[NodeKind, str, NodeKind], list[tuple[Row, Row]]] = defaultdict(list)
    nodes: dict[NodeKind, dict[str, Row]] = defaultdict(dict)
    for f in facts:
        edge_type = relation_type(f.relation)
        key = {"head": checked_id(f.head), "tail": checked_id(f.tail), "source": f.source}
        by_type[f.head_kind, edge_type, f.tail_kind].append((key, {"weight": float(f.weight)}))
        nodes[f.head_kind][f.head] = _node(f.head_kind, f.head)
        nodes[f.tail_kind][f.tail] = _node(f.tail_kind, f.tail)
    for kind, wanted in nodes.items():
        _merge_nodes(tx, kind, wanted)
    written = 0
    for (head, edge_type, tail), pairs in by_type.items():
        pattern = f"-[r:`{edge_type}` {{fact: true, source: row.source}}]->"
        written += _write_edges(
            tx, pairs, (LABELS[head], "head"), (LABELS[tail], "tail"), pattern, ("weight",)
        )
    return written


def _node(kind: NodeKind, node_id: str) -> Row:
    """Properties of a node that only its id tells us about."""
    if kind == "product":
        return {"listed": False}
    if kind == "category":
        return {"name": node_id.rsplit(CATEGORY_SEPARATOR, 1)[-1]}
    if kind == "attribute" and "=" in node_id:
        name, value = node_id.split("=", 1)
        return {"name": name, "value": value}
    return {}


def _write_edges(
    tx: ManagedTransaction,
    pairs: Sequence[tuple[Row, Row]],
    head: tuple[str, str],
    tail: tuple[str, str],
    pattern: str,
    compared: Sequence[str],
) -> int:
    """Write edges given as (key, properties), in order; how many records changed something.

    `head` and `tail` are (label, name of its id in the key); `compared` are the properties beyond the key.
    """
    keys = {tuple(key.values()): key for key, _ in pairs}
    rows = [{"n": n, **key} for n, key in enumerate(keys.values())]
    first, second = (f"{{id: row.{name}}}" for name in (head[1], tail[1]))
    ends = f"UNWIND $rows AS row MATCH (h:{head[0]} {first}) MATCH (t:{tail[0]} {second}) "
    returned = ", ".join(f"r.{name} AS {name}" for name in compared)
    stored = run(tx, f"{ends} MATCH (h){pattern}(t) RETURN row.n AS n, {returned}", rows=rows)
    names = list(keys)
    state = {names[row["n"]]: tuple(row[name] for name in compared) for row in stored}
    changed: dict[tuple[Any, ...], Row] = {}
    written = 0
    for key, properties in pairs:
        name, now = tuple(key.values()), tuple(properties[field] for field in compared)
        if name not in state or state[name] != now:
            written += 1
            state[name] = now
            changed[name] = {**key, "properties": properties}
    run(tx, f"{ends} MERGE (h){pattern}(t) SET r += row.properties", rows=list(changed.values()))
    return written


def _merge_nodes(tx: ManagedTransaction, kind: NodeKind, nodes: Mapping[str, Row]) -> None:
    """Make the nodes that are not there yet, given as id → properties of a new one."""
    if nodes:
        run(
            tx,
            f"UNWIND $rows AS row MERGE (n:{LABELS[kind]} {{id: row.id}}) ON CREATE SET n += row.properties",
            rows=[{"id": node_id, "properties": properties} for node_id, properties in nodes.items()],
        )
