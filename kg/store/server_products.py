"""Writing one batch of products into a graph server: what is stored already, letter for letter, stays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from neo4j import ManagedTransaction

from kg.records import NodeKind, Product, ProductPatch
from kg.store.patching import patched
from kg.store.server_links import LinkType, link, merge_nodes
from kg.store.server_read import read_rows, run
from kg.store.server_rows import (
    CATALOG,
    PROPERTIES,
    CatalogType,
    ProductRow,
    product_of,
    row_of,
    same,
    same_edges,
    tree_edges,
)
from kg.store.server_schema import LABELS
from kg.store.server_tidy import tidy

_TYPES = {
    catalog.name: LinkType(
        head="product", name=catalog.name, tail=catalog.kind, properties=catalog.properties
    )
    for catalog in CATALOG
}


def write_products(tx: ManagedTransaction, changes: Sequence[ProductRow | ProductPatch]) -> int:
    """Write products and patches, in order; how many of them changed something."""
    if not changes:
        return 0
    ids = [change.product.id if isinstance(change, ProductPatch) else change.id for change in changes]
    before = read_rows(tx, list(dict.fromkeys(ids)))
    after = dict(before)
    written = 0
    for node_id, change in zip(ids, changes, strict=True):
        known = after.get(node_id)
        if isinstance(change, ProductPatch):
            product = Product(id=node_id) if known is None else product_of(known)
            row = row_of(patched(product, change))
        else:
            row = change
        if known is None or not same(known, row):
            written += 1
            after[node_id] = row
    changed = [(before.get(row.id), row) for row in after.values() if row is not before.get(row.id)]
    _write_nodes(tx, changed)
    for catalog in CATALOG:
        _write_edges(tx, catalog, changed)
    _write_tree(tx, [row for _, row in changed])
    return written


def _write_nodes(tx: ManagedTransaction, changed: Sequence[tuple[ProductRow | None, ProductRow]]) -> None:
    rows = []
    for old, new in changed:
        properties: dict[str, Any] = {"listed": True}
        for name, value in zip(PROPERTIES, new.properties, strict=True):
            if value is not None or old is not None:  # null removes a property
                properties[name] = value
        rows.append([new.id, properties])
    run(tx, "UNWIND $rows AS row MERGE (p:Product {id: row[0]}) SET p += row[1]", rows=rows)


def _write_edges(
    tx: ManagedTransaction, catalog: CatalogType, changed: Sequence[tuple[ProductRow | None, ProductRow]]
) -> None:
    """Replace the edges of one type, for the products where they differ."""
    name = catalog.name
    differing = [
        (old, new) for old, new in changed if old is None or not same_edges(old.edges[name], new.edges[name])
    ]
    stale = [new.id for old, new in differing if old is not None and old.edges[name]]
    left: list[str] = []
    if stale:
        removed = run(
            tx,
            f"UNWIND $ids AS id MATCH (:Product {{id: id}})-[r:{name}]->(n:{LABELS[catalog.kind]}) "
            "WHERE r.fact IS NULL WITH r, n.id AS id DELETE r RETURN DISTINCT id",
            ids=stale,
        )
        left = [row["id"] for row in removed]
    nodes: dict[str, tuple[Any, ...]] = {}
    edges: dict[str, list[tuple[str, Sequence[Any]]]] = {}
    for _, new in differing:
        for edge in new.edges[name]:
            target, properties = catalog.node(edge)
            nodes[target] = properties
            edges.setdefault(new.id, []).append(
                (target, edge[-len(catalog.properties) :] if catalog.properties else ())
            )
    link(tx, _TYPES[name], edges, heads=dict.fromkeys(edges, (False,)), tails=nodes)
    tidy(tx, catalog.kind, left)


def _write_tree(tx: ManagedTransaction, rows: Sequence[ProductRow]) -> None:
    paths = dict.fromkeys(tuple(path) for row in rows for _, path, _ in row.edges["IN_CATEGORY"] if path)
    links = dict.fromkeys(link for path in paths for link in tree_edges(path))
    kind: NodeKind = "category"
    names: dict[str, tuple[str]] = {}
    for child, child_name, parent, parent_name in links:
        names |= {child: (child_name,), parent: (parent_name,)}
    merge_nodes(tx, kind, names)
    run(
        tx,
        "UNWIND $rows AS row MATCH (c:Category {id: row[0]}) MATCH (d:Category {id: row[1]}) "
        "WHERE NOT EXISTS { (c)-[r:SUBCATEGORY_OF]->(d) WHERE r.fact IS NULL } "
        "CREATE (c)-[:SUBCATEGORY_OF]->(d)",
        rows=[[child, parent] for child, _, parent, _ in links],
    )
