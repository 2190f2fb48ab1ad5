"""The graph of an embedded store at one moment: read anew, or brought up to date."""

from __future__ import annotations

import sqlite3

from kg.amending import amended
from kg.graph import CATALOG_RELATIONS
from kg.snapshot import assemble
from kg.store.base import Snapshot
from kg.store.embedded_journal import changed_products, revision
from kg.store.embedded_rows import read_product, stream_facts, stream_interactions, stream_products

_MANY = 0.25
"""When more than this share of the products changed, it is as quick to read all."""


def read_snapshot(db: sqlite3.Connection, since: Snapshot | None) -> Snapshot:
    """The graph now; call it within one read transaction."""
    name = revision(db)
    changed = None if since is None else changed_products(db, since.revision)
    if since is None or changed is None or len(changed) > _MANY * since.graph.product_count:
        graph = assemble(stream_products(db), stream_facts(db), stream_interactions(db))
    elif changed:
        facts = stream_facts(db, relations=sorted(CATALOG_RELATIONS))
        graph = amended(since.graph, {i: read_product(db, i) for i in changed}, facts)
    else:
        graph = since.graph
    return Snapshot(graph=graph, revision=name, changed=changed)
