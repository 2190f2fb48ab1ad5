"""A graph after a few products have changed, without reading all the others again."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from kg.catalog_edges import ATTRIBUTE_SHARE, CATALOG_EDGES, catalog_edges
from kg.errors import DataError
from kg.graph import EdgeType, Graph, Relation
from kg.product_table import ProductTable
from kg.records import Fact, NodeKind, Product
from kg.snapshot import Stated, number_nodes, relate
from kg.texts import Texts, Vocabulary


def amended(
    graph: Graph,
    products: Mapping[str, Product | None],
    facts: Iterable[Fact] = (),
    *,
    attribute_share: float = ATTRIBUTE_SHARE,
) -> Graph:
    """The graph after these products were written (a record) or taken from the listing (None).

    It equals, array for array, what `assemble` makes of all records then. `facts` are the stored facts;
    only those of edge types that the catalog makes too are looked at. All others, and the interactions, must
    be the same as when `graph` was made. `graph` stays as it is; what does not change is shared with it.
    """
    stated = Stated()
    for fact in facts:
        if EdgeType(fact.head_kind, fact.relation, fact.tail_kind) in CATALOG_EDGES:
            stated.fact(fact)
    others = {t: relation for t, relation in graph.relations.items() if t not in CATALOG_EDGES}
    changes = _changes(graph, products, stated.numbers["product"], _mentioned(graph, "product", others))
    table = graph.products.merged(changes.newer, changes.order)
    catalog = catalog_edges(table, attribute_share=attribute_share)

    # what relations that stay as they are mention of the kinds that the catalog renumbers
    kept = {kind: np.flatnonzero(_mentioned(graph, kind, others)) for kind in catalog.nodes}
    kept_ids = {kind: graph.nodes[kind].texts.take(numbers) for kind, numbers in kept.items()}
    same_products = graph.nodes["product"] if changes.moved is None else Vocabulary(table.id)
    nodes = number_nodes(
        same_products, catalog, {kind: [*ids, *stated.numbers[kind]] for kind, ids in kept_ids.items()}
    )
    moved: dict[NodeKind, npt.NDArray[np.int64] | None] = {"product": changes.moved}
    for kind, numbers in kept.items():
        if len(numbers):
            moved[kind] = places = np.full(len(graph.nodes[kind]), -1, dtype=np.int64)
            places[numbers] = nodes[kind].numbers(kept_ids[kind])
    for kind in nodes.keys() - catalog.nodes.keys() - {"product"}:
        nodes[kind] = graph.nodes[kind]

    relations = relate(nodes, catalog, stated)
    for edge_type, relation in others.items():
        relations[edge_type] = _renumbered(relation, nodes, moved)
    return Graph(nodes=nodes, relations=dict(sorted(relations.items())), products=table)


def _mentioned(graph: Graph, kind: NodeKind, relations: Mapping[EdgeType, Relation]) -> npt.NDArray[np.bool_]:
    """bool [nodes of that kind]: whether some edge touches the node."""
    found = np.zeros(len(graph.nodes[kind]), dtype=np.bool_)
    for edge_type, relation in relations.items():
        if edge_type.head == kind:
            found |= np.diff(relation.indptr) > 0
        if edge_type.tail == kind:
            found[relation.tails] = True
    return found


@dataclass(frozen=True, kw_only=True, eq=False)
class _Changes:
    """The rows of the new product table, as numbers of rows of the old one and, behind them, of `newer`.

    `moved` (int64 [old products]) is where each went, -1 if it is gone; None if all are where they were.
    """

    newer: ProductTable
    order: npt.NDArray[np.int64]
    moved: npt.NDArray[np.int64] | None


def _changes(
    graph: Graph,
    products: Mapping[str, Product | None],
    stated: Mapping[str, int],
    mentioned: npt.NDArray[np.bool_],
) -> _Changes:
    ids, count = graph.products.id, graph.product_count
    stubs: set[str] = set()
    if stated:
        numbers = graph.nodes["product"].numbers(stated)
        mentioned[numbers[numbers >= 0]] = True
        stubs = {node_id for node_id, number in zip(stated, numbers.tolist(), strict=True) if number < 0}
    alive = graph.products.listed | mentioned
    order = np.arange(count, dtype=np.int64)
    newer: list[tuple[str, Product | None]] = []
    inserted: list[tuple[int, int]] = []
    for node_id in sorted(products.keys() | stubs):
        product, row = products.get(node_id), bisect_left(ids, node_id)
        if product is not None and product.id != node_id:
            raise DataError(f"the product {product.id!r} is given as {node_id!r}; give each by its own id")
        if row < count and ids[row] == node_id:
            alive[row] = product is not None or mentioned[row]
            order[row] = count + len(newer)
        elif product is not None or node_id in stubs:
            inserted.append((row, count + len(newer)))
        else:
            continue
        newer.append((node_id, product))
    at, rows = np.array(inserted, dtype=np.int64).reshape(-1, 2).T
    alive = np.insert(alive, at, True)
    old = np.insert(np.arange(count), at, -1)[alive]
    moved: npt.NDArray[np.int64] | None = None
    if len(at) or not alive.all():
        moved = np.full(count, -1, dtype=np.int64)
        moved[old[old >= 0]] = np.flatnonzero(old >= 0)
    return _Changes(
        newer=ProductTable.of(Texts.of(node_id for node_id, _ in newer), [product for _, product in newer]),
        order=np.insert(order, at, rows)[alive],
        moved=moved,
    )


def _renumbered(
    relation: Relation,
    nodes: Mapping[NodeKind, Vocabulary],
    moved: Mapping[NodeKind, npt.NDArray[np.int64] | None],
) -> Relation:
    """A relation by new numbers of its nodes. They grow with the old ones, so its edges stay in order."""
    heads, tails = moved.get(relation.type.head), moved.get(relation.type.tail)
    if heads is None and tails is None:
        return relation
    indptr = relation.indptr
    if heads is not None:
        counts = np.zeros(len(nodes[relation.type.head]), dtype=np.int64)
        counts[heads[heads >= 0]] = np.diff(indptr)[heads >= 0]
        indptr = np.zeros(len(counts) + 1, dtype=np.int64)
        np.cumsum(counts, out=indptr[1:])
    return replace(
        relation,
        indptr=indptr,
        tails=relation.tails if tails is None else tails[relation.tails].astype(np.int32),
        tail_count=len(nodes[relation.type.tail]),
    )
