"""From the ordered streams of a store to the arrays of a Graph."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import count

import numpy as np
import numpy.typing as npt

from kg.catalog_edges import (
    ATTRIBUTE_FLOOR,
    ATTRIBUTE_LENGTH,
    ATTRIBUTE_SHARE,
    CatalogEdges,
    Pairs,
    attribute_node,
    catalog_edges,
)
from kg.graph import FOUND, USER_RELATIONS, EdgeType, Graph, Relation
from kg.product_table import ProductTable
from kg.records import NODE_KINDS, Fact, Interaction, NodeKind, Product
from kg.texts import Vocabulary

__all__ = [
    "ATTRIBUTE_FLOOR",
    "ATTRIBUTE_LENGTH",
    "ATTRIBUTE_SHARE",
    "assemble",
    "attribute_node",
    "choice_weight",
]

_TIMED = frozenset(USER_RELATIONS.values())
_MOST_WEIGHT = 10
"""A choice far down a list counts at most so much: one slip must not outweigh ten choices."""


def assemble(
    products: Iterable[Product],
    facts: Iterable[Fact],
    interactions: Iterable[Interaction],
    *,
    attribute_share: float = ATTRIBUTE_SHARE,
) -> Graph:
    """Build the graph. The order of the records does not matter; their keys must be distinct.

    Products that only facts and interactions mention become stubs. An edge that several sources state
    appears once, with the largest weight.
    """
    records = {product.id: product for product in products}
    stated = Stated()
    for fact in facts:
        stated.fact(fact)
    for interaction in interactions:
        stated.interaction(interaction)
    ids = sorted(records.keys() | stated.numbers["product"].keys())
    table = ProductTable.of(Vocabulary.of(ids).texts, [records.get(node_id) for node_id in ids])
    catalog = catalog_edges(table, attribute_share=attribute_share)
    nodes = number_nodes(Vocabulary(table.id), catalog, stated.numbers)
    return Graph(nodes=nodes, relations=relate(nodes, catalog, stated), products=table)


def choice_weight(interaction: Interaction) -> float:
    """What a choice after a search adds to the edge from the query to the product.

    What stands high in a list is chosen because it is seen. So a choice counts one over the chance that its
    rank is looked at, taken as 1 / rank (Joachims, Swaminathan & Schnabel, "Unbiased learning-to-rank with
    biased feedback", 2017), and 1 where nobody wrote the rank down.
    """
    return float(min(interaction.rank or 1, _MOST_WEIGHT))


class _Columns:
    """The edges of one type while they are collected, as provisional numbers."""

    def __init__(self) -> None:
        self.heads = array("q")
        self.tails = array("q")
        self.weight = array("d")
        self.time = array("d")
        self.order = array("q")

    def add(self, head: int, tail: int, weight: float = 1.0) -> None:
        self.heads.append(head)
        self.tails.append(tail)
        self.weight.append(weight)


class Stated:
    """What facts and interactions say beside the catalog, with nodes numbered as they come."""

    def __init__(self) -> None:
        self.numbers: dict[NodeKind, dict[str, int]] = {kind: {} for kind in NODE_KINDS}
        self.edges: dict[EdgeType, _Columns] = {}
        self.orders: dict[str, int] = {}

    def node(self, kind: NodeKind, node_id: str) -> int:
        numbers = self.numbers[kind]
        return numbers.setdefault(node_id, len(numbers))

    def columns(self, head: NodeKind, name: str, tail: NodeKind) -> _Columns:
        edge_type = EdgeType(head, name, tail)
        if edge_type not in self.edges:
            self.edges[edge_type] = _Columns()
        return self.edges[edge_type]

    def fact(self, fact: Fact) -> None:
        columns = self.columns(fact.head_kind, fact.relation, fact.tail_kind)
        columns.add(self.node(fact.head_kind, fact.head), self.node(fact.tail_kind, fact.tail), fact.weight)
        if (fact.head_kind, fact.tail_kind) == ("user", "product") and fact.relation in _TIMED:
            # stated, not seen: such an edge stands among the interactions, at no known time
            columns.time.append(float("nan"))
            columns.order.append(-1)

    def interaction(self, interaction: Interaction) -> None:
        product = self.node("product", interaction.product)
        columns = self.columns("user", USER_RELATIONS[interaction.kind], "product")
        columns.add(self.node("user", interaction.user), product, interaction.value)
        when = interaction.time if interaction.time is not None else interaction.position
        columns.time.append(float("nan") if when is None else float(when))
        order = interaction.order
        columns.order.append(self.orders.setdefault(order, len(self.orders)) if order else -1)
        if interaction.query:
            found = self.columns("query", FOUND, "product")
            found.add(self.node("query", interaction.query), product, choice_weight(interaction))


def number_nodes(
    products: Vocabulary, catalog: CatalogEdges, others: Mapping[NodeKind, Iterable[str]]
) -> dict[NodeKind, Vocabulary]:
    """The nodes of a graph by kind, in the order of their ids: those of the catalog and all others."""
    nodes: dict[NodeKind, Vocabulary] = {}
    for kind in NODE_KINDS:
        ids = catalog.nodes.get(kind, ())
        known = set(ids)
        more = {node_id for node_id in others.get(kind, ()) if node_id not in known}
        nodes[kind] = products if kind == "product" else Vocabulary.of(sorted([*ids, *more]) if more else ids)
    return nodes


def relate(
    nodes: Mapping[NodeKind, Vocabulary], catalog: CatalogEdges, stated: Stated
) -> dict[EdgeType, Relation]:
    """All relations that have edges, by type, in order."""
    new = {kind: _places(nodes[kind], numbers) for kind, numbers in stated.numbers.items()}
    moved = {
        kind: None if len(ids) == len(nodes[kind]) else _places(nodes[kind], dict(zip(ids, count())))
        for kind, ids in catalog.nodes.items()
    }
    order_rank = _places(sorted(stated.orders), stated.orders)
    relations: dict[EdgeType, Relation] = {}
    for edge_type in sorted(stated.edges.keys() | catalog.edges.keys()):
        pairs, columns = catalog.edges.get(edge_type), stated.edges.get(edge_type)
        shape = len(nodes[edge_type.head]), len(nodes[edge_type.tail])
        if pairs is not None:
            pairs = _moved(pairs, moved.get(edge_type.head), moved[edge_type.tail])
        if columns is None:
            assert pairs is not None
            weight = np.ones(len(pairs.heads), dtype=np.float32)
            relation = _relation(edge_type, pairs.heads, pairs.tails, weight, shape)
        else:
            relation = _merged(edge_type, pairs, columns, new, order_rank, shape)
        if len(relation):
            relations[edge_type] = relation
    return relations


def _places(ids: Iterable[str], numbers: Mapping[str, int]) -> npt.NDArray[np.int64]:
    """int64 [len(numbers)]: where among `ids` each numbered one stands; all of them do."""
    places = np.empty(len(numbers), dtype=np.int64)
    if numbers:
        found = np.fromiter((numbers.get(node_id, -1) for node_id in ids), dtype=np.int64)
        known = np.flatnonzero(found >= 0)
        places[found[known]] = known
    return places


def _moved(pairs: Pairs, heads: npt.NDArray[np.int64] | None, tails: npt.NDArray[np.int64] | None) -> Pairs:
    """The pairs by the numbers of the graph, where those differ. They grow with the old ones: order stays."""
    return Pairs(
        heads=pairs.heads if heads is None else heads[pairs.heads],
        tails=pairs.tails if tails is None else tails[pairs.tails],
    )


def _merged(
    edge_type: EdgeType,
    pairs: Pairs | None,
    columns: _Columns,
    new: Mapping[NodeKind, npt.NDArray[np.int64]],
    order_rank: npt.NDArray[np.int64],
    shape: tuple[int, int],
) -> Relation:
    heads = new[edge_type.head][_int64(columns.heads)]
    tails = new[edge_type.tail][_int64(columns.tails)]
    weight = np.frombuffer(columns.weight, dtype=np.float64)
    if len(columns.time):
        time = np.frombuffer(columns.time, dtype=np.float64)
        order = _int64(columns.order)
        known = order >= 0
        order = np.where(known, order_rank[order] if len(order_rank) else -1, -1)
        # rows in the order of time (unknown first), so that a user's history reads as a sequence
        rank = np.lexsort((weight, order, tails, np.where(np.isnan(time), -np.inf, time), heads))
        return _relation(
            edge_type,
            heads[rank],
            tails[rank],
            weight[rank],
            shape,
            time=None if np.isnan(time).all() else time[rank],
            order=order[rank] if (order >= 0).any() else None,
        )
    if pairs is not None:
        heads, tails = np.concatenate((heads, pairs.heads)), np.concatenate((tails, pairs.tails))
        weight = np.concatenate((weight, np.ones(len(pairs.heads))))
    # one edge per pair; queries add up what several interactions say, facts keep the strongest
    rank = np.lexsort((weight, tails, heads))
    heads, tails, weight = heads[rank], tails[rank], weight[rank]
    first = np.ones(len(rank), dtype=np.bool_)
    first[1:] = (heads[1:] != heads[:-1]) | (tails[1:] != tails[:-1])
    starts = np.flatnonzero(first)
    if edge_type.name != FOUND:
        strongest = np.maximum.reduceat(weight, starts)
        return _relation(edge_type, heads[starts], tails[starts], strongest, shape)
    total = np.add.reduceat(weight, starts)
    times = np.diff(starts, append=len(weight))
    found = _relation(edge_type, heads[starts], tails[starts], total, shape)
    return found if np.array_equal(times, total) else replace(found, times=times.astype(np.int32))


def _relation(
    edge_type: EdgeType,
    heads: npt.NDArray[np.int64],
    tails: npt.NDArray[np.int64],
    weight: npt.NDArray[np.floating],
    shape: tuple[int, int],
    *,
    time: npt.NDArray[np.float64] | None = None,
    order: npt.NDArray[np.int64] | None = None,
) -> Relation:
    """Sorted edges as a relation; `shape` is (how many heads, how many tails)."""
    indptr = np.zeros(shape[0] + 1, dtype=np.int64)
    np.cumsum(np.bincount(heads, minlength=shape[0]), out=indptr[1:])
    return Relation(
        type=edge_type,
        indptr=indptr,
        tails=tails.astype(np.int32),
        weight=weight.astype(np.float32, copy=False),
        tail_count=shape[1],
        time=time,
        order=None if order is None else order.astype(np.int32),
    )


def _int64(numbers: Sequence[int]) -> npt.NDArray[np.int64]:
    return np.frombuffer(numbers, dtype=np.int64)  # type: ignore[call-overload, no-any-return]
